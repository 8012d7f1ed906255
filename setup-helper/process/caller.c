/* SPDX-License-Identifier: MIT
 *
 * caller: which user asked for this. SUDO_UID and PKEXEC_UID count only where the real uid is
 * root. The environment is already clear when NSS is asked: its modules read it.
 */
#include "caller.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_variable(const char *name, char *buf, size_t size, bool *ret_set)
{
	const char *value = getenv(name);
	*ret_set = value != NULL;
	int n = snprintf(buf, size, "%s", value ? value : "");
	/* What fits of a number could be another user's. */
	if (n < 0 || (size_t)n >= size)
		buf[0] = '-';
}

void caller_claims(struct claims *ret)
{
	copy_variable("SUDO_UID", ret->sudo_uid, sizeof ret->sudo_uid, &ret->sudo_set);
	copy_variable("PKEXEC_UID", ret->pkexec_uid, sizeof ret->pkexec_uid, &ret->pkexec_set);
}

int caller_parse_uid(const char *text, uid_t *ret, struct error *err)
{
	uint64_t value = 0;
	if (!*text)
		return fail_as(err, EX_USAGE, "an empty user id");
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return fail_as(err, EX_USAGE, "'%.32s' is not a user id", text);
		value = value * 10 + (uint64_t)(*c - '0');
		if (value >= UINT32_MAX)
			return fail_as(err, EX_USAGE, "user id %.32s is out of range", text);
	}
	if (value == 0 || value == 65534 || value == 65535)
		return fail_as(err, EX_USAGE, "user id %u is not a person's", (unsigned)value);
	*ret = (uid_t)value;
	return 0;
}

static int look_up_user(const char *name, uid_t uid, struct caller *ret, struct error *err)
{
	char buf[16384];
	struct passwd entry;
	struct passwd *found = NULL;
	int errnum = name ? getpwnam_r(name, &entry, buf, sizeof buf, &found)
			  : getpwuid_r(uid, &entry, buf, sizeof buf, &found);
	if (errnum)
		return fail(err, errnum, "look up user %s", name ? name : "by id");
	if (!found && name)
		return fail_as(err, EX_USAGE, "no user is named '%.64s'", name);
	if (!found)
		return fail_as(err, EX_USAGE, "no user has the id %u", (unsigned)uid);
	char digits[16];
	(void)snprintf(digits, sizeof digits, "%u", (unsigned)found->pw_uid);
	uid_t checked = 0;
	if (caller_parse_uid(digits, &checked, err) < 0)
		return -1;
	struct caller caller = {.known = true, .uid = checked, .gid = found->pw_gid};
	int n = snprintf(caller.name, sizeof caller.name, "%s", found->pw_name);
	if (n < 0 || (size_t)n >= sizeof caller.name)
		return fail(err, ENAMETOOLONG, "user %u", (unsigned)checked);
	*ret = caller;
	return 0;
}

static int resolve_claims(const struct claims *claims, struct caller *ret, struct error *err)
{
	uid_t by_sudo = 0;
	uid_t by_pkexec = 0;
	if (claims->sudo_set && caller_parse_uid(claims->sudo_uid, &by_sudo, err) < 0) {
		(void)add_context(err, "SUDO_UID");
		return add_hint(
			err, "run it as the user: sudo oss-crs-setup; or as root with --user NAME");
	}
	if (claims->pkexec_set && caller_parse_uid(claims->pkexec_uid, &by_pkexec, err) < 0)
		return add_context(err, "PKEXEC_UID");
	if (claims->sudo_set && claims->pkexec_set && by_sudo != by_pkexec)
		return fail_as(err, EX_USAGE, "SUDO_UID is %u, but PKEXEC_UID is %u",
			(unsigned)by_sudo, (unsigned)by_pkexec);
	return look_up_user(NULL, claims->sudo_set ? by_sudo : by_pkexec, ret, err);
}

int caller_resolve(uid_t real_uid, const struct claims *claims, const char *user,
	struct caller *ret, struct error *err)
{
	bool claimed = claims->sudo_set || claims->pkexec_set;
	if (user && (real_uid != 0 || claimed)) {
		(void)fail_as(err, EX_USAGE,
			"--user works only for root itself, not through sudo or pkexec");
		return add_hint(err, "omit it; the command acts for the calling user");
	}
	if (real_uid != 0)
		return look_up_user(NULL, real_uid, ret, err);
	if (claimed)
		return resolve_claims(claims, ret, err);
	if (!user) {
		*ret = (struct caller){.known = false};
		return 0;
	}
	uid_t uid = 0;
	if (*user >= '0' && *user <= '9')
		return caller_parse_uid(user, &uid, err) < 0 ? -1
							     : look_up_user(NULL, uid, ret, err);
	return look_up_user(user, 0, ret, err);
}
