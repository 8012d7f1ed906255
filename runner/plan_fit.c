/* SPDX-License-Identifier: MIT
 *
 * plan_fit: a plan on other CPUs and other memory than the config says: --cpus and --memory, and --scale, which divides
 * them in proportion. Integers only, and nothing is lost: the parts add up to the whole.
 */
#include "plan_parts.h"

#include "cleanup.h"
#include "placement.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>

/* One CRS in a division. */
struct part {
	const char *name;
	uint64_t own, got;
};

static int compare_parts(const void *a, const void *b)
{
	const struct part *const *left = a;
	const struct part *const *right = b;
	if ((*left)->own != (*right)->own)
		return (*left)->own < (*right)->own ? 1 : -1;
	return strcmp((*left)->name, (*right)->name);
}

/* Whoever has most, above 1; ties by name. There is one, as the whole is at least 1 for each. */
static struct part *largest(struct part *parts, size_t count)
{
	struct part *most = &parts[0];
	for (size_t i = 1; i < count; i++)
		if (parts[i].got > most->got ||
			(parts[i].got == most->got && strcmp(parts[i].name, most->name) < 0))
			most = &parts[i];
	return most;
}

/* Divide `whole`, at least 1 for each, in proportion to what each has of its own; see docs/config.md for the rule. */
static int divide(struct part *parts, size_t count, uint64_t whole, struct error *err)
{
	_cleanup_free_ struct part **order = calloc(count, sizeof *order);
	if (!order)
		return fail(err, ENOMEM, "plan");
	uint64_t sum = 0;
	uint64_t given = 0;
	size_t ordered = 0;
	for (size_t i = 0; i < count; i++)
		sum += parts[i].own;
	for (size_t i = 0; i < count; i++) {
		__extension__ unsigned __int128 product = parts[i].own;
		uint64_t got = (uint64_t)(product * whole / sum);
		parts[i].got = got ? got : 1;
		given += parts[i].got;
		if (count == 1 || strcmp(parts[i].name, JOB_INFRA_CRS) != 0)
			order[ordered++] = &parts[i];
	}
	for (; given > whole; given--)
		largest(parts, count)->got--;
	qsort(order, ordered, sizeof(struct part *), compare_parts);
	for (size_t i = 0; given < whole; given++, i = (i + 1) % ordered)
		order[i]->got++;
	return 0;
}

static struct part *parts_new(const struct run_plan *plan, struct error *err)
{
	struct part *parts = calloc(plan->crs_count, sizeof *parts);
	if (!parts)
		(void)fail(err, ENOMEM, "plan");
	for (size_t i = 0; parts && i < plan->crs_count; i++)
		parts[i].name = plan->crs[i].name;
	return parts;
}

static int scale_memory(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	uint64_t whole = request->memory / SIZE_MIB;
	if (whole < plan->crs_count)
		return fail_as(err, EX_CONFIG, "--memory: %zu CRSs cannot share %" PRIu64 "M",
			plan->crs_count, whole);
	_cleanup_free_ struct part *parts = parts_new(plan, err);
	if (!parts)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		parts[i].own = plan->crs[i].memory_max;
	if (divide(parts, plan->crs_count, whole, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		plan->crs[i].memory_max = parts[i].got * SIZE_MIB;
	plan->memory_max = whole * SIZE_MIB;
	return 0;
}

int fit_memory(
	const struct job *job, const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	char want[SIZE_TEXT_MAX];
	char have[SIZE_TEXT_MAX];
	if (!request->memory)
		return 0;
	if (request->scale)
		return scale_memory(request, plan, err);
	if (plan->memory_max <= request->memory)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s wants %s of memory, --memory is %s", job->path,
		size_format_exact(plan->memory_max, want), size_format_exact(request->memory, have));
	return add_hint(err, "--scale divides it in proportion");
}

/* The CPUs that the command line gives. */
static struct cpulist pool_for(const struct plan_request *request)
{
	struct cpulist host = request->host_cpus;
	return request->cpu_count ? placement_take(&host, request->cpu_count) : request->cpus;
}

static int scale_cpus(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	struct cpulist pool = pool_for(request);
	unsigned whole = cpulist_count(&pool);
	if (whole < plan->crs_count)
		return fail_as(
			err, EX_CONFIG, "--cpus: %zu CRSs cannot share %u CPUs", plan->crs_count, whole);
	_cleanup_free_ struct part *parts = parts_new(plan, err);
	if (!parts)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		parts[i].own = cpulist_count(&plan->crs[i].cpus);
	if (divide(parts, plan->crs_count, whole, err) < 0)
		return -1;
	plan->cpus = pool;
	for (size_t i = 0; i < plan->crs_count; i++)
		plan->crs[i].cpus = placement_take(&pool, (unsigned)parts[i].got);
	return 0;
}

static void map_set(struct cpulist *set, const uint16_t *to)
{
	struct cpulist mapped = {0};
	for (unsigned cpu = cpulist_next(set, 0); cpu < CPULIST_MAX; cpu = cpulist_next(set, cpu + 1))
		cpulist_add(&mapped, to[cpu]);
	*set = mapped;
}

/* The plan's CPUs onto those of the command line, lowest to lowest. */
static int map_cpus(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	_cleanup_free_ uint16_t *to = calloc(CPULIST_MAX, sizeof *to);
	if (!to)
		return fail(err, ENOMEM, "plan");
	struct cpulist pool = pool_for(request);
	unsigned target = cpulist_next(&pool, 0);
	for (unsigned cpu = cpulist_next(&plan->cpus, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(&plan->cpus, cpu + 1)) {
		to[cpu] = (uint16_t)target;
		target = cpulist_next(&pool, target + 1);
	}
	map_set(&plan->cpus, to);
	for (size_t i = 0; i < plan->crs_count; i++)
		map_set(&plan->crs[i].cpus, to);
	return 0;
}

int fit_cpus(
	const struct job *job, const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	unsigned have = request->cpu_count ? request->cpu_count : cpulist_count(&request->cpus);
	unsigned host = cpulist_count(&request->host_cpus);
	if (!have)
		return 0;
	if (request->cpu_count > host)
		return fail_as(err, EX_CONFIG, "--cpus %u: this host has %u CPUs", request->cpu_count, host);
	if (request->scale)
		return scale_cpus(request, plan, err);
	unsigned want = cpulist_count(&plan->cpus);
	if (want <= have)
		return map_cpus(request, plan, err);
	(void)fail_as(err, EX_CONFIG, "%s wants %u CPUs, --cpus has %u", job->path, want, have);
	return add_hint(err, "--scale divides them in proportion");
}
