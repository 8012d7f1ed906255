/* SPDX-License-Identifier: MIT
 *
 * cmd_experiment_task: `experiment task DIR INDEX`, which does one run on the host where it is
 * called: it claims the run, prepares the host, calls the command `run` in this process, and has
 * the result measured. A scheduler that signals this process so signals the run. `experiment task
 * DIR` is a lane: it takes queued runs one after another, each in a process of its own.
 */
#include "commands.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "crew.h"
#include "experiment_parts.h"
#include "experiment_steps.h"
#include "fs.h"
#include "lanes.h"
#include "launch.h"
#include "queue.h"
#include "queue_file.h"
#include "runconf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>

/* Seconds that the containers of a run have to end: a scheduler's own limit is not far. */
#define STOP_GRACE 10

/* ---- one run ------------------------------------------------------------------------------- */

/* Call the command `run` with the options of the experiment. Returns its exit status; a failure is
 * printed and put into *ret_problem, which is empty otherwise. */
static int call_run(const struct context *context, const struct submitted *submitted,
	const struct run_entry *run, struct error *ret_problem)
{
	const struct experiment_config *config =
		experiment_find(&submitted->experiment, run->config);
	_cleanup_(options_free) struct options options = OPTIONS_NONE;
	_cleanup_free_ char *report = NULL;
	char path[DIRECTORY_PATH_MAX];
	char *args[] = {strdup(config ? config->path : ""), strdup(run->project),
		strdup(run->harness), NULL};
	struct error problem = {0};
	int status = -1;
	if (!args[0] || !args[1] || !args[2] ||
		asprintf(&report, "%s/%s", submitted->path, directory_result_path(run->id, path)) <
			0) {
		report = NULL;
		(void)fail(&problem, ENOMEM, "%s", run->id);
	} else if (!config) {
		(void)fail_as(&problem, EX_DATAERR, "%s: no config '%s'", run->id, run->config);
	} else if (runconf_read(&context->host, COMMAND_RUN, &options, &problem) == 0) {
		struct context inner = *context;
		options.run_id = run->id;
		options.worker = run->worker;
		options.timeout = submitted->experiment.timeout;
		options.report = report;
		options.keep = false;
		options.quiet = context->options.quiet;
		options.allocation = placer_of(submitted->experiment.place.engine)->allocation;
		options.wait = options.allocation ? 0 : QUEUE_FOREVER;
		if (!options.stop_grace)
			options.stop_grace = STOP_GRACE;
		options.args = args;
		options.arg_count = 3;
		inner.options = options;
		status = cmd_run(&inner, &problem);
	}
	for (size_t i = 0; i < 3; i++)
		free(args[i]);
	if (status < 0)
		log_error(&context->log, &problem);
	/* A run that was done may have left in it what it could do without. */
	*ret_problem = status < 0 ? problem : (struct error){0};
	return status < 0 ? problem.status : status;
}

static void describe_failure(int status, const struct error *problem, struct directory_failure *ret)
{
	struct directory_failure failure = {.status = status};
	(void)gethostname(failure.host, sizeof failure.host - 1);
	if (problem->msg[0])
		(void)snprintf(failure.why, sizeof failure.why, "%.500s", problem->msg);
	else if (status > EX_SIGNAL)
		(void)snprintf(
			failure.why, sizeof failure.why, "ended by signal %d", status - EX_SIGNAL);
	else
		(void)snprintf(failure.why, sizeof failure.why, "the run has no result");
	*ret = failure;
}

/* Note the outcome: a failure, or none. */
static int conclude(const struct submitted *submitted, const struct run_entry *run, int status,
	const struct error *problem, bool *ret_done, struct error *err)
{
	struct directory_failure failure;
	bool done = false;
	if (directory_find_done(submitted->dir, run->id, &done, err) < 0)
		return -1;
	describe_failure(status, problem, &failure);
	if (directory_note_failure(submitted->dir, run->id, done ? NULL : &failure, err) < 0)
		return -1;
	*ret_done = done;
	return 0;
}

/* Do the run that this process has claimed. */
static int do_claimed(const struct context *context, const struct submitted *submitted,
	const struct run_entry *run, struct error *err)
{
	const struct placer *placer = placer_of(submitted->experiment.place.engine);
	struct error problem = {0};
	sigset_t before;
	bool done = false;
	int status = EX_OK;
	if (directory_find_done(submitted->dir, run->id, &done, err) < 0)
		return -1;
	if (done)
		return EX_OK;
	/* Of a result that the user has deleted. */
	if (directory_remove_metrics(submitted->dir, run->id, err) < 0)
		return -1;
	/* `run` blocks signals, and ends when one comes; what follows may be ended by one. */
	(void)sigprocmask(SIG_SETMASK, NULL, &before);
	if (experiment_prepare(&context->host, submitted, &problem) < 0) {
		log_error(&context->log, &problem);
		status = problem.status;
	} else {
		status = call_run(context, submitted, run, &problem);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (conclude(submitted, run, status, &problem, &done, err) < 0)
		return -1;
	if (done && experiment_measure(submitted, run, &problem) < 0)
		log_error(&context->log, &problem);
	if (status == EX_TEMPFAIL && placer->again && placer->again(&problem) < 0)
		log_error(&context->log, &problem);
	return done ? EX_OK : status;
}

static int do_run(const struct context *context, const struct submitted *submitted,
	const struct run_entry *run, struct error *err)
{
	int claim = directory_claim(submitted->dir, run->id, err);
	if (claim < 0 && err->code == EAGAIN) {
		log_note(&context->log, LOG_NORMAL, "%s: another process is doing this run",
			run->id);
		return EX_OK;
	}
	if (claim < 0)
		return -1;
	int result = do_claimed(context, submitted, run, err);
	directory_release(submitted->dir, run->id, claim);
	return result;
}

/* ---- a lane -------------------------------------------------------------------------------- */

struct lane {
	const struct submitted *submitted;
	int dir;          /* has the queue and the lanes */
	struct runs runs; /* read again when more trials were submitted meanwhile */
	char self[PATH_MAX];
	int place; /* from lanes_enter() */
	int signals;
};

/* Take the next run and note it, or leave the lane: under the lock, so that nobody adds a run in
 * between. Returns 1, 0 if there is none, or -1. */
static int take_run(struct lane *lane, size_t *ret, struct error *err)
{
	_cleanup_close_ int queue = queue_file_open(lane->dir, err);
	int taken = queue < 0 ? -1 : queue_file_take(queue, ret, err);
	if (taken > 0)
		return lanes_note(lane->place, *ret, err) < 0 ? -1 : 1;
	cleanup_close(&lane->place);
	lane->place = -1;
	return taken;
}

/* Have the list of runs that has this one. */
static int read_runs(struct lane *lane, size_t index, struct error *err)
{
	if (index < lane->runs.count)
		return 0;
	runs_free(&lane->runs);
	if (directory_read_runs(lane->submitted->dir, &lane->runs, err) < 0)
		return -1;
	return index < lane->runs.count
		       ? 0
		       : fail_as(err, EX_DATAERR, "runs.tsv has no run %zu", index);
}

/* Start `experiment task DIR INDEX`, whose output goes to the run's log, and wait for it. Returns
 * whether the lane is to go on. */
static int do_in_child(const struct lane *lane, size_t index, struct error *err)
{
	const struct submitted *submitted = lane->submitted;
	char number[24];
	char path[DIRECTORY_PATH_MAX];
	(void)snprintf(number, sizeof number, "%zu", index);
	const char *const argv[] = {
		lane->self, "experiment", "task", submitted->path, number, NULL};
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int log =
		fs_open(submitted->dir, directory_log_path(lane->runs.list[index].id, path),
			O_WRONLY | O_CREAT | O_APPEND, 0644, err);
	if (log < 0)
		return -1;
	struct spawn spawn = SPAWN(argv);
	spawn.in = null;
	spawn.out = spawn.err = log;
	spawn.own_group = true;
	spawn.dies_with_parent = true;
	struct child child = CHILD_NONE;
	struct launch_end end = {0};
	if (proc_spawn(&spawn, &child, err) < 0)
		return -1;
	const struct launch wait = {.child = &child, .signals = lane->signals, .worker = -1};
	if (launch_wait(&wait, &end, err) < 0)
		return -1;
	return end.reason != REASON_SIGNAL;
}

static int do_queued(struct lane *lane, struct error *err)
{
	size_t index = 0;
	int result = 1;
	while (result > 0) {
		result = take_run(lane, &index, err);
		if (result > 0)
			result = read_runs(lane, index, err) < 0 ? -1
								 : do_in_child(lane, index, err);
		if (result > 0 && signals_pending(lane->signals))
			break;
	}
	return result < 0 ? -1 : EX_OK;
}

int experiment_lane(const struct submitted *submitted, int dir, unsigned limit, struct error *err)
{
	struct lane lane = {.submitted = submitted, .dir = dir, .place = -1, .signals = -1};
	ssize_t n = readlink("/proc/self/exe", lane.self, sizeof lane.self - 1);
	if (n < 0)
		return fail(err, errno, "read /proc/self/exe");
	lane.self[n] = '\0';
	/* Before it can be found and ended. */
	lane.signals = signals_open(err);
	if (lane.signals >= 0)
		lane.place = lanes_enter(
			dir, lanes_limit(limit, runs_least_cpus(&submitted->runs)), err);
	bool enough = lane.place < 0 && lane.signals >= 0 && err->code == EAGAIN;
	int result = lane.place < 0 && !enough ? -1 : crew_ready(err);
	if (result == 0 && !enough)
		result = do_queued(&lane, err);
	cleanup_close(&lane.place);
	cleanup_close(&lane.signals);
	runs_free(&lane.runs);
	return result;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int read_index(const char *text, size_t count, size_t *ret, struct error *err)
{
	size_t value = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9' && value < count; p++)
		value = value * 10 + (size_t)(*p - '0');
	if (p == text || *p || value >= count)
		return fail_as(err, EX_USAGE, "'%.32s' is not the index of a run", text);
	*ret = value;
	return 0;
}

int experiment_task(const struct context *context, struct error *err)
{
	const struct options *options = &context->options;
	_cleanup_(submitted_free) struct submitted submitted = SUBMITTED_NONE;
	size_t index = 0;
	if (submitted_read(options->args[1], &submitted, err) < 0)
		return -1;
	if (options->arg_count < 3)
		return experiment_lane(
			&submitted, submitted.dir, submitted.experiment.place.limit, err);
	return read_index(options->args[2], submitted.runs.count, &index, err) < 0
		       ? -1
		       : do_run(context, &submitted, &submitted.runs.list[index], err);
}
