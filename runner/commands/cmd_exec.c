/* SPDX-License-Identifier: MIT
 *
 * cmd_exec: the command `exec`, which makes the cgroups of a job around any command. The command
 * finds the cgroups in its environment, or with --crs starts inside one.
 */
#include "commands.h"

#include "attest.h"
#include "cleanup.h"
#include "conditions.h"
#include "delegation.h"
#include "deputy.h"
#include "engine_select.h"
#include "entered.h"
#include "launch.h"
#include "leftovers.h"
#include "load.h"
#include "oom.h"
#include "proc.h"
#include "publish.h"
#include "record.h"
#include "run_variables.h"
#include "scope.h"
#include "start.h"
#include "tree.h"

#include <errno.h>

struct job_run {
	const struct context *context;
	const struct run_plan *plan;
	const struct allowance *allocation;
	const struct variables *variables; /* the command's */
	struct cg_tree tree;
	struct ledger shared;
	struct exclusive exclusive;
	struct conditions conditions;
	struct record *record; /* NULL: no --record */
	struct oom_state *oom; /* NULL: not measured */
	struct oom_kills kills;
	char not_entered[ENTERED_TEXT_MAX];
	int oss_crs_fd;
	struct keeper keeper; /* the deputy (deputy.h); none without --crs */
};

static void job_run_close(struct job_run *job)
{
	record_close(job->record);
	oom_close(job->oom);
	oom_kills_free(&job->kills);
	ledger_free(&job->shared);
	exclusive_free(&job->exclusive);
	keeper_release(&job->keeper);
}

static int command_exit_status(const struct launch_end *end)
{
	return end->reason == REASON_TIMEOUT    ? EX_TIMEOUT
	       : end->reason == REASON_MISMATCH ? EX_SOFTWARE
						: end->status;
}

static int enter_scope(const void *data, struct error *err)
{
	const struct job_run *job = data;
	return scope_enter(&job->context->host, job->context->uid, job->plan->run_id, err);
}

/* The deputy's work, when this process was killed. */
static void clean_up_after(const void *data)
{
	const struct job_run *job = data;
	struct error problem = {0};
	if (tree_destroy_name(job->oss_crs_fd, job->plan->name, &problem) < 0)
		log_error(&job->context->log, &problem);
}

/* Start the command; inside a CRS through a deputy, so that this process stays in the cgroup of its
 * caller. */
static int start_command(
	struct job_run *job, const struct spawn *spawn, struct child *ret, struct error *err)
{
	const struct deputy deputy = {.move = enter_scope, .clean_up = clean_up_after, .data = job};
	return spawn->cgroup < 0 ? proc_spawn(spawn, ret, err)
				 : deputy_spawn(&deputy, spawn, &job->keeper, ret, err);
}

/* Start the command and wait for it to end. */
static int launch_command(
	struct job_run *job, int signals, struct launch_end *ret, struct error *err)
{
	const struct context *context = job->context;
	const char *crs = context->options.crs;
	_cleanup_close_ int cgroup = -1;
	_cleanup_free_ const char **environment = NULL;
	if (environment_make(job->variables, NULL, &environment, err) < 0)
		return -1;
	if (crs) {
		cgroup = cgroup_open(job->tree.worker, crs, err);
		if (cgroup < 0)
			return -1;
	}
	struct spawn spawn = SPAWN((const char *const *)context->options.args + 1);
	spawn.cgroup = cgroup;
	spawn.out = context->options.json ? STDERR_FILENO : -1;
	spawn.env = environment;
	/* Pass on open descriptors, as a shell does: `exec … -- diff <(a) <(b)` works. */
	spawn.keep_descriptors = true;
	/* With this process ends the lease, so nothing of the command may go on. */
	spawn.dies_with_parent = true;
	struct child child = CHILD_NONE;
	if (start_command(job, &spawn, &child, err) < 0)
		return -1;
	struct launch_source source = {.fd = -1};
	if (job->record)
		source = record_source(job->record);
	struct launch wait = {
		.child = &child,
		.timeout_ms = context->options.timeout * 1000,
		.grace_ms = launch_grace_ms(context->options.stop_grace),
		.limits_signals = context->options.stop_grace != 0,
		.signals = signals,
		.worker = job->tree.worker,
		.child_has_terminal = true,
		.sources = &source,
		.source_count = job->record ? 1 : 0,
	};
	return launch_wait(&wait, ret, err);
}

/* Whether the user wants the outcome of the command: -v and --json print it, --record keeps it. */
static bool is_measured(const struct job_run *job)
{
	const struct options *options = &job->context->options;
	return options->verbose || options->json || options->record;
}

/* As far as the runner knows, the command is in no container. */
static void add_kill(void *data, const struct oom_kill *kill)
{
	struct job_run *job = data;
	struct error problem = {0};
	if (oom_kills_add(&job->kills, kill, "", &problem) < 0) {
		job->kills.incomplete = true;
		log_error(&job->context->log, &problem);
	}
}

static int conclude_command(struct job_run *job, const struct launch_end *end, struct error *err)
{
	const struct options *options = &job->context->options;
	_cleanup_(report_free) struct report report = REPORT_NONE;
	conditions_end(&job->conditions);
	if (job->record)
		record_conclude(job->record);
	if (report_collect(job->plan, &job->tree, NULL, NULL, &report, err) < 0)
		return -1;
	struct error problem = {0};
	if (oom_look(job->oom, add_kill, job, &problem) < 0) {
		job->kills.incomplete = true;
		log_warning(&job->context->log, "cannot count OOM kills: %s", problem.msg);
	}
	report.phase = PHASE_EXEC;
	report.kills = &job->kills;
	report.shared = &job->shared;
	report.exclusive = &job->exclusive;
	report.allocation = job->allocation;
	report.conditions = &job->conditions;
	report.series = job->record ? record_series(job->record) : NULL;
	report.reason = end->reason;
	report.signal = end->signal;
	report.status = command_exit_status(end);
	report.not_entered = job->not_entered;
	return publish_report(job->context, &report, options->verbose, options->record, err);
}

/* Compare the limits with the plan again, as `run` does at its end: the figures of a command that
 * had other CPUs mean nothing. All of them if they are printed, else the CPUs, which alone can
 * change from above. */
static int check_limits(const struct job_run *job, struct error *err)
{
	return is_measured(job) ? attest_limits(&job->tree, err) : attest_cpus(&job->tree, err);
}

/* The outcome of the command, if this process did not end it. */
static void judge_end(const struct job_run *job, struct launch_end *end)
{
	if (end->reason == REASON_EXITED && check_limits(job, &end->problem) < 0)
		end->reason = REASON_MISMATCH;
}

static int run_command(struct job_run *job, int signals, struct launch_end *ret, struct error *err)
{
	if (attest_limits(&job->tree, err) < 0)
		return -1;
	if (job->context->options.record && record_open(&job->tree, &job->record, err) < 0)
		return -1;
	if (is_measured(job)) {
		if (oom_open(&job->tree, &job->oom, err) < 0)
			return -1;
		conditions_begin(&job->context->host, job->plan, &job->conditions);
	}
	if (launch_command(job, signals, ret, err) < 0)
		return -1;
	judge_end(job, ret);
	if (ret->reason == REASON_TIMEOUT)
		publish_time_limit(job->context);
	/* With --crs the command itself is in a cgroup; what else it is for is not known. */
	bool wanted = is_measured(job) || job->context->log.level >= LOG_NORMAL;
	if (!job->context->options.crs && wanted && *entered_describe(&job->tree, job->not_entered))
		log_warning(&job->context->log,
			"%s: what the command started elsewhere had no "
			"limits (see OSS_CRS_CGROUP_PARENT)",
			job->not_entered);
	if (is_measured(job) && conclude_command(job, ret, err) < 0)
		return -1;
	if (ret->reason != REASON_MISMATCH)
		return 0;
	*err = ret->problem;
	return -1;
}

/* Inside a CRS, add the variables that its containers have. */
static int add_crs_variables(const struct context *context, const struct run_plan *plan,
	struct variables *variables, struct error *err)
{
	int index = context->options.crs ? plan_find(plan, context->options.crs) : -1;
	return index < 0 ? 0 : run_variables_add_crs(variables, &plan->crs[index], false, err);
}

static int run_in_tree(const struct context *context, struct loaded *loaded,
	struct variables *variables, int oss_crs_fd, int signals, struct error *err)
{
	const struct run_plan *plan = &loaded->plan;
	_cleanup_(job_run_close) struct job_run job = {.context = context,
		.plan = plan,
		.allocation = &loaded->allocation,
		.variables = variables,
		.tree = TREE_NONE,
		.shared = LEDGER_NONE,
		.oss_crs_fd = oss_crs_fd,
		.keeper = KEEPER_NONE};
	struct start start = start_loaded(loaded);
	start.tree.leaf_crs = context->options.crs;
	start.oss_crs_fd = oss_crs_fd;
	start.exclusive = &job.exclusive;
	start.signals = signals;
	if (start_tree(context, &start, &job.tree, &job.shared, err) < 0) {
		int signal = signals_pending(signals);
		return signal ? EX_SIGNAL + signal : -1;
	}
	load_warn(context, loaded);
	log_note(
		&context->log, LOG_VERBOSE, "created %s%s", HOST_CGROUP_MOUNT, plan->cgroup_parent);
	struct launch_end end = {0};
	int result = add_crs_variables(context, plan, variables, err);
	if (result == 0)
		result = run_command(&job, signals, &end, err);
	struct error removal = {0};
	if (tree_destroy(&job.tree, &removal) < 0 && result == 0) {
		*err = removal;
		return -1;
	}
	return result < 0 ? -1 : command_exit_status(&end);
}

/* For --docker: the command will start containers. */
static int check_engine(const struct context *context, struct error *err)
{
	struct engine docker = ENGINE_NONE;
	enum engine_kind kind = ENGINE_DOCKER;
	int result = engine_select(
		&context->host, context->uid, context->options.engine, &kind, &docker, err);
	engine_close(&docker);
	return result;
}

/* Load the plan. Its CPUs by number may change until the tree is made. */
static int load_command(const struct context *context, struct loaded *ret, struct error *err)
{
	const char *crs = context->options.crs;
	if (load_plan(context, PHASE_EXEC, ret, err) < 0)
		return -1;
	if (!crs || plan_find(&ret->plan, crs) >= 0)
		return 0;
	(void)fail_as(err, EX_CONFIG, "%s: no CRS '%s' for worker '%s'", ret->job.path, crs,
		ret->plan.worker);
	return add_hint(err, "to list the CRSs, run: oss-crs-run plan --worker %s %s",
		ret->plan.worker, ret->job.path);
}

int cmd_exec(const struct context *context, struct error *err)
{
	_cleanup_(loaded_free) struct loaded loaded = LOADED_NONE;
	if (load_command(context, &loaded, err) < 0)
		return -1;
	if (context->options.docker && check_engine(context, err) < 0)
		return -1;
	_cleanup_close_ int signals = signals_open(err);
	if (signals < 0)
		return -1;
	_cleanup_close_ int oss_crs_fd = delegation_open(&context->host, context->uid, err);
	if (oss_crs_fd < 0)
		return -1;
	leftovers_sweep(&context->host, context->uid, &context->log, NULL, signals);
	_cleanup_(variables_free) struct variables variables = VARIABLES_NONE;
	const struct run_words words = {.project = NULL};
	if (run_variables_add(&variables, &loaded.plan, PHASE_EXEC, &words, err) < 0)
		return -1;
	return run_in_tree(context, &loaded, &variables, oss_crs_fd, signals, err);
}
