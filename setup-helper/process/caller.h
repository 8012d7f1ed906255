/* SPDX-License-Identifier: MIT
 *
 * caller: for whom this is done. Nobody can name another user than themselves, except root who was asked by nobody.
 */
#ifndef OSS_CRS_SETUP_CALLER_H
#define OSS_CRS_SETUP_CALLER_H

#include "error.h"

#include <stdbool.h>
#include <sys/types.h>

#define CALLER_NAME_MAX 256

/* What sudo(8) and pkexec(1) left in the environment, copied before it is cleared; empty where not set. A value that
 * does not fit is kept cut, which no uid survives. */
struct claims {
	char sudo_uid[24];
	char pkexec_uid[24];
	bool sudo_set;
	bool pkexec_set;
};

struct caller {
	bool known; /* false: root itself, and no --user */
	uid_t uid;
	gid_t gid;
	char name[CALLER_NAME_MAX];
};

/* Copy SUDO_UID and PKEXEC_UID. */
void caller_claims(struct claims *ret);

/* Parse a uid: digits only, and a person's: not 0, 65534 (nobody), 65535 or 2^32-1. EX_USAGE otherwise. */
int caller_parse_uid(const char *text, uid_t *ret, struct error *err);

/* Decide the user from who runs this (real_uid), the claims (believed from root only) and --user (may be NULL, a
 * name or a uid), and look them up in NSS. All refusals are EX_USAGE. */
int caller_resolve(uid_t real_uid, const struct claims *claims, const char *user,
	struct caller *ret, struct error *err);

#endif
