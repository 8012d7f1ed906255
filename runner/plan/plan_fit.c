/* SPDX-License-Identifier: MIT
 *
 * plan_fit: fits a plan to other CPUs and other memory than the config's: --cpus and --memory.
 * With --scale it divides them in proportion to the config's figures. All arithmetic is on
 * integers, and the parts always add up to the whole.
 */
#include "plan_parts.h"

#include "cleanup.h"
#include "placement.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>

/* One CRS in a division: its own figure and the part that it gets. */
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

/* The part that got most; of equal ones, the first by name. divide() calls it only while more than
 * `whole` is given out; as `whole` is at least 1 per part, the part that it returns is larger than
 * 1. */
static struct part *largest_part(struct part *parts, size_t count)
{
	struct part *most = &parts[0];
	for (size_t i = 1; i < count; i++)
		if (parts[i].got > most->got ||
			(parts[i].got == most->got && strcmp(parts[i].name, most->name) < 0))
			most = &parts[i];
	return most;
}

/* Divide `whole`, which is at least 1 per part, in proportion to the parts' own figures.
 * docs/config.md has the rule. */
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
		largest_part(parts, count)->got--;
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

static int scale_memory(
	const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	uint64_t whole = request->memory / SIZE_MIB;
	if (whole < plan->crs_count)
		return fail_as(err, EX_CONFIG, "--memory: %" PRIu64 "M is too little for %zu CRSs",
			whole, plan->crs_count);
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

int fit_memory(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err)
{
	char want[SIZE_TEXT_MAX];
	char have[SIZE_TEXT_MAX];
	if (!request->memory)
		return 0;
	if (request->scale)
		return scale_memory(request, plan, err);
	if (plan->memory_max <= request->memory)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s needs %s of memory, but --memory is %s", job->path,
		size_format_exact(plan->memory_max, want),
		size_format_exact(request->memory, have));
	return add_hint(err, "use --scale to divide it in proportion");
}

/* The CPUs that the command line gives, if the topology does not choose them. */
static struct cpulist pool_for_options(const struct plan_request *request)
{
	struct cpulist host = request->host_cpus;
	return request->cpu_count ? placement_take(&host, request->cpu_count) : request->cpus;
}

static bool by_topology(const struct plan_request *request)
{
	return request->cpu_count && request->topology;
}

/* Give each CRS a slice of the CPUs, as large as the division decided. */
static int slice_cpus(const struct plan_request *request, const struct part *parts,
	struct run_plan *plan, struct error *err)
{
	const struct cpulist none = {0};
	struct cpulist pool = pool_for_options(request);
	_cleanup_free_ struct place_request *wanted = calloc(plan->crs_count + 1, sizeof *wanted);
	if (!wanted)
		return fail(err, ENOMEM, "plan");
	for (size_t i = 0; i < plan->crs_count; i++)
		wanted[i] = (struct place_request){
			.count = (unsigned)parts[i].got, .memory = plan->crs[i].memory_max};
	if (by_topology(request) && place_cpus(request, &request->host_cpus, &none, wanted,
					    plan->crs_count, plan, err) < 0)
		return -1;
	memset(&plan->cpus, 0, sizeof plan->cpus);
	for (size_t i = 0; i < plan->crs_count; i++) {
		plan->crs[i].cpus = by_topology(request) ? wanted[i].cpus
							 : placement_take(&pool, wanted[i].count);
		cpulist_union(&plan->cpus, &plan->crs[i].cpus);
	}
	return 0;
}

static int scale_cpus(const struct plan_request *request, unsigned whole, struct run_plan *plan,
	struct error *err)
{
	if (whole < plan->crs_count)
		return fail_as(err, EX_CONFIG, "--cpus: %u CPUs are too few for %zu CRSs", whole,
			plan->crs_count);
	_cleanup_free_ struct part *parts = parts_new(plan, err);
	if (!parts)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		parts[i].own = cpulist_count(&plan->crs[i].cpus);
	return divide(parts, plan->crs_count, whole, err) < 0
		       ? -1
		       : slice_cpus(request, parts, plan, err);
}

/* A CPU of the plan and the CRSs that have it: the index of the first one (UINT32_MAX if there is
 * none) and a hash of all of them. CPUs of the same CRSs have the same hash. If the hashes of
 * different CRSs collide, their CPUs are placed next to each other, but each CPU still gets a
 * place of its own. */
struct owned {
	uint32_t first;
	uint64_t owners;
	uint16_t cpu;
};

static int compare_owned(const void *a, const void *b)
{
	const struct owned *left = a;
	const struct owned *right = b;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	if (left->owners != right->owners)
		return left->owners < right->owners ? -1 : 1;
	return left->cpu - right->cpu;
}

/* List the plan's CPUs and the CRSs that have them, sorted so that the CPUs of the same CRSs are
 * together and the CPUs of no CRS come last. The caller frees the array. Returns NULL when out of
 * memory. */
static struct owned *list_owned(const struct run_plan *plan, size_t *ret_count)
{
	struct owned *all = calloc(CPULIST_MAX, sizeof *all);
	size_t count = 0;
	for (unsigned cpu = 0; all && cpu < CPULIST_MAX; cpu++)
		all[cpu] = (struct owned){.first = UINT32_MAX, .cpu = (uint16_t)cpu};
	for (size_t i = 0; all && i < plan->crs_count; i++) {
		const struct cpulist *cpus = &plan->crs[i].cpus;
		for (unsigned cpu = cpulist_next(cpus, 0); cpu < CPULIST_MAX;
			cpu = cpulist_next(cpus, cpu + 1)) {
			if (all[cpu].first == UINT32_MAX)
				all[cpu].first = (uint32_t)i;
			all[cpu].owners = (all[cpu].owners + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		}
	}
	for (unsigned cpu = 0; all && cpu < CPULIST_MAX; cpu++)
		if (cpulist_has(&plan->cpus, cpu))
			all[count++] = all[cpu];
	if (all)
		qsort(all, count, sizeof *all, compare_owned);
	*ret_count = count;
	return all;
}

/* Map each CPU of the plan to a CPU that the topology chooses. All CPUs of the same CRSs are one
 * request, so that CRSs share afterwards exactly the CPUs that they shared before. */
static int map_by_topology(
	const struct plan_request *request, struct run_plan *plan, uint16_t *to, struct error *err)
{
	const struct cpulist none = {0};
	size_t count = 0;
	_cleanup_free_ struct owned *cpus = list_owned(plan, &count);
	_cleanup_free_ struct place_request *wanted = calloc(count + 1, sizeof *wanted);
	_cleanup_free_ uint16_t *request_of = calloc(count + 1, sizeof *request_of);
	if (!cpus || !wanted || !request_of)
		return fail(err, ENOMEM, "plan");
	size_t last = 0;
	for (size_t i = 0; i < count; i++) {
		const struct owned *cpu = &cpus[i];
		bool same = i > 0 && cpu->first == cpu[-1].first && cpu->owners == cpu[-1].owners;
		last += i > 0 && !same;
		wanted[last].count++;
		wanted[last].memory =
			cpu->first < plan->crs_count ? plan->crs[cpu->first].memory_max : 0;
		request_of[i] = (uint16_t)last;
	}
	bool spare = cpus[count - 1].first == UINT32_MAX;
	if (place_cpus(request, &request->host_cpus, &none, wanted, spare ? last : last + 1, plan,
		    err) < 0)
		return -1;
	unsigned next = 0;
	for (size_t i = 0; i < count; i++) {
		bool begins = i == 0 || request_of[i] != request_of[i - 1];
		next = cpulist_next(&wanted[request_of[i]].cpus, begins ? 0 : next + 1);
		to[cpus[i].cpu] = (uint16_t)next;
	}
	return 0;
}

/* Map the lowest CPU of the plan to the lowest given one, and so on. */
static void map_in_order(
	const struct plan_request *request, const struct run_plan *plan, uint16_t *to)
{
	struct cpulist pool = pool_for_options(request);
	unsigned target = cpulist_next(&pool, 0);
	for (unsigned cpu = cpulist_next(&plan->cpus, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(&plan->cpus, cpu + 1)) {
		to[cpu] = (uint16_t)target;
		target = cpulist_next(&pool, target + 1);
	}
}

static void map_set(struct cpulist *set, const uint16_t *to)
{
	struct cpulist mapped = {0};
	for (unsigned cpu = cpulist_next(set, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(set, cpu + 1))
		cpulist_add(&mapped, to[cpu]);
	*set = mapped;
}

static int map_cpus(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	_cleanup_free_ uint16_t *to = calloc(CPULIST_MAX, sizeof *to);
	if (!to)
		return fail(err, ENOMEM, "plan");
	if (by_topology(request) && map_by_topology(request, plan, to, err) < 0)
		return -1;
	if (!by_topology(request))
		map_in_order(request, plan, to);
	map_set(&plan->cpus, to);
	for (size_t i = 0; i < plan->crs_count; i++)
		map_set(&plan->crs[i].cpus, to);
	return 0;
}

int fit_cpus(const struct job *job, const struct plan_request *request, struct run_plan *plan,
	struct error *err)
{
	unsigned have = request->cpu_count ? request->cpu_count : cpulist_count(&request->cpus);
	unsigned host = cpulist_count(&request->host_cpus);
	if (!have)
		return 0;
	if (request->cpu_count > host)
		return fail_as(err, EX_CONFIG, "--cpus %u: %s has only %u CPUs", request->cpu_count,
			request->elsewhere ? "the planned machine" : "this host", host);
	plan->choice = request->cpu_count ? PLAN_CPUS_LOWEST : PLAN_CPUS_GIVEN;
	if (request->scale)
		return scale_cpus(request, have, plan, err);
	unsigned want = cpulist_count(&plan->cpus);
	if (want <= have)
		return map_cpus(request, plan, err);
	(void)fail_as(err, EX_CONFIG, "%s needs %u CPUs, but --cpus has %u", job->path, want, have);
	return add_hint(err, "use --scale to divide them in proportion");
}
