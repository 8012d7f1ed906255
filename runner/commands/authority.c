/* SPDX-License-Identifier: MIT
 *
 * authority: suggest how a user gets delegation, judged by the user's groups and by the presence
 * of pkexec(1), sudo(8), sudo-rs and run0(1). This file starts no process and checks no policy:
 * polkit or sudoers decides when the user types the suggested command.
 */
#include "authority.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
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

/* Whether the host has a program. */
static bool has_program(const struct host *host, const char *path)
{
	struct stat status;
	return fstatat(host->root, path, &status, 0) == 0 && S_ISREG(status.st_mode) &&
	       faccessat(host->root, path, X_OK, 0) == 0;
}

void authority_command(const struct host *host, const struct authority *authority, uid_t uid,
	char *buf, size_t size)
{
	/* In the order of what a user expects. run0 is part of systemd and so nearly everywhere;
	 * it needs the name, as its process is no child of the user's. */
	static const struct {
		const char *path, *command;
		bool named;
	} raisers[] = {{"usr/bin/sudo", "sudo " COMMAND, false},
		{"usr/bin/sudo-rs", "sudo-rs " COMMAND, false},
		{"usr/bin/run0", "run0 " COMMAND, true}};
	char data[ENTRY_MAX];
	char name[sizeof " --user " + 256];
	struct passwd entry;
	struct passwd *found = NULL;
	bool has_pkexec = has_program(host, "usr/bin/pkexec");
	if (has_pkexec && authority->delegates) {
		(void)snprintf(buf, size, "pkexec " COMMAND);
		return;
	}
	(void)getpwuid_r(uid, &entry, data, sizeof data, &found);
	if (found)
		(void)snprintf(name, sizeof name, " --user %.256s", found->pw_name);
	else
		(void)snprintf(name, sizeof name, " --user %u", (unsigned)uid);
	for (size_t i = 0; i < sizeof raisers / sizeof *raisers && authority->administers; i++) {
		if (!has_program(host, raisers[i].path))
			continue;
		(void)snprintf(buf, size, "%s%s", raisers[i].command, raisers[i].named ? name : "");
		return;
	}
	if (found && has_pkexec)
		(void)snprintf(buf, size,
			"pkexec " COMMAND ", after an administrator runs: usermod -a -G oss-crs %s",
			found->pw_name);
	else
		(void)snprintf(buf, size, "as root, " COMMAND "%s", name);
}

void authority_delegate(const struct host *host, uid_t uid, char *buf, size_t size)
{
	const struct authority authority = {.delegates = is_in_group("oss-crs"),
		.administers = is_in_group("sudo") || is_in_group("wheel") || is_in_group("admin")};
	authority_command(host, &authority, uid, buf, size);
}
