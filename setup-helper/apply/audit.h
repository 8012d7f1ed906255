/* SPDX-License-Identifier: MIT
 *
 * audit: writes each change to the systemd journal, in fields that journalctl can search:
 *
 *	journalctl -t oss-crs-setup -o json
 *
 * The fields are OSS_CRS_VERB, OSS_CRS_STEP, OSS_CRS_TARGET, OSS_CRS_RESULT (done, failed,
 * put-back, left), OSS_CRS_ERROR, OSS_CRS_BEFORE, OSS_CRS_AFTER, OSS_CRS_USER_ID (the user whose
 * delegation it is), OSS_CRS_CALLER_ID and OSS_CRS_BY (sudo, pkexec, root). journald adds its own,
 * such as _AUDIT_LOGINUID of the login. A daemon.json may contain secrets, so an entry has only the
 * cgroup driver that it sets.
 *
 * A check makes the text of an entry, that of a step that is done when it judges the step. Root
 * sends it, since journald notes the user who does.
 */
#ifndef OSS_CRS_SETUP_AUDIT_H
#define OSS_CRS_SETUP_AUDIT_H

#include "error.h"
#include "step.h"

#define AUDIT_MESSAGE_ID "7f1d1e0c6a8e4b0f9d2d1c5b3c9e6a41"

struct audit {
	int socket; /* to journald, by audit_open(); -1: there is no audit trail */
	const char *verb;
	const char *by;
	uid_t caller;
};

/* Connect to journald, and give up on an entry that it does not take in timeout_s seconds. Returns
 * a descriptor that the caller closes; -1 if there is no journald, which is not an error. */
int audit_open(unsigned timeout_s);

/* Write the entry for a step that is done, which audit_text() has made. */
void audit_done(const struct audit *audit, const struct step *step, const char *entry, size_t len);

/* Write an entry for a step that ended with `result`. err is the reason if that is not AUDIT_DONE,
 * otherwise NULL. */
void audit_step(const struct audit *audit, const struct step *step, const char *result,
	const struct error *err);

/* Make the text of an entry, which the caller frees, in journald's native format (systemd.io,
 * "Native Journal Protocol"), in a check. `why` is the reason of a result other than AUDIT_DONE,
 * else NULL. */
#define AUDIT_DONE "done"
int audit_text(const struct audit *audit, const struct step *step, const char *result,
	const struct error *why, char **ret, size_t *ret_len, struct error *err);

#endif
