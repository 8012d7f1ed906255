/* SPDX-License-Identifier: MIT
 *
 * cmd_experiment_plan: `experiment plan`: the matrix, what its runs need, and the jobs that submit
 * them. It reads the file and the configs, and nothing else: no engine, and not this host.
 */
#include "cleanup.h"
#include "experiment_parts.h"
#include "grid.h"
#include "json_build.h"
#include "size.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>

static json_t *runs_to_json(struct json_build *build, const struct runs *runs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < runs->count; i++) {
		const struct run_entry *run = &runs->list[i];
		json_build_append(build, list,
			json_build_pack(build, "{s:I, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:I}",
				"index", (json_int_t)i, "id", run->id, "config", run->config,
				"project", run->project, "harness", run->harness, "trial",
				(int)run->trial, "worker", run->worker, "cpus", (int)run->cpus,
				"memory_max", (json_int_t)run->memory_max));
	}
	return list;
}

static json_t *job_to_json(
	struct json_build *build, const struct placer *placer, const struct placer_job *job)
{
	json_t *indices = json_array();
	json_t *command = json_array();
	for (size_t i = 0; i < job->count; i++)
		json_build_append(build, indices, json_integer((json_int_t)job->indices[i]));
	for (char **word = job->argv; *word; word++)
		json_build_append(
			build, command, json_build_text(build, "a word of a command", *word));
	return json_build_pack(build, "{s:s, s:o, s:o, s:o}", "engine", placer->name, "indices",
		indices, "command", command, "script",
		job->script ? json_build_text(build, "a script", job->script) : json_string(""));
}

static int print_json(const struct matrix *matrix, const struct placer *placer,
	const struct placer_jobs *jobs, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	json_t *list = json_array();
	for (size_t i = 0; i < jobs->count; i++)
		json_build_append(&build, list, job_to_json(&build, placer, &jobs->list[i]));
	json_t *root = json_build_pack(&build, "{s:i, s:s, s:o, s:o, s:o}", "version", 1, "name",
		matrix->experiment.name, "output", json_build_text(&build, "a path", matrix->path),
		"runs", runs_to_json(&build, &matrix->runs), "jobs", list);
	return json_build_print(&build, root, err);
}

/* The cells of the matrix: the runs of the first trial. */
static int print_cells(const struct matrix *matrix, struct error *err)
{
	static const struct grid_column columns[] = {{.title = "CONFIG"}, {.title = "PROJECT"},
		{.title = "HARNESS"}, {.title = "TRIALS", .right = true},
		{.title = "CPUS", .right = true}, {.title = "MEMORY", .right = true},
		{.title = "WORKER"}};
	_cleanup_(grid_close) struct libscols_table *grid =
		grid_open(columns, sizeof columns / sizeof *columns, stdout, err);
	if (!grid)
		return -1;
	size_t cells = matrix->runs.count / matrix->experiment.trials;
	for (size_t i = 0; i < cells; i++) {
		const struct run_entry *run = &matrix->runs.list[i];
		char trials[16];
		char cpus[16];
		char memory[SIZE_TEXT_MAX];
		(void)snprintf(trials, sizeof trials, "%u", matrix->experiment.trials);
		(void)snprintf(cpus, sizeof cpus, "%u", run->cpus);
		const char *const row[] = {run->config, run->project, run->harness, trials, cpus,
			size_format_exact(run->memory_max, memory), run->worker};
		if (grid_add(grid, row, NULL, sizeof row / sizeof *row, err) < 0)
			return -1;
	}
	return grid_print(grid, err);
}

static int print_job(const struct placer_job *job, size_t number, struct error *err)
{
	_cleanup_free_ char *line = placer_quote_all((const char *const *)job->argv);
	if (!line)
		return fail(err, ENOMEM, "jobs");
	text_line(stdout, "Job %zu: %zu run%s", number, job->count, job->count == 1 ? "" : "s");
	text_line(stdout, "  %s", line);
	for (const char *p = job->script ? job->script : ""; *p;) {
		size_t part = strcspn(p, "\n");
		text_line(stdout, "  | %.*s", (int)part, p);
		p += part + (p[part] == '\n');
	}
	return 0;
}

static int print_text(
	const struct matrix *matrix, const struct placer_jobs *jobs, struct error *err)
{
	const struct experiment *experiment = &matrix->experiment;
	text_line(stdout, "Experiment %s: %zu runs of at most %" PRIu64 " s", experiment->name,
		matrix->runs.count, experiment->timeout);
	text_line(stdout, "Engine %s; directory %s",
		experiment_engine_name(experiment->place.engine), matrix->path);
	(void)putchar('\n');
	if (print_cells(matrix, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs->count; i++) {
		(void)putchar('\n');
		if (print_job(&jobs->list[i], i + 1, err) < 0)
			return -1;
	}
	return 0;
}

int experiment_plan(const struct context *context, struct error *err)
{
	_cleanup_(matrix_free) struct matrix matrix = MATRIX_NONE;
	_cleanup_(placer_jobs_free) struct placer_jobs jobs = PLACER_JOBS_NONE;
	if (matrix_read(context, &matrix, err) < 0)
		return -1;
	const struct placer *placer = placer_of(matrix.experiment.place.engine);
	const struct placing placement = {.host = &context->host,
		.uid = context->uid,
		.experiment = &matrix.experiment,
		.runs = &matrix.runs,
		.path = matrix.path,
		.dir = -1};
	_cleanup_free_ size_t *all = calloc(matrix.runs.count, sizeof *all);
	if (!all)
		return fail(err, ENOMEM, "runs");
	for (size_t i = 0; i < matrix.runs.count; i++)
		all[i] = i;
	if (placer->divide(&placement, all, matrix.runs.count, &jobs, err) < 0)
		return -1;
	return context->options.json ? print_json(&matrix, placer, &jobs, err)
				     : print_text(&matrix, &jobs, err);
}
