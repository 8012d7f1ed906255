/* SPDX-License-Identifier: MIT
 *
 * scope: read this process's cgroup from /proc; if it is not below the user manager's, start a
 * transient scope unit with StartTransientUnit of org.freedesktop.systemd1(5).
 */
#include "scope.h"

#include "cgroup.h"
#include "cleanup.h"
#include "processes.h"
#include "user_manager.h"

#include <stdbool.h>
#include <stdint.h>

static int is_below_manager(const struct host *host, uid_t uid, bool *ret, struct error *err)
{
	char own[CGROUP_PATH_MAX];
	char user[CGROUP_PATH_MAX];
	if (process_cgroup(host, getpid(), own, sizeof own, err) < 0 ||
		cgroup_user_path(uid, user, sizeof user, err) < 0)
		return -1;
	size_t len = strlen(user);
	*ret = strncmp(own + 1, user, len) == 0 && (own[1 + len] == '/' || !own[1 + len]);
	return 0;
}

int scope_enter(const struct host *host, uid_t uid, const char *name, struct error *err)
{
	bool below = false;
	if (is_below_manager(host, uid, &below, err) < 0 || below)
		return below ? 0 : -1;
	char unit[256 + 16];
	(void)snprintf(unit, sizeof unit, "oss-crs-%.200s-%d.scope", name, (int)getpid());
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	return user_manager_open(uid, &bus, err) < 0
		       ? -1
		       : user_manager_start_scope(bus, unit,
				 "oss-crs-run, before it enters the cgroup of a CRS", getpid(),
				 err);
}
