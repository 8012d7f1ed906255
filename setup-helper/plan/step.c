/* SPDX-License-Identifier: MIT
 *
 * step: the table of names and titles, one row per kind of step, and the texts that steps write.
 */
#include "step.h"

#include "cgroup.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *title;
	bool secret; /* the files it handles may hold secrets */
} step_kinds[STEP_KINDS] = {
	[STEP_DROPIN] = {"drop-in", "write", false},
	[STEP_RELOAD] = {"reload", "reload", false},
	[STEP_LINGER] = {"linger", "enable lingering for", false},
	[STEP_START_MANAGER] = {"start-manager", "start", false},
	[STEP_REALIZE] = {"realize", "apply the delegation to the running", false},
	[STEP_ENABLE] = {"enable", "enable controllers in cgroup", false},
	[STEP_USER_ENABLE] = {"user-enable", "as the user, enable controllers in cgroup", false},
	[STEP_USER_REMOVE] = {"user-remove", "as the user, remove cgroup", false},
	[STEP_USER_MAKE] = {"user-make", "as the user, create cgroup", false},
	[STEP_IDLE] = {"idle", "check that no container runs under", false},
	[STEP_BACKUP] = {"backup", "back up to", true},
	[STEP_DAEMON_JSON] = {"daemon-json", "write", true},
	[STEP_RESTART] = {"restart", "restart", false},
	[STEP_REMOVE_FILE] = {"remove-file", "remove", true},
	[STEP_UNLINGER] = {"unlinger", "disable lingering for", false},
	[STEP_USER_UNMAKE] = {"user-unmake", "as the user, remove cgroup", false},
	[STEP_USER_DISABLE] = {"user-disable", "as the user, disable controllers in cgroup", false},
	[STEP_FORGET] = {"forget", "forget the record of", true},
	[STEP_RESERVE] = {"reserve", "have the reserved CPUs applied by", false},
	[STEP_SWEEP] = {"sweep", "remove empty cgroups of dead runs below", false},
};

const char *step_name(enum step_kind kind)
{
	return step_kinds[kind].name;
}

const char *step_title(enum step_kind kind)
{
	return step_kinds[kind].title;
}

bool step_is_secret(enum step_kind kind)
{
	return step_kinds[kind].secret;
}

enum step_kind step_kind_by_name(const char *name)
{
	enum step_kind kind = 0;
	while (kind < STEP_KINDS && strcmp(step_kinds[kind].name, name) != 0)
		kind++;
	return kind;
}

const char *step_dropin_text(const char *controllers, char *buf, size_t size)
{
	(void)snprintf(buf, size,
		"# Written by oss-crs-setup. Delegate= adds to the controllers that user@.service "
		"delegates\n"
		"# already; see systemd.resource-control(5).\n"
		"[Service]\n"
		"Delegate=%s\n",
		controllers);
	return buf;
}

#define RESERVE_KEY "CPUs="

const char *step_reserve_text(uid_t uid, const char *cpus, char *buf, size_t size)
{
	(void)snprintf(buf, size,
		"# Written by oss-crs-setup. The unit reads the CPUs here; systemd ignores "
		"sections that begin\n"
		"# with X-.\n"
		"[Unit]\n"
		"Wants=" STEP_RESERVE_UNIT "%u.service\n"
		"[X-OSS-CRS]\n" RESERVE_KEY "%.*s\n",
		(unsigned)uid, STEP_CPUS_MAX - 1, cpus);
	return buf;
}

bool step_reserve_cpus(const char *text, char buf[static STEP_CPUS_MAX])
{
	const char *line = strstr(text, "\n" RESERVE_KEY);
	const char *cpus = line ? line + strlen("\n" RESERVE_KEY) : "";
	size_t len = strcspn(cpus, "\n");
	if (len == 0 || len >= STEP_CPUS_MAX)
		return false;
	memcpy(buf, cpus, len);
	buf[len] = '\0';
	return true;
}

void step_enabled_after(const char *enabled, const char *wanted, char *buf, size_t size)
{
	char copy[STEP_DROPIN_MAX];
	(void)snprintf(copy, sizeof copy, "%s", wanted);
	(void)snprintf(buf, size, "%s", enabled);
	char *rest = NULL;
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		size_t used = strlen(buf);
		if (!cgroup_has(enabled, word))
			(void)snprintf(buf + used, size - used, "%s%s", used ? " " : "", word);
	}
}
