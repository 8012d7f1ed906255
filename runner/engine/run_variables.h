/* SPDX-License-Identifier: MIT
 *
 * run_variables: the OSS_CRS_ variables by which a job finds its cgroups: in Compose files, in
 * containers, and in the command of `exec`.
 *
 * Each of them is there under two names: OSS_CRS_X, which a service may set to something else, and
 * OSS_CRS_HELD_X, which is always the run's own value.
 */
#ifndef OSS_CRS_RUN_VARIABLES_H
#define OSS_CRS_RUN_VARIABLES_H

#include "environment.h"
#include "plan.h"

#define RUN_VARIABLES_PREFIX      "OSS_CRS_"
#define RUN_VARIABLES_HELD_PREFIX RUN_VARIABLES_PREFIX "HELD_"
#define RUN_VARIABLES_CPUSET      RUN_VARIABLES_PREFIX "CPUSET"
#define RUN_VARIABLES_MEMORY      RUN_VARIABLES_PREFIX "MEMORY_LIMIT"

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

/* Add the variables of one CRS: its name, its CPUs as a list, and its memory limit in bytes. With
 * `with_unit`, OSS_CRS_MEMORY_LIMIT has a unit: "16G". */
int run_variables_add_crs(
	struct variables *variables, const struct plan_crs *crs, bool with_unit, struct error *err);

#endif
