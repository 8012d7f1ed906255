/* SPDX-License-Identifier: MIT
 *
 * mark: a place in a config file, for messages. It knows nothing of YAML, so that a plan can name the lines it rests on.
 */
#ifndef OSS_CRS_MARK_H
#define OSS_CRS_MARK_H

#include "error.h"

struct mark {
	unsigned line, column; /* from 1; line 0: nowhere in the file */
};

/* Describe what is wrong at a place: "NAME:LINE:COLUMN: text", with EX_CONFIG. Returns -1. */
int fail_at(struct error *err, const char *name, struct mark mark, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
