/* SPDX-License-Identifier: MIT
 *
 * processes: list /proc once into an array that is sorted by PID, and read single files of
 * /proc/PID. A process that ends before its stat file is read is left out. If a stat file cannot be
 * read or parsed for another reason, or process 1 is missing, the list says that it is incomplete.
 */
#include "processes.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>

/* The most bytes to read of /proc/PID/cgroup: "0::" and a cgroup's path. */
#define CGROUP_FILE_MAX 8192

/* The same of /proc/PID/status. It lists the groups of the process, up to NGROUPS_MAX (65536) with
 * up to 11 bytes each, before most other lines. */
#define STATUS_FILE_MAX (1U << 20)

/* The PID that a name in /proc is, 0 if it is none. The kernel's PIDs are at most 4194304
 * (PID_MAX_LIMIT). */
static pid_t parse_pid(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	return text[digits] || digits > 7 ? 0 : (pid_t)strtol(text, NULL, 10);
}

/* Whether a failure to read a file of /proc/PID can mean that the process has ended. */
static bool may_have_ended(const struct error *err)
{
	return err->code == ENOENT || err->code == ESRCH;
}

/* Read the parent's PID, field 4. Field 2, in parentheses, is the command name and can contain any
 * character, so parsing starts at the last parenthesis. */
static int read_parent(int proc, pid_t pid, pid_t *ret, struct error *err)
{
	char path[32];
	char text[2048];
	(void)snprintf(path, sizeof path, "%d/stat", (int)pid);
	if (fs_read_attr(proc, path, text, sizeof text, err) < 0)
		return -1;
	const char *end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", ret) == 1 && *ret >= 0
		       ? 0
		       : fail(err, EINVAL, "/proc/%s", path);
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *left = a;
	const struct process *right = b;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static int add_process(struct processes *found, pid_t pid, pid_t parent, struct error *err)
{
	if ((found->count & (found->count - 1)) == 0) {
		/* Double the capacity whenever it is used up: it is 1, 2, 4, 8, and so on. */
		struct process *larger = reallocarray(
			found->list, found->count ? found->count * 2 : 1, sizeof *larger);
		if (!larger)
			return fail(err, ENOMEM, "processes");
		found->list = larger;
	}
	found->list[found->count++] = (struct process){.pid = pid, .parent = parent};
	return 0;
}

/* Add the process of one entry of /proc, or note why it cannot be read. Everyone may read the stat
 * files of all processes, unless /proc is mounted with hidepid. */
static int read_process(int proc, pid_t pid, struct processes *found, struct error *err)
{
	pid_t parent = 0;
	struct error problem = {0};
	if (read_parent(proc, pid, &parent, &problem) == 0)
		return add_process(found, pid, parent, err);
	if (problem.code == EPERM || problem.code == EACCES)
		found->hidden = true;
	else if (!may_have_ended(&problem) && !found->unread.msg[0])
		found->unread = problem;
	return 0;
}

static const struct process *find_process(const struct processes *processes, pid_t pid)
{
	const struct process key = {.pid = pid};
	return processes->count
		       ? bsearch(&key, processes->list, processes->count, sizeof key, compare_pids)
		       : NULL;
}

int processes_read(const struct host *host, struct processes *ret, struct error *err)
{
	_cleanup_(processes_free) struct processes found = PROCESSES_NONE;
	_cleanup_closedir_ DIR *list = fs_list(host->root, "proc", err);
	if (!list)
		return -1;
	int proc = dirfd(list);
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		pid_t pid = parse_pid(entry->d_name);
		if (pid > 0 && read_process(proc, pid, &found, err) < 0)
			return -1;
	}
	if (more < 0)
		return add_context(err, "/proc");
	if (found.count > 1)
		qsort(found.list, found.count, sizeof *found.list, compare_pids);
	/* Every PID namespace has a process 1, and it belongs to root. */
	if (!find_process(&found, 1) && !found.unread.msg[0])
		found.hidden = true;
	*ret = found;
	found = (struct processes)PROCESSES_NONE;
	return 0;
}

void processes_free(struct processes *processes)
{
	free(processes->list);
	*processes = (struct processes)PROCESSES_NONE;
}

pid_t processes_parent(const struct processes *processes, pid_t pid)
{
	const struct process *found = find_process(processes, pid);
	return found ? found->parent : 0;
}

bool processes_below(const struct processes *processes, pid_t ancestor, pid_t pid)
{
	/* The parents were read one after the other. If the kernel reused PIDs meanwhile, they
	 * could form a cycle, so the loop is bounded. */
	for (size_t i = 0; i <= processes->count && pid > 0; i++) {
		pid = processes_parent(processes, pid);
		if (pid == ancestor)
			return true;
	}
	return false;
}

int process_cgroup(const struct host *host, pid_t pid, char *buf, size_t size, struct error *err)
{
	char path[32];
	_cleanup_free_ char *text = NULL;
	(void)snprintf(path, sizeof path, "proc/%d/cgroup", (int)pid);
	if (fs_read(host->root, path, CGROUP_FILE_MAX, &text, NULL, err) < 0)
		return -1;
	/* A host with cgroup v2 only has a single line, "0::PATH". */
	const char *line = strstr(text, "0::");
	if (!line || (line != text && line[-1] != '\n'))
		return fail(err, EINVAL, "%s", path);
	int n = snprintf(buf, size, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
	return n >= 0 && (size_t)n < size ? 0 : fail(err, ENAMETOOLONG, "%s", path);
}

bool process_exists(pid_t pid)
{
	return kill(pid, 0) == 0 || errno != ESRCH;
}

/* Read the value of a line of /proc/PID/status, "NAME:\tVALUE". The kernel escapes line breaks in
 * the command name, so no process can add a line. The caller frees *ret. */
static int read_status(
	const struct host *host, pid_t pid, const char *name, char **ret, struct error *err)
{
	char path[32];
	_cleanup_free_ char *text = NULL;
	size_t len = strlen(name);
	(void)snprintf(path, sizeof path, "proc/%d/status", (int)pid);
	if (fs_read(host->root, path, STATUS_FILE_MAX, &text, NULL, err) < 0)
		return -1;
	const char *line = text;
	while (line && (strncmp(line, name, len) != 0 || strncmp(line + len, ":\t", 2) != 0)) {
		const char *line_end = strchr(line, '\n');
		line = line_end ? line_end + 1 : NULL;
	}
	const char *end = line ? strchr(line, '\n') : NULL;
	if (!end)
		return fail(err, EINVAL, "%s in /%s", name, path);
	*ret = strndup(line + len + 2, (size_t)(end - line) - len - 2);
	return *ret ? 0 : fail(err, ENOMEM, "/%s", path);
}

int process_pid_depth(const struct host *host, pid_t pid, int *ret, struct error *err)
{
	_cleanup_free_ char *value = NULL;
	if (read_status(host, pid, "NSpid", &value, err) < 0)
		return -1;
	/* The PIDs of the process, one per namespace: "4711\t17\t1". */
	int depth = 0;
	for (const char *at = value;; at++) {
		size_t digits = strspn(at, "0123456789");
		at += digits;
		if (!digits || (*at && *at != '\t'))
			return fail(err, EINVAL, "NSpid in /proc/%d/status", (int)pid);
		depth++;
		if (!*at)
			break;
	}
	*ret = depth;
	return 0;
}

int process_cpus(const struct host *host, pid_t pid, struct cpulist *ret, struct error *err)
{
	_cleanup_free_ char *value = NULL;
	struct error problem = {0};
	if (read_status(host, pid, "Cpus_allowed_list", &value, err) < 0)
		return -1;
	return cpulist_parse(value, ret, &problem) == 0
		       ? 0
		       : fail(err, EINVAL, "Cpus_allowed_list in /proc/%d/status", (int)pid);
}

int process_namespace(const struct host *host, pid_t pid, const char *kind,
	char buf[static PROCESS_NAMESPACE_MAX], struct error *err)
{
	char path[32];
	(void)snprintf(path, sizeof path, "proc/%d/ns/%s", (int)pid, kind);
	ssize_t n = readlinkat(host->root, path, buf, PROCESS_NAMESPACE_MAX);
	if (n <= 0 || n == PROCESS_NAMESPACE_MAX)
		return fail(err, n < 0 ? errno : EINVAL, "read /%s", path);
	buf[n] = '\0';
	return 0;
}

const char *process_name(const struct host *host, pid_t pid, char *buf, size_t size)
{
	char path[32];
	struct error ignored;
	(void)snprintf(path, sizeof path, "proc/%d/comm", (int)pid);
	if (fs_read_attr(host->root, path, buf, size, &ignored) < 0)
		(void)snprintf(buf, size, "?");
	return buf;
}
