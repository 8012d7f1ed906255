/* SPDX-License-Identifier: MIT
 *
 * authority: suggest how a user gets delegation, judged by the user's groups and by the presence
 * of pkexec(1) and sudo(8). This file starts no process and checks no policy: polkit or sudoers
 * decides when the user types the suggested command.
 */
#include "authority.h"

#include "program.h"

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define COMMAND    "oss-crs-setup delegate"
#define GROUPS_MAX 256
#define ENTRY_MAX  16384 /* bytes for one entry of passwd or group */

static bool is_in_group(const char *name)
{
	gid_t groups[GROUPS_MAX];
	char buf[ENTRY_MAX];
	struct group entry;
	struct group *found = NULL;
	int count = getgroups(GROUPS_MAX, groups);
	if (getgrnam_r(name, &entry, buf, sizeof buf, &found) != 0 || !found)
		return false;
	for (int i = 0; i < count; i++)
		if (groups[i] == found->gr_gid)
			return true;
	return false;
}

void authority_delegate(uid_t uid, char *buf, size_t size)
{
	char data[ENTRY_MAX];
	struct passwd entry;
	struct passwd *found = NULL;
	bool has_pkexec = program_is_at("/usr/bin/pkexec");
	if (has_pkexec && is_in_group("oss-crs")) {
		(void)snprintf(buf, size, "pkexec " COMMAND);
		return;
	}
	if (program_is_at("/usr/bin/sudo") &&
		(is_in_group("sudo") || is_in_group("wheel") || is_in_group("admin"))) {
		(void)snprintf(buf, size, "sudo " COMMAND);
		return;
	}
	(void)getpwuid_r(uid, &entry, data, sizeof data, &found);
	if (!found)
		(void)snprintf(
			buf, size, "as root, oss-crs-setup delegate --user %u", (unsigned)uid);
	else if (has_pkexec)
		(void)snprintf(buf, size,
			"pkexec " COMMAND ", after an administrator runs: usermod -a -G oss-crs %s",
			found->pw_name);
	else
		(void)snprintf(buf, size, "as root, " COMMAND " --user %s", found->pw_name);
}
