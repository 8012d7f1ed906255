/* SPDX-License-Identifier: MIT
 *
 * cmd_hold: the command `hold`, which makes the cgroups of a job for another program and keeps them
 * for as long as that program holds its end of a descriptor. The program starts the containers;
 * with --project-name the runner watches them as it does those of `run`.
 */
#include "commands.h"

#include "cleanup.h"
#include "conditions.h"
#include "control.h"
#include "delegation.h"
#include "engine_select.h"
#include "guarded.h"
#include "hold_line.h"
#include "keeper.h"
#include "launch.h"
#include "leftovers.h"
#include "load.h"
#include "podman.h"
#include "progress.h"
#include "project_claim.h"
#include "publish.h"
#include "record.h"
#include "scratch.h"
#include "start.h"
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>

#define STANDARD_INPUT "-"

struct hold {
	const struct context *context;
	struct loaded loaded;
	const struct run_plan *plan; /* that of `loaded` */
	struct control control;
	struct keeper keeper;
	enum engine_kind kind;
	struct engine engine;   /* endpoint NULL: no --project-name, or Podman's does not run yet */
	struct scratch scratch; /* the directory of the sockets of Podman and of the guard */
	struct compose project; /* foreign; only its name is known */
	struct cg_tree tree;
	struct watch watch;
	struct guarded guarded;
	struct ledger shared;
	struct exclusive exclusive;
	struct conditions conditions;
	struct record *record; /* NULL: no --record */
	struct progress progress;
	struct project_claim claim; /* of the project's name */
	/* The caller is told of the cgroups: from now on, what carries the project's name is the
	 * hold's, to be removed. Shared with the keeper. */
	bool *told;
	int oss_crs_fd, signals;
};

static bool has_engine(const struct hold *hold)
{
	return hold->engine.endpoint != NULL;
}

/* --guard: the CRSs get sockets of the engine's API. */
static bool has_guard(const struct hold *hold)
{
	return hold->project.guard != COMPOSE_GUARD_NONE;
}

static void hold_close(struct hold *hold)
{
	guarded_close(&hold->guarded);
	watch_close(&hold->watch);
	record_close(hold->record);
	compose_free(&hold->project);
	scratch_close(&hold->scratch);
	engine_close(&hold->engine);
	tree_close(&hold->tree);
	ledger_free(&hold->shared);
	exclusive_free(&hold->exclusive);
	loaded_free(&hold->loaded);
	control_close(&hold->control);
	cleanup_close(&hold->oss_crs_fd);
	cleanup_close(&hold->signals);
	project_claim_release(&hold->claim);
	/* What could not be removed stays for `clean`; the keeper would fare no better. */
	keeper_release(&hold->keeper);
}

/* ---- before anything is made --------------------------------------------------------------- */

static int load_held(struct hold *hold, struct error *err)
{
	const struct context *context = hold->context;
	const struct options *options = &context->options;
	enum phase phase = (enum phase)options->phase;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (strcmp(options->args[0], STANDARD_INPUT) != 0)
		return load_plan(context, phase, &hold->loaded, err);
	bool to_end = options->hold_fd != STDIN_FILENO;
	return control_read_config(STDIN_FILENO, to_end, JOB_SIZE_MAX, &text, &len, err) < 0
		       ? -1
		       : load_plan_text(
				 context, phase, "standard input", text, len, &hold->loaded, err);
}

#define REMOVAL_MAX 256 /* a project's name has up to 128 characters */

/* The command that removes the project. */
static const char *project_removal(const struct hold *hold, char buf[static REMOVAL_MAX])
{
	const char *name = hold->project.project;
	if (hold->kind == ENGINE_PODMAN)
		(void)snprintf(buf, REMOVAL_MAX, "podman rm -f --filter label=%s=%s",
			ENGINE_PROJECT_LABEL, name);
	else
		(void)snprintf(buf, REMOVAL_MAX, "docker compose -p %s down -v", name);
	return buf;
}

static bool wants_guard(const struct context *context)
{
	return guarded_wanted(&context->options) == COMPOSE_GUARD_ALL;
}

/* What the options alone can have wrong, before anything is read. */
static int check_options(const struct context *context, struct error *err)
{
	const char *name = context->options.project_name;
	if (name)
		return compose_check_project(name, err);
	if (!wants_guard(context))
		return 0;
	(void)fail_as(err, EX_USAGE, "--guard needs --project-name");
	return add_hint(err, "add --project-name NAME or --no-guard");
}

/* Choose the engine of the project that --project-name names. */
static int choose_engine(struct hold *hold, struct error *err)
{
	const struct context *context = hold->context;
	const char *name = context->options.project_name;
	if (!name)
		return 0;
	hold->project.foreign = true;
	hold->project.project = strdup(name);
	if (!hold->project.project)
		return fail(err, ENOMEM, "%s", name);
	hold->project.guard = wants_guard(context) ? COMPOSE_GUARD_ALL : COMPOSE_GUARD_NONE;
	hold->project.running_engine = &hold->engine;
	return start_choose_engine(context, &hold->kind, &hold->engine, err);
}

static bool has_podman(const struct hold *hold)
{
	return hold->project.project && hold->kind == ENGINE_PODMAN;
}

static bool has_files(const struct hold *hold)
{
	return has_podman(hold) || has_guard(hold);
}

/* Make the directory of the sockets. */
static int make_files(struct hold *hold, struct error *err)
{
	return scratch_make(hold->context->uid, hold->plan->name, &hold->scratch, err) < 0
		       ? -1
		       : engine_select_record(hold->scratch.dir, hold->kind, err);
}

/* Start the run's own Podman, over whose socket the caller starts its containers: only this one
 * reports their starts and ends to the runner, and only its cgroups are not systemd's. */
static int start_podman(struct hold *hold, struct error *err)
{
	if (engine_select_start_podman(hold->context->uid, hold->plan->name, hold->scratch.path,
		    &hold->engine, err) < 0)
		return -1;
	progress_begin(&hold->progress, &hold->context->log, "starting Podman");
	int result = engine_check(&hold->engine, err);
	progress_end(&hold->progress);
	return result;
}

/* What carries the project's name is removed at the end, so nothing of another run may carry it
 * now. */
static int check_empty(struct hold *hold, struct error *err)
{
	const char *name = hold->project.project;
	int count = has_engine(hold) ? engine_count_project(&hold->engine, name, err) : 0;
	if (count <= 0)
		return count;
	(void)fail_as(err, EX_TEMPFAIL,
		"Compose project '%s' already has %d containers, networks or volumes", name, count);
	char command[REMOVAL_MAX];
	return add_hint(err, "they would be removed at the end; to remove them now, run: %s",
		project_removal(hold, command));
}

/* Stop the run's own Podman, when its containers are gone, and remove the run's files. */
static int remove_files(const struct hold *hold, struct error *err)
{
	uid_t uid = hold->context->uid;
	const char *name = hold->plan->name;
	if (!has_files(hold))
		return 0;
	_cleanup_close_ int base = scratch_open_base(uid, NULL, err);
	return base < 0 || (has_podman(hold) && podman_stop(uid, name, err) < 0)
		       ? -1
		       : scratch_remove_name(base, name, err);
}

/* Remove what the run has in the engine, unless `engine` is closed, then its processes and cgroups,
 * then its files. */
static int remove_held(
	const struct hold *hold, struct engine *engine, struct cg_tree *tree, struct error *err)
{
	const char *name = hold->plan->name;
	if (engine->endpoint && (engine_remove_project(engine, hold->project.project, err) < 0 ||
					guarded_remove(&hold->project, engine, name, err) < 0)) {
		struct error ignored;
		(void)cgroup_kill(hold->oss_crs_fd, name, &ignored);
		char command[REMOVAL_MAX];
		return add_hint(err, "to remove the rest, run: %s; oss-crs-run clean %s",
			project_removal(hold, command), name);
	}
	int removed =
		tree ? tree_destroy(tree, err) : tree_destroy_name(hold->oss_crs_fd, name, err);
	return removed < 0 ? -1 : remove_files(hold, err);
}

/* Reach the run's Podman from the keeper, which was there before it. Starting it again if it runs
 * changes nothing. */
static int reach_podman(const struct hold *hold, struct engine *ret, struct error *err)
{
	_cleanup_free_ char *base = NULL;
	_cleanup_free_ char *dir = NULL;
	const char *name = hold->plan->name;
	_cleanup_close_ int fd = scratch_open_base(hold->context->uid, &base, err);
	if (fd < 0)
		return -1;
	if (asprintf(&dir, "%s/%s", base, name) < 0)
		return fail(err, ENOMEM, "%s", name);
	return engine_select_start_podman(hold->context->uid, name, dir, ret, err);
}

/* The keeper's work, when the process that held the run was killed. */
static void clean_up_after(const void *data)
{
	const struct hold *hold = data;
	struct engine engine = ENGINE_NONE;
	struct project_claim claim = hold->claim;
	struct error problem = {0};
	log_warning(
		&hold->context->log, "killed while it held %s: removing that", hold->plan->name);
	if (*hold->told)
		engine = hold->engine;
	if ((*hold->told && has_podman(hold) && reach_podman(hold, &engine, &problem) < 0) ||
		remove_held(hold, &engine, NULL, &problem) < 0)
		log_error(&hold->context->log, &problem);
	project_claim_release(&claim);
}

/* ---- while it is held ---------------------------------------------------------------------- */

/* Start the guard of the CRSs' sockets, if there is to be one. */
static int start_guard(struct hold *hold, struct error *err)
{
	const struct context *context = hold->context;
	struct compose *project = &hold->project;
	project->guard_dir = hold->scratch.path;
	project->mark.uid = context->uid;
	return owner_describe(&context->host, getpid(), project->mark.owner, err) < 0
		       ? -1
		       : guarded_start(context, project, hold->plan, hold->scratch.dir,
				 &hold->watch, &hold->guarded, err);
}

/* Make the cgroups, and open everything that watches them. */
static int make_tree(struct hold *hold, struct error *err)
{
	struct start start = start_loaded(&hold->loaded);
	start.oss_crs_fd = hold->oss_crs_fd;
	start.exclusive = &hold->exclusive;
	start.signals = hold->control.ended;
	if (start_tree(hold->context, &start, &hold->tree, &hold->shared, err) < 0)
		return -1;
	load_warn(hold->context, &hold->loaded);
	hold->watch.tree = &hold->tree;
	hold->watch.compose = &hold->project;
	hold->watch.engine = has_engine(hold) ? &hold->engine : NULL;
	if (start_watch(hold->context, &hold->watch, &hold->record, err) < 0 ||
		(has_guard(hold) && start_guard(hold, err) < 0) || check_empty(hold, err) < 0)
		return -1;
	return control_take_data(&hold->control, err);
}

static int on_control(void *data, struct error *err)
{
	(void)err;
	return control_is_over(data);
}

/* Wait for the end, whatever it is. */
static int wait_for_end(struct hold *hold, struct launch_end *ret, struct error *err)
{
	const struct launch launch = {
		.until = {.fd = hold->control.ended,
			.events = POLLIN,
			.ready = on_control,
			.data = &hold->control},
		.timeout_ms = hold->context->options.timeout * 1000,
		.signals = hold->signals,
		.worker = hold->tree.worker,
		.sources = hold->watch.sources,
		.source_count = hold->watch.source_count,
	};
	return launch_wait(&launch, ret, err);
}

/* ---- the end ------------------------------------------------------------------------------- */

static int exit_status(const struct launch_end *end, struct error *err)
{
	switch (end->reason) {
	case REASON_SIGNAL:
		return EX_SIGNAL + end->signal;
	case REASON_TIMEOUT:
		return EX_TIMEOUT;
	case REASON_MISMATCH:
		*err = end->problem;
		return -1;
	case REASON_EXITED:
		return EX_OK;
	}
	return EX_OK;
}

/* Read the outcome while everything is still there. Returns the exit status, or -1 with an error,
 * and in both cases fills in the report, unless its plan is NULL. */
static int collect_report(
	struct hold *hold, struct launch_end *end, struct report *report, struct error *err)
{
	_cleanup_(containers_free) struct containers containers = CONTAINERS_NONE;
	struct error away = {0};
	conditions_end(&hold->conditions);
	const struct refusals *refusals = guarded_stop(&hold->guarded);
	if (hold->record)
		record_conclude(hold->record);
	bool asked = has_engine(hold) && engine_containers(&hold->engine, hold->project.project,
						 &containers, &away) == 0;
	const struct containers *known = asked ? &containers : NULL;
	if (report_collect(hold->plan, &hold->tree, has_engine(hold) ? &hold->project : NULL, known,
		    report, err) < 0)
		return -1;
	/* A kill can coincide with the end of the run, which the loop reports first. */
	watch_last_kills(&hold->watch);
	if (end->reason != REASON_MISMATCH &&
		watch_conclude(&hold->watch, known, &away, &end->problem) < 0)
		end->reason = REASON_MISMATCH;
	int status = exit_status(end, err);
	report->phase = (enum phase)hold->context->options.phase;
	report->shared = &hold->shared;
	report->exclusive = &hold->exclusive;
	report->allocation = &hold->loaded.allocation;
	report->conditions = &hold->conditions;
	report->series = hold->record ? record_series(hold->record) : NULL;
	report->watch = has_engine(hold) ? &hold->watch : NULL;
	report->kills = &hold->watch.kills;
	report->activity = hold->watch.activity;
	report->reason = end->reason;
	report->refusals = refusals;
	report->signal = end->signal;
	report->status = status < 0 ? err->status : status;
	return status;
}

/* Remove everything, and only then publish the report: who has read it may begin the next run. */
static int conclude_hold(struct hold *hold, struct launch_end *end, struct error *err)
{
	_cleanup_(report_free) struct report report = REPORT_NONE;
	struct error problem = {0};
	int status = collect_report(hold, end, &report, err);
	if (end->reason == REASON_TIMEOUT)
		publish_time_limit(hold->context);
	/* Podman's service waits a second for open connections. */
	events_close(hold->watch.events);
	hold->watch.events = NULL;
	progress_begin(&hold->progress, &hold->context->log, "removing what was held");
	int removed = remove_held(hold, &hold->engine, &hold->tree, &problem);
	progress_end(&hold->progress);
	if (removed < 0 && status >= 0) {
		*err = problem;
		status = -1;
	} else if (removed < 0) {
		log_error(&hold->context->log, &problem);
	}
	bool show = hold->context->log.level >= LOG_NORMAL;
	if (report.plan && publish_report(hold->context, &report, show, true, &problem) < 0) {
		if (status < 0)
			log_error(&hold->context->log, &problem);
		else
			*err = problem;
		return -1;
	}
	return status;
}

/* What is pending says why the run did not begin. Nobody has been told of the cgroups: what the
 * engine has by now of the project is somebody else's. */
static int fail_preparation(struct hold *hold, struct error *err)
{
	struct error removal = {0};
	int signal = signals_pending(hold->signals);
	bool over = control_is_over(&hold->control);
	(void)guarded_stop(&hold->guarded);
	if (tree_destroy(&hold->tree, &removal) < 0 || remove_files(hold, &removal) < 0)
		log_error(&hold->context->log, &removal);
	if (signal)
		return EX_SIGNAL + signal;
	if (over && err->code == EINTR)
		(void)fail_as(err, EX_TEMPFAIL, "the caller is gone; the run did not start");
	return -1;
}

/* Start the keeper, with what it has to know of this process. */
static int start_keeper(struct hold *hold, struct error *err)
{
	hold->told = mmap(NULL, sizeof *hold->told, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return hold->told == MAP_FAILED ? fail(err, errno, "mmap")
					: keeper_start(clean_up_after, hold, &hold->keeper, err);
}

static int hold_run(struct hold *hold, struct error *err)
{
	struct launch_end end = {0};
	if ((has_files(hold) && make_files(hold, err) < 0) ||
		(has_podman(hold) && (start_podman(hold, err) < 0 || check_empty(hold, err) < 0)) ||
		make_tree(hold, err) < 0)
		return fail_preparation(hold, err);
	const struct hold_line line = {.context = hold->context,
		.plan = hold->plan,
		.engine = has_engine(hold) ? &hold->engine : NULL,
		.guarded = has_guard(hold) ? &hold->guarded : NULL};
	conditions_begin(&hold->context->host, hold->plan, &hold->conditions);
	log_note(&hold->context->log, LOG_NORMAL, "%s", hold->plan->name);
	*hold->told = true;
	if (hold_line_print(&line, err) == 0 && wait_for_end(hold, &end, err) == 0)
		return conclude_hold(hold, &end, err);
	struct error removal = {0};
	(void)guarded_stop(&hold->guarded);
	if (remove_held(hold, &hold->engine, &hold->tree, &removal) < 0)
		log_error(&hold->context->log, &removal);
	return -1;
}

int cmd_hold(const struct context *context, struct error *err)
{
	_cleanup_(hold_close) struct hold hold = {.context = context,
		.loaded = LOADED_NONE,
		.control = CONTROL_NONE,
		.keeper = KEEPER_NONE,
		.engine = ENGINE_NONE,
		.scratch = SCRATCH_NONE,
		.project = COMPOSE_NONE,
		.tree = TREE_NONE,
		.watch = WATCH_NONE,
		.guarded = GUARDED_NONE,
		.shared = LEDGER_NONE,
		.claim = PROJECT_CLAIM_NONE,
		.oss_crs_fd = -1,
		.signals = -1};
	hold.plan = &hold.loaded.plan;
	if (check_options(context, err) < 0 ||
		control_open((int)context->options.hold_fd, &hold.control, err) < 0 ||
		load_held(&hold, err) < 0 || choose_engine(&hold, err) < 0 ||
		check_empty(&hold, err) < 0)
		return -1;
	hold.signals = signals_open(err);
	if (hold.signals < 0 || control_add_signals(&hold.control, hold.signals, err) < 0)
		return -1;
	hold.oss_crs_fd = delegation_open(&context->host, context->uid, err);
	if (hold.oss_crs_fd < 0)
		return -1;
	leftovers_sweep(&context->host, context->uid, &context->log,
		has_engine(&hold) ? &hold.engine : NULL, hold.control.ended);
	if ((context->options.project_name &&
		    project_claim_take(
			    context->uid, context->options.project_name, &hold.claim, err) < 0) ||
		start_keeper(&hold, err) < 0)
		return -1;
	return hold_run(&hold, err);
}
