/* SPDX-License-Identifier: MIT
 *
 * delegation: whether the user's own cgroup can hold runs, and the little that the user does for that: enable the
 * controllers at user@UID.service, make oss-crs, enable them there. What needs root is oss-crs-setup's.
 *
 * Rests on "Delegation" in the kernel's cgroup-v2.rst and systemd's CGROUP_DELEGATION.md.
 */
#ifndef OSS_CRS_DELEGATION_H
#define OSS_CRS_DELEGATION_H

#include "host.h"

#include <sys/types.h>

/* The command that mends a host without delegation. */
#define DELEGATION_HINT "run once: sudo oss-crs-setup delegate"

/* Look only: are the controllers there, or can the user bring them there? Fails with EX_UNAVAILABLE or EX_NOPERM and
 * the command that helps. */
int delegation_check(const struct host *host, uid_t uid, struct error *err);

/* Do it, where it is not done yet, and open oss-crs. Returns a descriptor that the caller closes, or -1. */
int delegation_open(const struct host *host, uid_t uid, struct error *err);

/* Open oss-crs of any user as it is, and change nothing. ENOENT: it is not there. Returns a descriptor that the caller
 * closes, or -1. */
int delegation_find(const struct host *host, uid_t uid, struct error *err);

#endif
