/* SPDX-License-Identifier: MIT
 *
 * delegation: check whether the cgroup of the user's manager can hold runs, and do the part that
 * the user may do: enable the controllers in user@UID.service, make the oss-crs cgroup, and enable
 * them there. The part that needs root is the job of oss-crs-setup.
 *
 * See "Delegation" in the kernel's cgroup-v2.rst, and systemd's CGROUP_DELEGATION.md.
 */
#ifndef OSS_CRS_DELEGATION_H
#define OSS_CRS_DELEGATION_H

#include "host.h"

#include <sys/types.h>

/* The hint for a host without delegation. */
#define DELEGATION_HINT "run once: sudo oss-crs-setup delegate"

/* Check, without changing anything, that the controllers are enabled or that the user can enable
 * them. Fails with EX_UNAVAILABLE or EX_NOPERM and a hint that says what to do. */
int delegation_check(const struct host *host, uid_t uid, struct error *err);

/* Enable the controllers and make the oss-crs cgroup, if an earlier run has not done so, and open
 * it. Returns a descriptor that the caller closes, or -1. */
int delegation_open(const struct host *host, uid_t uid, struct error *err);

/* Open the oss-crs cgroup of any user as it is, without changing anything. Fails with ENOENT if it
 * does not exist. Returns a descriptor that the caller closes, or -1. */
int delegation_find(const struct host *host, uid_t uid, struct error *err);

#endif
