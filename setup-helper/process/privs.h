/* SPDX-License-Identifier: MIT
 *
 * privs: what this process may still do. uid 0 with an empty permitted set is the normal state; capabilities(7) and
 * prctl(2) are what it rests on. Every change is read back, and a mismatch is an error that ends the program.
 */
#ifndef OSS_CRS_SETUP_PRIVS_H
#define OSS_CRS_SETUP_PRIVS_H

#include "error.h"

#include <sys/types.h>

enum privs {
	PRIVS_NONE = 0,
	PRIVS_NICE =
		1, /* CAP_SYS_NICE: enable cpuset above other users' processes before kernel 6.6 */
	PRIVS_BECOME = 2, /* CAP_SETUID, CAP_SETGID: the child that becomes the user */
};

/* For good: no_new_privs, not dumpable (root only), ambient and bounding sets empty. */
int privs_begin(struct error *err);

/* Keep only `keep` (enum privs, or-ed) in the permitted set; effective and inheritable become empty. What the process
 * did not have stays away. CAP_SYS_NICE is kept only where the running kernel asks for it. */
int privs_limit(unsigned keep, struct error *err);

/* Run work(arg) with `wanted` effective, and only then. */
int privs_with(
	unsigned wanted, int (*work)(void *arg, struct error *err), void *arg, struct error *err);

/* Run work(arg) in a child that has become the user for good: no supplementary groups, all ids set and checked, no
 * capability left, no descriptor but keep_fd. Its error comes back as if it had happened here. A child that does not
 * end within timeout_ms is killed: EX_TEMPFAIL. */
int privs_as_user(uid_t uid, gid_t gid, int keep_fd, int timeout_ms,
	int (*work)(void *arg, struct error *err), void *arg, struct error *err);

/* Whether a kernel release ("6.1.0-18-amd64") is older than major.minor. What cannot be read counts as older. */
int privs_kernel_before(const char *release, unsigned major, unsigned minor);

#endif
