/* SPDX-License-Identifier: MIT
 *
 * plan_invariants: the invariants of every plan, for any config. The fuzzer and the test with
 * random configs check them.
 *
 * The functions that return text return the invariant that does not hold, or NULL if all of theirs
 * hold.
 */
#ifndef OSS_CRS_PLAN_INVARIANTS_H
#define OSS_CRS_PLAN_INVARIANTS_H

#include "cleanup.h"
#include "plan.h"
#include "size.h"

/* Whether --cpus gives the run CPUs other than those of the config. */
static inline bool moved(const struct plan_request *request)
{
	return !cpulist_empty(&request->cpus) || request->cpu_count;
}

/* For each CRS: it is within the worker's cgroup, and it has what the config gives it. */
static inline const char *broken_crs(const struct job_crs *asked, const struct plan_crs *crs,
	const struct plan_request *request, const struct run_plan *plan)
{
	unsigned wanted =
		asked->share.cpu_count ? asked->share.cpu_count : cpulist_count(&asked->share.cpus);
	if (strcmp(asked->name, crs->name) != 0)
		return "the CRSs stand in the file's order";
	if (cpulist_empty(&crs->cpus) || crs->memory_max < SIZE_MIN)
		return "nobody has nothing";
	if (!cpulist_within(&crs->cpus, &plan->cpus) || crs->memory_max > plan->memory_max)
		return "each CRS is within its worker";
	bool scaled = request->scale && moved(request);
	if (wanted && !scaled && cpulist_count(&crs->cpus) != wanted)
		return "as many CPUs as the config says";
	if (!cpulist_empty(&asked->share.cpus) && !moved(request) &&
		memcmp(&asked->share.cpus, &crs->cpus, sizeof crs->cpus) != 0)
		return "a list is taken as it is";
	if (asked->share.memory && !(request->scale && request->memory) &&
		crs->memory_max != asked->share.memory)
		return "as much memory as the config says";
	return NULL;
}

/* For all CRSs: the sums are right, and no two CRSs share a CPU where the plan promises that. */
static inline const char *broken_sums(
	const struct job *job, const struct plan_request *request, const struct run_plan *plan)
{
	uint64_t memory = 0;
	unsigned cpus = 0;
	struct cpulist all = {0};
	for (size_t i = 0; i < plan->crs_count; i++) {
		memory += plan->crs[i].memory_max;
		cpus += cpulist_count(&plan->crs[i].cpus);
		cpulist_union(&all, &plan->crs[i].cpus);
	}
	bool scaled = request->scale && moved(request);
	if ((job->format == JOB_RESOURCE || request->strict || scaled) &&
		cpulist_count(&all) != cpus)
		return "no CPU has two CRSs";
	if (memory > plan->memory_max || memory > request->host_memory)
		return "the memory adds up to no more than the worker's and the host's";
	if (!job->worker.memory && memory != plan->memory_max)
		return "without a figure of its own the worker has the sum";
	if (request->memory && plan->memory_max > request->memory)
		return "no more memory than --memory";
	if (request->memory && request->scale && memory != request->memory / SIZE_MIB * SIZE_MIB)
		return "--scale gives away every MiB";
	unsigned pool = request->cpu_count ? request->cpu_count : cpulist_count(&request->cpus);
	if (scaled && (cpus != pool || cpulist_count(&plan->cpus) != pool))
		return "--scale gives away every CPU";
	if (!cpulist_empty(&request->cpus) && !cpulist_within(&plan->cpus, &request->cpus))
		return "no CPU beside those of --cpus";
	if (request->cpu_count && cpulist_count(&plan->cpus) > request->cpu_count)
		return "no more CPUs than --cpus";
	return cpulist_within(&plan->cpus, &request->host_cpus) ? NULL
								: "only CPUs that the host has";
}

/* No two CRSs share a core, unless the plan says that it could not avoid it (PLACED_SHARED) or the
 * config names the CPUs of both. */
static inline const char *broken_cores(
	const struct job *job, const struct plan_request *request, const struct run_plan *plan)
{
	if (!request->topology || plan->choice != PLAN_CPUS_PLACED ||
		plan->placement == PLACED_SHARED)
		return NULL;
	_cleanup_free_ size_t *owner = calloc(request->topology->core_count, sizeof *owner);
	for (size_t i = 0; owner && i < plan->crs_count; i++) {
		const struct cpulist *cpus = &plan->crs[i].cpus;
		for (unsigned cpu = cpulist_next(cpus, 0); cpu < CPULIST_MAX;
			cpu = cpulist_next(cpus, cpu + 1)) {
			size_t *first = &owner[topology_find(request->topology, cpu)->core];
			bool chosen = *first && *first != i + 1 &&
				      (cpulist_empty(&job->crs[i].share.cpus) ||
					      cpulist_empty(&job->crs[*first - 1].share.cpus));
			if (chosen)
				return "no core has two CRSs";
			*first = i + 1;
		}
	}
	return NULL;
}

/* Check all invariants of a plan. Returns the first one that does not hold; NULL if all hold. */
static inline const char *plan_broken(
	const struct job *job, const struct plan_request *request, const struct run_plan *plan)
{
	if (plan->crs_count != job->crs_count)
		return "every CRS is in the plan";
	for (size_t i = 0; i < plan->crs_count; i++) {
		const char *broken = broken_crs(&job->crs[i], &plan->crs[i], request, plan);
		if (broken)
			return broken;
	}
	const char *broken = broken_sums(job, request, plan);
	return broken ? broken : broken_cores(job, request, plan);
}

/* Two plans of the same config and request are equal. */
static inline const char *plan_differs(const struct run_plan *a, const struct run_plan *b)
{
	bool same = a->crs_count == b->crs_count &&
		    memcmp(&a->cpus, &b->cpus, sizeof a->cpus) == 0 &&
		    a->memory_max == b->memory_max && a->warning_count == b->warning_count &&
		    strcmp(a->name, b->name) == 0;
	for (size_t i = 0; same && i < a->crs_count; i++)
		same = memcmp(&a->crs[i].cpus, &b->crs[i].cpus, sizeof a->cpus) == 0 &&
		       memcmp(&a->crs[i].mems, &b->crs[i].mems, sizeof a->cpus) == 0 &&
		       a->crs[i].memory_max == b->crs[i].memory_max;
	return same ? NULL : "the same config has the same plan";
}

#endif
