/* SPDX-License-Identifier: MIT
 *
 * privs: the privileges that this process holds. Its normal state is uid 0 with an empty permitted
 * set. Rests on capabilities(7) and prctl(2). Each change is read back; a mismatch is an error,
 * which ends the program.
 */
#ifndef OSS_CRS_SETUP_PRIVS_H
#define OSS_CRS_SETUP_PRIVS_H

#include "error.h"

#include <stddef.h>
#include <sys/types.h>

enum privs {
	PRIVS_NONE = 0,
	/* CAP_SYS_NICE: enable cpuset above other users' processes; only kernels before 6.6 ask
	 * for it */
	PRIVS_NICE = 1,
	/* CAP_SETUID and CAP_SETGID: become another user in a child */
	PRIVS_BECOME = 2,
};

/* Set no_new_privs and empty the ambient set. As root, also clear the dumpable flag and empty the
 * bounding set. No privilege that is lost here can be regained. */
int privs_begin(struct error *err);

/* Reduce the permitted set to `keep` (enum privs, or-ed), and empty the effective and inheritable
 * sets. A capability that the process does not have is not added. CAP_SYS_NICE is kept only on a
 * kernel that asks for it, as privs_begin() has found. */
int privs_limit(unsigned keep, struct error *err);

/* Run work(arg) with `wanted` (enum privs, or-ed) in the effective set, and only for that time.
 * Returns what work returned, or -1 if the set cannot be changed. */
int privs_with(
	unsigned wanted, int (*work)(void *arg, struct error *err), void *arg, struct error *err);

/* Close all descriptors but the standard ones and those in keep, where 0 and -1 are none. */
int privs_close_others(const int *keep, size_t count, struct error *err);

/* Become this user for good: all ids set and read back, no capabilities, and no supplementary group
 * but `group`, or none if `group` is gid. Only for root. */
int privs_become(uid_t uid, gid_t gid, gid_t group, struct error *err);

/* In a child: have the kernel kill it when its parent ends, however that ends (prctl(2),
 * PR_SET_PDEATHSIG). A change of ids clears this setting, so call it after privs_become(). */
int privs_end_with(pid_t parent, struct error *err);

/* The user that reads what others wrote: one who owns no files (systemd.io, "Users, Groups, UIDs
 * and GIDs on systemd Systems"). */
#define PRIVS_NOBODY 65534

#define PRIVS_KEEP_MAX 6
struct privs_child {
	uid_t uid;
	gid_t gid;
	gid_t group;              /* gid: no supplementary group */
	int keep[PRIVS_KEEP_MAX]; /* descriptors that the child keeps; 0 and -1: none */
	int timeout_ms;           /* how long to wait for the child: EX_TEMPFAIL then */
};

/* Run work(arg) in a child that has become the user by privs_become() (if this process is root) and
 * has no descriptors but the standard ones and those to keep. An error of the child is returned in
 * err as if it had happened here. A child that is not done in time is left, and killed when this
 * process ends. */
int privs_in_child(const struct privs_child *child, int (*work)(void *arg, struct error *err),
	void *arg, struct error *err);

/* Return 1 if a kernel release ("6.1.0-18-amd64") is older than major.minor or cannot be parsed, 0
 * otherwise. */
int privs_kernel_before(const char *release, unsigned major, unsigned minor);

#endif
