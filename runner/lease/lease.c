/* SPDX-License-Identifier: MIT
 *
 * lease: read the ledger from the cgroups of all users, and judge a claim by it. The directories of
 * other users are untrusted input: a directory whose name is not that of a run makes a lease only
 * while it has processes, and no user can make the others look at more than LEDGER_USER_MAX
 * cgroups. A cgroup that is gone has ended. One that cannot be read, or not as the kernel writes
 * it, is hidden: it may be a lease.
 */
#include "lease.h"

#include "cleanup.h"
#include "delegation.h"
#include "fs.h"
#include "lease_parts.h"
#include "run_name.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static bool parse_slice(const char *name, uid_t *ret)
{
	unsigned uid = 0;
	int end = 0;
	if (sscanf(name, "user-%u.slice%n", &uid, &end) != 1 || end == 0 || name[end])
		return false;
	*ret = uid;
	return true;
}

/* Count a user or a run that could not be looked at, and keep the first reason. */
static void hide(struct ledger *ledger, uid_t uid, const char *name, const struct error *problem)
{
	if (tree_is_gone(problem))
		return;
	if (ledger->hidden++)
		return;
	ledger->first_hidden.uid = uid;
	ledger->first_hidden.why = *problem;
	(void)snprintf(ledger->first_hidden.name, sizeof ledger->first_hidden.name, "%s", name);
}

/* Add up memory.max of the cgroups in fd; UINT64_MAX if one has no limit. Takes over fd. */
static int sum_memory(int fd, unsigned *left, uint64_t *ret, struct error *err)
{
	_cleanup_closedir_ DIR *list = fdopendir(fd);
	if (!list) {
		int errnum = errno;
		(void)close(fd);
		return fail(err, errnum, "list a run");
	}
	uint64_t sum = 0;
	const struct dirent *entry = NULL;
	struct error problem = {0};
	while ((entry = lease_next_cgroup(list, left, &problem))) {
		uint64_t value = 0;
		if (cgroup_get_u64(fd, entry->d_name, "memory.max", &value, err) < 0)
			return -1;
		lease_add_u64(&sum, value);
	}
	if (problem.status) {
		*err = problem;
		return -1;
	}
	*ret = sum;
	return 0;
}

/* Read the CPUs that a waiting run wants, if they are not in its cpuset.cpus. */
static int read_wanted_cpus(int run, struct cpulist *ret, struct error *err)
{
	char path[sizeof "/proc/self/fd/" + 16];
	char text[CPULIST_TEXT_MAX] _unfilled_;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", run);
	ssize_t n = getxattr(path, TREE_CPUS_ATTRIBUTE, text, sizeof text - 1);
	if (n <= 0)
		return n == 0 || errno == ENODATA || errno == ENOTSUP
			       ? 0
			       : fail(err, errno, TREE_CPUS_ATTRIBUTE);
	text[n] = '\0';
	return cpulist_parse(text, ret, err);
}

/* Read what a waiting run wants beyond the CPUs of its cpuset.cpus. */
static int read_wanted(int run, struct lease *lease, struct error *err)
{
	uint64_t any = 0;
	if (cgroup_get_u64(run, ".", TREE_ANY_FILE, &any, err) < 0)
		return -1;
	lease->any = any == CGROUP_UNLIMITED ? 0 : any < CPULIST_MAX ? (unsigned)any : CPULIST_MAX;
	return cpulist_empty(&lease->cpus) ? read_wanted_cpus(run, &lease->cpus, err) : 0;
}

/* Read what a run with a live owner has or waits for. */
static int read_claim(int run, unsigned *left, struct lease *lease, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	if (cgroup_get(run, ".", "cgroup.subtree_control", text, sizeof text, err) < 0)
		return -1;
	lease->state = cgroup_has(text, CGROUP_CPUSET_MEMORY) ? LEASE_RUNNING : LEASE_WAITING;
	if (cgroup_get(run, ".", "cpuset.cpus", text, sizeof text, err) < 0 ||
		(*text && cpulist_parse(text, &lease->cpus, err) < 0) ||
		cgroup_get_u64(run, ".", "memory.max", &lease->memory, err) < 0)
		return -1;
	if (lease->state == LEASE_WAITING)
		return read_wanted(run, lease, err);
	int copy = fs_open(run, ".", O_RDONLY | O_DIRECTORY, 0, err);
	uint64_t sum = 0;
	if (copy < 0 || sum_memory(copy, left, &sum, err) < 0)
		return -1;
	if (sum < lease->memory)
		lease->memory = sum;
	return 0;
}

/* Read a run without an owner. Its processes do not keep its CPUs, but the user of a run on the
 * same CPUs should know about them. */
static int read_dead(int run, struct lease *lease, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	uint64_t populated = 0;
	if (cgroup_get_key(run, ".", "cgroup.events", "populated", &populated, err) < 0)
		return -1;
	lease->state = populated ? LEASE_LEFT : LEASE_EMPTY;
	if (cgroup_get(run, ".", "cpuset.cpus", text, sizeof text, err) < 0)
		return -1;
	return *text ? cpulist_parse(text, &lease->cpus, err) : 0;
}

static int append_lease(struct ledger *ledger, const struct lease *lease, struct error *err)
{
	/* Double the capacity whenever it is used up, which is when the count is a power of two. */
	if ((ledger->count & (ledger->count - 1)) == 0) {
		struct lease *larger = reallocarray(
			ledger->list, ledger->count ? ledger->count * 2 : 1, sizeof *ledger->list);
		if (!larger)
			return fail(err, ENOMEM, "leases");
		ledger->list = larger;
	}
	ledger->list[ledger->count++] = *lease;
	return 0;
}

struct user_reader {
	int oss_crs_fd;
	uid_t uid;
	uint64_t own;  /* as for ledger_read() */
	unsigned left; /* cgroups of this user that may still be looked at */
};

/* Read the run, or the foreign cgroup, in the directory `name`. Returns 1, 0 if it is the reader's
 * own or has no processes, or -1 with an error if it cannot be looked at. */
static int read_run(
	struct user_reader *reader, const char *name, struct lease *ret, struct error *err)
{
	struct stat st;
	if (fstatat(reader->oss_crs_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, errno, "read %s", name);
	if (st.st_ino == reader->own)
		return 0;
	/* The mtime of a cgroup is when a cgroup was last made in it. A run makes those of its CRSs
	 * when it begins, so this is when it began or, if it waits, arrived. */
	struct lease lease = {
		.uid = reader->uid, .id = st.st_ino, .since = st.st_mtime, .state = LEASE_DEAD};
	(void)snprintf(lease.name, sizeof lease.name, "%s", name);
	struct run_name parts;
	if (!run_name_parse(name, &parts)) {
		_cleanup_close_ int foreign = cgroup_open(reader->oss_crs_fd, name, err);
		int found =
			foreign < 0 ? -1 : lease_read_foreign(foreign, &reader->left, &lease, err);
		*ret = lease;
		return found;
	}
	int live = tree_is_live(reader->oss_crs_fd, name, &lease.owner, err);
	if (live < 0)
		return -1;
	_cleanup_close_ int run = live ? cgroup_open(reader->oss_crs_fd, name, err) : -1;
	if (live && (run < 0 || read_claim(run, &reader->left, &lease, err) < 0))
		return -1;
	*ret = lease;
	return 1;
}

/* Read all runs of one user. Takes over oss_crs_fd. */
static int read_user(
	int oss_crs_fd, uid_t uid, uint64_t own, struct ledger *ledger, struct error *err)
{
	struct user_reader reader = {
		.oss_crs_fd = oss_crs_fd, .uid = uid, .own = own, .left = LEDGER_USER_MAX};
	_cleanup_closedir_ DIR *list = fdopendir(oss_crs_fd);
	if (!list) {
		int errnum = errno;
		(void)close(oss_crs_fd);
		return fail(err, errnum, "list runs");
	}
	struct error unread = {0};
	const struct dirent *entry = NULL;
	while ((entry = lease_next_cgroup(list, &reader.left, &unread))) {
		struct lease lease;
		struct error problem = {0};
		int found = read_run(&reader, entry->d_name, &lease, &problem);
		if (found < 0)
			hide(ledger, uid, entry->d_name, &problem);
		else if (found && append_lease(ledger, &lease, err) < 0)
			return -1;
	}
	if (unread.status)
		hide(ledger, uid, "", &unread);
	return 0;
}

static int by_arrival(const void *a, const void *b)
{
	const struct lease *left = a;
	const struct lease *right = b;
	return left->id < right->id ? -1 : left->id > right->id;
}

int ledger_read(const struct host *host, uint64_t own, struct ledger *ret, struct error *err)
{
	if (host_cgroup2(host, err) < 0)
		return -1;
	_cleanup_closedir_ DIR *list = fs_list(host->cgroup, "user.slice", err);
	if (!list)
		return -1;
	_cleanup_(ledger_free) struct ledger ledger = LEDGER_NONE;
	const struct dirent *entry = NULL;
	struct error unread = {0};
	unsigned left = UINT_MAX; /* root makes these cgroups */
	while ((entry = lease_next_cgroup(list, &left, &unread))) {
		uid_t uid = 0;
		struct error problem = {0};
		if (!parse_slice(entry->d_name, &uid))
			continue;
		int oss_crs_fd = delegation_find(host, uid, &problem);
		if (oss_crs_fd < 0)
			hide(&ledger, uid, "", &problem);
		else if (read_user(oss_crs_fd, uid, own, &ledger, err) < 0)
			return -1;
	}
	if (unread.status) {
		*err = unread;
		return -1;
	}
	if (ledger.count)
		qsort(ledger.list, ledger.count, sizeof *ledger.list, by_arrival);
	*ret = ledger;
	ledger = (struct ledger)LEDGER_NONE;
	return 0;
}

void ledger_read_dead(const struct host *host, struct ledger *ledger)
{
	size_t kept = 0;
	_cleanup_close_ int oss_crs_fd = -1; /* of the user of the run before */
	uid_t uid = 0;
	for (size_t i = 0; i < ledger->count; i++) {
		struct lease *lease = &ledger->list[i];
		struct error problem = {0};
		if (lease->state != LEASE_DEAD) {
			ledger->list[kept++] = *lease;
			continue;
		}
		if (oss_crs_fd < 0 || uid != lease->uid) {
			cleanup_close(&oss_crs_fd);
			oss_crs_fd = delegation_find(host, uid = lease->uid, &problem);
		}
		_cleanup_close_ int run =
			oss_crs_fd < 0 ? -1 : cgroup_open(oss_crs_fd, lease->name, &problem);
		if (run < 0 || read_dead(run, lease, &problem) < 0)
			hide(ledger, lease->uid, lease->name, &problem);
		else
			ledger->list[kept++] = *lease;
	}
	ledger->count = kept;
}

void ledger_free(struct ledger *ledger)
{
	free(ledger->list);
	*ledger = (struct ledger)LEDGER_NONE;
}

/* Whether a run with this id has to respect the lease (see struct lease_claim). */
static bool counts(const struct lease *lease, uint64_t id)
{
	return lease->state == LEASE_RUNNING || lease->state == LEASE_FOREIGN ||
	       (lease->state == LEASE_WAITING && (!id || lease->id < id));
}

/* Judge CPUs by number. They are counted and not named: a run that begins leaves so many of the
 * free ones to the runs ahead that they can begin too, whichever they choose. */
static void judge_numbers(
	const struct ledger *ledger, const struct lease_claim *claim, struct lease_view *view)
{
	struct cpulist left;
	unsigned wanted = claim->any;
	lease_free_cpus(ledger, claim->id, &claim->host_cpus, &left);
	cpulist_subtract(&left, &claim->cpus);
	for (size_t i = 0; i < ledger->count; i++)
		if (counts(&ledger->list[i], claim->id))
			wanted += ledger->list[i].any;
	view->cpus_free = cpulist_count(&left);
	view->cpus_short = wanted > view->cpus_free;
}

static unsigned find_conflicts(const struct lease *lease, const struct cpulist *common,
	const struct lease_claim *claim, const struct lease_view *view)
{
	unsigned conflicts = 0;
	bool has_any = lease->any || !cpulist_empty(&lease->cpus);
	if (!counts(lease, claim->id))
		return 0;
	if (!cpulist_empty(common) || (view->cpus_short && has_any))
		conflicts |= LEASE_HAS_CPUS;
	if (view->memory_short && lease->memory)
		conflicts |= LEASE_HAS_MEMORY;
	return conflicts;
}

struct lease_view lease_judge(struct ledger *ledger, const struct lease_claim *claim)
{
	struct lease_view view = {0};
	uint64_t promised = 0;
	for (size_t i = 0; i < ledger->count; i++)
		if (counts(&ledger->list[i], claim->id))
			lease_add_u64(&promised, ledger->list[i].memory);
	view.memory_free = promised < claim->host_memory ? claim->host_memory - promised : 0;
	view.memory_short = claim->memory > view.memory_free;
	judge_numbers(ledger, claim, &view);
	for (size_t i = 0; i < ledger->count; i++) {
		struct lease *lease = &ledger->list[i];
		struct cpulist common = lease->cpus;
		cpulist_intersect(&common, &claim->cpus);
		lease->conflicts = find_conflicts(lease, &common, claim, &view);
		if (counts(lease, claim->id))
			cpulist_union(&view.taken, &common);
		view.ahead += lease->conflicts && lease->state == LEASE_WAITING;
	}
	view.fits = cpulist_empty(&view.taken) && !view.cpus_short && !view.memory_short;
	return view;
}

void lease_free_cpus(const struct ledger *ledger, uint64_t id, const struct cpulist *host_cpus,
	struct cpulist *ret)
{
	struct cpulist left = *host_cpus;
	for (size_t i = 0; i < ledger->count; i++)
		if (counts(&ledger->list[i], id))
			cpulist_subtract(&left, &ledger->list[i].cpus);
	*ret = left;
}

int lease_is_live(const struct host *host, const struct lease *lease, struct error *err)
{
	pid_t owner = 0;
	_cleanup_close_ int oss_crs_fd = delegation_find(host, lease->uid, err);
	if (oss_crs_fd < 0)
		return err->code == ENOENT ? 0 : -1;
	int live = tree_is_live(oss_crs_fd, lease->name, &owner, err);
	if (live < 0)
		return tree_is_gone(err) ? 0 : -1;
	return live && owner == lease->owner;
}

int lease_open(const struct host *host, const struct lease *lease, struct error *err)
{
	_cleanup_close_ int oss_crs_fd = delegation_find(host, lease->uid, err);
	return oss_crs_fd < 0 ? -1 : cgroup_open(oss_crs_fd, lease->name, err);
}

int ledger_check_partitions(const struct host *host, const struct ledger *ledger, struct error *err)
{
	for (size_t i = 0; i < ledger->count; i++) {
		const struct lease *lease = &ledger->list[i];
		char text[PARTITION_TEXT_MAX];
		if (!(lease->conflicts & LEASE_HAS_CPUS))
			continue;
		_cleanup_close_ int run = lease_open(host, lease, err);
		int valid = run < 0 ? -1 : partition_read(run, ".", text, err);
		if (valid > 0)
			return fail_as(err, EX_TEMPFAIL,
				"run %s has its CPUs for itself alone (--exclusive): --share does "
				"not share them",
				lease->name);
		if (valid < 0 && !tree_is_gone(err))
			return -1;
	}
	return 0;
}
