/* SPDX-License-Identifier: MIT
 *
 * lanes: record locks (fs_lock()), because the kernel then says which process holds one, and drops
 * it when that process ends, however it does.
 */
#include "lanes.h"

#include "cleanup.h"
#include "fs.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>

#define LANES_DIR "lanes"

static void name_lane(unsigned number, char buf[static 32])
{
	(void)snprintf(buf, 32, LANES_DIR "/%u", number);
}

unsigned lanes_limit(unsigned limit, unsigned cpus)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	if (limit)
		return limit;
	return online > 0 && cpus && (unsigned)online / cpus ? (unsigned)online / cpus : 1;
}

int lanes_enter(int dir, unsigned limit, struct error *err)
{
	if (mkdirat(dir, LANES_DIR, 0755) < 0 && errno != EEXIST)
		return fail(err, errno, "make " LANES_DIR);
	for (unsigned number = 1; number <= limit; number++) {
		char name[32];
		name_lane(number, name);
		_cleanup_close_ int fd = fs_open(dir, name, O_RDWR | O_CREAT, 0644, err);
		if (fd < 0)
			return -1;
		if (fs_lock(fd, name, err) == 0)
			/* The run of an earlier lane. */
			return ftruncate(fd, 0) < 0 ? fail(err, errno, "write %s", name)
						    : steal_fd(&fd);
		if (err->code != EAGAIN && err->code != EACCES)
			return -1;
	}
	return fail(err, EAGAIN, "%u lanes are there", limit);
}

#define NO_MORE 2 /* there is no file of that number, and so none of a higher one */

/* Find the process that is the lane. Returns whether there is one, or NO_MORE. */
static int find_lane(int dir, unsigned number, pid_t *ret, struct error *err)
{
	char name[32];
	pid_t pid = 0;
	name_lane(number, name);
	int locked = fs_is_locked(dir, name, &pid, err);
	if (locked < 0)
		return err->code == ENOENT ? NO_MORE : -1;
	*ret = pid;
	return locked;
}

int lanes_note(int lane, size_t index, struct error *err)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%010zu\n", index);
	errno = ENOSPC; /* of a write that is only part of one */
	return pwrite(lane, text, (size_t)n, 0) == n ? 0 : fail(err, errno, "write " LANES_DIR);
}

/* The run of a lane; a new lane has none. */
static int read_note(int dir, unsigned number, size_t *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char name[32];
	char *end = NULL;
	name_lane(number, name);
	if (fs_read(dir, name, 64, &text, NULL, err) < 0)
		return -1;
	if (!*text)
		return 0;
	size_t index = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || strcmp(end, "\n") != 0)
		return fail_as(err, EX_DATAERR, "%s has no number of a run", name);
	*ret = index;
	return 1;
}

int lanes_each(int dir, void (*each)(size_t index, void *data), void *data, struct error *err)
{
	int count = 0;
	for (unsigned number = 1;; number++) {
		pid_t pid = 0;
		int found = find_lane(dir, number, &pid, err);
		if (found < 0)
			return -1;
		if (found == NO_MORE)
			return count;
		count += found;
		size_t index = 0;
		int noted = found && each ? read_note(dir, number, &index, err) : 0;
		if (noted < 0)
			return -1;
		if (noted)
			each(index, data);
	}
}

int lanes_count(int dir, struct error *err)
{
	return lanes_each(dir, NULL, NULL, err);
}

/* End one lane. The lock is read again after its PID has become a descriptor: the PID may have
 * become another process's in between. */
static int end_lane(int dir, unsigned number, struct error *err)
{
	pid_t pid = 0;
	pid_t again = 0;
	int found = find_lane(dir, number, &pid, err);
	if (found != 1)
		return found;
	if (pid <= 0)
		return fail_as(err, EX_UNAVAILABLE, "lane %u is not visible from here", number);
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	if (fd < 0)
		return errno == ESRCH ? 0 : fail(err, errno, "open process %d", (int)pid);
	found = find_lane(dir, number, &again, err);
	if (found != 1 || again != pid)
		return found < 0 ? -1 : 0;
	if (proc_signal(&(struct child){.pid = pid, .pidfd = fd}, SIGTERM, err) < 0)
		return -1;
	struct pollfd ended = {.fd = fd, .events = POLLIN};
	while (poll(&ended, 1, -1) < 0)
		if (errno != EINTR)
			return fail(err, errno, "wait for process %d", (int)pid);
	return 0;
}

int lanes_end(int dir, struct error *err)
{
	int result = 0;
	for (unsigned number = 1; result >= 0 && result != NO_MORE; number++)
		result = end_lane(dir, number, err);
	return result < 0 ? -1 : 0;
}
