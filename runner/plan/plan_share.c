/* SPDX-License-Identifier: MIT
 *
 * plan_share: gives each CRS its CPUs and memory, in particular where the config does not say how
 * much. It first decides how much each one gets, in whole CPUs and MiB, and then which CPUs.
 */
#include "plan_parts.h"

#include "cleanup.h"
#include "placement.h"
#include "size.h"

#include <errno.h>

#define SHARE_MIB_MIN 512 /* of memory: the least for a CRS whose memory the config does not give */

static int sum_crs_memory(const struct job *job, uint64_t *ret, struct error *err)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < job->crs_count; i++) {
		const struct job_share *share = &job->crs[i].share;
		if (__builtin_add_overflow(sum, share->memory, &sum) || sum > INT64_MAX)
			return fail_at(err, job->path, share->memory_at,
				"the memory of all CRSs together is larger than any machine's");
	}
	*ret = sum;
	return 0;
}

/* Count the CRSs whose memory (or CPUs) the config does not give, and return the first of them. */
static size_t count_silent(const struct job *job, bool memory, const struct job_crs **ret_first)
{
	size_t count = 0;
	for (size_t i = job->crs_count; i-- > 0;) {
		const struct job_share *share = &job->crs[i].share;
		if (memory ? share->memory_at.line : share->cpus_at.line)
			continue;
		*ret_first = &job->crs[i];
		count++;
	}
	return count;
}

static int fail_silent(const struct job *job, const struct job_crs *crs, const char *what,
	const struct run_plan *plan, struct error *err)
{
	(void)fail_at(err, job->path, crs->at,
		"CRS '%s' does not set its %s, and worker '%s' does not either", crs->name, what,
		plan->worker);
	return add_hint(err, "set `resources` of the CRS, or give the worker what its CRSs share");
}

static struct mark first_memory(const struct job *job)
{
	struct mark at = {0};
	for (size_t i = job->crs_count; i-- > 0;)
		if (job->crs[i].share.memory_at.line)
			at = job->crs[i].share.memory_at;
	return at;
}

int share_memory(const struct job *job, struct run_plan *plan, struct error *err)
{
	char have[SIZE_TEXT_MAX];
	char want[SIZE_TEXT_MAX];
	const struct job_crs *first = NULL;
	size_t count = count_silent(job, true, &first);
	uint64_t total = job->worker.memory;
	uint64_t sum = 0;
	if (sum_crs_memory(job, &sum, err) < 0)
		return -1;
	if (total && sum > total) {
		(void)fail_at(err, job->path, job->worker.memory_at,
			"worker '%s' has %s of memory, but its CRSs need %s (from line %u on)",
			plan->worker, size_format_exact(total, have), size_format_exact(sum, want),
			first_memory(job).line);
		return add_hint(err, "raise the worker's memory or lower that of the CRSs");
	}
	if (count > 0 && !total)
		return fail_silent(job, first, "memory", plan, err);
	uint64_t left = (total - sum) / SIZE_MIB;
	if (count > 0 && left / count < SHARE_MIB_MIN) {
		(void)fail_at(err, job->path, job->worker.memory_at,
			"worker '%s' has %s of memory left for the %zu CRSs that do not set "
			"theirs (from line %u on)",
			plan->worker, size_format_exact(total - sum, have), count, first->at.line);
		return add_hint(err, "each of them needs at least %dM", SHARE_MIB_MIN);
	}
	size_t silent_left = count;
	uint64_t even = count ? left / count : 0;
	for (size_t i = 0; i < job->crs_count; i++) {
		plan->crs[i].memory_max = job->crs[i].share.memory;
		if (job->crs[i].share.memory_at.line)
			continue;
		plan->crs[i].memory_max =
			(--silent_left ? even : left - even * (count - 1)) * SIZE_MIB;
	}
	plan->memory_max = total ? total : sum;
	return 0;
}

/* Set the number of CPUs that each CRS gets by number, which is 0 for a CRS with a list.
 * wanted[crs_count] is for the CPUs that the worker has beyond those of its CRSs, if its CPUs are
 * given as a number. `listed` is the number of CPUs in lists. */
static int count_cpus(const struct job *job, const struct run_plan *plan, unsigned listed,
	struct place_request *wanted, struct error *err)
{
	const struct job_share *worker = &job->worker;
	unsigned total = worker->cpu_count ? worker->cpu_count : cpulist_count(&worker->cpus);
	const struct job_crs *first = NULL;
	unsigned count = (unsigned)count_silent(job, false, &first);
	unsigned named = listed;
	unsigned line = 0;
	for (size_t i = 0; i < job->crs_count; i++) {
		wanted[i].count = job->crs[i].share.cpu_count;
		named += wanted[i].count;
		line = line ? line : job->crs[i].share.cpus_at.line;
	}
	if (total && named > total) {
		(void)fail_at(err, job->path, worker->cpus_at,
			"worker '%s' has %u CPUs, but its CRSs need %u (from line %u on)",
			plan->worker, total, named, line);
		return add_hint(err, "raise the worker's CPUs or lower those of the CRSs");
	}
	if (count > 0 && !total)
		return fail_silent(job, first, "CPUs", plan, err);
	unsigned left = total ? total - named : 0;
	if (left < count) {
		(void)fail_at(err, job->path, worker->cpus_at,
			"worker '%s' has %u CPUs left for the %u CRSs that do not set theirs (from "
			"line %u on)",
			plan->worker, left, count, first->at.line);
		return add_hint(err, "each of them needs at least 1");
	}
	unsigned silent_left = count;
	for (size_t i = 0; i < job->crs_count; i++)
		if (!job->crs[i].share.cpus_at.line)
			wanted[i].count =
				--silent_left ? left / count : left - left / count * (count - 1);
	wanted[job->crs_count].count = worker->cpu_count && count == 0 ? left : 0;
	return 0;
}

/* The CPUs that CPUs by number are taken from: the worker's list, or else the host's CPUs. If
 * --cpus is given, fit_cpus() maps the plan to other CPUs afterwards, so the host's CPUs do not
 * matter yet. */
static struct cpulist pool_for_config(
	const struct job *job, const struct plan_request *request, bool fitted)
{
	struct cpulist all = {0};
	if (!cpulist_empty(&job->worker.cpus))
		return job->worker.cpus;
	if (!fitted)
		return request->host_cpus;
	cpulist_add_range(&all, 0, CPULIST_MAX - 1);
	return all;
}

/* Take the lowest CPUs: CRSs with a number first, then even shares, each in the file's order. */
static void take_wanted(const struct job *job, struct cpulist *pool, struct place_request *wanted,
	struct run_plan *plan)
{
	for (int shares = 0; shares <= 1; shares++)
		for (size_t i = 0; i < job->crs_count; i++)
			if (shares == (job->crs[i].share.cpus_at.line == 0))
				wanted[i].cpus = placement_take(pool, wanted[i].count);
	wanted[job->crs_count].cpus = placement_take(pool, wanted[job->crs_count].count);
	plan->choice = PLAN_CPUS_LOWEST;
}

int share_cpus(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err)
{
	size_t count = job->crs_count;
	_cleanup_free_ struct place_request *wanted = calloc(count + 1, sizeof *wanted);
	if (!wanted)
		return fail(err, ENOMEM, "plan");
	struct cpulist lists = {0};
	for (size_t i = 0; i < count; i++)
		cpulist_union(&lists, &job->crs[i].share.cpus);
	if (count_cpus(job, plan, cpulist_count(&lists), wanted, err) < 0)
		return -1;
	bool fitted = !cpulist_empty(&request->cpus) || request->cpu_count;
	struct cpulist pool = pool_for_config(job, request, fitted);
	cpulist_subtract(&pool, &lists);
	unsigned sum = wanted[count].count;
	for (size_t i = 0; i < count; i++) {
		wanted[i].memory = plan->crs[i].memory_max;
		sum += wanted[i].count;
	}
	if (sum > cpulist_count(&pool))
		return fail_at(err, job->path,
			job->worker.cpus_at.line ? job->worker.cpus_at : job->crs[0].at,
			"the config needs %u CPUs by number, but only %u are not in a list of a "
			"CRS",
			sum, cpulist_count(&pool));
	/* A worker's list with CPUs that the host does not have is an error that check_host_cpus()
	 * reports later. */
	bool placeable = request->topology && !fitted && cpulist_within(&pool, &request->host_cpus);
	if (sum > 0 && placeable) {
		if (place_cpus(request, &pool, &lists, wanted, count, plan, err) < 0)
			return -1;
	} else if (sum > 0) {
		take_wanted(job, &pool, wanted, plan);
	}
	plan->cpus = job->worker.cpus;
	cpulist_union(&plan->cpus, &wanted[count].cpus);
	for (size_t i = 0; i < count; i++) {
		plan->crs[i].cpus = wanted[i].count ? wanted[i].cpus : job->crs[i].share.cpus;
		cpulist_union(&plan->cpus, &plan->crs[i].cpus);
	}
	return 0;
}
