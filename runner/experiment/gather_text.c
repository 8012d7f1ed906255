/* SPDX-License-Identifier: MIT
 *
 * gather_text: rows, cells and comparisons as CSV and as JSON. Rows are written as they are read,
 * so that memory does not grow with their number.
 */
#include "gather.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "json_build.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

/* ---- CSV ----------------------------------------------------------------------------------- */

static void put_text(FILE *to, const char *text)
{
	(void)fputs(",\"", to);
	for (; *text; text++) {
		if (*text == '"')
			(void)fputc('"', to);
		(void)fputc(*text, to);
	}
	(void)fputc('"', to);
}

static void put_number(FILE *to, uint64_t number)
{
	if (number == CGROUP_STAT_UNKNOWN)
		(void)fputc(',', to);
	else
		(void)fprintf(to, ",%" PRIu64, number);
}

static void put_titles(FILE *to, const struct gather *gather)
{
	(void)fputs(
		"index,id,config,project,harness,trial,state,why,crs,host,cpu_model,kernel,reason,"
		"exit_status,duration_usec,cpus,cpu_usage_usec,memory_max,memory_peak,"
		"cpu_stalled_usec,memory_stalled_usec,io_stalled_usec,caveats",
		to);
	for (size_t i = 0; i < gather->figure_count; i++)
		(void)fprintf(to, ",%s", gather->figures[i]);
	(void)fputc('\n', to);
}

static void put_result(FILE *to, const struct summary *summary, const struct summary_crs *crs)
{
	put_text(to, crs->name);
	put_text(to, summary->host);
	put_text(to, summary->cpu);
	put_text(to, summary->kernel);
	put_text(to, summary->reason);
	(void)fprintf(to, ",%d", summary->exit_status);
	put_number(to, summary->duration_usec ? summary->duration_usec : CGROUP_STAT_UNKNOWN);
	put_number(to, cpulist_count(&crs->cpus));
	put_number(to, crs->figures.cpu_usec);
	put_number(to, crs->memory_max);
	put_number(to, crs->figures.memory_peak);
	for (size_t kind = 0; kind < PRESSURE_KINDS; kind++)
		put_number(to, crs->figures.pressure[kind].stalled_usec);
	(void)fputs(",\"", to);
	for (size_t i = 0; i < summary->caveat_count; i++)
		(void)fprintf(to, "%s%s", i ? " " : "", summary->caveats[i].id);
	(void)fputc('"', to);
}

int gather_take_csv(
	void *data, const struct gather *gather, const struct gather_row *row, struct error *err)
{
	FILE *to = data;
	const struct run_entry *run = row->run;
	if (row->index == 0 && (!row->summary || row->crs == row->summary->crs))
		put_titles(to, gather);
	(void)fprintf(to, "%zu", row->index);
	put_text(to, run->id);
	put_text(to, run->config);
	put_text(to, run->project);
	put_text(to, run->harness);
	(void)fprintf(to, ",%u", run->trial);
	put_text(to, gather_state_name(row->state));
	put_text(to, row->failure ? row->failure->why : "");
	if (row->crs && row->summary)
		put_result(to, row->summary, row->crs);
	else
		(void)fputs(",,,,,,,,,,,,,,,", to);
	for (size_t i = 0; i < gather->figure_count; i++)
		if (isnan(row->figures[i]))
			(void)fputc(',', to);
		else
			(void)fprintf(to, ",%.17g", row->figures[i]);
	return fputc('\n', to) == EOF ? fail(err, errno, "write the rows") : 0;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *known(double figure)
{
	return isnan(figure) ? json_null() : json_real(figure);
}

static int write_value(FILE *to, struct json_build *build, json_t *value, struct error *err)
{
	_cleanup_json_ json_t *root = NULL;
	if (json_build_end(build, value, &root, err) < 0)
		return -1;
	return json_dumpf(root, to, JSON_COMPACT) < 0 ? fail(err, EIO, "write JSON") : 0;
}

void gather_json_begin(const struct gather_json *json, const char *name)
{
	/* The name has no character that JSON would escape. */
	(void)fprintf(json->to, "{\"version\": 1, \"name\": \"%s\", \"rows\": [", name);
}

static json_t *caveats_to_json(struct json_build *build, const struct summary *summary)
{
	json_t *list = json_array();
	for (size_t i = 0; i < summary->caveat_count; i++)
		json_build_append(
			build, list, json_build_text(build, "a caveat", summary->caveats[i].id));
	return list;
}

static void set_result(struct json_build *build, json_t *object, const struct gather_row *row)
{
	const struct summary *summary = row->summary;
	char cpus[CPULIST_TEXT_MAX];
	json_build_set(build, object, "crs", json_string(row->crs->name));
	json_build_set(build, object, "machine", json_integer((json_int_t)row->machine));
	json_build_set(build, object, "host", json_string(summary->host));
	json_build_set(build, object, "reason", json_string(summary->reason));
	json_build_set(build, object, "exit_status", json_integer(summary->exit_status));
	json_build_set(build, object, "cpus", json_string(cpulist_format(&row->crs->cpus, cpus)));
	json_build_set(build, object, "caveats", caveats_to_json(build, summary));
}

int gather_take_json(
	void *data, const struct gather *gather, const struct gather_row *row, struct error *err)
{
	struct gather_json *json = data;
	struct json_build build = JSON_BUILD_NONE;
	const struct run_entry *run = row->run;
	json_t *figures = json_object();
	for (size_t i = 0; row->crs && i < gather->figure_count; i++)
		json_build_set(&build, figures, gather->figures[i], known(row->figures[i]));
	json_t *object = json_build_pack(&build, "{s:I, s:s, s:s, s:o, s:o, s:i, s:s, s:o}",
		"index", (json_int_t)row->index, "id", run->id, "config", run->config, "project",
		json_build_text(&build, "a project", run->project), "harness",
		json_build_text(&build, "a harness", run->harness), "trial", (int)run->trial,
		"state", gather_state_name(row->state), "figures", figures);
	if (row->failure)
		json_build_set(&build, object, "failure",
			json_build_pack(&build, "{s:i, s:s, s:s}", "status", row->failure->status,
				"host", row->failure->host, "why", row->failure->why));
	if (row->crs)
		set_result(&build, object, row);
	(void)fputs(json->begun ? ",\n" : "\n", json->to);
	json->begun = true;
	return write_value(json->to, &build, object, err);
}

static json_t *five_to_json(struct json_build *build, const struct gather_values *values)
{
	if (!values->count)
		return json_build_pack(build, "{s:i}", "n", 0);
	struct five_numbers five = statistics_five(values->list, values->count);
	return json_build_pack(build, "{s:I, s:f, s:f, s:f, s:f, s:f}", "n",
		(json_int_t)values->count, "min", five.min, "q1", five.q1, "median", five.median,
		"q3", five.q3, "max", five.max);
}

static json_t *cell_to_json(
	struct json_build *build, const struct gather *gather, const struct gather_cell *cell)
{
	const struct run_entry *run = &gather->runs->list[cell->place];
	json_t *figures = json_object();
	for (size_t i = *cell->crs ? 0 : GATHER_OWN; i < gather->figure_count; i++)
		json_build_set(
			build, figures, gather->figures[i], five_to_json(build, &cell->figures[i]));
	return json_build_pack(build, "{s:s, s:o, s:o, s:s, s:I, s:I, s:o}", "config", run->config,
		"project", json_build_text(build, "a project", run->project), "harness",
		json_build_text(build, "a harness", run->harness), "crs", cell->crs, "machine",
		(json_int_t)cell->machine, "trials",
		(json_int_t)(gather->runs->count / gather->places), "figures", figures);
}

struct comparing {
	struct json_build *build;
	const struct gather *gather;
	json_t *list;
};

static int add_comparison(void *data, const struct gather_comparison *comparison, struct error *err)
{
	struct comparing *comparing = data;
	struct json_build *build = comparing->build;
	const struct mann_whitney *result = &comparison->result;
	(void)err;
	json_build_append(build, comparing->list,
		json_build_pack(build,
			"{s:o, s:o, s:I, s:s, s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:b}", "project",
			json_build_text(build, "a project", comparison->a->project), "harness",
			json_build_text(build, "a harness", comparison->a->harness), "machine",
			(json_int_t)comparison->machine, "figure",
			comparing->gather->figures[comparison->figure], "a", comparison->a->config,
			"b", comparison->b->config, "n_a", (json_int_t)comparison->count_a, "n_b",
			(json_int_t)comparison->count_b, "u", result->u, "p", result->p, "a12",
			result->a12, "exact", result->exact));
	return 0;
}

int gather_json_end(const struct gather_json *json, const struct gather *gather, size_t configs,
	struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	json_t *cells = json_array();
	json_t *machines = json_array();
	json_t *counts = json_object();
	struct comparing comparing = {.build = &build, .gather = gather, .list = json_array()};
	for (size_t i = 0; i < gather->cell_count; i++)
		if (*gather->cells[i].crs || gather->figure_count > GATHER_OWN)
			json_build_append(
				&build, cells, cell_to_json(&build, gather, &gather->cells[i]));
	for (size_t i = 0; i < gather->machine_count; i++)
		json_build_append(&build, machines,
			json_build_pack(&build, "{s:s, s:s, s:I}", "cpu", gather->machines[i].cpu,
				"kernel", gather->machines[i].kernel, "runs",
				(json_int_t)gather->machines[i].runs));
	for (enum gather_state state = GATHER_DONE; state < GATHER_STATES; state++)
		json_build_set(&build, counts, gather_state_name(state),
			json_integer((json_int_t)gather->states[state]));
	int compared = gather_compare(gather, configs, add_comparison, &comparing, err);
	json_t *rest =
		json_build_pack(&build, "[o, o, o, o]", counts, machines, cells, comparing.list);
	static const char *const keys[] = {"counts", "machines", "cells", "comparisons"};
	_cleanup_json_ json_t *parts = NULL;
	if (json_build_end(&build, rest, &parts, err) < 0 || compared < 0)
		return -1;
	(void)fputs("\n]", json->to);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		(void)fprintf(json->to, ",\n\"%s\": ", keys[i]);
		if (json_dumpf(json_array_get(parts, i), json->to, JSON_COMPACT) < 0)
			return fail(err, EIO, "write JSON");
	}
	return fputs("}\n", json->to) == EOF ? fail(err, errno, "write JSON") : 0;
}
