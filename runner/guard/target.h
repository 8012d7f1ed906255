/* SPDX-License-Identifier: MIT
 *
 * target: the target of a request to the Engine API, taken apart into its version, the segments of
 * its path and the parameters of its query, and put together again. What is sent on is always the
 * latter, so the engine reads what was judged.
 */
#ifndef OSS_CRS_TARGET_H
#define OSS_CRS_TARGET_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

#define TARGET_SEGMENTS_MAX   12
#define TARGET_PARAMETERS_MAX 24

struct target_parameter {
	const char *name, *value;
};

struct target {
	const char *version; /* "v1.41"; "" if the path has none */
	const char *segments[TARGET_SEGMENTS_MAX];
	size_t segment_count;
	struct target_parameter query[TARGET_PARAMETERS_MAX];
	size_t query_count;
	char *text; /* owns the strings */
};

#define TARGET_NONE          \
	{                    \
		.text = NULL \
	}

/* Take a target apart; escapes are decoded. EX_DATAERR for one that could be read in two ways: a
 * segment that is empty or has other characters than letters, digits and "._:@+-", a bad escape, a
 * parameter that comes twice, or more parts than the bounds above. The caller frees *ret with
 * target_free(). */
int target_parse(const char *text, struct target *ret, struct error *err);

/* The value of a parameter; NULL if there is none. */
const char *target_parameter(const struct target *target, const char *name);

/* Set a parameter. name and value belong to the caller and outlive the target. */
int target_set(struct target *target, const char *name, const char *value, struct error *err);

/* Put the target together. The caller frees *ret. */
int target_format(const struct target *target, char **ret, struct error *err);

/* Whether the path is that of a pattern of the form "containers/?/json": "?" stands for any
 * segment, "*" for one segment or more. */
bool target_matches(const struct target *target, const char *pattern);

void target_free(struct target *target);

#endif
