/* SPDX-License-Identifier: MIT
 *
 * scope: read this process's cgroup from /proc; if it is not below the user manager's, start a
 * transient scope unit with StartTransientUnit of org.freedesktop.systemd1(5).
 */
#include "scope.h"

#include "cgroup.h"
#include "cleanup.h"
#include "fs.h"
#include "user_manager.h"

#include <stdbool.h>
#include <stdint.h>

static int is_below_manager(const struct host *host, uid_t uid, bool *ret, struct error *err)
{
	char path[64];
	char text[CGROUP_PATH_MAX];
	char user[CGROUP_PATH_MAX];
	(void)snprintf(path, sizeof path, "proc/%d/cgroup", (int)getpid());
	if (fs_read_attr(host->root, path, text, sizeof text, err) < 0 ||
		cgroup_user_path(uid, user, sizeof user, err) < 0)
		return -1;
	const char *own = strstr(text, "0::/");
	size_t len = strlen(user);
	*ret = own && strncmp(own + 4, user, len) == 0 && (own[4 + len] == '/' || !own[4 + len]);
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
