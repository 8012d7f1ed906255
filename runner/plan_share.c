/* SPDX-License-Identifier: MIT
 *
 * plan_share: what each CRS gets where the config leaves it to us. Numbers first, in whole CPUs and MiB; only then
 * which CPUs.
 */
#include "plan_parts.h"

#include "cleanup.h"
#include "placement.h"
#include "size.h"

#include <errno.h>

#define SHARE_MIB_MIN 512 /* of memory, for a CRS that says nothing */

static int sum_memory(const struct job *job, uint64_t *ret, struct error *err)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < job->crs_count; i++) {
		const struct job_share *share = &job->crs[i].share;
		if (__builtin_add_overflow(sum, share->memory, &sum) || sum > INT64_MAX)
			return doc_fail(err, job->path, share->memory_at,
				"the memory of all CRSs together is larger than any memory");
	}
	*ret = sum;
	return 0;
}

/* The first CRS that says nothing about its memory (or its CPUs), and how many do. */
static size_t silent(const struct job *job, bool memory, const struct job_crs **ret_first)
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
	(void)doc_fail(err, job->path, crs->at, "CRS '%s' says nothing about its %s, nor does worker '%s'",
		crs->name, what, plan->worker);
	return add_hint(err, "give the CRS `resources`, or the worker what its CRSs are to share");
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
	size_t count = silent(job, true, &first);
	uint64_t total = job->worker.memory;
	uint64_t sum = 0;
	if (sum_memory(job, &sum, err) < 0)
		return -1;
	if (total && sum > total) {
		(void)doc_fail(err, job->path, job->worker.memory_at,
			"worker '%s' has %s of memory, its CRSs add up to %s (from line %u on)", plan->worker,
			size_format_exact(total, have), size_format_exact(sum, want), first_memory(job).line);
		return add_hint(err, "raise the worker's memory or lower that of the CRSs");
	}
	if (count > 0 && !total)
		return fail_silent(job, first, "memory", plan, err);
	uint64_t left = (total - sum) / SIZE_MIB;
	if (count > 0 && left / count < SHARE_MIB_MIN) {
		(void)doc_fail(err, job->path, job->worker.memory_at,
			"worker '%s' has %s of memory left for %zu CRSs without a figure (from line %u on)",
			plan->worker, size_format_exact(total - sum, have), count, first->at.line);
		return add_hint(err, "each of them needs at least %dM", SHARE_MIB_MIN);
	}
	size_t silent_left = count;
	for (size_t i = 0; i < job->crs_count; i++) {
		plan->crs[i].memory_max = job->crs[i].share.memory;
		if (job->crs[i].share.memory_at.line)
			continue;
		uint64_t even = left / count;
		plan->crs[i].memory_max = (--silent_left ? even : left - even * (count - 1)) * SIZE_MIB;
	}
	plan->memory_max = total ? total : sum;
	return 0;
}

/* How many CPUs are wanted beside the lists: ret_want[] per CRS, and one more for what the worker has beyond its CRSs
 * where its CPUs are a number. `listed` is the number of CPUs in lists. */
static int count_cpus(const struct job *job, const struct run_plan *plan, unsigned listed, unsigned *ret_want,
	struct error *err)
{
	const struct job_share *worker = &job->worker;
	unsigned total = worker->cpu_count ? worker->cpu_count : cpulist_count(&worker->cpus);
	const struct job_crs *first = NULL;
	unsigned count = (unsigned)silent(job, false, &first);
	unsigned named = listed;
	unsigned line = 0;
	for (size_t i = 0; i < job->crs_count; i++) {
		ret_want[i] = job->crs[i].share.cpu_count;
		named += ret_want[i];
		line = line ? line : job->crs[i].share.cpus_at.line;
	}
	if (total && named > total) {
		(void)doc_fail(err, job->path, worker->cpus_at,
			"worker '%s' has %u CPUs, its CRSs want %u (from line %u on)", plan->worker, total,
			named, line);
		return add_hint(err, "raise the worker's CPUs or lower those of the CRSs");
	}
	if (count > 0 && !total)
		return fail_silent(job, first, "CPUs", plan, err);
	unsigned left = total ? total - named : 0;
	if (left < count) {
		(void)doc_fail(err, job->path, worker->cpus_at,
			"worker '%s' has %u CPUs left for %u CRSs without a figure (from line %u on)",
			plan->worker, left, count, first->at.line);
		return add_hint(err, "each of them needs at least 1");
	}
	unsigned silent_left = count;
	for (size_t i = 0; i < job->crs_count; i++)
		if (!job->crs[i].share.cpus_at.line)
			ret_want[i] = --silent_left ? left / count : left - left / count * (count - 1);
	ret_want[job->crs_count] = worker->cpu_count && count == 0 ? left : 0;
	return 0;
}

/* What CPUs by number are taken from: the worker's, else the host's. Where the plan is to be fitted to --cpus anyway,
 * the host's CPUs do not matter yet. */
static struct cpulist pool_for(const struct job *job, const struct plan_request *request)
{
	struct cpulist all;
	if (!cpulist_empty(&job->worker.cpus))
		return job->worker.cpus;
	if (cpulist_empty(&request->cpus) && !request->cpu_count)
		return request->host_cpus;
	memset(&all, 0xff, sizeof all);
	return all;
}

int share_cpus(
	const struct job *job, const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	size_t count = job->crs_count;
	_cleanup_free_ unsigned *want = calloc(count + 1, sizeof *want);
	if (!want)
		return fail(err, ENOMEM, "plan");
	struct cpulist lists = {0};
	for (size_t i = 0; i < count; i++)
		cpulist_union(&lists, &job->crs[i].share.cpus);
	if (count_cpus(job, plan, cpulist_count(&lists), want, err) < 0)
		return -1;
	struct cpulist pool = pool_for(job, request);
	cpulist_subtract(&pool, &lists);
	unsigned sum = 0;
	for (size_t i = 0; i <= count; i++)
		sum += want[i];
	if (sum > cpulist_count(&pool))
		return doc_fail(err, job->path,
			job->worker.cpus_at.line ? job->worker.cpus_at : job->crs[0].at,
			"%u CPUs are wanted, this host has %u that no CRS names", sum, cpulist_count(&pool));
	plan->cpus = job->worker.cpus;
	/* Numbers before shares, each in the file's order. */
	for (int shares = 0; shares <= 1; shares++) {
		for (size_t i = 0; i < count; i++) {
			const struct job_share *share = &job->crs[i].share;
			if (shares == (share->cpus_at.line != 0))
				continue;
			plan->crs[i].cpus = want[i] ? placement_take(&pool, want[i]) : share->cpus;
			cpulist_union(&plan->cpus, &plan->crs[i].cpus);
		}
	}
	struct cpulist rest = placement_take(&pool, want[count]);
	cpulist_union(&plan->cpus, &rest);
	return 0;
}
