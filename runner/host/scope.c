/* SPDX-License-Identifier: MIT
 *
 * scope: a transient unit by StartTransientUnit of org.freedesktop.systemd1(5).
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

static int append_scope(sd_bus_message *call, const char *unit)
{
	return sdbus.message_append(call, "ssa(sv)a(sa(sv))", unit, "fail", 3, "Description", "s",
		"oss-crs-run: on the way into the cgroup of a CRS", "PIDs", "au", 1,
		(uint32_t)getpid(), "CollectMode", "s", "inactive-or-failed", 0);
}

int scope_enter(const struct host *host, uid_t uid, const char *name, struct error *err)
{
	bool below = false;
	if (is_below_manager(host, uid, &below, err) < 0 || below)
		return below ? 0 : -1;
	char unit[256 + 16];
	(void)snprintf(unit, sizeof unit, "oss-crs-%.200s-%d.scope", name, (int)getpid());
	_cleanup_(sdbus_closep) sd_bus *bus = NULL;
	_cleanup_(sdbus_message_unrefp) sd_bus_message *call = NULL;
	if (manager_open(uid, &bus, err) < 0 ||
		manager_call(bus, "StartTransientUnit", &call, err) < 0)
		return -1;
	int r = append_scope(call, unit);
	if (r < 0)
		return fail(err, -r, "ask for a scope");
	return manager_do(bus, call, "start a scope", err);
}
