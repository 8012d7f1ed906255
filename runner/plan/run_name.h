/* SPDX-License-Identifier: MIT
 *
 * run_name: the name of a run, <run_id>-<phase>-<timestamp>-<random>-<worker>: made from its parts and taken apart
 * again. It names the run's cgroup, its files and, in lower case, its Compose project.
 */
#ifndef OSS_CRS_RUN_NAME_H
#define OSS_CRS_RUN_NAME_H

#include "error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum phase {
	PHASE_BUILD,
	PHASE_RUN,
	PHASE_EXEC,
};

/* "build", "run" or "exec". */
const char *phase_name(enum phase phase);

struct run_name {
	char run_id[NAME_MAX + 1];
	char worker[NAME_MAX + 1];
	enum phase phase;
	uint64_t timestamp; /* Unix seconds */
	uint32_t random;    /* keeps two runs of the same second apart */
};

/* Set run id and worker, with each character other than [A-Za-z0-9._-] replaced by '-'. EX_USAGE for one that is
 * longer than a file name. */
int run_name_set(struct run_name *name, const char *run_id, const char *worker, struct error *err);

/* Write the whole name. EX_USAGE if it is longer than a file name (NAME_MAX). */
int run_name_format(const struct run_name *name, char buf[static NAME_MAX + 1], struct error *err);

/* Whether a text is the name of a run, and its parts if so. Where a text can be read in two ways, the worker is the
 * shorter one. */
bool run_name_parse(const char *text, struct run_name *ret);

#endif
