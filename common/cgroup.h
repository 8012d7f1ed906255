/* SPDX-License-Identifier: MIT
 *
 * cgroup: one cgroup v2 directory, named by an open directory and a path below it ("." is the directory itself).
 *
 * Rests on Documentation/admin-guide/cgroup-v2.rst of the kernel; numbers of kernel versions are from there.
 */
#ifndef OSS_CRS_CGROUP_H
#define OSS_CRS_CGROUP_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_MAX  4096
#define CGROUP_UNLIMITED UINT64_MAX /* "max" in the kernel's files */
#define CGROUP_OSS_CRS \
	"oss-crs" /* the cgroup below user@UID.service that everything of ours lives in */
/* The file of a run's cgroup that its owner locks: there since kernel 4.14, writable for the cgroup's user, and of no use to
 * us otherwise. */
#define CGROUP_OWNED_FILE    "cgroup.max.depth"
#define CGROUP_CPUSET_MEMORY "cpuset memory"

/* The cgroup of a user's manager below the cgroup mount: user.slice/user-UID.slice/user@UID.service (systemd,
 * "The New Control Group Interfaces"; the names are those of user@.service and user-.slice). */
int cgroup_user_path(uid_t uid, char *buf, size_t size, struct error *err);

/* The umask under which cgroups are made: who has which CPUs is for every user of the host to see. */
#define CGROUP_UMASK 022

/* Make a cgroup with mkdir(2), readable by all users as far as the umask lets it. An existing one is EEXIST. */
int cgroup_make(int dir, const char *name, struct error *err);

/* Open a cgroup as a directory (O_PATH) below dir. Returns a descriptor that the caller closes, or -1. */
int cgroup_open(int dir, const char *path, struct error *err);

/* Write value to a file of the cgroup, in one write(2). */
int cgroup_set(int dir, const char *cg, const char *file, const char *value, struct error *err);
int cgroup_set_u64(int dir, const char *cg, const char *file, uint64_t value, struct error *err);

/* Read a file of the cgroup without its last newline; "max" reads as CGROUP_UNLIMITED. */
int cgroup_get(
	int dir, const char *cg, const char *file, char *buf, size_t size, struct error *err);
int cgroup_get_u64(int dir, const char *cg, const char *file, uint64_t *ret, struct error *err);

/* Find `key` in a flat keyed file such as memory.events or cpu.stat. ENODATA if it is not there. */
int cgroup_get_key(int dir, const char *cg, const char *file, const char *key, uint64_t *ret,
	struct error *err);
int cgroup_find_key(const char *text, const char *key, uint64_t *ret);

/* Whether every controller of `wanted` (space-separated) is in `list`, as in cgroup.controllers. */
bool cgroup_has(const char *list, const char *wanted);

/* Enable the controllers of `wanted` in cgroup.subtree_control, those that are not enabled yet and only those:
 * writing what is already so is not free, since it walks all processes below on kernels before 6.6. */
int cgroup_enable(int dir, const char *cg, const char *wanted, struct error *err);

/* Kill every process below by cgroup.kill (kernel 5.14). */
int cgroup_kill(int dir, const char *cg, struct error *err);

/* Wait for `populated 0` in cgroup.events, by its notification. Fails with ETIME after timeout_ms. */
int cgroup_wait_empty(int dir, const char *cg, int timeout_ms, struct error *err);

/* Remove a cgroup and all below it, children first. One that is already gone is fine. */
int cgroup_remove(int dir, const char *cg, struct error *err);

#endif
