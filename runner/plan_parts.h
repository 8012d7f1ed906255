/* SPDX-License-Identifier: MIT
 *
 * plan_parts: the steps of plan_make(), in its order. Only plan.c calls them. Each fills in its part of the plan, whose
 * crs[] stands in the job's order.
 */
#ifndef OSS_CRS_PLAN_PARTS_H
#define OSS_CRS_PLAN_PARTS_H

#include "plan.h"

/* What each CRS gets of the memory: its own figure, or an even part of what the worker has left. */
int share_memory(const struct job *job, struct run_plan *plan, struct error *err);

/* What each CRS gets of the CPUs: its list; then those that give a number, then those that give nothing. */
int share_cpus(
	const struct job *job, const struct plan_request *request, struct run_plan *plan, struct error *err);

/* The same plan on the memory and the CPUs of the command line; nothing happens without --memory and --cpus. */
int fit_memory(
	const struct job *job, const struct plan_request *request, struct run_plan *plan, struct error *err);
int fit_cpus(
	const struct job *job, const struct plan_request *request, struct run_plan *plan, struct error *err);

#endif
