/* SPDX-License-Identifier: MIT
 *
 * run_name: writes and parses the name of a run, <run_id>-<phase>-<timestamp>-<random>-<worker>.
 * The run's cgroup, its files and, in lower case, its Compose project have this name.
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
	uint32_t random;    /* distinguishes two runs that start in the same second */
};

/* Set the run id and the worker, with each character other than [A-Za-z0-9._-] and a dot at the
 * beginning of the run id replaced by '-'. Fails with EX_USAGE if one of them is longer than a
 * file name (NAME_MAX). */
int run_name_set(struct run_name *name, const char *run_id, const char *worker, struct error *err);

/* Write the whole name to buf. Fails with EX_USAGE if it is longer than a file name (NAME_MAX). */
int run_name_format(const struct run_name *name, char buf[static NAME_MAX + 1], struct error *err);

/* Whether a text is the name of a run; fills in *ret if so. If the text can be parsed in two ways,
 * the worker is the shorter of the two. */
bool run_name_parse(const char *text, struct run_name *ret);

#endif
