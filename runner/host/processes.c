/* SPDX-License-Identifier: MIT
 *
 * processes: list /proc once into an array that is sorted by PID, and read single files of
 * /proc/PID. A process whose stat file cannot be read has ended and is left out.
 */
#include "processes.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

/* The most bytes to read of /proc/PID/status and of /proc/PID/cgroup, "0::" and a cgroup's path. */
#define CGROUP_FILE_MAX 8192

static pid_t parse_pid(const char *text)
{
	pid_t pid = 0;
	for (; *text >= '0' && *text <= '9'; text++)
		pid = pid * 10 + (*text - '0');
	return *text ? 0 : pid;
}

/* Read the parent's PID, field 4. Field 2, in parentheses, is the command name and can contain any
 * character, so parsing starts at the last parenthesis. */
static pid_t read_parent(int proc, pid_t pid)
{
	char path[32];
	char text[1024];
	struct error ignored;
	int parent = 0;
	(void)snprintf(path, sizeof path, "%d/stat", (int)pid);
	if (fs_read_attr(proc, path, text, sizeof text, &ignored) < 0)
		return -1;
	const char *end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : -1;
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

int processes_read(const struct host *host, struct processes *ret, struct error *err)
{
	_cleanup_(processes_free) struct processes found = PROCESSES_NONE;
	_cleanup_close_ int fd = fs_open(host->root, "proc", O_RDONLY | O_DIRECTORY, 0, err);
	if (fd < 0)
		return -1;
	_cleanup_closedir_ DIR *list = fdopendir(fd);
	if (!list)
		return fail(err, errno, "list /proc");
	int proc = steal_fd(&fd);
	const struct dirent *entry = NULL;
	while ((entry = readdir(list))) {
		pid_t pid = parse_pid(entry->d_name);
		pid_t parent = pid > 0 ? read_parent(proc, pid) : -1;
		if (parent >= 0 && add_process(&found, pid, parent, err) < 0)
			return -1;
	}
	if (found.count > 1)
		qsort(found.list, found.count, sizeof *found.list, compare_pids);
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
	const struct process key = {.pid = pid};
	const struct process *found =
		processes->count
			? bsearch(&key, processes->list, processes->count, sizeof key, compare_pids)
			: NULL;
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

int process_pid_namespaces(const struct host *host, pid_t pid)
{
	char path[32];
	_cleanup_free_ char *text = NULL;
	struct error ignored;
	(void)snprintf(path, sizeof path, "proc/%d/status", (int)pid);
	if (fs_read(host->root, path, CGROUP_FILE_MAX, &text, NULL, &ignored) < 0)
		return 0;
	const char *at = strstr(text, "\nNSpid:");
	int count = 0;
	for (at = at ? at + strlen("\nNSpid:") : ""; *at && *at != '\n'; at++)
		count += *at == '\t';
	return count;
}

const char *process_pid_namespace(
	const struct host *host, pid_t pid, char buf[static PROCESS_NAMESPACE_MAX])
{
	char path[32];
	(void)snprintf(path, sizeof path, "proc/%d/ns/pid", (int)pid);
	ssize_t n = readlinkat(host->root, path, buf, PROCESS_NAMESPACE_MAX - 1);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
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
