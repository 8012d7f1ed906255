/* SPDX-License-Identifier: MIT
 *
 * report: collects the figures of a run and makes the JSON document from them, with one function
 * per part of the document. An unknown figure is null in JSON.
 */
#include "report.h"

#include "cleanup.h"
#include "clock.h"
#include "container_crs.h"
#include "lease_json.h"
#include "risks.h"
#include "series_json.h"
#include "summary.h"
#include "text.h"

#include <errno.h>
#include <signal.h>

static int add_exit(struct crs_report *crs, const struct container *container, struct error *err)
{
	char *longer = NULL;
	char code[16] = "-";
	if (container->finished[0])
		(void)snprintf(code, sizeof code, "%d", container->exit_code);
	if (asprintf(&longer, "%s%s%s", crs->exits ? crs->exits : "", crs->exits ? "," : "", code) <
		0)
		return fail(err, ENOMEM, "report");
	free(crs->exits);
	crs->exits = longer;
	return 0;
}

/* Whether a CRS has started the container itself: it may do so any number of times, and how one
 * ends is its own affair. */
static bool is_guarded(const struct container *container)
{
	return container->guard && *container->guard;
}

int report_collect(const struct run_plan *plan, const struct cg_tree *tree,
	const struct compose *compose, const struct containers *containers, struct report *ret,
	struct error *err)
{
	_cleanup_(report_free) struct report report = {.plan = plan,
		.compose = compose,
		.has_exits = containers || !compose,
		.crs = calloc(plan->crs_count, sizeof *report.crs)};
	if (!report.crs)
		return fail(err, ENOMEM, "report");
	report.has_usage = tree->worker >= 0;
	report.no_huge_pages = tree->huge_pages.count > 0;
	/* The figures of a cgroup that cannot be read are unknown: the report has the rest. */
	struct error unread = {0};
	for (size_t i = 0; report.has_usage && i < plan->crs_count; i++)
		(void)cgroup_stat_read_at(tree->worker, plan->crs[i].name, CGROUP_STAT_CLOSING,
			&report.crs[i].figures, &unread);
	for (size_t i = 0; containers && i < containers->count; i++) {
		int crs = container_crs(compose, plan, &containers->list[i]);
		if (crs >= 0 && !is_guarded(&containers->list[i]) &&
			add_exit(&report.crs[crs], &containers->list[i], err) < 0)
			return -1;
	}
	*ret = report;
	report = (struct report)REPORT_NONE;
	return 0;
}

void report_free(struct report *report)
{
	for (size_t i = 0; report->crs && i < report->plan->crs_count; i++)
		free(report->crs[i].exits);
	free(report->crs);
	*report = (struct report)REPORT_NONE;
}

/* Whether a container is of the infrastructure, or of a service that Compose is not attached to. */
static bool is_helper(const struct compose *compose, const struct run_plan *plan,
	const struct container *container)
{
	for (size_t i = 0; compose && i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		if (strcmp(service->name, container->service) == 0)
			return !service->is_attached ||
			       service->crs == plan_find(plan, JOB_INFRA_CRS);
	}
	return false;
}

int report_job_status(const struct containers *containers, const struct compose *compose,
	const struct run_plan *plan, bool until_all, int compose_status)
{
	const struct container *first = NULL;
	bool first_helps = false;
	bool any = false;
	bool decided = false; /* by Compose */
	for (size_t i = 0; i < containers->count; i++) {
		const struct container *container = &containers->list[i];
		if (is_guarded(container))
			continue;
		any = any || container->started;
		if (!container->started || !container->finished[0] ||
			(until_all && container->exit_code == 0))
			continue;
		decided = decided || (compose_status && container->exit_code == compose_status);
		bool helps = is_helper(compose, plan, container);
		if (first && helps != first_helps
				? helps
				: first && !containers_ended_before(container, first))
			continue;
		first = container;
		first_helps = helps;
	}
	if (decided)
		return compose_status;
	return first ? first->exit_code : any ? 0 : -1;
}

/* The OOM kills of one CRS, per container and limit. A name is cut to what `report` reads back. */
static json_t *kills_to_json(struct json_build *build, const struct oom_kills *kills, size_t crs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < kills->count; i++) {
		const struct oom_sum *sum = &kills->list[i];
		char container[SUMMARY_TEXT_MAX];
		if (sum->crs == crs)
			json_build_append(build, list,
				json_build_pack(build, "{s:o, s:s, s:I}", "container",
					json_build_prose(text_clean(
						sum->container, container, sizeof container)),
					"limit", oom_limit_name(sum->limit), "kills",
					(json_int_t)sum->count));
	}
	return list;
}

/* Set a figure; null if it is unknown. */
static void set_figure(struct json_build *build, json_t *object, const char *name, uint64_t value)
{
	json_build_set(build, object, name,
		value <= INT64_MAX ? json_integer((json_int_t)value) : json_null());
}

static void set_figures(
	struct json_build *build, json_t *object, const struct report *report, size_t i)
{
	const struct cgroup_stat *figures = &report->crs[i].figures;
	uint64_t duration = report->conditions ? report->conditions->duration_usec : 0;
	json_t *stalled = json_object();
	for (size_t kind = 0; kind < PRESSURE_KINDS; kind++)
		set_figure(
			build, stalled, pressure_names[kind], figures->pressure[kind].stalled_usec);
	set_figure(build, object, "cpu_usage_usec", figures->cpu_usec);
	set_figure(build, object, "cpu_allotted_usec",
		duration * cpulist_count(&report->plan->crs[i].cpus));
	set_figure(build, object, "running_usec",
		report->activity ? activity_usec(&report->activity[i], clock_usec())
				 : CGROUP_STAT_UNKNOWN);
	set_figure(build, object, "throttled_usec", figures->throttled_usec);
	set_figure(build, object, "memory_peak", figures->memory_peak);
	set_figure(build, object, "oom_kills",
		report->kills ? oom_kills_in(report->kills, i) : CGROUP_STAT_UNKNOWN);
	json_build_set(build, object, "stalled_usec", stalled);
}

static json_t *crs_report_to_json(struct json_build *build, const struct report *report, size_t i)
{
	const struct plan_crs *plan = &report->plan->crs[i];
	const struct crs_report *crs = &report->crs[i];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	json_t *object = json_build_pack(build, "{s:s, s:s, s:I}", "name", plan->name, "cpus",
		cpulist_format(&plan->cpus, cpus), "memory_max", (json_int_t)plan->memory_max);
	if (report->has_usage)
		set_figures(build, object, report, i);
	if (report->kills)
		json_build_set(build, object, "oom", kills_to_json(build, report->kills, i));
	json_build_set(build, object, "exits",
		report->has_exits ? json_string(crs->exits ? crs->exits : "") : json_null());
	if (report->series)
		json_build_set(build, object, "samples", series_to_json(build, report->series, i));
	return object;
}

static bool has_text(const json_t *list, const char *text)
{
	size_t i = 0;
	const json_t *item = NULL;
	json_array_foreach (list, i, item)
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	return false;
}

/* {"service": ["privileged", …]} for each service whose processes could leave their CRS. */
static json_t *risks_to_json(struct json_build *build, const struct compose *compose)
{
	json_t *object = json_object();
	for (size_t i = 0; compose && i < compose->service_count; i++) {
		const struct risks *risks = &compose->services[i].risks;
		if (risks->count == 0)
			continue;
		json_t *names = json_array();
		for (size_t j = 0; j < risks->count; j++)
			if (!has_text(names, risks->list[j].name))
				json_build_append(build, names, json_string(risks->list[j].name));
		json_build_set(build, object, compose->services[i].name, names);
	}
	return object;
}

/* Where in the Compose file each risk comes from. */
static json_t *risk_details_to_json(struct json_build *build, const struct compose *compose)
{
	json_t *list = json_array();
	for (size_t i = 0; compose && i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		for (size_t j = 0; j < service->risks.count; j++) {
			const struct risk *risk = &service->risks.list[j];
			json_build_append(build, list,
				json_build_pack(build, "{s:s, s:s, s:s, s:o, s:s, s:o?}", "service",
					service->name, "risk", risk->name, "key", risk->key,
					"value", json_build_prose(risk->value), "why", risk->why,
					"place",
					risk->place ? json_build_prose(risk->place) : NULL));
		}
	}
	return list;
}

/* How many containers were found in their CRS, and how many were not looked at or have none. */
static json_t *attested_to_json(struct json_build *build, const struct attested *attested)
{
	return json_build_pack(build, "{s:I, s:I, s:I}", "containers",
		(json_int_t)attested_count(attested, ATTESTED_HELD), "unknown",
		(json_int_t)attested_count(attested, ATTESTED_UNKNOWN), "unconfined",
		(json_int_t)attested_count(attested, ATTESTED_UNCONFINED));
}

/* What the guard has refused, per CRS, request and reason. */
static json_t *guard_to_json(struct json_build *build, const struct report *report)
{
	const struct refusals *refusals = report->refusals;
	json_t *list = json_array();
	for (size_t i = 0; i < refusals->count; i++) {
		const struct refusal_count *kind = &refusals->list[i];
		if (kind->refusal.crs < report->plan->crs_count)
			json_build_append(build, list,
				json_build_pack(build, "{s:s, s:o, s:o, s:I}", "crs",
					report->plan->crs[kind->refusal.crs].name, "request",
					json_build_prose(kind->refusal.request), "what",
					json_build_prose(kind->refusal.what), "count",
					(json_int_t)kind->count));
	}
	return json_build_pack(
		build, "{s:I, s:o}", "refused", (json_int_t)refusals->total, "refusals", list);
}

/* Compose exits with 137 (128 + SIGKILL) when the OOM killer has ended a container. Together with
 * a counted OOM kill, that status makes the reason "oom". */
static const char *reason_of(const struct report *report)
{
	static const char *const reasons[] = {
		[REASON_EXITED] = "exited",
		[REASON_TIMEOUT] = "timeout",
		[REASON_SIGNAL] = "signal",
		[REASON_MISMATCH] = "mismatch",
	};
	bool killed =
		report->kills && report->kills->count > 0 && report->status == EX_SIGNAL + SIGKILL;
	return report->reason == REASON_EXITED && killed ? "oom" : reasons[report->reason];
}

/* The caveats. The CRSs' figures say how much CPU time the run used, and whether it could swap. */
static json_t *caveats_to_json(struct json_build *build, const struct report *report)
{
	struct conditions_seen seen = {.has_used = report->has_usage,
		.no_huge_pages = report->no_huge_pages,
		.shared = report->shared,
		.attested = report->watch ? &report->watch->attested : NULL,
		.not_entered = report->not_entered,
		.exclusive_unknown = report->exclusive ? report->exclusive->unknown.msg : NULL};
	for (size_t i = 0; report->has_usage && i < report->plan->crs_count; i++) {
		uint64_t used = report->crs[i].figures.cpu_usec;
		bool known = used != CGROUP_STAT_UNKNOWN && seen.used_usec != CGROUP_STAT_UNKNOWN;
		seen.used_usec = known ? seen.used_usec + used : CGROUP_STAT_UNKNOWN;
		seen.swaps = seen.swaps || report->crs[i].figures.swap_max == CGROUP_UNLIMITED;
	}
	return conditions_to_json(build, report->conditions, &seen);
}

static void set_conditions(struct json_build *build, json_t *root, const struct report *report)
{
	json_build_set(
		build, root, "started", json_integer((json_int_t)report->conditions->started));
	set_figure(build, root, "duration_usec", report->conditions->duration_usec);
	json_build_set(build, root, "machine", conditions_machine(build, report->conditions));
	json_build_set(build, root, "caveats", caveats_to_json(build, report));
}

static json_t *allocation_to_json(struct json_build *build, const struct allowance *allocation)
{
	char cpus[CPULIST_TEXT_MAX];
	json_t *object =
		json_build_pack(build, "{s:s}", "cpus", cpulist_format(&allocation->cpus, cpus));
	set_figure(build, object, "memory_max", allocation->memory.value);
	return object;
}

/* The lines of a text as a list. */
static json_t *lines_to_json(struct json_build *build, const char *text)
{
	json_t *list = json_array();
	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		_cleanup_free_ char *line = strndup(text, strcspn(text, "\n"));
		json_build_append(build, list, line ? json_build_prose(line) : NULL);
	}
	return list;
}

/* What else may use the CPUs of an exclusive run. `interrupts` is null if nobody could look. */
static json_t *exclusive_to_json(struct json_build *build, const struct exclusive *exclusive)
{
	json_t *names = json_array();
	for (size_t i = 0; i < exclusive->name_count; i++)
		json_build_append(build, names, json_build_prose(exclusive->names[i]));
	json_t *threads = json_build_pack(build, "{s:i, s:i, s:o}", "per_cpu",
		(int)exclusive->per_cpu, "others", (int)exclusive->others, "names", names);
	return json_build_pack(build, "{s:s, s:b, s:o, s:o}", "partition",
		partition_name(exclusive->partition), "checked", !exclusive->unknown.msg[0],
		"kernel_threads", threads, "interrupts",
		exclusive->interrupts ? lines_to_json(build, exclusive->interrupts) : json_null());
}

int report_json(const struct report *report, json_t **ret, struct error *err)
{
	struct json_build whole = JSON_BUILD_NONE;
	struct json_build *build = &whole;
	json_t *list = json_array();
	for (size_t i = 0; i < report->plan->crs_count; i++)
		json_build_append(build, list, crs_report_to_json(build, report, i));
	json_t *root = json_build_pack(build, "{s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o}",
		"version", 1, "name", report->plan->name, "run_id", report->plan->run_id, "phase",
		phase_name(report->phase), "worker", report->plan->worker, "reason",
		reason_of(report), "exit_status", report->status, "risks",
		risks_to_json(build, report->compose), "risk_details",
		risk_details_to_json(build, report->compose));
	if (report->problem)
		json_build_set(build, root, "problem", json_build_prose(report->problem));
	if (report->conditions)
		set_conditions(build, root, report);
	if (report->watch)
		json_build_set(
			build, root, "attested", attested_to_json(build, &report->watch->attested));
	if (report->refusals)
		json_build_set(build, root, "guard", guard_to_json(build, report));
	if (report->shared)
		json_build_set(build, root, "shared", lease_to_json(build, report->shared));
	if (report->exclusive && report->exclusive->partition)
		json_build_set(
			build, root, "exclusive", exclusive_to_json(build, report->exclusive));
	if (report->allocation && !cpulist_empty(&report->allocation->cpus))
		json_build_set(
			build, root, "allocation", allocation_to_json(build, report->allocation));
	if (report->series)
		json_build_set(
			build, root, "sample_usec", series_times_to_json(build, report->series));
	json_build_set(build, root, "crs", list);
	return json_build_end(build, root, ret, err) < 0 ? add_context(err, "report") : 0;
}
