/* SPDX-License-Identifier: MIT
 *
 * plan_parts: the steps of plan_make(), in the order in which it takes them. Each fills in its
 * part of the plan. The plan's crs[] is in the job's order. The steps return 0, or -1 with an
 * error, which is EX_CONFIG if the config does not fit.
 */
#ifndef OSS_CRS_PLAN_PARTS_H
#define OSS_CRS_PLAN_PARTS_H

#include "plan.h"

/* Add a warning, or a note on how the CPUs were chosen, to the plan. Fail with ENOMEM when out of
 * memory. */
int plan_warn(struct run_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_note(struct run_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Give each CRS its memory: its own figure, or an even share of what the worker has left. */
int share_memory(const struct job *job, struct run_plan *plan, struct error *err);

/* Give each CRS its CPUs: first the lists, then the CRSs with a number, then those with neither. */
int share_cpus(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err);

/* Fit the plan to --memory and --cpus, with --scale in proportion. Do nothing if the option is not
 * given. */
int fit_memory(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err);
int fit_cpus(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err);

/* Choose CPUs from pool for wanted[0] to wanted[count - 1] by the machine's cores and nodes, then
 * any of the remaining ones for wanted[count], the CPUs that the worker has and no CRS. `lists`
 * are the CPUs that the config gives to CRSs as lists; none of them may be in pool. Sets
 * plan->choice and plan->placement. request->topology must be known. */
int place_cpus(const struct plan_request *request, const struct cpulist *pool,
	const struct cpulist *lists, struct place_request *wanted, size_t count,
	struct run_plan *plan, struct error *err);

/* Choose the nodes that each CRS's memory is kept on, and add warnings about the choice of CPUs. Do
 * nothing if no topology is known. refuse_disturbed() refuses with EX_UNAVAILABLE what
 * --strict-machine does not allow. */
int place_memory(const struct plan_request *request, struct run_plan *plan, struct error *err);
int refuse_disturbed(
	const struct plan_request *request, const struct run_plan *plan, struct error *err);
int warn_placement(const struct plan_request *request, struct run_plan *plan, struct error *err);

#endif
