/* SPDX-License-Identifier: MIT
 *
 * cmd_experiment_submit: `experiment submit`, `status` and `cancel`. Resuming is to submit again:
 * what is done, queued or running is left out, and the rest goes to the engine.
 */
#include "cleanup.h"
#include "cleanup_json.h"
#include "experiment_parts.h"
#include "fs.h"
#include "grid.h"
#include "json_build.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>

#define LOCK_FILE "submit.lock"

/* ---- submit -------------------------------------------------------------------------------- */

/* Only one process submits at a time. Returns the descriptor that holds the lock. */
static int lock_directory(int dir, const char *path, struct error *err)
{
	_cleanup_close_ int fd = fs_open(dir, LOCK_FILE, O_RDWR | O_CREAT, 0644, err);
	if (fd < 0)
		return -1;
	if (fs_lock(fd, LOCK_FILE, err) == 0)
		return steal_fd(&fd);
	if (err->code != EAGAIN && err->code != EACCES)
		return -1;
	return fail_as(
		err, EX_TEMPFAIL, "another process is submitting to %s, or cancelling", path);
}

static int refuse_change(const struct matrix *matrix, const char *change, struct error *err)
{
	(void)fail_as(err, EX_CONFIG, "%s has changed since it was submitted: %s",
		matrix->experiment.doc.name, change);
	return add_hint(err, "give the experiment another name or `output`; --extend takes more "
			     "trials, and `place` may change");
}

/* Another engine would not know of the runs that the one before still has. */
static int refuse_other_engine(const struct context *context, const struct matrix *matrix,
	const struct submitted *before, struct error *err)
{
	_cleanup_(progress_free) struct progress progress = PROGRESS_NONE;
	enum experiment_engine engine = before->experiment.place.engine;
	if (engine == matrix->experiment.place.engine)
		return 0;
	if (progress_find(context, before, false, &progress, err) < 0)
		return -1;
	for (size_t i = 0; i < before->runs.count; i++) {
		enum progress_state state = progress.states[i];
		if (state != RUN_RUNNING && state != RUN_QUEUED && state != RUN_UNKNOWN)
			continue;
		(void)fail_as(err, EX_TEMPFAIL,
			"the engine %s still has runs of the experiment, such as %s",
			experiment_engine_name(engine), before->runs.list[i].id);
		return add_hint(err, "wait until it has done them, or run: oss-crs-run experiment "
				     "cancel FILE");
	}
	return 0;
}

/* Compare the file with what was submitted before. */
static int check_before(const struct context *context, const struct matrix *matrix,
	const json_t *now, int dir, struct error *err)
{
	char change[EXPERIMENT_CHANGE_MAX];
	_cleanup_(submitted_free) struct submitted before = SUBMITTED_NONE;
	int submitted = directory_has_runs(dir, err);
	if (submitted <= 0)
		return submitted;
	if (submitted_read(matrix->path, &before, err) < 0 ||
		refuse_other_engine(context, matrix, &before, err) < 0)
		return -1;
	if (experiment_change(now, before.json, context->options.extend, change))
		return refuse_change(matrix, change, err);
	/* The configs are not part of the file, but what they need is part of a run. */
	for (size_t i = 0; i < before.runs.count; i++) {
		const struct run_entry *old = &before.runs.list[i];
		const struct run_entry *new = &matrix->runs.list[i];
		if (i < matrix->runs.count && old->cpus == new->cpus &&
			old->memory_max == new->memory_max &&strcmp(old->id, new->id) == 0)
			continue;
		(void)snprintf(change, sizeof change,
			"run '%.160s' of config '%.64s' needs other "
			"CPUs or memory",
			old->id, old->config);
		return refuse_change(matrix, change, err);
	}
	return 0;
}

/* Write what is submitted, and read it back. */
static int keep_matrix(const struct context *context, const struct matrix *matrix,
	struct submitted *ret, int *ret_lock, struct error *err)
{
	_cleanup_json_ json_t *now = NULL;
	if (experiment_json(&matrix->experiment, &now, err) < 0)
		return -1;
	_cleanup_close_ int dir = directory_open(matrix->path, true, err);
	if (dir < 0)
		return -1;
	_cleanup_close_ int lock = lock_directory(dir, matrix->path, err);
	if (lock < 0 || check_before(context, matrix, now, dir, err) < 0 ||
		directory_write(dir, now, matrix->text, matrix->len, err) < 0 ||
		submitted_read(matrix->path, ret, err) < 0)
		return -1;
	*ret_lock = steal_fd(&lock);
	return 0;
}

static size_t count_state(const enum progress_state *states, size_t count, enum progress_state of)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++)
		found += states[i] == of;
	return found;
}

static json_t *states_to_json(
	struct json_build *build, const enum progress_state *states, size_t count)
{
	json_t *counts = json_object();
	for (enum progress_state state = RUN_DONE; state < RUN_STATES; state++)
		json_build_set(build, counts, progress_state_name(state),
			json_integer((json_int_t)count_state(states, count, state)));
	return counts;
}

static int submit_missing(const struct context *context, const struct submitted *submitted,
	const struct progress *progress, size_t *ret_count, struct error *err)
{
	_cleanup_(placer_jobs_free) struct placer_jobs jobs = PLACER_JOBS_NONE;
	const struct placer *placer = placer_of(submitted->experiment.place.engine);
	struct placing placement = submitted_placement(context, submitted);
	size_t count = submitted->runs.count;
	size_t missing = 0;
	placement.away = progress->away;
	_cleanup_free_ size_t *indices = calloc(count, sizeof *indices);
	if (!indices)
		return fail(err, ENOMEM, "runs");
	for (size_t i = 0; i < count; i++)
		if (progress->states[i] == RUN_FAILED || progress->states[i] == RUN_MISSING)
			indices[missing++] = i;
	if (placer->divide(&placement, indices, missing, &jobs, err) < 0)
		return -1;
	for (size_t i = 0; i < jobs.count; i++)
		if (placer->submit(&placement, &jobs.list[i], err) < 0)
			return add_context(err, "%s", placer->name);
	*ret_count = missing;
	return 0;
}

/* The runs by what they were before, and how many were submitted now. */
static int print_submitted(const struct submitted *submitted, const enum progress_state *states,
	size_t count, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	json_t *counts = states_to_json(&build, states, submitted->runs.count);
	return json_build_print(&build,
		json_build_pack(&build, "{s:i, s:s, s:I, s:o}", "version", 1, "name",
			submitted->experiment.name, "submitted", (json_int_t)count, "before",
			counts),
		err);
}

int experiment_submit(const struct context *context, struct error *err)
{
	_cleanup_(matrix_free) struct matrix matrix = MATRIX_NONE;
	_cleanup_(submitted_free) struct submitted submitted = SUBMITTED_NONE;
	_cleanup_(progress_free) struct progress progress = PROGRESS_NONE;
	_cleanup_close_ int lock = -1;
	size_t count = 0;
	if (matrix_read(context, &matrix, err) < 0 ||
		keep_matrix(context, &matrix, &submitted, &lock, err) < 0 ||
		progress_find(context, &submitted, true, &progress, err) < 0 ||
		submit_missing(context, &submitted, &progress, &count, err) < 0)
		return -1;
	size_t all = submitted.runs.count;
	const enum progress_state *states = progress.states;
	if (context->options.json && print_submitted(&submitted, states, count, err) < 0)
		return -1;
	size_t unknown = count_state(states, all, RUN_UNKNOWN);
	log_note(&context->log, LOG_NORMAL,
		"submitted %zu of %zu runs (%zu done, %zu running, %zu queued before) to %s", count,
		all, count_state(states, all, RUN_DONE), count_state(states, all, RUN_RUNNING),
		count_state(states, all, RUN_QUEUED),
		experiment_engine_name(submitted.experiment.place.engine));
	if (!unknown)
		return EX_OK;
	(void)fail_as(err, EX_UNAVAILABLE,
		"%zu runs are unknown, and were not submitted: their hosts cannot be asked",
		unknown);
	return add_hint(err, "submit again when the hosts answer");
}

/* ---- status -------------------------------------------------------------------------------- */

static int print_states(const enum progress_state *states, size_t count, struct error *err)
{
	static const struct grid_column columns[] = {
		{.title = "STATE"}, {.title = "RUNS", .right = true}};
	_cleanup_(grid_close) struct libscols_table *grid =
		grid_open(columns, sizeof columns / sizeof *columns, stdout, err);
	if (!grid)
		return -1;
	for (enum progress_state state = RUN_DONE; state < RUN_STATES; state++) {
		char number[24];
		(void)snprintf(number, sizeof number, "%zu", count_state(states, count, state));
		const char *const row[] = {progress_state_name(state), number};
		if (grid_add(grid, row, NULL, sizeof row / sizeof *row, err) < 0)
			return -1;
	}
	return grid_print(grid, err);
}

/* Why each failed run has no result, as far as its last attempt noted it. */
static void print_failures(const struct submitted *submitted, const enum progress_state *states)
{
	for (size_t i = 0; i < submitted->runs.count; i++) {
		struct directory_failure failure;
		struct error ignored;
		const char *id = submitted->runs.list[i].id;
		if (states[i] == RUN_FAILED &&
			directory_read_failure(submitted->dir, id, &failure, &ignored) == 0)
			text_line(stdout, "%s failed on %s with status %d: %s", id, failure.host,
				failure.status, failure.why);
	}
}

static int print_states_json(
	const struct submitted *submitted, const enum progress_state *states, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	json_t *list = json_array();
	size_t count = submitted->runs.count;
	json_t *counts = states_to_json(&build, states, count);
	for (size_t i = 0; i < count; i++)
		json_build_append(&build, list,
			json_build_pack(&build, "{s:I, s:s, s:s}", "index", (json_int_t)i, "id",
				submitted->runs.list[i].id, "state",
				progress_state_name(states[i])));
	return json_build_print(&build,
		json_build_pack(&build, "{s:i, s:s, s:o, s:o}", "version", 1, "name",
			submitted->experiment.name, "counts", counts, "runs", list),
		err);
}

int experiment_status(const struct context *context, struct error *err)
{
	_cleanup_(submitted_free) struct submitted submitted = SUBMITTED_NONE;
	_cleanup_(progress_free) struct progress progress = PROGRESS_NONE;
	if (submitted_of_file(context, &submitted, err) < 0 ||
		progress_find(context, &submitted, false, &progress, err) < 0)
		return -1;
	if (context->options.json)
		return print_states_json(&submitted, progress.states, err);
	if (print_states(progress.states, submitted.runs.count, err) < 0)
		return -1;
	print_failures(&submitted, progress.states);
	return EX_OK;
}

/* ---- cancel -------------------------------------------------------------------------------- */

int experiment_cancel(const struct context *context, struct error *err)
{
	_cleanup_(submitted_free) struct submitted submitted = SUBMITTED_NONE;
	_cleanup_close_ int lock = -1;
	if (submitted_of_file(context, &submitted, err) < 0)
		return -1;
	lock = lock_directory(submitted.dir, submitted.path, err);
	if (lock < 0)
		return -1;
	const struct placer *placer = placer_of(submitted.experiment.place.engine);
	const struct placing placement = submitted_placement(context, &submitted);
	if (placer->cancel(&placement, err) < 0)
		return add_context(err, "%s", placer->name);
	log_note(&context->log, LOG_NORMAL, "cancelled; to go on, submit again");
	if (!context->options.json)
		return EX_OK;
	struct json_build build = JSON_BUILD_NONE;
	return json_build_print(&build,
		json_build_pack(&build, "{s:i, s:s, s:b}", "version", 1, "name",
			submitted.experiment.name, "cancelled", true),
		err);
}
