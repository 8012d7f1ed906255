/* SPDX-License-Identifier: MIT
 *
 * authority: see authority.h. What cannot be found out counts as "no".
 */
#include "authority.h"

#include "cleanup.h"
#include "proc.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>

#define ACTION     "org.oss-crs.setup.delegate"
#define COMMAND    "oss-crs-setup delegate"
#define GROUPS_MAX 256
#define OUTPUT_MAX ((size_t)64 * 1024)

static bool has_pkexec(void)
{
	return access("/usr/bin/pkexec", X_OK) == 0;
}

static bool polkit_says_yes(void)
{
	char self[24];
	(void)snprintf(self, sizeof self, "%d", (int)getpid());
	const char *const argv[] = {"pkcheck", "--action-id", ACTION, "--process", self, NULL};
	struct spawn spawn = SPAWN(argv);
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	_cleanup_free_ char *out = NULL;
	struct error err = {0};
	int status = -1;
	spawn.in = null;
	spawn.err = null;
	return has_pkexec() && null >= 0 &&
	       proc_capture(&spawn, OUTPUT_MAX, &out, &status, &err) == 0 && status == 0;
}

static bool is_in_group_of_sudo(void)
{
	static const char *const names[] = {"sudo", "wheel", "admin"};
	gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, groups);
	if (access("/usr/bin/sudo", X_OK) < 0)
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char buf[16384];
		struct group entry;
		struct group *found = NULL;
		if (getgrnam_r(names[i], &entry, buf, sizeof buf, &found) != 0 || !found)
			continue;
		for (int j = 0; j < count; j++)
			if (groups[j] == found->gr_gid)
				return true;
	}
	return false;
}

void authority_delegate(uid_t uid, char *buf, size_t size)
{
	char data[16384];
	struct passwd entry;
	struct passwd *found = NULL;
	if (polkit_says_yes()) {
		(void)snprintf(buf, size, "pkexec " COMMAND);
		return;
	}
	if (is_in_group_of_sudo()) {
		(void)snprintf(buf, size, "sudo " COMMAND);
		return;
	}
	(void)getpwuid_r(uid, &entry, data, sizeof data, &found);
	if (!found)
		(void)snprintf(
			buf, size, "as root, oss-crs-setup delegate --user %u", (unsigned)uid);
	else if (has_pkexec())
		(void)snprintf(buf, size,
			"pkexec " COMMAND
			", once an administrator has done: usermod -a -G oss-crs %s",
			found->pw_name);
	else
		(void)snprintf(buf, size, "as root, " COMMAND " --user %s", found->pw_name);
}
