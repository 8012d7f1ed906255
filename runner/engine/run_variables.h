/* SPDX-License-Identifier: MIT
 *
 * run_variables: the OSS_CRS_ variables by which a job finds its cgroups: in Compose files, in
 * containers, and in the command of `exec`.
 */
#ifndef OSS_CRS_RUN_VARIABLES_H
#define OSS_CRS_RUN_VARIABLES_H

#include "environment.h"
#include "plan.h"

/* Words of the command line; NULL if a word was not given. */
struct run_words {
	const char *project, *harness;
	/* ARG…, joined by spaces; NULL leaves an inherited OSS_CRS_ARGS as it is. */
	const char *args;
};

/* Add the variables of the whole run. An inherited OSS_CRS_PROJECT or OSS_CRS_HARNESS is removed
 * if the command line gives none. */
int run_variables_add(struct variables *variables, const struct run_plan *plan, enum phase phase,
	const struct run_words *words, struct error *err);

/* Add the variables of one CRS: its name, its CPUs as a list, and its memory limit in bytes. */
int run_variables_add_crs(
	struct variables *variables, const struct plan_crs *crs, struct error *err);

#endif
