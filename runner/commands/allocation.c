/* SPDX-License-Identifier: MIT
 *
 * allocation: the kernel's word is the only one that is the same under every scheduler. Variables
 * such as SLURM_CPU_BIND or SLURM_JOB_CPUS_PER_NODE can be missing, or say more than a job step may
 * use.
 */
#include "allocation.h"

#include "size.h"

#include <unistd.h>

static int check_cpus(const struct plan_request *request, const struct allowance *own, bool share,
	struct error *err)
{
	char wanted[CPULIST_TEXT_MAX] _unfilled_;
	char given[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist outside = request->cpus;
	cpulist_subtract(&outside, &own->cpus);
	if (share || cpulist_empty(&outside))
		return 0;
	(void)fail_as(err, EX_CONFIG,
		"--cpus: the allocation has no CPUs %.200s; it has %.200s (%s)",
		cpulist_format(&outside, wanted), cpulist_format(&own->cpus, given),
		own->cpus_file);
	return add_hint(err, "other jobs may have these CPUs; --share uses them all the same, and "
			     "without --cpus the run gets those of the allocation");
}

static int check_memory(const struct plan_request *request, const struct allowance *own, bool share,
	struct error *err)
{
	char wanted[SIZE_TEXT_MAX];
	char given[SIZE_TEXT_MAX];
	if (share || request->memory <= own->memory.value)
		return 0;
	return fail_as(err, EX_CONFIG, "--memory %s is more than the allocation has: %s (%s)",
		size_format_exact(request->memory, wanted),
		size_format_exact(own->memory.value, given), own->memory.file);
}

static void narrow_cpus(struct plan_request *request, const struct allowance *own, bool share)
{
	if (share && !cpulist_empty(&request->cpus))
		return;
	if (!cpulist_within(&request->host_cpus, &own->cpus))
		request->cpus_file = own->cpus_file;
	cpulist_intersect(&request->host_cpus, &own->cpus);
	if (cpulist_empty(&request->cpus) && !request->cpu_count)
		request->cpus = request->host_cpus;
}

static void narrow_memory(struct plan_request *request, const struct allowance *own, bool share)
{
	if (own->memory.value >= request->host_memory || (share && request->memory))
		return;
	request->host_memory = own->memory.value;
	request->memory_file = own->memory.file;
	if (request->scale && !request->memory)
		request->memory = own->memory.value;
}

int allocation_apply(const struct context *context, struct plan_request *request,
	struct allowance *ret, struct error *err)
{
	bool share = context->options.share;
	if (allowance_read_process(&context->host, getpid(), ret, err) < 0)
		return add_context(err, "--allocation");
	if (check_cpus(request, ret, share, err) < 0 || check_memory(request, ret, share, err) < 0)
		return -1;
	narrow_cpus(request, ret, share);
	narrow_memory(request, ret, share);
	if (!cpulist_empty(&request->host_cpus))
		return 0;
	return fail_as(err, EX_UNAVAILABLE,
		"--allocation: the user's cgroups allow none of the CPUs in %s", ret->cpus_file);
}

int allocation_hint(const struct allowance *allocation, struct error *err)
{
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char memory[SIZE_TEXT_MAX];
	bool limited = *allocation->memory.file;
	return add_hint(err,
		"with --allocation, a run has the CPUs %.200s%s%s that its scheduler gave it; ask "
		"for more, or divide them with --scale",
		cpulist_format(&allocation->cpus, cpus), limited ? " and " : "",
		limited ? size_format_exact(allocation->memory.value, memory) : "");
}
