/* SPDX-License-Identifier: MIT
 *
 * host_path: whether a container that is given a path of the host could use it to leave its
 * cgroup. A path is harmless if it is known to be: below the project directory or the user's home,
 * the user's own, or a read-only file that everybody may read. It is not if it is, holds or lies in
 * a place of the engine, the init system or the kernel, or cannot be looked at.
 *
 * Rests on openat2(2), path_resolution(7) and unix(7): connecting to a socket needs no writable
 * mount.
 */
#ifndef OSS_CRS_HOST_PATH_H
#define OSS_CRS_HOST_PATH_H

#include <stdbool.h>
#include <sys/types.h>

/* Whose paths are harmless. The paths have no links in them (realpath(3)); NULL: there is none. */
struct host_user {
	const char *project_dir;
	const char *home;
	const char *engine_socket; /* of the engine that runs the job */
	uid_t uid;
};

/* What a path gives a container. */
struct host_path {
	const char *why; /* why it is not harmless, in words; NULL: it is harmless */
	bool engine;     /* it is, or holds, a socket by which an engine starts containers */
	bool cgroups;    /* a writable part of /sys/fs/cgroup, or a directory above it */
};

/* Judge a path that the engine mounts into a container. Symbolic links are followed. Where the path
 * does not exist, the engine makes a directory, and the nearest existing directory counts. */
struct host_path host_path_judge(const struct host_user *user, const char *path, bool writable);

#endif
