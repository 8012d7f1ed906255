/* SPDX-License-Identifier: MIT
 *
 * comparison: whether the figures of two runs can be compared, and if not, why. They can if both
 * runs had the same CRSs with the same number of CPUs and the same memory each, in the same
 * phase, on the same machine, processor and kernel; if they ended in the same way and took about
 * equally long; and if neither has a caveat (summary.h).
 */
#ifndef OSS_CRS_COMPARISON_H
#define OSS_CRS_COMPARISON_H

#include "json_build.h"
#include "summary.h"

#define COMPARISON_REASONS_MAX 64

struct comparison {
	const struct summary *a, *b;
	/* Why the runs cannot be compared; none if they can. Further reasons are dropped. */
	char *reasons[COMPARISON_REASONS_MAX];
	size_t count;
};

#define COMPARISON_NONE              \
	{                            \
		.a = NULL, .b = NULL \
	}

/* Compare two runs. Both summaries belong to the caller and must outlive the comparison, which
 * the caller frees with comparison_free(). Fails only if out of memory. */
int comparison_make(const struct summary *a, const struct summary *b, struct comparison *ret,
	struct error *err);
void comparison_free(struct comparison *comparison);

/* The comparison as docs/json.md describes it. The caller owns the reference. */
json_t *comparison_to_json(struct json_build *build, const struct comparison *comparison);

#endif
