/* SPDX-License-Identifier: MIT
 *
 * tree: make and remove the cgroups of a run. Each CRS takes one mkdir(2) and the writes of its
 * limits and controllers. No descriptor of a CRS stays open, so the limit on open files allows
 * thousands of CRSs.
 */
#include "tree.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* How long to wait for processes that have been killed: the kernel may be freeing a terabyte, or be
 * in the middle of a write to a slow disk. */
#define KILL_TIMEOUT_MS 60000

/* How often to make a run's cgroup again whose file another process has locked first. */
#define OWN_ATTEMPTS 8

static int set_cpus(int dir, const char *cg, const struct cpulist *cpus, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	return cgroup_set(dir, cg, "cpuset.cpus", cpulist_format(cpus, text), err);
}

static int set_memory(int dir, const char *cg, uint64_t memory_max, struct error *err)
{
	if (cgroup_set_u64(dir, cg, "memory.max", memory_max, err) < 0)
		return -1;
	/* A kernel without swap accounting does not have this file. On a host without swap,
	 * memory.max alone is a hard limit. */
	if (cgroup_set(dir, cg, "memory.swap.max", "0", err) < 0 && err->code != ENOENT)
		return -1;
	return 0;
}

static int make_crs(int worker, const struct plan_crs *crs, const struct tree_options *options,
	struct error *err)
{
	if (cgroup_make(worker, crs->name, err) < 0 ||
		set_cpus(worker, crs->name, &crs->cpus, err) < 0 ||
		set_memory(worker, crs->name, crs->memory_max, err) < 0)
		return -1;
	char mems[CPULIST_TEXT_MAX] _unfilled_;
	if (!cpulist_empty(&crs->mems) && cgroup_set(worker, crs->name, "cpuset.mems",
						  cpulist_format(&crs->mems, mems), err) < 0)
		return -1;
	if (options->oom_group && cgroup_set(worker, crs->name, "memory.oom.group", "1", err) < 0)
		return -1;
	if (options->leaf_crs && strcmp(options->leaf_crs, crs->name) == 0)
		return 0;
	return cgroup_set(worker, crs->name, "cgroup.subtree_control", "+cpuset +memory", err);
}

uint64_t tree_memory(const struct run_plan *plan)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (__builtin_add_overflow(sum, plan->crs[i].memory_max, &sum))
			return plan->memory_max;
	return sum < plan->memory_max ? sum : plan->memory_max;
}

/* Become the owner of a cgroup that is closed to other users: lock the file, note the inode of the
 * run's cgroup, and open it to all. */
static int own_tree(struct cg_tree *tree, struct error *err)
{
	struct stat st;
	tree->worker = fs_open(tree->oss_crs_fd, tree->plan->name, O_RDONLY | O_DIRECTORY, 0, err);
	if (tree->worker < 0)
		return -1;
	if (fstat(tree->worker, &st) < 0)
		return fail(err, errno, "read %s", tree->plan->name);
	tree->id = st.st_ino;
	tree->owned = fs_open(tree->worker, CGROUP_OWNED_FILE, O_WRONLY, 0, err);
	if (tree->owned < 0 || fs_lock(tree->owned, CGROUP_OWNED_FILE, err) < 0)
		return -1;
	return fchmod(tree->worker, 0777 & ~CGROUP_UMASK) < 0
		       ? fail(err, errno, "open %s to all users", tree->plan->name)
		       : 0;
}

/* Make the run's cgroup and own it. Every user may read the file in an open cgroup and so take a
 * lock for reading, which would keep the owner from locking. So the cgroup is closed until it is
 * locked. Root and other processes of the user can still be first: then it is made again, which is
 * another file. A failure leaves nothing behind. */
static int make_owned(struct cg_tree *tree, struct error *err)
{
	for (unsigned attempt = 0; attempt < OWN_ATTEMPTS; attempt++) {
		_cleanup_umask_ mode_t before = umask(CGROUP_CLOSED_UMASK);
		if (cgroup_make(tree->oss_crs_fd, tree->plan->name, err) < 0)
			return -1;
		if (own_tree(tree, err) == 0)
			return 0;
		struct error removal = {0};
		cleanup_close(&tree->owned);
		cleanup_close(&tree->worker);
		tree->owned = tree->worker = -1;
		(void)cgroup_remove(tree->oss_crs_fd, tree->plan->name, &removal);
		if (err->code != EAGAIN)
			return -1;
	}
	(void)fail_as(err, EX_TEMPFAIL, "another process keeps locking %s of run %s",
		CGROUP_OWNED_FILE, tree->plan->name);
	return add_hint(err, "the process belongs to root or to you; to find it, run: lslocks");
}

/* Write the CPUs of a run that waits to where they take none from others. */
static int claim_cpus(struct cg_tree *tree, const struct cpulist *cpus, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	int valid = partition_read(tree->oss_crs_fd, ".", text, err);
	if (valid <= 0)
		return valid < 0 ? -1 : set_cpus(tree->worker, ".", cpus, err);
	tree->unsettled = true;
	(void)cpulist_format(cpus, text);
	return fsetxattr(tree->worker, TREE_CPUS_ATTRIBUTE, text, strlen(text), 0) < 0
		       ? fail(err, errno, TREE_CPUS_ATTRIBUTE " of %s", tree->plan->name)
		       : 0;
}

static int set_claim(struct cg_tree *tree, const struct tree_claim *claim, struct error *err)
{
	if (claim->waits ? claim_cpus(tree, claim->cpus, err) < 0
			 : set_cpus(tree->worker, ".", claim->cpus, err) < 0)
		return -1;
	if (set_memory(tree->worker, ".", tree_memory(tree->plan), err) < 0)
		return -1;
	return claim->any ? cgroup_set_u64(tree->worker, ".", TREE_ANY_FILE, claim->any, err) : 0;
}

int tree_reserve(int oss_crs_fd, const struct run_plan *plan, const struct tree_claim *claim,
	struct cg_tree *ret, struct error *err)
{
	struct cg_tree tree = {.plan = plan,
		.oss_crs_fd = oss_crs_fd,
		.worker = -1,
		.owned = -1,
		.any = claim->any,
		.unsettled = claim->any > 0};
	if (make_owned(&tree, err) < 0)
		return -1;
	if (set_claim(&tree, claim, err) < 0) {
		struct error removal = {0};
		(void)tree_destroy(&tree, &removal);
		return -1;
	}
	*ret = tree;
	return 0;
}

/* Replace what the run has claimed by the CPUs that the plan has now. */
static int settle_cpus(struct cg_tree *tree, struct error *err)
{
	if (set_cpus(tree->worker, ".", &tree->plan->cpus, err) < 0)
		return -1;
	tree->unsettled = false;
	return tree->any ? cgroup_set_u64(tree->worker, ".", TREE_ANY_FILE, CGROUP_UNLIMITED, err)
			 : 0;
}

/* Take the run's CPUs from everything else, before there is a cgroup in it. */
static int make_partition(struct cg_tree *tree, enum partition_kind kind, struct error *err)
{
	if (kind && partition_make(tree->worker, tree->plan->name, kind, err) < 0)
		return -1;
	tree->partition = kind;
	return 0;
}

int tree_fill(struct cg_tree *tree, const struct tree_options *options, struct error *err)
{
	const struct run_plan *plan = tree->plan;
	_cleanup_umask_ mode_t before = umask(CGROUP_UMASK);
	if ((tree->unsettled && settle_cpus(tree, err) < 0) ||
		make_partition(tree, options->partition, err) < 0)
		return -1;
	if (cgroup_set_u64(tree->worker, ".", "memory.max", plan->memory_max, err) < 0 ||
		cgroup_set(tree->worker, ".", "cgroup.subtree_control", "+cpuset +memory", err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (make_crs(tree->worker, &plan->crs[i], options, err) < 0)
			return -1;
	return huge_pages_forbid(tree->oss_crs_fd, tree->worker, plan, &tree->huge_pages, err);
}

bool tree_is_gone(const struct error *err)
{
	return err->code == ENOENT || err->code == ENODEV;
}

int tree_destroy_name(int oss_crs_fd, const char *name, struct error *err)
{
	struct error busy = {0};
	bool killed = cgroup_kill(oss_crs_fd, name, err) == 0;
	/* A cgroup that the engine has made again belongs to root. The user may not kill in it, and
	 * need not if it is empty. */
	if (!killed && err->code != EACCES && err->code != EPERM)
		return tree_is_gone(err) ? 0 : -1;
	if (cgroup_wait_empty(oss_crs_fd, name, killed ? KILL_TIMEOUT_MS : 0, &busy) < 0) {
		if (tree_is_gone(&busy))
			return 0;
		if (killed)
			*err = busy;
		return -1;
	}
	if (cgroup_remove(oss_crs_fd, name, err) == 0)
		return 0;
	if (err->code == EACCES || err->code == EPERM)
		(void)add_hint(err, "nested containers left cgroups that belong to root; run: sudo "
				    "oss-crs-setup sweep, then "
				    "oss-crs-run clean");
	return -1;
}

int tree_destroy(struct cg_tree *tree, struct error *err)
{
	if (!tree->plan || tree_destroy_name(tree->oss_crs_fd, tree->plan->name, err) < 0)
		return tree->plan ? -1 : 0;
	tree_close(tree);
	return 0;
}

void tree_close(struct cg_tree *tree)
{
	cleanup_close(&tree->owned);
	cleanup_close(&tree->worker);
	*tree = (struct cg_tree)TREE_NONE;
}

int tree_is_live(int dir, const char *name, pid_t *ret_pid, struct error *err)
{
	char path[NAME_MAX + sizeof "/" CGROUP_OWNED_FILE];
	(void)snprintf(path, sizeof path, "%s/%s", name, CGROUP_OWNED_FILE);
	return fs_is_locked(dir, path, ret_pid, err);
}
