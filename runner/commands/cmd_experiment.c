/* SPDX-License-Identifier: MIT
 *
 * cmd_experiment: the command `experiment`: its table of verbs, and what they share. A file is read
 * into a matrix; what was submitted is read from the experiment's directory.
 */
#include "commands.h"

#include "cleanup.h"
#include "experiment_parts.h"
#include "nearest.h"

#include <errno.h>

static const struct verb {
	const char *name;
	int (*run)(const struct context *context, struct error *err);
	int min_args, max_args; /* words after the verb */
	const char *usage;
} verbs[] = {
	{"plan", experiment_plan, 1, 1, "FILE"},
	{"submit", experiment_submit, 1, 1, "FILE"},
	{"status", experiment_status, 1, 1, "FILE"},
	{"gather", experiment_gather, 1, 1, "FILE"},
	{"cancel", experiment_cancel, 1, 1, "FILE"},
	{"task", experiment_task, 1, 2, "DIR [INDEX]"},
	{"host", experiment_host, 3, 4, "DIR HOST ACTION [WORD]"},
};

#define VERB_COUNT (sizeof verbs / sizeof *verbs)

int cmd_experiment(const struct context *context, struct error *err)
{
	const char *name = context->options.args[0];
	const char *names[VERB_COUNT + 1] = {NULL};
	int count = context->options.arg_count - 1;
	for (size_t i = 0; i < VERB_COUNT; i++) {
		names[i] = verbs[i].name;
		if (strcmp(name, verbs[i].name) != 0)
			continue;
		if (count >= verbs[i].min_args && count <= verbs[i].max_args)
			return verbs[i].run(context, err);
		(void)fail_as(err, EX_USAGE, "too %s arguments",
			count < verbs[i].min_args ? "few" : "many");
		return add_hint(
			err, "usage: oss-crs-run experiment %s [OPTIONS] %s", name, verbs[i].usage);
	}
	const char *meant = nearest_meant(name, names);
	(void)fail_as(err, EX_USAGE, "experiment has no verb '%.64s'%s%s%s", name,
		meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
	return add_hint(err, "see: oss-crs-run experiment --help");
}

/* ---- the file ------------------------------------------------------------------------------ */

int matrix_read(const struct context *context, struct matrix *ret, struct error *err)
{
	if (experiment_load(context->options.args[1], &ret->experiment, err) < 0)
		return -1;
	ret->path = experiment_directory(&ret->experiment);
	ret->shapes = calloc(ret->experiment.config_count, sizeof *ret->shapes);
	if (!ret->path || !ret->shapes)
		return fail(err, ENOMEM, "%s", context->options.args[1]);
	return runs_shapes(&ret->experiment, ret->shapes, err) < 0 ||
			       runs_text(&ret->experiment, ret->shapes, &ret->text, &ret->len,
				       err) < 0 ||
			       runs_parse("runs.tsv", ret->text, ret->len, &ret->runs, err) < 0
		       ? -1
		       : 0;
}

void matrix_free(struct matrix *matrix)
{
	runs_free(&matrix->runs);
	free(matrix->text);
	free(matrix->shapes);
	free(matrix->path);
	experiment_free(&matrix->experiment);
	*matrix = (struct matrix)MATRIX_NONE;
}

/* ---- what was submitted -------------------------------------------------------------------- */

int submitted_read(const char *path, struct submitted *ret, struct error *err)
{
	ret->path = realpath(path, NULL);
	if (ret->path)
		ret->dir = directory_open(ret->path, false, err);
	else
		(void)fail(err, errno, "open %s", path);
	if (ret->dir >= 0 &&
		directory_read_experiment(ret->dir, &ret->experiment, &ret->json, err) == 0 &&
		directory_read_runs(ret->dir, &ret->runs, err) == 0)
		return 0;
	if (err->code != ENOENT)
		return -1;
	(void)fail_as(err, EX_CONFIG, "nothing has been submitted to %s", path);
	return add_hint(err, "run: oss-crs-run experiment submit FILE");
}

int submitted_of_file(const struct context *context, struct submitted *ret, struct error *err)
{
	struct experiment experiment = EXPERIMENT_NONE;
	if (experiment_load(context->options.args[1], &experiment, err) < 0)
		return -1;
	_cleanup_free_ char *path = experiment_directory(&experiment);
	experiment_free(&experiment);
	return path ? submitted_read(path, ret, err) : fail(err, ENOMEM, "experiment");
}

void submitted_free(struct submitted *submitted)
{
	runs_free(&submitted->runs);
	json_decref(submitted->json);
	experiment_free(&submitted->experiment);
	free(submitted->path);
	cleanup_close(&submitted->dir);
	*submitted = (struct submitted)SUBMITTED_NONE;
}

struct placing submitted_placement(const struct context *context, const struct submitted *submitted)
{
	return (struct placing){
		.host = &context->host,
		.uid = context->uid,
		.experiment = &submitted->experiment,
		.runs = &submitted->runs,
		.path = submitted->path,
		.dir = submitted->dir,
	};
}

const char *progress_state_name(enum progress_state state)
{
	static const char *const names[] = {[RUN_DONE] = "done",
		[RUN_RUNNING] = "running",
		[RUN_QUEUED] = "queued",
		[RUN_FAILED] = "failed",
		[RUN_MISSING] = "missing",
		[RUN_UNKNOWN] = "unknown"};
	return names[state];
}

/* Find the state of a run that is not done. */
static int find_state(const struct submitted *submitted, size_t index, enum placer_state placed,
	enum progress_state *ret, struct error *err)
{
	struct directory_failure failure;
	const char *id = submitted->runs.list[index].id;
	int claimed = directory_is_claimed(submitted->dir, id, err);
	if (claimed < 0)
		return -1;
	*ret = claimed || placed == PLACER_RUNNING ? RUN_RUNNING
	       : placed == PLACER_QUEUED           ? RUN_QUEUED
	       : placed == PLACER_UNKNOWN          ? RUN_UNKNOWN
						   : RUN_MISSING;
	if (*ret != RUN_MISSING)
		return 0;
	if (directory_read_failure(submitted->dir, id, &failure, err) == 0)
		*ret = RUN_FAILED;
	else if (err->code != ENOENT)
		return -1;
	return 0;
}

static void warn_of(const struct error *problem, const void *data)
{
	const struct context *context = data;
	log_warning(&context->log, "%s", problem->msg);
}

int progress_find(const struct context *context, const struct submitted *submitted, bool submits,
	struct progress *ret, struct error *err)
{
	size_t count = submitted->runs.count;
	const struct placer *placer = placer_of(submitted->experiment.place.engine);
	const struct placing placement = submitted_placement(context, submitted);
	_cleanup_free_ enum placer_state *placed = calloc(count, sizeof *placed);
	_cleanup_free_ bool *done = calloc(count, sizeof *done);
	ret->states = calloc(count, sizeof *ret->states);
	ret->away = calloc(submitted->experiment.place.hosts.count + 1, sizeof *ret->away);
	if (!placed || !done || !ret->states || !ret->away)
		return fail(err, ENOMEM, "runs");
	for (size_t i = 0; i < count; i++)
		if (directory_find_done(submitted->dir, submitted->runs.list[i].id, &done[i], err) <
			0)
			return -1;
	struct placer_view view = {.submits = submits,
		.done = done,
		.states = placed,
		.away = ret->away,
		.warn = warn_of,
		.data = context};
	if (placer->list(&placement, &view, err) < 0)
		return add_context(err, "%s", placer->name);
	for (size_t i = 0; i < count; i++)
		if (!done[i] && find_state(submitted, i, placed[i], &ret->states[i], err) < 0)
			return -1;
	return 0;
}

void progress_free(struct progress *progress)
{
	free(progress->states);
	free(progress->away);
	*progress = (struct progress)PROGRESS_NONE;
}
