/* SPDX-License-Identifier: MIT
 *
 * refusals: what the guard has refused, for the report: each kind once, with how often.
 */
#ifndef OSS_CRS_REFUSALS_H
#define OSS_CRS_REFUSALS_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

#define REFUSALS_MAX        200 /* that are kept; the rest is counted only */
#define REFUSAL_REQUEST_MAX 128
#define REFUSAL_WHAT_MAX    400

/* A message from the guard's processes; less than PIPE_BUF bytes, so that none is torn. */
struct refusal {
	uint32_t crs; /* index into the plan's CRSs */
	char request[REFUSAL_REQUEST_MAX];
	char what[REFUSAL_WHAT_MAX];
};

struct refusal_count {
	struct refusal refusal;
	uint64_t count;
};

struct refusals {
	struct refusal_count *list;
	size_t count;
	uint64_t total; /* those that are not in the list too */
};

#define REFUSALS_NONE        \
	{                    \
		.list = NULL \
	}

/* Count a refusal. Its texts are cut and cleaned. Returns 1 if it is the first of its kind, 0 if
 * not, or if there are REFUSALS_MAX kinds; -1 if out of memory: then it is in the total alone. */
int refusals_add(struct refusals *refusals, const struct refusal *refusal, struct error *err);
void refusals_free(struct refusals *refusals);

#endif
