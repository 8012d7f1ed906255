/* SPDX-License-Identifier: MIT
 *
 * metric_lines: what the program of `metrics` prints: a line "CRS NAME=VALUE" for each figure, or
 * "NAME=VALUE" where the run has one CRS.
 */
#ifndef OSS_CRS_METRIC_LINES_H
#define OSS_CRS_METRIC_LINES_H

#include "error.h"

#include <stddef.h>

#define METRIC_LINES_SIZE_MAX ((size_t)1 << 20) /* bytes that the program may print */
#define METRIC_NAME_MAX       64                /* bytes of the name of a figure */

/* The texts belong to struct metric_lines. */
struct metric_line {
	const char *crs; /* "": of the only one */
	const char *name;
	double value; /* finite */
};

struct metric_lines {
	char *text;
	struct metric_line *list;
	size_t count;
};

#define METRIC_LINES_NONE    \
	{                    \
		.text = NULL \
	}

/* Parse len bytes. Empty lines are skipped. Fails with EX_DATAERR, with the line and column, for
 * anything that is not such a line, a value that is not a number, and a figure that is there twice.
 * The caller frees *ret with metric_lines_free(). */
int metric_lines_parse(const char *name, const char *text, size_t len, struct metric_lines *ret,
	struct error *err);
void metric_lines_free(struct metric_lines *lines);

#endif
