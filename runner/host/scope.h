/* SPDX-License-Identifier: MIT
 *
 * scope: leave the login session's cgroup for one below the user's manager.
 *
 * A process may move another only if it may write cgroup.procs of their common ancestor. For a process of
 * session-N.scope that ancestor is root's; for one below user@UID.service it is the user's. So a command that
 * wants to be born in a CRS's cgroup asks the user manager for a transient scope first, as systemd-run(1) does.
 */
#ifndef OSS_CRS_SCOPE_H
#define OSS_CRS_SCOPE_H

#include "host.h"

#include <sys/types.h>

/* Move this process into a transient scope of the user manager, unless it is below user@UID.service already. `name`
 * becomes part of the unit's name. EX_UNAVAILABLE if there is no user manager to ask. */
int scope_enter(const struct host *host, uid_t uid, const char *name, struct error *err);

#endif
