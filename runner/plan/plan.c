/* SPDX-License-Identifier: MIT
 *
 * plan: makes the plan by the rules of docs/config.md. This file names the run, checks the config
 * against itself and against the machine, and calls the steps in plan_parts.h. An error names its
 * position in the config; an error about a conflict names both positions.
 */
#include "plan.h"

#include "cleanup.h"
#include "plan_parts.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#define CONTAINER_MEMORY_MIN ((uint64_t)6 << 20) /* bytes; the least that Docker accepts */

static int __attribute__((format(printf, 4, 0)))
add_plan_text(char ***texts, size_t *count, struct error *err, const char *fmt, va_list ap)
{
	/* The array has room for 1, 2, 4, 8 … elements and doubles when it is full. */
	if ((*count & (*count - 1)) == 0) {
		char **larger = reallocarray(*texts, *count ? *count * 2 : 1, sizeof *larger);
		if (!larger)
			return fail(err, ENOMEM, "plan");
		*texts = larger;
	}
	if (vasprintf(&(*texts)[*count], fmt, ap) < 0)
		return fail(err, ENOMEM, "plan");
	(*count)++;
	return 0;
}

int plan_warn(struct run_plan *plan, struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int result = add_plan_text(&plan->warnings, &plan->warning_count, err, fmt, ap);
	va_end(ap);
	return result;
}

int plan_note(struct run_plan *plan, struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int result = add_plan_text(&plan->notes, &plan->note_count, err, fmt, ap);
	va_end(ap);
	return result;
}

static int name_run(const struct plan_request *request, struct run_plan *plan, struct error *err)
{
	struct run_name name = {.phase = request->phase,
		.timestamp = request->timestamp,
		.random = request->random};
	char user[CGROUP_PATH_MAX / 2];
	if (run_name_set(&name, request->run_id, request->worker, err) < 0 ||
		run_name_format(&name, plan->name, err) < 0 ||
		cgroup_user_path(request->uid, user, sizeof user, err) < 0)
		return -1;
	(void)snprintf(plan->run_id, sizeof plan->run_id, "%s", name.run_id);
	(void)snprintf(plan->cgroup_parent, sizeof plan->cgroup_parent, "/%s/%s/%s", user,
		CGROUP_OSS_CRS, plan->name);
	return 0;
}

/* Refuse two CRSs with the same CPU. In crs-compose, where users do this on purpose, it is only a
 * warning unless --strict-limits is given. A table holds the CRS of each CPU, so that the time
 * depends on the number of CPUs listed and not on the number of pairs of CRSs. */
static int check_overlap(
	const struct job *job, bool strict, struct run_plan *plan, struct error *err)
{
	_cleanup_free_ uint16_t *owner = calloc(CPULIST_MAX, sizeof *owner);
	if (!owner)
		return fail(err, ENOMEM, "plan");
	for (size_t i = 0; i < job->crs_count; i++) {
		const struct job_crs *crs = &job->crs[i];
		for (unsigned cpu = cpulist_next(&crs->share.cpus, 0); cpu < CPULIST_MAX;
			cpu = cpulist_next(&crs->share.cpus, cpu + 1)) {
			if (!owner[cpu]) {
				owner[cpu] = (uint16_t)(i + 1);
				continue;
			}
			const struct job_crs *other = &job->crs[owner[cpu] - 1];
			if (job->format == JOB_CRS_COMPOSE && !strict) {
				if (plan_warn(plan, err,
					    "%s:%u:%u: CRS '%s' shares CPU %u with CRS '%s' (line "
					    "%u)",
					    job->path, crs->share.cpus_at.line,
					    crs->share.cpus_at.column, crs->name, cpu, other->name,
					    other->share.cpus_at.line) < 0)
					return -1;
				break;
			}
			(void)fail_at(err, job->path, crs->share.cpus_at,
				"CRS '%s' uses CPU %u, but so does CRS '%s' (line %u)", crs->name,
				cpu, other->name, other->share.cpus_at.line);
			return add_hint(err, "give each CRS CPUs of its own");
		}
	}
	return 0;
}

/* Check that the CPU lists of all CRSs are within the worker's list, if it has one. */
static int check_worker(const struct job *job, const struct run_plan *plan, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	const struct job_share *worker = &job->worker;
	for (size_t i = 0; !cpulist_empty(&worker->cpus) && i < job->crs_count; i++) {
		struct cpulist outside = job->crs[i].share.cpus;
		cpulist_subtract(&outside, &worker->cpus);
		if (!cpulist_empty(&outside))
			return fail_at(err, job->path, job->crs[i].share.cpus_at,
				"CRS '%s' uses CPUs %s, which worker '%s' does not have (line %u)",
				job->crs[i].name, cpulist_format(&outside, text), plan->worker,
				worker->cpus_at.line);
	}
	return 0;
}

static int check_host_cpus(const struct job *job, const struct plan_request *request,
	const struct run_plan *plan, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist missing = plan->cpus;
	cpulist_subtract(&missing, &request->host_cpus);
	if (cpulist_empty(&missing))
		return 0;
	struct mark at = job->worker.cpus_at;
	for (size_t i = 0; i < job->crs_count && !at.line; i++)
		if (!cpulist_within(&plan->crs[i].cpus, &request->host_cpus))
			at = job->crs[i].share.cpus_at;
	const char *lacks = request->cpus_file   ? "you may not use CPUs"
			    : request->elsewhere ? "the planned machine does not have CPUs"
						 : "this host does not have CPUs";
	if (!cpulist_empty(&request->cpus))
		(void)fail_as(
			err, EX_CONFIG, "--cpus: %s %s", lacks, cpulist_format(&missing, text));
	else
		(void)fail_at(err, job->path, at, "%s %s", lacks, cpulist_format(&missing, text));
	(void)cpulist_format(&request->host_cpus, text);
	if (request->cpus_file)
		return add_hint(err, "%s allows CPUs %s", request->cpus_file, text);
	if (!cpulist_empty(&request->cpus) || cpulist_count(&request->host_cpus) < plan->crs_count)
		return add_hint(err, "its CPUs are %s", text);
	return add_hint(err, "its CPUs are %s; to divide them among the CRSs: --cpus %s --scale",
		text, cpulist_count(&request->host_cpus) > 1 ? text : "1");
}

static int check_host_memory(const struct job *job, const struct plan_request *request,
	const struct run_plan *plan, struct error *err)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < plan->crs_count; i++)
		sum += plan->crs[i].memory_max;
	if (sum <= request->host_memory)
		return 0;
	char want[SIZE_TEXT_MAX];
	char have[SIZE_TEXT_MAX];
	struct mark at = job->crs[0].share.memory_at;
	(void)size_format_exact(request->host_memory, have);
	(void)fail_at(err, job->path, at.line ? at : job->worker.memory_at,
		"the CRSs need %s of memory together, but %s %s", size_format_exact(sum, want),
		request->memory_file ? "you may use"
		: request->elsewhere ? "the planned machine has"
				     : "this host has",
		have);
	if (!request->memory_file)
		return add_hint(err, "lower the CRSs' memory, or run on a larger host");
	return add_hint(err, "lower the CRSs' memory, or ask an administrator to raise %s",
		request->memory_file);
}

/* Warn of CRSs with less memory than the least limit that Docker accepts for a container. */
static int warn_little_memory(struct run_plan *plan, struct error *err)
{
	char size[SIZE_TEXT_MAX];
	for (size_t i = 0; i < plan->crs_count; i++)
		if (plan->crs[i].memory_max < CONTAINER_MEMORY_MIN &&
			plan_warn(plan, err,
				"CRS '%s' has only %s of memory; a container needs about 6M to "
				"start",
				plan->crs[i].name,
				size_format_exact(plan->crs[i].memory_max, size)) < 0)
			return -1;
	return 0;
}

int plan_make(const struct job *job, const struct plan_request *request, struct run_plan *ret,
	struct error *err)
{
	_cleanup_(plan_free) struct run_plan plan = {.job = job, .worker = request->worker};
	plan.crs = calloc(job->crs_count, sizeof *plan.crs);
	if (!plan.crs)
		return fail(err, ENOMEM, "plan");
	for (; plan.crs_count < job->crs_count; plan.crs_count++)
		plan.crs[plan.crs_count].name = job->crs[plan.crs_count].name;
	if (name_run(request, &plan, err) < 0 || check_worker(job, &plan, err) < 0 ||
		share_memory(job, &plan, err) < 0 ||
		check_overlap(job, request->strict, &plan, err) < 0 ||
		share_cpus(job, request, &plan, err) < 0 ||
		fit_memory(job, request, &plan, err) < 0 ||
		fit_cpus(job, request, &plan, err) < 0 ||
		check_host_cpus(job, request, &plan, err) < 0 ||
		check_host_memory(job, request, &plan, err) < 0 ||
		warn_little_memory(&plan, err) < 0 || refuse_disturbed(request, &plan, err) < 0 ||
		place_memory(request, &plan, err) < 0 || warn_placement(request, &plan, err) < 0)
		return -1;
	*ret = plan;
	plan = (struct run_plan)PLAN_NONE;
	return 0;
}

void plan_free(struct run_plan *plan)
{
	for (size_t i = 0; i < plan->warning_count; i++)
		free(plan->warnings[i]);
	free(plan->warnings);
	for (size_t i = 0; i < plan->note_count; i++)
		free(plan->notes[i]);
	free(plan->notes);
	topology_free(&plan->topology);
	free(plan->crs);
	*plan = (struct run_plan)PLAN_NONE;
}

int plan_find(const struct run_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->crs_count; i++)
		if (strcmp(plan->crs[i].name, name) == 0)
			return (int)i;
	return -1;
}
