/* SPDX-License-Identifier: MIT
 *
 * run_variables: the OSS_CRS_ variables by which a job finds its cgroups: for Compose's files, for containers, and for
 * the command of `exec`.
 */
#ifndef OSS_CRS_RUN_VARIABLES_H
#define OSS_CRS_RUN_VARIABLES_H

#include "environment.h"
#include "plan.h"

/* Words of the command line. NULL: there is none. */
struct run_words {
	const char *project, *harness;
	const char *args; /* ARG…, joined by spaces; NULL leaves an inherited OSS_CRS_ARGS alone */
};

/* Add what holds for the whole run. An inherited project or harness is removed where there is none. */
int run_variables_add(struct variables *variables, const struct run_plan *plan, enum phase phase,
	const struct run_words *words, struct error *err);

/* Add what a CRS has of its own: its name, its CPUs, and its memory in bytes. */
int run_variables_add_crs(
	struct variables *variables, const struct plan_crs *crs, struct error *err);

#endif
