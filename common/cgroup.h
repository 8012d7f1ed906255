/* SPDX-License-Identifier: MIT
 *
 * cgroup: operations on one cgroup v2 directory. An open directory and a path below it name the
 * cgroup; "." is the directory itself.
 *
 * Functions that return an int return 0, or -1 with an error whose code is an errno value, unless
 * their comment says otherwise. The interface is that of Documentation/admin-guide/cgroup-v2.rst
 * in the kernel tree, which also gives the kernel versions named here.
 */
#ifndef OSS_CRS_CGROUP_H
#define OSS_CRS_CGROUP_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_MAX  4096
#define CGROUP_UNLIMITED UINT64_MAX /* "max" in the kernel's files */

/* The oss-crs cgroup: the cgroup below user@UID.service that holds the cgroups of all runs. */
#define CGROUP_OSS_CRS "oss-crs"

/* The file in a run's cgroup that the run's owner locks. It exists since kernel 4.14, the cgroup's
 * user can write to it, and it is otherwise unused. */
#define CGROUP_OWNED_FILE    "cgroup.max.depth"
#define CGROUP_CPUSET_MEMORY "cpuset memory"

/* Write the path of the cgroup of a user's systemd manager to buf, relative to the cgroup mount:
 * user.slice/user-UID.slice/user@UID.service. The names are those of user-.slice and user@.service
 * (systemd, "The New Control Group Interfaces"). Fails with ENAMETOOLONG if the path does not
 * fit. */
int cgroup_user_path(uid_t uid, char *buf, size_t size, struct error *err);

/* The umask for making cgroups: every user of the host can see which run has which CPUs. */
#define CGROUP_UMASK 022

/* The umask for making a cgroup that other users cannot enter until it is opened with chmod(2). */
#define CGROUP_CLOSED_UMASK 077

/* Make a cgroup with mkdir(2), mode 0755 less the umask. Fails with EEXIST if it exists. */
int cgroup_make(int dir, const char *name, struct error *err);

/* Open the cgroup at path below dir, with O_PATH. Returns a descriptor that the caller closes, or
 * -1. */
int cgroup_open(int dir, const char *path, struct error *err);

/* Write value to a file of the cgroup, in one write(2). CGROUP_UNLIMITED is written as "max". */
int cgroup_set(int dir, const char *cg, const char *file, const char *value, struct error *err);
int cgroup_set_u64(int dir, const char *cg, const char *file, uint64_t value, struct error *err);

/* Read a file of the cgroup, without its last newline. Fails with EFBIG if it does not fit into
 * buf. cgroup_get_u64() reads "max" as CGROUP_UNLIMITED and fails with EINVAL for anything else
 * that is not a number. */
int cgroup_get(
	int dir, const char *cg, const char *file, char *buf, size_t size, struct error *err);
int cgroup_get_u64(int dir, const char *cg, const char *file, uint64_t *ret, struct error *err);

/* Find `key` in a flat keyed file such as memory.events or cpu.stat. Fails with ENODATA if the key
 * is missing. cgroup_find_key() searches text that is already read, and returns -1 if the key is
 * missing. */
int cgroup_get_key(int dir, const char *cg, const char *file, const char *key, uint64_t *ret,
	struct error *err);
int cgroup_find_key(const char *text, const char *key, uint64_t *ret);

/* Whether every controller in `wanted` is in `list`. Both are separated by spaces, as in
 * cgroup.controllers. */
bool cgroup_has(const char *list, const char *wanted);

/* Check that the kernel has every controller in `wanted` for cgroup v2. `root` is the mount of the
 * hierarchy. Nobody can delegate a controller that is switched off: EX_UNAVAILABLE, with the
 * remedy. */
int cgroup_check_kernel(int root, const char *wanted, struct error *err);

/* Enable the controllers in `wanted` that cgroup.subtree_control does not list yet. Enabling one
 * again is not free: kernels before 6.6 walk all processes below the cgroup. Fails with E2BIG if
 * the list to write is longer than 511 bytes. */
int cgroup_enable(int dir, const char *cg, const char *wanted, struct error *err);

/* Kill every process in the cgroup and below, with cgroup.kill (kernel 5.14). */
int cgroup_kill(int dir, const char *cg, struct error *err);

/* Wait until cgroup.events says `populated 0`: the cgroup and those below it have no live process.
 * The function sleeps in poll(2), which reports each change of that file. Fails with ETIME after
 * timeout_ms milliseconds. */
int cgroup_wait_empty(int dir, const char *cg, int timeout_ms, struct error *err);

/* Remove a cgroup and everything below it, children first. A cgroup that does not exist is not an
 * error. */
int cgroup_remove(int dir, const char *cg, struct error *err);

#endif
