/* SPDX-License-Identifier: MIT
 *
 * load: from the command line and the machine to a plan.
 */
#ifndef OSS_CRS_LOAD_H
#define OSS_CRS_LOAD_H

#include "context.h"
#include "plan.h"

/* Read the config (the first argument) and plan the phase for this machine, or for the one that
 * the options describe. Logs the plan's warnings. The plan points into the job: the caller frees
 * both, the plan first. Bad options are EX_USAGE. */
int load_plan(const struct context *context, enum phase phase, struct job *ret_job,
	struct run_plan *ret_plan, struct error *err);

#endif
