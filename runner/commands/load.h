/* SPDX-License-Identifier: MIT
 *
 * load: from the command line and the machine to a plan.
 */
#ifndef OSS_CRS_LOAD_H
#define OSS_CRS_LOAD_H

#include "context.h"
#include "plan.h"

/* Read CONFIG (the first argument) and plan it for this machine, or for the one that the options describe. Logs the plan's
 * warnings. The caller frees both, the plan first. */
int load_plan(const struct context *context, enum phase phase, struct job *ret_job,
	struct run_plan *ret_plan, struct error *err);

#endif
