/* SPDX-License-Identifier: MIT
 *
 * scope: move this process from the cgroup of the login session to one below the user manager's.
 *
 * A process may move a process from one cgroup to another, or start a child in another one, only if
 * it may write cgroup.procs of their common ancestor. From session-N.scope to a CRS's cgroup, that
 * ancestor belongs to root; from a cgroup below user@UID.service, it belongs to the user. So before
 * oss-crs-run starts a command in the cgroup of a CRS, it asks the user manager for a transient
 * scope, as systemd-run(1) does.
 */
#ifndef OSS_CRS_SCOPE_H
#define OSS_CRS_SCOPE_H

#include "host.h"

#include <sys/types.h>

/* Move this process into a transient scope of the user manager, unless it is already below
 * user@UID.service. `name` becomes part of the unit's name. Fails with EX_UNAVAILABLE if there is
 * no user manager. */
int scope_enter(const struct host *host, uid_t uid, const char *name, struct error *err);

#endif
