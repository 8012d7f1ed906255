/* SPDX-License-Identifier: MIT
 *
 * mark: a position in a config file, for messages. It does not depend on YAML, so that the plan
 * can name the lines that an error comes from.
 */
#ifndef OSS_CRS_MARK_H
#define OSS_CRS_MARK_H

#include "error.h"

struct mark {
	unsigned line, column; /* counted from 1; line 0: not in the file */
};

/* Describe an error at a position of the file: "NAME:LINE:COLUMN: TEXT" and EX_CONFIG. Returns
 * -1. */
int fail_at(struct error *err, const char *name, struct mark mark, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
