/* SPDX-License-Identifier: MIT
 *
 * audit: each change as an entry of the systemd journal, in fields that can be searched for:
 *
 *	journalctl -t oss-crs-setup -o json
 *
 * OSS_CRS_VERB, OSS_CRS_STEP, OSS_CRS_TARGET, OSS_CRS_RESULT (done, failed, put-back, left), OSS_CRS_ERROR,
 * OSS_CRS_BEFORE, OSS_CRS_AFTER, OSS_CRS_USER_ID (whose delegation), OSS_CRS_CALLER_ID and OSS_CRS_BY (sudo, pkexec,
 * root). journald adds what it knows itself, among it the login's _AUDIT_LOGINUID. Of a daemon.json only the cgroup
 * driver is told, since there may be secrets in it.
 */
#ifndef OSS_CRS_SETUP_AUDIT_H
#define OSS_CRS_SETUP_AUDIT_H

#include "error.h"
#include "step.h"

#define AUDIT_MESSAGE_ID "7f1d1e0c6a8e4b0f9d2d1c5b3c9e6a41"

struct audit {
	const char *verb;
	const char *by;
	uid_t caller;
};

/* Tell that a step has ended so; err may be NULL. Rests on sd_journal_send(3). A host without journald has no such
 * trail, and that keeps nobody from anything. */
void audit_step(const struct audit *audit, const struct step *step, const char *result,
	const struct error *err);

#endif
