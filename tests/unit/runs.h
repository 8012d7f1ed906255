/* SPDX-License-Identifier: MIT
 *
 * runs: directories that stand for the cgroups of runs, and processes that own such a run by
 * holding the same lock as the runner.
 */
#ifndef OSS_CRS_UNIT_RUNS_H
#define OSS_CRS_UNIT_RUNS_H

#include "holder.h"
#include "unit.h"

#include <limits.h>

#define OURS "sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/oss-crs"

/* Write a file, and make the directories on its path. */
static inline void put_text_file(const struct unit_dir *dir, const char *path, const char *text)
{
	char part[PATH_MAX];
	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		(void)snprintf(part, sizeof part, "%.*s", (int)i, path);
		assert_true(mkdirat(dir->fd, part, 0755) == 0 || errno == EEXIST);
	}
	_cleanup_close_ int fd =
		openat(dir->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* A process that owns the run until holder_end(). */
static inline pid_t own_run(const struct unit_dir *dir, const char *name)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, OURS "/%s/cgroup.max.depth", name);
	return holder_start(dir->fd, path);
}

#endif
