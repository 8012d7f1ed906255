/* SPDX-License-Identifier: MIT
 *
 * cmd_plan: the `plan` command: print what a run would make, as a table with notes and a drawing,
 * or as JSON. It changes nothing.
 */
#include "commands.h"

#include "cleanup.h"
#include "drawing.h"
#include "grid.h"
#include "json_build.h"
#include "lease_json.h"
#include "load.h"
#include "machine.h"
#include "plan_services.h"
#include "size.h"
#include "start.h"
#include "text.h"

#include <errno.h>
#include <jansson.h>

static json_t *texts_to_json(struct json_build *build, char *const *texts, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_build_append(build, array, json_build_prose(texts[i]));
	return array;
}

static json_t *plan_crs_to_json(
	struct json_build *build, const struct run_plan *plan, const struct plan_crs *crs)
{
	char mems[CPULIST_TEXT_MAX] _unfilled_;
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char parent[CGROUP_PATH_MAX + JOB_NAME_MAX + 2] _unfilled_;
	(void)snprintf(parent, sizeof parent, "%s/%s", plan->cgroup_parent, crs->name);
	return json_build_pack(build, "{s:s, s:s, s:s, s:I, s:i, s:s}", "name", crs->name, "cpus",
		cpulist_format(&crs->cpus, cpus), "mems", cpulist_format(&crs->mems, mems),
		"memory_max", (json_int_t)crs->memory_max, "memory_swap_max", 0, "cgroup_parent",
		parent);
}

/* Whether the run could begin now. There is nothing to look at if the plan is for another machine,
 * or if this one has no cgroups of users. */
struct prospect {
	bool looked;
	/* Why not all runs could be seen; empty: all have been. Then a run that seems to fit may
	 * not. */
	char unknown[LEDGER_HIDDEN_MAX];
	struct ledger ledger;
	struct lease_claim claim;
	struct lease_view view;
};

static void prospect_free(struct prospect *prospect)
{
	ledger_free(&prospect->ledger);
}

/* Judge the plan as the queue would. CPUs by number are chosen of those that are free now. */
static int judge_prospect(const struct context *context, struct loaded *loaded,
	struct prospect *prospect, struct error *err)
{
	struct start start = start_loaded(loaded);
	struct cpulist left;
	struct cpulist taken = start.host_cpus;
	lease_free_cpus(&prospect->ledger, 0, &start.host_cpus, &left);
	cpulist_subtract(&taken, &left);
	if ((start.any && load_choose(loaded, &taken, err) < 0) ||
		start_claim(context, &start, &prospect->claim, err) < 0)
		return -1;
	prospect->view = lease_judge(&prospect->ledger, &prospect->claim);
	if (prospect->ledger.hidden)
		(void)ledger_describe_hidden(&prospect->ledger, prospect->unknown);
	return 0;
}

static struct prospect find_prospect(const struct context *context, struct loaded *loaded)
{
	const struct options *options = &context->options;
	struct prospect prospect = {.ledger = LEDGER_NONE};
	struct error problem = {0};
	if (options->host_cpus || options->host_memory || options->topology)
		return prospect;
	if (ledger_read(&context->host, 0, &prospect.ledger, &problem) < 0) {
		if (problem.status == EX_UNAVAILABLE || problem.code == ENOENT)
			return prospect;
	}
	prospect.looked = true;
	if (problem.status || judge_prospect(context, loaded, &prospect, &problem) < 0) {
		prospect.view.fits = true; /* as far as was seen, which is nothing */
		(void)snprintf(prospect.unknown, sizeof prospect.unknown, "%.700s", problem.msg);
	}
	return prospect;
}

static json_t *prospect_to_json(
	struct json_build *build, const struct context *context, const struct prospect *prospect)
{
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	struct cpulist host_cpus = {0};
	struct cpulist left = {0};
	struct error ignored;
	bool unknown = *prospect->unknown;
	if (machine_cpus(&context->host, &host_cpus, &ignored) == 0)
		lease_free_cpus(&prospect->ledger, 0, &host_cpus, &left);
	return json_build_pack(build, "{s:o, s:s, s:I, s:i, s:o, s:o, s:o*}", "fits",
		unknown && prospect->view.fits ? json_null() : json_boolean(prospect->view.fits),
		"cpus_free", cpulist_format(&left, cpus), "memory_free",
		(json_int_t)prospect->view.memory_free, "waiting_before", (int)prospect->view.ahead,
		"in_the_way", lease_to_json(build, &prospect->ledger), "foreign",
		lease_foreign_to_json(build, &prospect->ledger), "unknown",
		unknown ? json_build_prose(prospect->unknown) : NULL);
}

static int print_plan_json(const struct context *context, const struct run_plan *plan,
	const struct compose *compose, const struct prospect *prospect, struct error *err)
{
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char path[CGROUP_PATH_MAX + sizeof HOST_CGROUP_MOUNT];
	(void)snprintf(path, sizeof path, "%s%s", HOST_CGROUP_MOUNT, plan->cgroup_parent);
	struct json_build build = JSON_BUILD_NONE;
	json_t *crs = json_array();
	for (size_t i = 0; i < plan->crs_count; i++)
		json_build_append(&build, crs, plan_crs_to_json(&build, plan, &plan->crs[i]));
	json_t *root = json_build_pack(&build,
		"{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "version", 1, "format",
		job_format_name(plan->job->format), "worker", plan->worker, "name", plan->name,
		"path", path, "cgroup_parent", plan->cgroup_parent, "cpus",
		cpulist_format(&plan->cpus, cpus), "memory_max", (json_int_t)plan->memory_max,
		"crs", crs, "notes", texts_to_json(&build, plan->notes, plan->note_count),
		"warnings", texts_to_json(&build, plan->warnings, plan->warning_count));
	if (context->options.compose_files.count)
		json_build_set(
			&build, root, "services", plan_services_to_json(&build, compose, plan));
	if (prospect->looked)
		json_build_set(&build, root, "now", prospect_to_json(&build, context, prospect));
	return json_build_print(&build, root, err);
}

static int add_line(struct libscols_table *table, const char *name, const struct cpulist *set,
	uint64_t memory, struct error *err)
{
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char size[SIZE_TEXT_MAX];
	char count[16];
	(void)snprintf(count, sizeof count, "%u", cpulist_count(set));
	const char *const cells[] = {
		name, cpulist_format(set, cpus), count, size_format_exact(memory, size)};
	return grid_add(table, cells, NULL, sizeof cells / sizeof *cells, err);
}

static void print_prospect(const struct prospect *prospect)
{
	char text[1024];
	if (!prospect->looked)
		return;
	(void)putchar('\n');
	if (!prospect->view.fits)
		text_line(stdout, "Now: %s",
			lease_describe(&prospect->ledger, &prospect->claim, &prospect->view, text,
				sizeof text));
	else if (*prospect->unknown)
		text_line(stdout, "Now: unknown, because not all runs are visible: %s",
			prospect->unknown);
	else
		text_line(stdout, "Now: the CPUs and memory are free");
	for (size_t i = 0; i < prospect->ledger.count; i++) {
		const struct lease *lease = &prospect->ledger.list[i];
		if (lease->state == LEASE_FOREIGN && !lease->conflicts)
			text_line(stdout, "Beside it: %s", lease_describe_foreign(lease, text));
	}
}

static int print_plan_table(const struct run_plan *plan, const struct compose *compose,
	const struct prospect *prospect, struct error *err)
{
	static const struct grid_column columns[] = {{.title = "CRS"}, {.title = "CPUS"},
		{.title = "COUNT", .right = true}, {.title = "MEMORY", .right = true}};
	_cleanup_(grid_close) struct libscols_table *table =
		grid_open(columns, sizeof columns / sizeof *columns, stdout, err);
	if (!table)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (add_line(table, plan->crs[i].name, &plan->crs[i].cpus, plan->crs[i].memory_max,
			    err) < 0)
			return -1;
	if (add_line(table, "(worker)", &plan->cpus, plan->memory_max, err) < 0)
		return -1;
	text_line(stdout, "Worker %s of %s", plan->worker, plan->job->path);
	text_line(stdout, "%s%s", HOST_CGROUP_MOUNT, plan->cgroup_parent);
	(void)putchar('\n');
	if (grid_print(table, err) < 0 || plan_services_print(compose, plan, err) < 0)
		return -1;
	print_prospect(prospect);
	if (plan->note_count > 0)
		(void)putchar('\n');
	for (size_t i = 0; i < plan->note_count; i++)
		text_line(stdout, "%s", plan->notes[i]);
	return 0;
}

int cmd_plan(const struct context *context, struct error *err)
{
	_cleanup_(loaded_free) struct loaded loaded = LOADED_NONE;
	if (load_plan(context, PHASE_RUN, &loaded, err) < 0)
		return -1;
	_cleanup_(prospect_free) struct prospect prospect = find_prospect(context, &loaded);
	load_warn(context, &loaded);
	const struct run_plan *plan = &loaded.plan;
	_cleanup_(compose_free) struct compose compose = COMPOSE_NONE;
	if (plan_explain(&plan->topology, &loaded.plan, err) < 0 ||
		plan_services_read(context, plan, &compose, err) < 0)
		return -1;
	if (context->options.json)
		return print_plan_json(context, plan, &compose, &prospect, err);
	if (print_plan_table(plan, &compose, &prospect, err) < 0)
		return -1;
	if (plan->topology.count == 0)
		return 0;
	(void)putchar('\n');
	return drawing_print(plan, stdout, err);
}
