/* SPDX-License-Identifier: MIT
 *
 * attest: each check reads one value, compares its text with the plan's, and leaves the wording of
 * a mismatch to fail_mismatch(). attest_container() finds the processes of a container in /proc, by
 * descent and by PID namespace. The inotify(7) part at the end only says which of the checks is
 * due.
 */
#include "attest.h"

#include "cleanup.h"
#include "processes.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/inotify.h>

/* A write to one of these files changes a limit. */
static const char *const limit_files[] = {
	"cpuset.cpus", "cpuset.mems", "memory.max", "memory.swap.max"};

#define EVENTS_FILE "cgroup.events"

static int fail_mismatch(struct error *err, const char *what, const char *wanted, const char *found)
{
	(void)fail_as(err, EX_SOFTWARE, "%s: planned %s, found %s", what, wanted, found);
	return add_hint(
		err, "something outside this run has changed it; its figures would prove nothing");
}

/* `optional`: a kernel without swap accounting does not have the file. */
static int check_file(const struct cg_tree *tree, const char *cg, const char *file,
	const char *wanted, bool optional, struct error *err)
{
	char found[CPULIST_TEXT_MAX];
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
	char list[CPULIST_TEXT_MAX];
	char bytes[24];
	(void)snprintf(bytes, sizeof bytes, "%" PRIu64, memory_max);
	if (check_file(tree, cg, "cpuset.cpus.effective", cpulist_format(cpus, list), false, err) <
			0 ||
		check_file(tree, cg, "memory.max", bytes, false, err) < 0)
		return -1;
	return check_file(tree, cg, "memory.swap.max", "0", true, err);
}

static int check_crs(const struct cg_tree *tree, const struct plan_crs *crs, struct error *err)
{
	char list[CPULIST_TEXT_MAX];
	if (!cpulist_empty(&crs->mems) && check_file(tree, crs->name, "cpuset.mems.effective",
						  cpulist_format(&crs->mems, list), false, err) < 0)
		return -1;
	return check_limits(tree, crs->name, &crs->cpus, crs->memory_max, err);
}

int attest_limits(const struct cg_tree *tree, struct error *err)
{
	const struct run_plan *plan = tree->plan;
	if (check_limits(tree, ".", &plan->cpus, plan->memory_max, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (check_crs(tree, &plan->crs[i], err) < 0)
			return -1;
	return 0;
}

static bool is_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);
	return strncmp(path, parent, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Check one process of the container. One that has ended since /proc was read is no error. */
static int check_process(const struct host *host, const struct container *container, pid_t pid,
	const char *parent, struct error *err)
{
	char path[CGROUP_PATH_MAX];
	char name[64];
	char what[512];
	if (process_cgroup(host, pid, path, sizeof path, err) < 0)
		return err->code == ENOENT || err->code == ESRCH ? 0 : -1;
	if (is_below(path, parent))
		return 0;
	(void)snprintf(what, sizeof what, "container '%s', process %d (%s), /proc/%d/cgroup",
		container->name, (int)pid, process_name(host, pid, name, sizeof name), (int)pid);
	return fail_mismatch(err, what, parent, path);
}

/* The PID namespace of the container. Empty where the container shares the host's (pid: host), or
 * where only root can read it, as with Docker. */
static const char *own_namespace(
	const struct host *host, pid_t keeper, pid_t first, char buf[static PROCESS_NAMESPACE_MAX])
{
	char outside[PROCESS_NAMESPACE_MAX];
	if (strcmp(process_pid_namespace(host, first, buf),
		    process_pid_namespace(host, keeper, outside)) == 0)
		buf[0] = '\0';
	return buf;
}

/* Whether a process belongs to the container. Three kinds do: the first process and its
 * descendants; what `docker exec` starts, which is below the same keeper and in a PID namespace of
 * its own (one that is not is the runtime's own command, on its way into the container); and what
 * `podman exec` starts, which has a keeper of its own but is in the container's PID namespace. The
 * keeper is the parent of the first process (containerd-shim, conmon). */
static bool is_of_container(const struct host *host, const struct processes *processes,
	pid_t keeper, pid_t first, const char *namespace, pid_t pid)
{
	char its[PROCESS_NAMESPACE_MAX];
	if (pid == first || processes_below(processes, first, pid))
		return true;
	if (processes_below(processes, keeper, pid))
		return process_pid_namespaces(host, pid) > process_pid_namespaces(host, keeper);
	return *namespace && strcmp(process_pid_namespace(host, pid, its), namespace) == 0;
}

int attest_container(const struct host *host, const struct cg_tree *tree,
	const struct plan_crs *crs, const struct container *container, struct error *err)
{
	char parent[CGROUP_PATH_MAX + JOB_NAME_MAX + 2];
	(void)snprintf(parent, sizeof parent, "%s/%s", tree->plan->cgroup_parent, crs->name);
	if (strcmp(container->cgroup_parent, parent) != 0) {
		char what[512];
		(void)snprintf(what, sizeof what, "container '%s', CgroupParent", container->name);
		return fail_mismatch(err, what, parent,
			*container->cgroup_parent ? container->cgroup_parent : "none");
	}
	if (container->pid <= 0)
		return 0;
	_cleanup_(processes_free) struct processes processes = PROCESSES_NONE;
	if (processes_read(host, &processes, err) < 0)
		return -1;
	pid_t keeper = processes_parent(&processes, container->pid);
	char namespace[PROCESS_NAMESPACE_MAX];
	(void)own_namespace(host, keeper, container->pid, namespace);
	for (size_t i = 0; keeper > 1 && i < processes.count; i++) {
		pid_t pid = processes.list[i].pid;
		if (is_of_container(host, &processes, keeper, container->pid, namespace, pid) &&
			check_process(host, container, pid, parent, err) < 0)
			return -1;
	}
	return 0;
}

static int add_watch(int watch, const struct cg_tree *tree, const char *cg, const char *file,
	uint32_t mask, struct error *err)
{
	char path[sizeof "/proc/self/fd/" + 16 + JOB_NAME_MAX + NAME_MAX];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d/%s/%s", tree->worker, cg, file);
	return inotify_add_watch(watch, path, mask) < 0 ? fail(err, errno, "watch %s/%s", cg, file)
							: 0;
}

int attest_watch(const struct cg_tree *tree, struct error *err)
{
	_cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch < 0)
		return fail(err, errno, "inotify");
	const struct run_plan *plan = tree->plan;
	if (add_watch(watch, tree, ".", ".", IN_MODIFY | IN_ONLYDIR, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++) {
		/* The kernel notifies cgroup.events only to a watch on the file itself, not its
		 * directory. */
		if (add_watch(watch, tree, plan->crs[i].name, ".", IN_MODIFY | IN_ONLYDIR, err) <
				0 ||
			add_watch(watch, tree, plan->crs[i].name, EVENTS_FILE, IN_MODIFY, err) < 0)
			return -1;
	}
	return steal_fd(&watch);
}

static unsigned bits_of(const struct inotify_event *event, const char *name)
{
	if (event->mask & (IN_Q_OVERFLOW | IN_IGNORED))
		return ATTEST_LIMITS | ATTEST_POPULATED;
	/* An event without a name comes from a watch on a file, which is cgroup.events. */
	if (event->len == 0)
		return ATTEST_POPULATED;
	for (size_t i = 0; i < sizeof limit_files / sizeof *limit_files; i++)
		if (strcmp(name, limit_files[i]) == 0)
			return ATTEST_LIMITS;
	return 0;
}

unsigned attest_take(int watch)
{
	_Alignas(struct inotify_event) char buf[4096];
	unsigned bits = 0;
	ssize_t n = 0;
	while ((n = read(watch, buf, sizeof buf)) > 0) {
		for (const char *at = buf; at < buf + n;) {
			struct inotify_event event;
			memcpy(&event, at, sizeof event);
			bits |= bits_of(&event, at + sizeof event);
			at += sizeof event + event.len;
		}
	}
	return bits;
}
