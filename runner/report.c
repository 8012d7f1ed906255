/* SPDX-License-Identifier: MIT
 *
 * report: figures to a table (libsmartcols) or a document (jansson).
 */
#include "report.h"

#include "cleanup.h"
#include "risks.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libsmartcols/libsmartcols.h>
#include <signal.h>

static int add_exit(struct crs_report *crs, const struct container *container, struct error *err)
{
	char *longer = NULL;
	char code[16] = "-";
	if (container->finished[0])
		(void)snprintf(code, sizeof code, "%d", container->exit_code);
	if (asprintf(&longer, "%s%s%s", crs->exits ? crs->exits : "", crs->exits ? "," : "", code) < 0)
		return fail(err, ENOMEM, "report");
	free(crs->exits);
	crs->exits = longer;
	return 0;
}

int report_collect(const struct run_plan *plan, const struct cg_tree *tree, const struct compose *compose,
	const struct containers *containers, struct report *ret, struct error *err)
{
	_cleanup_(report_free) struct report report = {
		.plan = plan, .compose = compose, .crs = calloc(plan->crs_count, sizeof *report.crs)};
	if (!report.crs)
		return fail(err, ENOMEM, "report");
	report.has_usage = tree->worker >= 0;
	for (size_t i = 0; report.has_usage && i < plan->crs_count; i++)
		if (tree_usage(tree, plan->crs[i].name, &report.crs[i].usage, err) < 0)
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

/* RFC 3339 with the engine's trailing zeros cut: "…12.3Z" comes before "…12.34Z". Fields of equal width otherwise. */
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

enum column { CRS, CPUS, CPU_TIME, PEAK, LIMIT, OOM, EXITS, COLUMNS };

static int fill_line(struct libscols_line *line, const struct report *report, size_t i)
{
	const struct plan_crs *plan = &report->plan->crs[i];
	const struct crs_report *crs = &report->crs[i];
	char cpus[CPULIST_TEXT_MAX];
	char peak[SIZE_TEXT_MAX] = "-";
	char limit[SIZE_TEXT_MAX];
	char seconds[32] = "-";
	char kills[32] = "-";
	if (report->has_usage) {
		(void)snprintf(seconds, sizeof seconds, "%" PRIu64 ".%" PRIu64 "s",
			crs->usage.cpu_usec / 1000000, crs->usage.cpu_usec / 100000 % 10);
		(void)snprintf(kills, sizeof kills, "%" PRIu64, crs->usage.oom_kills);
		if (crs->usage.memory_peak)
			(void)size_format(crs->usage.memory_peak, peak);
	}
	const char *const cells[COLUMNS] = {
		[CRS] = plan->name,
		[CPUS] = cpulist_format(&plan->cpus, cpus),
		[CPU_TIME] = seconds,
		[PEAK] = peak,
		[LIMIT] = size_format(plan->memory_max, limit),
		[OOM] = kills,
		[EXITS] = crs->exits ? crs->exits : "-",
	};
	for (size_t c = 0; c < COLUMNS; c++)
		if (scols_line_set_data(line, c, cells[c]) != 0)
			return -1;
	return 0;
}

static void table_unref(struct libscols_table **table)
{
	scols_unref_table(*table);
}

/* What makes the run's figures less than comparable. */
static void print_shared(const struct report *report, FILE *to)
{
	char user[64];
	char cpus[CPULIST_TEXT_MAX];
	for (size_t i = 0; report->shared && i < report->shared->count; i++) {
		const struct lease *other = &report->shared->list[i];
		struct cpulist common = other->cpus;
		cpulist_intersect(&common, &report->plan->cpus);
		if (other->in_way)
			(void)fprintf(to, "shared: %s%s with run %s of %s\n",
				cpulist_empty(&common) ? "memory" : "CPUs ", cpulist_format(&common, cpus),
				other->name, lease_user(other, user, sizeof user));
	}
}

int report_print(const struct report *report, FILE *to, struct error *err)
{
	static const char *const titles[COLUMNS] = {
		"CRS", "CPUS", "CPU TIME", "MEMORY PEAK", "LIMIT", "OOM KILLS", "EXIT"};
	_cleanup_(table_unref) struct libscols_table *table = scols_new_table();
	if (!table)
		return fail(err, ENOMEM, "table");
	(void)scols_table_set_stream(table, to);
	for (size_t c = 0; c < COLUMNS; c++)
		if (!scols_table_new_column(table, titles[c], 0, c > CPUS && c < EXITS ? SCOLS_FL_RIGHT : 0))
			return fail(err, ENOMEM, "table");
	for (size_t i = 0; i < report->plan->crs_count; i++) {
		struct libscols_line *line = scols_table_new_line(table, NULL);
		if (!line || fill_line(line, report, i) < 0)
			return fail(err, ENOMEM, "table");
	}
	if (scols_print_table(table) != 0)
		return fail(err, EIO, "print the table");
	print_shared(report, to);
	return 0;
}

/* The OOM kills of one CRS, per container and limit. */
static json_t *kills_to_json(const struct oom_kills *kills, size_t crs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < kills->count; i++) {
		const struct oom_sum *sum = &kills->list[i];
		if (sum->crs == crs)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:s, s:I}", "container", sum->container, "limit",
					      oom_limit_name(sum->limit), "kills", (json_int_t)sum->count));
	}
	return list;
}

static json_t *crs_to_json(const struct report *report, size_t i)
{
	const struct plan_crs *plan = &report->plan->crs[i];
	const struct crs_report *crs = &report->crs[i];
	char cpus[CPULIST_TEXT_MAX];
	json_t *object = json_pack("{s:s, s:s, s:I}", "name", plan->name, "cpus",
		cpulist_format(&plan->cpus, cpus), "memory_max", (json_int_t)plan->memory_max);
	if (report->has_usage) {
		(void)json_object_set_new(
			object, "cpu_usage_usec", json_integer((json_int_t)crs->usage.cpu_usec));
		(void)json_object_set_new(
			object, "memory_peak", json_integer((json_int_t)crs->usage.memory_peak));
		(void)json_object_set_new(
			object, "oom_kills", json_integer((json_int_t)crs->usage.oom_kills));
	}
	if (report->watch)
		(void)json_object_set_new(object, "oom", kills_to_json(&report->watch->kills, i));
	(void)json_object_set_new(object, "exits", json_string(crs->exits ? crs->exits : ""));
	return object;
}

/* {"service": ["privileged", …]} for each service that could step outside. */
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

/* An end by the OOM killer is an exit with 137 to Compose. */
static const char *reason_of(const struct report *report)
{
	static const char *const reasons[] = {
		[REASON_EXITED] = "exited",
		[REASON_TIMEOUT] = "timeout",
		[REASON_SIGNAL] = "signal",
		[REASON_MISMATCH] = "mismatch",
	};
	bool killed =
		report->watch && report->watch->kills.count > 0 && report->status == EX_SIGNAL + SIGKILL;
	return report->reason == REASON_EXITED && killed ? "oom" : reasons[report->reason];
}

int report_json(const struct report *report, char **ret, struct error *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < report->plan->crs_count; i++)
		(void)json_array_append_new(list, crs_to_json(report, i));
	json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:i, s:o, s:o}", "version", 1, "name",
		report->plan->name, "worker", report->plan->worker, "reason", reason_of(report),
		"exit_status", report->status, "risks", risks_to_json(report->compose), "crs", list);
	if (root && report->watch)
		(void)json_object_set_new(root, "attested",
			json_pack("{s:I, s:I}", "containers", (json_int_t)report->watch->attested, "unknown",
				(json_int_t)report->watch->unknown));
	if (root && report->shared)
		(void)json_object_set_new(root, "shared", lease_to_json(report->shared));
	char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	if (!text)
		return fail(err, ENOMEM, "report");
	*ret = text;
	return 0;
}
