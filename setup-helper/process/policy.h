/* SPDX-License-Identifier: MIT
 *
 * policy: what the administrator allows, from /etc/oss-crs/setup.conf (INI, parsed by inih). Every
 * path that this program writes to comes from here or is a constant; none comes from the caller.
 */
#ifndef OSS_CRS_SETUP_POLICY_H
#define OSS_CRS_SETUP_POLICY_H

#include "error.h"
#include "host.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define POLICY_FILE "/etc/oss-crs/setup.conf"
/* The size of sun_path, so a socket's path fits; and a line of that length fits inih's buffer. */
#define POLICY_TEXT_MAX        108
#define POLICY_DROPIN_PATH_MAX 128

enum scope {
	SCOPE_USER, /* a drop-in for the calling user's manager only */
	SCOPE_ALL,  /* one drop-in for the managers of all users */
};

enum restart {
	RESTART_AUTO,  /* not while containers run */
	RESTART_NEVER, /* write the file, but do not restart the daemon */
	RESTART_FORCE, /* even while containers run */
};

struct policy {
	/* [delegate] controllers: space-separated, no duplicates */
	char controllers[POLICY_TEXT_MAX];
	bool linger;      /* [delegate] linger */
	enum scope scope; /* [delegate] scope */
	bool manage;      /* [docker] manage: whether to touch Docker at all */
	/* [docker] daemon_json: an absolute path without "." and ".." */
	char daemon_json[POLICY_TEXT_MAX];
	char service[POLICY_TEXT_MAX]; /* [docker] service: a unit name */
	char socket[POLICY_TEXT_MAX];  /* [docker] socket: an absolute path */
	enum restart restart;          /* [docker] restart */
};

/* The policy of a host without the file. */
void policy_default(struct policy *ret);

/* Parse the text of a file; text[len] must be NUL. Unknown sections and keys, keys given twice,
 * lines longer than inih's buffer, NUL bytes, and values that do not parse are EX_CONFIG errors
 * whose messages begin with file and line. */
int policy_parse(const char *text, size_t len, struct policy *ret, struct error *err);

/* Open the file; *ret is -1 if there is none. It must be a regular file that root owns and only
 * root can write: EX_CONFIG otherwise. The caller closes *ret. policy_read() reads it. */
int policy_open(const struct host *host, int *ret, struct error *err);
int policy_read(int fd, struct policy *ret, struct error *err);

/* Check that each value is one that policy_parse() can give, for a policy that another process
 * has read. EX_CONFIG otherwise. */
int policy_check(const struct policy *policy, struct error *err);

/* Write to buf the absolute path of the drop-in that delegates to the user: by [delegate] scope,
 * that of the user's own manager, or that of all users' managers. POLICY_DROPIN_PATH_MAX bytes are
 * enough for every uid. Returns buf. */
const char *policy_dropin_path(const struct policy *policy, uid_t uid, char *buf, size_t size);

/* The same for the drop-in that reserves CPUs for the user's runs. There is one per user, whatever
 * the scope. */
const char *policy_reserve_path(uid_t uid, char *buf, size_t size);

/* Parse yes/no and auto/never/force, for the file and the command line. EX_USAGE otherwise. */
int policy_parse_bool(const char *text, bool *ret, struct error *err);
int policy_parse_restart(const char *text, enum restart *ret, struct error *err);

#endif
