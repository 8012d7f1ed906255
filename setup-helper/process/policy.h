/* SPDX-License-Identifier: MIT
 *
 * policy: what the administrator allows, from /etc/oss-crs/setup.conf (INI, read with inih). Every path that this
 * program writes to comes from here or is a constant; none comes from the caller.
 */
#ifndef OSS_CRS_SETUP_POLICY_H
#define OSS_CRS_SETUP_POLICY_H

#include "error.h"
#include "host.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define POLICY_FILE            "/etc/oss-crs/setup.conf"
#define POLICY_TEXT_MAX        108 /* a socket path fits (sun_path), and a line fits inih's buffer */
#define POLICY_DROPIN_PATH_MAX 128

enum scope {
	SCOPE_USER, /* a drop-in for the calling user's manager only */
	SCOPE_ALL,  /* one for every user's */
};

enum restart {
	RESTART_AUTO,  /* not while containers run */
	RESTART_NEVER, /* write the file, leave the daemon alone */
	RESTART_FORCE, /* whatever runs */
};

struct policy {
	char controllers
		[POLICY_TEXT_MAX]; /* [delegate] controllers: space-separated, no duplicates */
	bool linger;               /* [delegate] linger */
	enum scope scope;          /* [delegate] scope */
	bool manage;               /* [docker] manage: whether to touch Docker at all */
	char daemon_json
		[POLICY_TEXT_MAX];     /* [docker] daemon_json: absolute, no "." or ".." in it */
	char service[POLICY_TEXT_MAX]; /* [docker] service: a unit name */
	char socket[POLICY_TEXT_MAX];  /* [docker] socket: absolute */
	enum restart restart;          /* [docker] restart */
};

/* What holds without a file. */
void policy_default(struct policy *ret);

/* Parse the text of a file; text[len] is NUL. Unknown sections and keys, keys given twice, lines longer than inih's
 * buffer and values that do not parse are EX_CONFIG errors that begin with file and line; so are NUL bytes. */
int policy_parse(const char *text, size_t len, struct policy *ret, struct error *err);

/* Read the file, if there is one. It must be a regular file of root's that only root may write. */
int policy_load(const struct host *host, struct policy *ret, struct error *err);

/* Write the absolute path of the drop-in that delegates to the user: one of the user's own manager, or of every user's
 * by [delegate] scope. size: POLICY_DROPIN_PATH_MAX is enough for any uid. Returns buf. */
const char *policy_dropin_path(const struct policy *policy, uid_t uid, char *buf, size_t size);

/* Parse yes/no and auto/never/force, which the command line has too. EX_USAGE otherwise. */
int policy_parse_bool(const char *text, bool *ret, struct error *err);
int policy_parse_restart(const char *text, enum restart *ret, struct error *err);

#endif
