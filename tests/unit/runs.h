/* SPDX-License-Identifier: MIT
 *
 * runs: directories that stand for the cgroups of runs, and processes that own them by holding the very lock.
 */
#ifndef OSS_CRS_UNIT_RUNS_H
#define OSS_CRS_UNIT_RUNS_H

#include "unit.h"

#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define OURS "sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/oss-crs"

/* Write a file, with the directories that it is in. */
static inline void put(const struct unit_dir *dir, const char *path, const char *text)
{
	char part[PATH_MAX];
	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		(void)snprintf(part, sizeof part, "%.*s", (int)i, path);
		assert_true(mkdirat(dir->fd, part, 0755) == 0 || errno == EEXIST);
	}
	_cleanup_close_ int fd = openat(dir->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* A process that owns the run until it is killed. */
static inline pid_t own(const struct unit_dir *dir, const char *name)
{
	int ends[2];
	char path[PATH_MAX];
	char byte = 0;
	(void)snprintf(path, sizeof path, OURS "/%s/cgroup.max.depth", name);
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
		int fd = openat(dir->fd, path, O_WRONLY | O_CLOEXEC);
		/* Not beyond a test that fails. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || fd < 0 || fcntl(fd, F_SETLK, &whole) < 0 ||
			write(ends[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	(void)close(ends[0]);
	return pid;
}

static inline void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#endif
