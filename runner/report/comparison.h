/* SPDX-License-Identifier: MIT
 *
 * comparison: whether the figures of two runs can be compared, and if not, why. They can if both were of the same CRSs with
 * the same number of CPUs and the same memory, on alike machines, took about as long, ended in the same way, and nothing
 * disturbed either.
 */
#ifndef OSS_CRS_COMPARISON_H
#define OSS_CRS_COMPARISON_H

#include "summary.h"

#define COMPARISON_REASONS_MAX 64

struct comparison {
	const struct summary *a, *b;
	char *reasons[COMPARISON_REASONS_MAX]; /* why they cannot be compared; none if they can */
	size_t count;
};

#define COMPARISON_NONE              \
	{                            \
		.a = NULL, .b = NULL \
	}

/* Both summaries are the caller's, and outlive the comparison. Fails only without memory. */
int comparison_make(const struct summary *a, const struct summary *b, struct comparison *ret,
	struct error *err);
void comparison_free(struct comparison *comparison);

/* As docs/json.md has it. NULL without memory. */
json_t *comparison_to_json(const struct comparison *comparison);

#endif
