/* SPDX-License-Identifier: MIT
 *
 * lock_holder: read /proc/locks for the process that took a lock, and /proc/PID/fdinfo for the one
 * that has it. Both have the same lines.
 */
#include "lock_holder.h"

#include "cleanup.h"
#include "fs.h"
#include "lease.h"
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/sysmacros.h>

#define LOCKS_MAX (16U << 20) /* bytes of /proc/locks and of a file of fdinfo */

/* The PID in the line about a flock(2) on that file; -1 if the text has no such line. */
static pid_t parse_locks(const char *text, const struct stat *st)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		int pid = 0;
		unsigned major = 0;
		unsigned minor = 0;
		uint64_t inode = 0;
		line += *line == '\n';
		if (strncmp(line, "lock:", 5) == 0)
			line += 5;
		if (sscanf(line, "%*d: FLOCK ADVISORY %*s %d %x:%x:%" SCNu64, &pid, &major, &minor,
			    &inode) == 4 &&
			makedev(major, minor) == st->st_dev && inode == st->st_ino)
			return pid > 0 ? pid : 0;
	}
	return -1;
}

void lock_holder_find(const struct host *host, int fd, struct lock_holder *ret)
{
	_cleanup_free_ char *text = NULL;
	struct error ignored;
	struct stat st;
	struct lock_holder found = {0};
	if (fstat(fd, &st) == 0 &&
		fs_read(host->root, "proc/locks", LOCKS_MAX, &text, NULL, &ignored) == 0)
		found.pid = parse_locks(text, &st);
	if (found.pid <= 0)
		found.pid = 0;
	else if (owner_describe(host, found.pid, found.process, &ignored) < 0)
		found.process[0] = '\0';
	*ret = found;
}

/* Whether an open file of the process has the lock. Returns 1, 0, or -1 if that is not known. */
static int has_lock(const struct host *host, pid_t pid, const struct stat *st)
{
	char path[64];
	struct error problem = {0};
	(void)snprintf(path, sizeof path, "proc/%d/fdinfo", (int)pid);
	_cleanup_closedir_ DIR *list = fs_list(host->root, path, &problem);
	if (!list)
		return problem.code == ENOENT || problem.code == ESRCH ? 0 : -1;
	const struct dirent *entry = NULL;
	bool unknown = false;
	int more = 0;
	while ((more = fs_next(list, &entry, &problem)) > 0) {
		_cleanup_free_ char *text = NULL;
		if (fs_read(dirfd(list), entry->d_name, LOCKS_MAX, &text, NULL, &problem) < 0)
			unknown = unknown || problem.code != ENOENT;
		else if (parse_locks(text, st) >= 0)
			return 1;
	}
	return unknown || more < 0 ? -1 : 0;
}

/* The first process that is seen to have the lock; 0 if there is none. */
static pid_t search_processes(const struct host *host, const struct stat *st)
{
	_cleanup_(processes_free) struct processes all = PROCESSES_NONE;
	struct error ignored;
	if (processes_read(host, &all, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < all.count; i++)
		if (has_lock(host, all.list[i].pid, st) == 1)
			return all.list[i].pid;
	return 0;
}

static void describe_process(
	const struct host *host, pid_t pid, const char *more, char buf[static LOCK_HOLDER_MAX])
{
	char path[64];
	char name[64];
	char user[64];
	struct stat st = {0};
	(void)snprintf(path, sizeof path, "proc/%d", (int)pid);
	(void)fstatat(host->root, path, &st, 0);
	const struct lease whose = {.uid = st.st_uid};
	(void)snprintf(buf, LOCK_HOLDER_MAX, "by process %d (%s) of %s%s", (int)pid,
		process_name(host, pid, name, sizeof name), lease_user(&whose, user, sizeof user),
		more);
}

const char *lock_holder_describe(const struct host *host, int fd, const struct lock_holder *holder,
	char buf[static LOCK_HOLDER_MAX])
{
	struct stat st = {0};
	int has = fstat(fd, &st) < 0 ? -1 : has_lock(host, holder->pid, &st);
	bool lives = owner_lives(host, holder->process);
	if (lives && has != 0) {
		describe_process(
			host, holder->pid, has > 0 ? "" : ", according to /proc/locks", buf);
		return buf;
	}
	pid_t other = search_processes(host, &st);
	if (other)
		describe_process(host, other, "", buf);
	else if (!holder->pid)
		(void)snprintf(buf, LOCK_HOLDER_MAX, "by a process that is not visible from here");
	else
		(void)snprintf(buf, LOCK_HOLDER_MAX,
			"by a process that is not visible from here (process %d, which took the "
			"lock, has %s)",
			(int)holder->pid, lives ? "passed it on" : "ended");
	return buf;
}
