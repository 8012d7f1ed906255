/* SPDX-License-Identifier: MIT
 *
 * caller: the user for whom this program prepares the host. Users can name only themselves; only
 * root that came through neither sudo nor pkexec can name somebody else, with --user.
 */
#ifndef OSS_CRS_SETUP_CALLER_H
#define OSS_CRS_SETUP_CALLER_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

#define CALLER_NAME_MAX 256

/* What sudo(8) and pkexec(1) left in the environment, copied before it is cleared; empty where not
 * set. A value that does not fit is cut, and made one that is no uid. */
struct claims {
	char sudo_uid[24];
	char pkexec_uid[24];
	bool sudo_set;
	bool pkexec_set;
};

struct caller {
	bool known; /* false: root itself, without --user */
	uid_t uid;
	gid_t gid;
	char name[CALLER_NAME_MAX];
};

/* Copy SUDO_UID and PKEXEC_UID from the environment. */
void caller_claims(struct claims *ret);

/* Parse the uid of a person: digits only, below 2^32-1, and none of 0, 65534 (nobody) and 65535.
 * EX_USAGE otherwise. */
int caller_parse_uid(const char *text, uid_t *ret, struct error *err);

/* Find the user from the real uid, the claims (which count only if real_uid is root) and --user (a
 * name or a uid, or NULL), and look the user up in NSS. Root with neither claims nor --user gets
 * known = false. A refusal is EX_USAGE. */
int caller_resolve(uid_t real_uid, const struct claims *claims, const char *user,
	struct caller *ret, struct error *err);

#endif
