/* SPDX-License-Identifier: MIT
 *
 * project_claim: a user's claim on the name of a Compose project (--project-name). What carries the
 * name is removed when the run ends, so two runs of the user never have the same at one time. The
 * claim is a lock (flock(2)) on /run/user/UID/oss-crs/.projects/NAME, which a process that is
 * forked off shares: it ends with the last of them.
 */
#ifndef OSS_CRS_PROJECT_CLAIM_H
#define OSS_CRS_PROJECT_CLAIM_H

#include "error.h"

#include <sys/types.h>

struct project_claim {
	int dir, file;    /* -1: no claim */
	const char *name; /* belongs to the caller */
};

#define PROJECT_CLAIM_NONE             \
	{                              \
		.dir = -1, .file = -1, \
	}

/* Claim the project for this process. Fails with EX_TEMPFAIL if another run has it. */
int project_claim_take(uid_t uid, const char *name, struct project_claim *ret, struct error *err);

/* Give up the claim, and remove its file. Does nothing if there is none. */
void project_claim_release(struct project_claim *claim);

/* Remove the files of claims whose processes were killed. base is that of scratch_open_base(). */
void project_claim_sweep(int base);

#endif
