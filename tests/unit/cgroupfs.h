/* SPDX-License-Identifier: MIT
 *
 * cgroupfs: what the kernel adds to directories that are cgroups, for a test that makes and removes
 * them in ordinary directories. These functions replace the C library's in the test's program:
 * mkdirat() fills the new directory with the files of a cgroup, write() replaces the content of
 * such a file, and unlinkat() of a directory takes these files with it.
 */
#ifndef OSS_CRS_UNIT_CGROUPFS_H
#define OSS_CRS_UNIT_CGROUPFS_H

#include "unit.h"

#include <sys/syscall.h>
#include <unistd.h>

static const char *const cgroupfs_files[][2] = {
	{"cgroup.controllers", "cpuset memory\n"},
	{"cgroup.max.depth", "max\n"},
	{"cgroup.max.descendants", "max\n"},
	{"cgroup.subtree_control", "\n"},
	{"cgroup.events", "populated 0\nfrozen 0\n"},
	{"cgroup.kill", ""},
	{"cpuset.cpus", "\n"},
	{"cpuset.mems", "\n"},
	{"memory.max", "max\n"},
	{"memory.swap.max", "max\n"},
};

/* Called when a new cgroup has its files, and before mkdirat() returns; NULL: nothing to do. */
static void (*cgroupfs_made)(int dir, const char *name);

/* The C library's names of the parameters are reserved.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int mkdirat(int dir, const char *path, mode_t mode)
{
	char file[PATH_MAX];
	if (syscall(SYS_mkdirat, dir, path, mode) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(cgroupfs_files); i++) {
		(void)snprintf(file, sizeof file, "%s/%s", path, cgroupfs_files[i][0]);
		make_file(dir, file, cgroupfs_files[i][1]);
	}
	if (cgroupfs_made)
		cgroupfs_made(dir, path);
	return 0;
}

/* A cgroup's controllers are enabled by "+cpuset +memory", and listed as "cpuset memory". */
ssize_t write(int fd, const void *data, size_t len)
{
	char text[256];
	struct stat st;
	const char *from = data;
	size_t n = 0;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || len >= sizeof text)
		return syscall(SYS_write, fd, data, len);
	for (size_t i = 0; i < len; i++)
		if (from[i] != '+')
			text[n++] = from[i];
	if (ftruncate(fd, 0) < 0 || syscall(SYS_write, fd, text, n) != (ssize_t)n)
		return -1;
	return (ssize_t)len;
}

int unlinkat(int dir, const char *path, int flags)
{
	char file[PATH_MAX];
	for (size_t i = 0; flags == AT_REMOVEDIR && i < COUNT(cgroupfs_files); i++) {
		(void)snprintf(file, sizeof file, "%s/%s", path, cgroupfs_files[i][0]);
		(void)syscall(SYS_unlinkat, dir, file, 0);
	}
	return (int)syscall(SYS_unlinkat, dir, path, flags);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

#endif
