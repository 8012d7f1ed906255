/* SPDX-License-Identifier: MIT
 *
 * report: collects the figures of a run and makes the JSON document from them, with one function
 * per part of the document. An unknown figure is null in JSON.
 */
#include "report.h"

#include "cleanup.h"
#include "lease_json.h"
#include "risks.h"
#include "series_json.h"

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

int report_collect(const struct run_plan *plan, const struct cg_tree *tree,
	const struct compose *compose, const struct containers *containers, struct report *ret,
	struct error *err)
{
	_cleanup_(report_free) struct report report = {.plan = plan,
		.compose = compose,
		.crs = calloc(plan->crs_count, sizeof *report.crs)};
	if (!report.crs)
		return fail(err, ENOMEM, "report");
	report.has_usage = tree->worker >= 0;
	for (size_t i = 0; report.has_usage && i < plan->crs_count; i++)
		if (cgroup_stat_read_at(tree->worker, plan->crs[i].name, CGROUP_STAT_CLOSING,
			    &report.crs[i].figures, err) < 0)
			return -1;
	for (size_t i = 0; containers && i < containers->count; i++) {
		int crs = compose_crs(compose, containers->list[i].service);
		if (crs >= 0 && add_exit(&report.crs[crs], &containers->list[i], err) < 0)
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

/* Compare two times in RFC 3339. The engine omits the trailing zeros of a fraction, so that
 * "…12.3Z" comes before "…12.34Z"; all other fields have a fixed width. */
static int compare_times(const char *a, const char *b)
{
	size_t i = 0;
	while (a[i] && a[i] == b[i])
		i++;
	int left = a[i] == 'Z' || !a[i] ? 0 : a[i];
	int right = b[i] == 'Z' || !b[i] ? 0 : b[i];
	return left - right;
}

int report_job_status(const struct containers *containers, bool until_all)
{
	const struct container *first = NULL;
	bool any = false;
	for (size_t i = 0; i < containers->count; i++) {
		const struct container *container = &containers->list[i];
		any = any || container->started;
		if (!container->started || !container->finished[0] ||
			(until_all && container->exit_code == 0))
			continue;
		if (!first || compare_times(container->finished, first->finished) < 0)
			first = container;
	}
	return first ? first->exit_code : any ? 0 : -1;
}

/* The OOM kills of one CRS, per container and limit. */
static json_t *kills_to_json(const struct oom_kills *kills, size_t crs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < kills->count; i++) {
		const struct oom_sum *sum = &kills->list[i];
		if (sum->crs == crs)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:s, s:I}", "container", sum->container,
					      "limit", oom_limit_name(sum->limit), "kills",
					      (json_int_t)sum->count));
	}
	return list;
}

/* Set a figure; null if it is unknown. */
static void set_figure(json_t *object, const char *name, uint64_t value)
{
	(void)json_object_set_new(
		object, name, value <= INT64_MAX ? json_integer((json_int_t)value) : json_null());
}

static void set_figures(json_t *object, const struct report *report, size_t i)
{
	const struct cgroup_stat *figures = &report->crs[i].figures;
	uint64_t duration = report->conditions ? report->conditions->duration_usec : 0;
	json_t *stalled = json_object();
	for (size_t kind = 0; kind < PRESSURE_KINDS; kind++)
		set_figure(stalled, pressure_names[kind], figures->pressure[kind].stalled_usec);
	set_figure(object, "cpu_usage_usec", figures->cpu_usec);
	set_figure(
		object, "cpu_allotted_usec", duration * cpulist_count(&report->plan->crs[i].cpus));
	set_figure(object, "throttled_usec", figures->throttled_usec);
	set_figure(object, "memory_peak", figures->memory_peak);
	set_figure(object, "oom_kills",
		report->kills ? oom_kills_in(report->kills, i) : CGROUP_STAT_UNKNOWN);
	(void)json_object_set_new(object, "stalled_usec", stalled);
}

static json_t *crs_report_to_json(const struct report *report, size_t i)
{
	const struct plan_crs *plan = &report->plan->crs[i];
	const struct crs_report *crs = &report->crs[i];
	char cpus[CPULIST_TEXT_MAX];
	json_t *object = json_pack("{s:s, s:s, s:I}", "name", plan->name, "cpus",
		cpulist_format(&plan->cpus, cpus), "memory_max", (json_int_t)plan->memory_max);
	if (report->has_usage)
		set_figures(object, report, i);
	if (report->kills)
		(void)json_object_set_new(object, "oom", kills_to_json(report->kills, i));
	(void)json_object_set_new(object, "exits", json_string(crs->exits ? crs->exits : ""));
	if (report->series)
		(void)json_object_set_new(object, "samples", series_to_json(report->series, i));
	return object;
}

/* {"service": ["privileged", …]} for each service whose processes could leave their CRS. */
static json_t *risks_to_json(const struct compose *compose)
{
	json_t *object = json_object();
	for (size_t i = 0; compose && i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		json_t *names = service->risks ? json_array() : NULL;
		for (size_t bit = 0; names && bit < RISK_COUNT; bit++)
			if (service->risks & 1U << bit)
				(void)json_array_append_new(names, json_string(risk_name(bit)));
		if (names)
			(void)json_object_set_new(object, service->name, names);
	}
	return object;
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
static json_t *caveats_to_json(const struct report *report)
{
	struct conditions_seen seen = {.has_used = report->has_usage, .shared = report->shared};
	for (size_t i = 0; report->has_usage && i < report->plan->crs_count; i++) {
		seen.used_usec += report->crs[i].figures.cpu_usec;
		seen.swaps = seen.swaps || report->crs[i].figures.swap_max == CGROUP_UNLIMITED;
	}
	return conditions_to_json(report->conditions, &seen);
}

static void set_conditions(json_t *root, const struct report *report)
{
	(void)json_object_set_new(
		root, "started", json_integer((json_int_t)report->conditions->started));
	set_figure(root, "duration_usec", report->conditions->duration_usec);
	(void)json_object_set_new(root, "machine", conditions_machine(report->conditions));
	(void)json_object_set_new(root, "caveats", caveats_to_json(report));
}

int report_json(const struct report *report, json_t **ret, struct error *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < report->plan->crs_count; i++)
		(void)json_array_append_new(list, crs_report_to_json(report, i));
	json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:o}", "version", 1, "name",
		report->plan->name, "run_id", report->plan->run_id, "phase",
		phase_name(report->phase), "worker", report->plan->worker, "reason",
		reason_of(report), "exit_status", report->status, "risks",
		risks_to_json(report->compose));
	if (!root) {
		json_decref(list);
		return fail(err, ENOMEM, "report");
	}
	if (report->conditions)
		set_conditions(root, report);
	if (report->watch)
		(void)json_object_set_new(root, "attested",
			json_pack("{s:I, s:I}", "containers", (json_int_t)report->watch->attested,
				"unknown", (json_int_t)report->watch->unknown));
	if (report->shared)
		(void)json_object_set_new(root, "shared", lease_to_json(report->shared));
	if (report->series)
		(void)json_object_set_new(
			root, "sample_usec", series_times_to_json(report->series));
	(void)json_object_set_new(root, "crs", list);
	*ret = root;
	return 0;
}
