/* SPDX-License-Identifier: MIT
 *
 * run_name: the name of a run taken apart again: <run_id>-<phase>-<timestamp>-<random>-<worker>. plan.c puts it together.
 */
#ifndef OSS_CRS_RUN_NAME_H
#define OSS_CRS_RUN_NAME_H

#include "plan.h"

struct run_name {
	char run_id[NAME_MAX + 1];
	char worker[NAME_MAX + 1];
	enum phase phase;
	uint64_t timestamp; /* Unix seconds */
};

/* Whether a text is the name of a run; its parts if so. Where it could be read in two ways, the worker is the shorter. */
bool run_name_parse(const char *text, struct run_name *ret);

#endif
