/* SPDX-License-Identifier: MIT
 *
 * attest: each check reads one value, compares its text with the plan's, and leaves the wording of
 * a mismatch to fail_mismatch(). attest_container() finds the processes of a container in /proc, by
 * descent and by PID namespace; what it cannot find out, it remembers as a reason for its verdict
 * and goes on, since a mismatch may still be found. The inotify(7) part at the end only says which
 * of the checks is due.
 */
#include "attest.h"

#include "cleanup.h"
#include "number.h"
#include "processes.h"
#include "sharing.h"

#include <errno.h>
#include <limits.h>
#include <sys/inotify.h>

/* A write to one of these files changes a limit. */
static const char *const limit_files[] = {
	"cpuset.cpus", "cpuset.mems", "memory.max", "memory.swap.max", PARTITION_FILE};

#define EVENTS_FILE "cgroup.events"

static int fail_mismatch(struct error *err, const char *what, const char *wanted, const char *found)
{
	(void)fail_as(err, EX_SOFTWARE, "%s: planned %s, found %s", what, wanted, found);
	return add_hint(err,
		"something outside this run changed it, so the figures of the run mean nothing");
}

/* `optional`: a kernel without swap accounting does not have the file. */
static int check_file(const struct cg_tree *tree, const char *cg, const char *file,
	const char *wanted, bool optional, struct error *err)
{
	char found[CPULIST_TEXT_MAX] _unfilled_;
	if (cgroup_get(tree->worker, cg, file, found, sizeof found, err) < 0) {
		if (err->code == ENOENT && optional)
			return 0;
		if (err->code != ENOENT && err->code != ENODEV)
			return -1;
		(void)snprintf(found, sizeof found, "no such cgroup");
	}
	if (strcmp(found, wanted) == 0)
		return 0;
	char what[sizeof HOST_CGROUP_MOUNT + CGROUP_PATH_MAX + JOB_NAME_MAX + NAME_MAX];
	(void)snprintf(what, sizeof what, "%s%s%s%s/%s", HOST_CGROUP_MOUNT,
		tree->plan->cgroup_parent, strcmp(cg, ".") == 0 ? "" : "/",
		strcmp(cg, ".") == 0 ? "" : cg, file);
	return fail_mismatch(err, what, wanted, found);
}

static int check_limits(const struct cg_tree *tree, const char *cg, const struct cpulist *cpus,
	uint64_t memory_max, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	char bytes[NUMBER_TEXT_MAX];
	(void)number_format(memory_max, bytes);
	if (check_file(tree, cg, "cpuset.cpus.effective", cpulist_format(cpus, list), false, err) <
			0 ||
		check_file(tree, cg, "memory.max", bytes, false, err) < 0)
		return -1;
	return check_file(tree, cg, "memory.swap.max", "0", true, err);
}

static int check_crs(const struct cg_tree *tree, const struct plan_crs *crs, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	if (!cpulist_empty(&crs->mems) && check_file(tree, crs->name, "cpuset.mems.effective",
						  cpulist_format(&crs->mems, list), false, err) < 0)
		return -1;
	for (size_t i = 0; i < tree->huge_pages.count; i++)
		if (check_file(tree, crs->name, tree->huge_pages.files[i], HUGE_PAGES_MAX, false,
			    err) < 0)
			return -1;
	return check_limits(tree, crs->name, &crs->cpus, crs->memory_max, err);
}

/* The kernel says "root invalid" and the reason where the CPUs are no longer the worker's alone. */
static int check_partition(const struct cg_tree *tree, struct error *err)
{
	return tree->partition ? check_file(tree, ".", PARTITION_FILE,
					 partition_name(tree->partition), false, err)
			       : 0;
}

int attest_limits(const struct cg_tree *tree, struct error *err)
{
	const struct run_plan *plan = tree->plan;
	if (check_partition(tree, err) < 0)
		return -1;
	if (check_limits(tree, ".", &plan->cpus, plan->memory_max, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (check_crs(tree, &plan->crs[i], err) < 0)
			return -1;
	return 0;
}

int attest_cpus(const struct cg_tree *tree, struct error *err)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	return check_partition(tree, err) < 0
		       ? -1
		       : check_file(tree, ".", "cpuset.cpus.effective",
				 cpulist_format(&tree->plan->cpus, list), false, err);
}

static bool is_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);
	return strncmp(path, parent, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* ---- the processes of a container ---------------------------------------------------------- */

/* What distinguishes the processes of a container from all others. */
struct container_look {
	const struct host *host;
	const struct container *container;
	const struct containers *all; /* of the project; NULL: none shares the PID namespace */
	const char *parent;           /* the cgroup of the CRS */
	struct processes processes;
	/* The parent of the first process, and the number of PID namespaces that it is in; 0 if
	 * unknown. */
	pid_t keeper;
	int keeper_depth;
	/* Whether the first process is in the same PID namespace as the keeper (pid: host). */
	bool shares;
	/* The PID namespace of the container; empty where the container shares the host's, or where
	 * only root can read it, as with Docker. */
	char namespace[PROCESS_NAMESPACE_MAX];
	/* The first reason why not everything can be looked at; msg is empty if there is none. */
	struct error unknown;
};

static void note_unknown(struct container_look *look, const struct error *problem)
{
	if (!look->unknown.msg[0])
		look->unknown = *problem;
}

/* Judge a failure to read a file of a process: it has ended, or the file cannot be read. */
static enum attest_verdict judge_failure(pid_t pid, struct error *err)
{
	if (err->code != ENOENT && err->code != ESRCH)
		return ATTEST_UNKNOWN;
	if (!process_exists(pid))
		return ATTEST_ENDED;
	(void)fail_as(err, EX_SOFTWARE,
		"process %d is running, but /proc does not show it (mounted with hidepid)",
		(int)pid);
	return ATTEST_UNKNOWN;
}

/* Check whether one process of the container is below the cgroup of the CRS. */
static enum attest_verdict check_process(
	const struct container_look *look, pid_t pid, struct error *err)
{
	char path[CGROUP_PATH_MAX];
	char name[64];
	char what[512];
	if (process_cgroup(look->host, pid, path, sizeof path, err) < 0)
		return judge_failure(pid, err);
	if (is_below(path, look->parent))
		return ATTEST_HELD;
	(void)snprintf(what, sizeof what, "container '%s', process %d (%s), /proc/%d/cgroup",
		look->container->name, (int)pid, process_name(look->host, pid, name, sizeof name),
		(int)pid);
	(void)fail_mismatch(err, what, look->parent, path);
	return ATTEST_MISMATCH;
}

/* Find the PID namespace of the container, unless it is the host's or not this user's to read. */
static void find_namespace(struct container_look *look)
{
	char own[PROCESS_NAMESPACE_MAX];
	struct error problem;
	pid_t first = look->container->pid;
	if (process_namespace(look->host, first, "pid", look->namespace, &problem) < 0) {
		look->namespace[0] = '\0';
		if (problem.code != EACCES && problem.code != EPERM &&
			judge_failure(first, &problem) == ATTEST_UNKNOWN)
			note_unknown(look, &problem);
		return;
	}
	if (process_namespace(look->host, getpid(), "pid", own, &problem) < 0)
		note_unknown(look, &problem);
	else if (strcmp(look->namespace, own) != 0)
		return;
	look->namespace[0] = '\0';
}

/* Find the keeper of the container: what `docker exec` starts is below it. If the container has a
 * PID namespace, that identifies its processes without the keeper. */
static void find_keeper(struct container_look *look)
{
	struct error problem;
	int depth = 0;
	pid_t first = look->container->pid;
	pid_t keeper = processes_parent(&look->processes, first);
	if (keeper > 1 &&
		process_pid_depth(look->host, keeper, &look->keeper_depth, &problem) == 0 &&
		process_pid_depth(look->host, first, &depth, &problem) == 0) {
		look->keeper = keeper;
		look->shares = depth == look->keeper_depth;
		return;
	}
	if (look->namespace[0])
		return;
	if (keeper <= 1)
		(void)fail_as(&problem, EX_SOFTWARE,
			"its parent process (containerd-shim or conmon) is gone, so processes of "
			"`docker exec` cannot be told apart from others");
	note_unknown(look, &problem);
}

/* Whether this user owns the user namespace of the container, as with rootless Podman: then /proc
 * hides none of its processes (ptrace(2), "Ptrace access mode checking"). */
static bool owns_container(const struct container_look *look)
{
	char own[PROCESS_NAMESPACE_MAX];
	char its[PROCESS_NAMESPACE_MAX];
	struct error ignored;
	return process_namespace(look->host, getpid(), "user", own, &ignored) == 0 &&
	       process_namespace(look->host, look->container->pid, "user", its, &ignored) == 0 &&
	       strcmp(own, its) != 0;
}

/* Note what the list of processes does not show. */
static void note_unread(struct container_look *look)
{
	struct error problem = look->processes.unread;
	if (problem.msg[0])
		note_unknown(look, &problem);
	if (!look->processes.hidden || owns_container(look))
		return;
	(void)fail_as(&problem, EX_SOFTWARE,
		"/proc hides processes of other users (mounted with hidepid)");
	note_unknown(look, &problem);
}

/* Whether a process below the keeper belongs to the container: if it is in a PID namespace of its
 * own. One that is not is a command of the runtime, on its way into the container; or, where the
 * container shares the host's PID namespace, it may be either. */
static bool is_kept(struct container_look *look, pid_t pid)
{
	struct error problem;
	int depth = 0;
	if (process_pid_depth(look->host, pid, &depth, &problem) < 0) {
		if (judge_failure(pid, &problem) == ATTEST_UNKNOWN)
			note_unknown(look, &problem);
		return false;
	}
	if (depth > look->keeper_depth)
		return true;
	enum attest_verdict verdict =
		look->shares ? check_process(look, pid, &problem) : ATTEST_HELD;
	if (verdict != ATTEST_HELD && verdict != ATTEST_ENDED) {
		(void)fail_as(&problem, EX_SOFTWARE,
			"process %d is outside the CRS and may be from `docker exec`", (int)pid);
		note_unknown(look, &problem);
	}
	return false;
}

/* Whether a process is in the container's PID namespace, as what `podman exec` starts is, which has
 * a keeper of its own. A process whose namespace this user may not read is another user's. */
static bool is_in_namespace(struct container_look *look, pid_t pid)
{
	char its[PROCESS_NAMESPACE_MAX];
	struct error problem;
	if (!look->namespace[0])
		return false;
	if (process_namespace(look->host, pid, "pid", its, &problem) == 0)
		return strcmp(its, look->namespace) == 0;
	if (problem.code != EACCES && problem.code != EPERM &&
		judge_failure(pid, &problem) == ATTEST_UNKNOWN)
		note_unknown(look, &problem);
	return false;
}

static bool is_of_container(struct container_look *look, pid_t pid)
{
	if (processes_below(&look->processes, look->container->pid, pid))
		return true;
	if (look->keeper && processes_below(&look->processes, look->keeper, pid))
		return is_kept(look, pid);
	return is_in_namespace(look, pid);
}

/* Whether a process that is outside the CRS is another container's, which shares the PID namespace.
 * A descendant of the first process may be, if the namespace is this container's; so may a process
 * that only the namespace tells. */
static bool is_anothers(const struct container_look *look, pid_t pid)
{
	char path[CGROUP_PATH_MAX];
	struct error ignored;
	const struct processes *processes = &look->processes;
	bool shares_others = look->container->pid_owner && *look->container->pid_owner;
	bool descends = processes_below(processes, look->container->pid, pid);
	bool by_exec = look->keeper && processes_below(processes, look->keeper, pid) && !descends;
	return look->all && !by_exec && !(descends && shares_others) &&
	       process_cgroup(look->host, pid, path, sizeof path, &ignored) == 0 &&
	       sharing_owns(look->all, look->container, path);
}

/* Check every process of the container but the first. */
static enum attest_verdict check_processes(struct container_look *look, struct error *err)
{
	struct error problem;
	note_unread(look);
	find_namespace(look);
	find_keeper(look);
	for (size_t i = 0; i < look->processes.count; i++) {
		pid_t pid = look->processes.list[i].pid;
		if (pid == look->container->pid || !is_of_container(look, pid))
			continue;
		enum attest_verdict verdict = check_process(look, pid, &problem);
		if (verdict == ATTEST_UNKNOWN)
			note_unknown(look, &problem);
		if (verdict != ATTEST_MISMATCH || is_anothers(look, pid))
			continue;
		*err = problem;
		return ATTEST_MISMATCH;
	}
	if (!look->unknown.msg[0])
		return ATTEST_HELD;
	/* Not if the container has ended meanwhile. */
	enum attest_verdict verdict = check_process(look, look->container->pid, err);
	if (verdict != ATTEST_HELD)
		return verdict;
	*err = look->unknown;
	return ATTEST_UNKNOWN;
}

/* Whether the engine says that a container runs and does not say as which process. */
static enum attest_verdict judge_without_process(
	const struct container *container, struct error *err)
{
	if (!container->started || container->finished[0])
		return ATTEST_ENDED;
	(void)fail_as(err, EX_SOFTWARE, "the engine does not report its process");
	return ATTEST_UNKNOWN;
}

enum attest_verdict attest_container(const struct host *host, const struct cg_tree *tree,
	const struct plan_crs *crs, const struct container *container, const struct containers *all,
	struct error *err)
{
	char parent[CGROUP_PATH_MAX + JOB_NAME_MAX + 2];
	(void)snprintf(parent, sizeof parent, "%s/%s", tree->plan->cgroup_parent, crs->name);
	if (strcmp(container->cgroup_parent, parent) != 0) {
		char what[512];
		(void)snprintf(what, sizeof what, "container '%s', CgroupParent", container->name);
		(void)fail_mismatch(err, what, parent,
			*container->cgroup_parent ? container->cgroup_parent : "none");
		return ATTEST_MISMATCH;
	}
	if (container->pid <= 0)
		return judge_without_process(container, err);
	struct container_look look = {
		.host = host, .container = container, .all = all, .parent = parent};
	/* The first process is known by its PID, so it is checked whatever else is hidden. */
	enum attest_verdict verdict = check_process(&look, container->pid, err);
	if (verdict == ATTEST_HELD && processes_read(host, &look.processes, err) < 0)
		verdict = ATTEST_UNKNOWN;
	if (verdict == ATTEST_HELD)
		verdict = check_processes(&look, err);
	processes_free(&look.processes);
	return verdict;
}

/* ---- CPU affinity -------------------------------------------------------------------------- */

/* Read the CPUs of the CRS that the cpuset of the process's cgroup allows. A service can have a
 * narrower cpuset of its own. */
static int read_allowed(const struct host *host, const struct plan_crs *crs, pid_t pid,
	struct cpulist *ret, struct error *err)
{
	char path[CGROUP_PATH_MAX];
	char text[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist cpus = {0};
	if (process_cgroup(host, pid, path, sizeof path, err) < 0 ||
		cgroup_get(host->cgroup, *path == '/' && path[1] ? path + 1 : ".",
			"cpuset.cpus.effective", text, sizeof text, err) < 0 ||
		cpulist_parse(text, &cpus, err) < 0)
		return -1;
	cpulist_intersect(&cpus, &crs->cpus);
	*ret = cpus;
	return 0;
}

enum attest_verdict attest_affinity(const struct host *host, const struct plan_crs *crs,
	const struct container *container, struct cpulist *ret, struct error *err)
{
	struct cpulist allowed;
	struct cpulist cpus;
	if (container->pid <= 0)
		return ATTEST_ENDED;
	if (process_cpus(host, container->pid, &cpus, err) < 0)
		return judge_failure(container->pid, err);
	if (cpulist_within(&crs->cpus, &cpus))
		return ATTEST_HELD;
	if (read_allowed(host, crs, container->pid, &allowed, err) < 0)
		return judge_failure(container->pid, err);
	if (cpulist_within(&allowed, &cpus))
		return ATTEST_HELD;
	*ret = cpus;
	return ATTEST_MISMATCH;
}

/* ---- changes to the tree --------------------------------------------------------------------- */

static int add_watch(int watch, const struct cg_tree *tree, const char *cg, const char *file,
	uint32_t mask, struct error *err)
{
	char path[sizeof "/proc/self/fd/" + 16 + JOB_NAME_MAX + NAME_MAX];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d/%s/%s", tree->worker, cg, file);
	int mark = inotify_add_watch(watch, path, mask);
	return mark < 0 ? fail(err, errno, "watch %s/%s", cg, file) : mark;
}

int attest_watch(const struct cg_tree *tree, int *ret_marks, struct error *err)
{
	_cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch < 0)
		return fail(err, errno, "inotify");
	const struct run_plan *plan = tree->plan;
	if (add_watch(watch, tree, ".", ".", IN_MODIFY | IN_ONLYDIR, err) < 0)
		return -1;
	/* What the kernel changes itself, it notifies to a watch on the file alone. */
	if (tree->partition && add_watch(watch, tree, ".", PARTITION_FILE, IN_MODIFY, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++) {
		if (add_watch(watch, tree, plan->crs[i].name, ".", IN_MODIFY | IN_ONLYDIR, err) < 0)
			return -1;
		ret_marks[i] =
			add_watch(watch, tree, plan->crs[i].name, EVENTS_FILE, IN_MODIFY, err);
		if (ret_marks[i] < 0)
			return -1;
	}
	return steal_fd(&watch);
}

static unsigned bits_of(const struct inotify_event *event, const char *name, bool of_crs)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED))
		return ATTEST_LIMITS | ATTEST_POPULATED;
	/* An event without a name comes from a watch on a file: cgroup.events of a CRS, or the
	 * worker's cpuset.cpus.partition. */
	if (event->len == 0)
		return of_crs ? ATTEST_POPULATED : ATTEST_LIMITS;
	for (size_t i = 0; i < sizeof limit_files / sizeof *limit_files; i++)
		if (strcmp(name, limit_files[i]) == 0)
			return ATTEST_LIMITS;
	return strncmp(name, "hugetlb.", 8) == 0 ? ATTEST_LIMITS : 0;
}

unsigned attest_take(int watch, const int *marks, const struct run_plan *plan, bool *ret_changed)
{
	_Alignas(struct inotify_event) char buf[4096];
	unsigned bits = 0;
	ssize_t n = 0;
	while ((n = read(watch, buf, sizeof buf)) > 0) {
		for (const char *at = buf; at < buf + n;) {
			struct inotify_event event;
			bool of_crs = false;
			memcpy(&event, at, sizeof event);
			for (size_t i = 0; i < plan->crs_count; i++) {
				ret_changed[i] |= marks[i] == event.wd;
				of_crs |= marks[i] == event.wd;
			}
			bits |= bits_of(&event, at + sizeof event, of_crs);
			at += sizeof event + event.len;
		}
	}
	return bits;
}
