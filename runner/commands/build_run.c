/* SPDX-License-Identifier: MIT
 *
 * build_run: the commands `build` and `run`, the two phases of a job under Docker Compose.
 *
 * The order matters: the runner refuses everything it can refuse before it makes anything. The
 * cgroups exist before the first container. The figures are read before the containers are removed,
 * and these before the cgroups, since Docker would make a missing parent again, without limits.
 */
#include "commands.h"

#include "cleanup.h"
#include "compose.h"
#include "conditions.h"
#include "delegation.h"
#include "ending.h"
#include "engine.h"
#include "engine_select.h"
#include "filter.h"
#include "fs.h"
#include "guarded.h"
#include "images.h"
#include "leftovers.h"
#include "load.h"
#include "podman.h"
#include "progress.h"
#include "project_claim.h"
#include "publish.h"
#include "record.h"
#include "scratch.h"
#include "screen.h"
#include "service_warnings.h"
#include "start.h"
#include "watch.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>

#define OVERRIDE_FILE "override.json"

struct session {
	const struct context *context;
	enum phase phase;
	struct loaded *loaded;
	const struct run_plan *plan; /* that of `loaded`; its CPUs are final when there is a tree */
	enum engine_kind kind;
	struct engine engine;
	bool service; /* Podman's service has been started */
	struct variables variables;
	struct compose compose;
	struct project_claim claim; /* with --project-name */
	struct scratch scratch;
	struct cg_tree tree;
	struct watch watch;
	struct guarded guarded;
	struct ledger shared; /* runs that share its CPUs or memory (--share) */
	struct exclusive exclusive;
	struct conditions conditions;
	struct record *record; /* NULL: no --record */
	struct progress progress;
	int oss_crs_fd, signals;
	bool until_all;
};

static int write_override(struct session *session, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const struct context *context = session->context;
	session->compose.mark.uid = context->uid;
	session->compose.mark.keep = context->options.keep;
	session->compose.mark.keep_images = context->options.keep_images;
	if (owner_describe(&context->host, getpid(), session->compose.mark.owner, err) < 0 ||
		compose_override(&session->compose, session->plan, &text, err) < 0)
		return -1;
	return fs_replace(session->scratch.dir, OVERRIDE_FILE, text, strlen(text), 0600, err);
}

/* Record the choice of engine, and with Podman start the run's own service, which comes up while
 * Compose reads its files. */
static int start_engine(struct session *session, struct error *err)
{
	if (engine_select_record(session->scratch.dir, session->kind, err) < 0)
		return -1;
	session->service = session->kind == ENGINE_PODMAN;
	return session->service
		       ? engine_select_start_podman(session->context->uid, session->plan->name,
				 session->scratch.path, &session->engine, err)
		       : 0;
}

/* With Podman, wait until its service answers. */
static int await_engine(struct session *session, struct error *err)
{
	if (session->kind == ENGINE_DOCKER)
		return 0;
	progress_begin(&session->progress, &session->context->log, "starting Podman");
	int result = engine_check(&session->engine, err);
	progress_end(&session->progress);
	return result;
}

/* Read the job's Compose files: which services there are, and to which CRS each of them belongs. */
static int read_compose_files(struct session *session, const char *dir, struct error *err)
{
	const struct options *options = &session->context->options;
	const struct compose_job job = {
		.plan = session->plan,
		.phase = session->phase,
		.dir = dir,
		.files = options->compose_files.items,
		.file_count = options->compose_files.count,
		.scratch = session->scratch.path,
		.endpoint = session->service ? session->engine.endpoint : NULL,
		.engine = &session->engine,
		.variables = &session->variables,
		.project = options->project_name,
		.service_crs = options->service_crs.items,
		.service_crs_count = options->service_crs.count,
		.other_figures = options->cpus || options->scale,
		.guard = guarded_wanted(options),
	};
	return compose_open(&job, &session->compose, err) < 0
		       ? -1
		       : compose_services(
				 &session->compose, session->plan, options->allow_unconfined, err);
}

/* Make the cgroups, and open everything that watches them during the run. */
static int make_tree(struct session *session, struct error *err)
{
	struct start start = start_loaded(session->loaded);
	start.oss_crs_fd = session->oss_crs_fd;
	start.exclusive = &session->exclusive;
	start.signals = session->signals;
	if (start_tree(session->context, &start, &session->tree, &session->shared, err) < 0)
		return -1;
	load_warn(session->context, session->loaded);
	session->watch.tree = &session->tree;
	session->watch.compose = &session->compose;
	session->watch.engine = &session->engine;
	session->watch.judges_ends =
		!session->until_all && ending_matters(&session->compose, session->plan);
	session->watch.ends_by_compose = ending_by_compose(&session->compose);
	session->watch.overdue.time_ms = OVERDUE_MS;
	return start_watch(session->context, &session->watch, &session->record, err);
}

/* Have the project that the user names for this run alone. What it has already says more than that
 * another run has it. */
static int claim_project(struct session *session, struct error *err)
{
	const char *project = session->compose.project;
	int claimed = project_claim_take(session->context->uid, project, &session->claim, err);
	return engine_check_project(&session->engine, project, err) < 0 ? -1 : claimed;
}

/* Make what launch_up() needs: the files, the engine and the cgroups. The override file is last,
 * since the containers find the CPUs of their CRS in it. */
static int prepare_run(struct session *session, const char *dir, struct error *err)
{
	const struct context *context = session->context;
	progress_begin(&session->progress, &context->log, "reading the Compose files");
	bool known = scratch_make(context->uid, session->plan->name, &session->scratch, err) == 0 &&
		     start_engine(session, err) == 0 && read_compose_files(session, dir, err) == 0;
	progress_end(&session->progress);
	if (!known || service_warnings(context, &session->compose, err) < 0 ||
		await_engine(session, err) < 0 || make_tree(session, err) < 0)
		return -1;
	/* Only now, since a run whose turn came before may have had the same name. */
	if (context->options.project_name && claim_project(session, err) < 0)
		return -1;
	return write_override(session, err) < 0
		       ? -1
		       : guarded_start(context, &session->compose, session->plan,
				 session->scratch.dir, &session->watch, &session->guarded, err);
}

static int launch_up(struct session *session, struct launch_end *ret, struct error *err)
{
	_cleanup_free_ char *override = NULL;
	_cleanup_free_ const char **argv = NULL;
	if (asprintf(&override, "%s/%s", session->scratch.path, OVERRIDE_FILE) < 0)
		return fail(err, ENOMEM, "Compose");
	const struct compose_up up = {.override = override,
		.until_first = !session->until_all && session->watch.ends_by_compose,
		.plain = !screen_has_colours(STDOUT_FILENO) || !screen_has_colours(STDERR_FILENO)};
	if (compose_up_argv(&session->compose, &up, &argv, err) < 0)
		return -1;
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct spawn spawn = SPAWN(argv);
	spawn.in = null;
	spawn.out = session->context->options.json ? STDERR_FILENO : -1;
	spawn.env = session->compose.environment;
	spawn.own_group = true;
	/* Compose ends with the runner: it must not race with the process that cleans up. */
	spawn.dies_with_parent = true;
	conditions_begin(&session->context->host, session->plan, &session->conditions);
	int signal = signals_pending(session->signals);
	if (signal) {
		*ret = (struct launch_end){.reason = REASON_SIGNAL, .signal = signal};
		return 0;
	}
	struct child child = CHILD_NONE;
	engine_note_unfinished(&session->engine);
	/* The plugin `docker compose` is a child of docker(1) and can outlive it. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return fail(err, errno, "become a subreaper");
	_cleanup_(filter_end) struct filter filter = FILTER_NONE;
	if ((up.plain && filter_begin(&spawn, &filter, err) < 0) ||
		proc_spawn(&spawn, &child, err) < 0)
		return -1;
	filter_started(&filter);
	struct launch launch = {
		.child = &child,
		.ends_group = true,
		.timeout_ms = session->context->options.timeout * 1000,
		.grace_ms = launch_grace_ms(session->context->options.stop_grace),
		.limits_signals = session->context->options.stop_grace != 0,
		.signals = session->signals,
		.worker = session->tree.worker,
		.sources = session->watch.sources,
		.source_count = session->watch.source_count,
	};
	return launch_wait(&launch, ret, err);
}

/* Say why Compose may not have started any container. */
static int hint_not_started(struct session *session, struct error *err)
{
	const struct compose *compose = &session->compose;
	if (images_hint_missing(compose, &session->engine, err))
		return -1;
	for (size_t i = 0; i < compose->service_count; i++)
		if (compose->services[i].has_container_name)
			return add_hint(err,
				"service '%s' sets container_name, which only one container can "
				"have: remove it to run the job twice at the same time",
				compose->services[i].name);
	return add_hint(err, "to see whether the images exist, run: %s image ls",
		session->kind == ENGINE_PODMAN ? "podman" : "docker");
}

/* The exit status of a job in which nothing failed: 0 if a CRS has ended well. Otherwise only
 * helpers have: the CRSs were stopped with them, or their containers are gone. */
static int success_status(
	const struct session *session, const struct containers *containers, struct error *err)
{
	if (ending_is_success(&session->compose, session->plan, containers, session->watch.helper))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"whether the job succeeded is unknown: the run has ended, but no container of a "
		"CRS ended with status 0");
	return add_hint(err, "to see which service belongs to which CRS, run: oss-crs-run plan "
			     "--compose-file FILE CONFIG");
}

/* The exit status of the program, or -1 with an error. A job that never began has no status. Nor
 * has one whose containers are NULL, since the engine could not be asked; `away` says why. */
static int session_exit_status(struct session *session, const struct launch_end *end,
	const struct containers *containers, const struct error *away, struct error *err)
{
	if (end->reason == REASON_SIGNAL)
		return EX_SIGNAL + end->signal;
	if (end->reason == REASON_TIMEOUT)
		return EX_TIMEOUT;
	if (end->reason == REASON_MISMATCH) {
		*err = end->problem;
		return -1;
	}
	const struct watch *watch = &session->watch;
	if (watch->decided && (watch->status || !*watch->helper))
		return watch->status;
	if (!containers) {
		*err = *away;
		return -1;
	}
	if (watch->decided)
		return success_status(session, containers, err);
	int compose_status = watch->was_overdue ? 0 : end->status;
	int status = report_job_status(
		containers, &session->compose, session->plan, session->until_all, compose_status);
	if (status == 0 && compose_status == 0)
		return success_status(session, containers, err);
	if (status > 0)
		return status;
	if (status == 0)
		return fail_as(err, EX_UNAVAILABLE, "Compose failed with status %d (see above)",
			end->status);
	(void)fail_as(err, EX_UNAVAILABLE, "Compose did not start any container (see above)");
	return hint_not_started(session, err);
}

/* Read the outcome of the run, check it a last time, and publish the report, which does without
 * what only the engine knows if the engine is away. Returns the exit status, or -1 with an
 * error. */
static int conclude_run(struct session *session, struct launch_end *end, struct error *err)
{
	_cleanup_(containers_free) struct containers containers = CONTAINERS_NONE;
	_cleanup_(report_free) struct report report = REPORT_NONE;
	conditions_end(&session->conditions);
	const struct refusals *refusals = guarded_stop(&session->guarded);
	if (session->record)
		record_conclude(session->record);
	struct error away = {0};
	bool asked = engine_containers(
			     &session->engine, session->compose.project, &containers, &away) == 0;
	const struct containers *known = asked ? &containers : NULL;
	session->engine.settles = !ending_all_started(&session->compose, known);
	if (report_collect(session->plan, &session->tree, &session->compose, known, &report, err) <
		0)
		return -1;
	report.phase = session->phase;
	report.shared = &session->shared;
	report.exclusive = &session->exclusive;
	report.allocation = &session->loaded->allocation;
	report.conditions = &session->conditions;
	report.series = session->record ? record_series(session->record) : NULL;
	report.reason = end->reason;
	report.refusals = refusals;
	report.watch = &session->watch;
	report.kills = &session->watch.kills;
	report.activity = session->watch.activity;
	/* A kill can coincide with the end of the run, which the loop reports first. */
	watch_last_kills(&session->watch);
	if (end->reason != REASON_MISMATCH &&
		watch_conclude(&session->watch, known, &away, &end->problem) < 0)
		report.reason = end->reason = REASON_MISMATCH;
	int status = session_exit_status(session, end, known, &away, err);
	report.signal = end->signal;
	report.status = status < 0 ? err->status : status;
	report.problem = status < 0 ? err->msg : NULL;
	struct error problem = {0};
	bool show = session->context->log.level >= LOG_NORMAL;
	if (publish_report(session->context, &report, show, true, &problem) < 0) {
		if (status >= 0)
			*err = problem;
		else
			log_error(&session->context->log, &problem);
		return -1;
	}
	return status;
}

/* Podman's service waits a second for open connections, so close the watch's first. */
static int stop_service(struct session *session, struct error *err)
{
	watch_close(&session->watch);
	return podman_stop(session->context->uid, session->plan->name, err);
}

/* What a project of the user's name had before the run stays. */
static int remove_objects(struct session *session, struct error *err)
{
	const char *run = session->plan->name;
	int result =
		session->context->options.project_name
			? engine_remove_run(&session->engine, run, err)
			: engine_remove_project(&session->engine, session->compose.project, err);
	return result < 0 ? -1 : guarded_remove(&session->compose, &session->engine, run, err);
}

/* Remove the containers first, then the cgroups, then Podman's service and the files. A step that
 * fails stops the cleanup, so that later steps do no harm. */
static int clean_up_run(struct session *session, bool had_containers, struct error *err)
{
	int result = 0;
	(void)guarded_stop(&session->guarded);
	if (had_containers) {
		progress_begin(&session->progress, &session->context->log,
			"removing containers and networks");
		result = remove_objects(session, err);
		if (result >= 0 && compose_builds(&session->compose))
			result = engine_remove_images(&session->engine, session->plan->name, err);
		progress_end(&session->progress);
	}
	if (session->engine.unsettled)
		log_note(&session->context->log, LOG_VERBOSE,
			"%s may still make something of this run: oss-crs-run clean %s removes it",
			engine_name(session->kind), session->plan->name);
	if (result < 0) {
		struct error ignored;
		if (session->tree.worker >= 0)
			(void)cgroup_kill(session->tree.worker, ".", &ignored);
		return engine_answered(err)
			       ? add_hint(err,
					 "once nothing uses it any more, run: oss-crs-run clean %s",
					 session->plan->name)
			       : add_hint(err, "once %s runs again, run: oss-crs-run clean %s",
					 engine_name(session->kind), session->plan->name);
	}
	progress_begin(&session->progress, &session->context->log, "removing cgroups");
	result = tree_destroy(&session->tree, err);
	progress_end(&session->progress);
	if (result < 0 || (session->service && stop_service(session, err) < 0))
		return -1;
	return scratch_remove(&session->scratch, err);
}

static int run_session(struct session *session, const char *dir, struct error *err)
{
	struct launch_end end = {0};
	bool launched = false;
	int status = prepare_run(session, dir, err);
	if (status == 0) {
		log_note(&session->context->log, LOG_NORMAL, "%s", session->plan->name);
		launched = true;
		status = launch_up(session, &end, err);
	}
	if (status == 0 && end.reason == REASON_TIMEOUT)
		publish_time_limit(session->context);
	if (status == 0)
		status = conclude_run(session, &end, err);
	if (session->context->options.keep && launched) {
		log_note(&session->context->log, LOG_NORMAL,
			"kept; to remove it, run: oss-crs-run clean %s", session->plan->name);
		return status;
	}
	/* A Compose that has ended by itself, after its containers, has no request left. */
	session->engine.settles &= status < 0 || end.reason != REASON_EXITED;
	struct error removal = {0};
	if (clean_up_run(session, launched, &removal) < 0) {
		/* What stays does not change that the run was ended by the user or its time
		 * limit. */
		bool stopped = end.reason == REASON_SIGNAL || end.reason == REASON_TIMEOUT;
		if (status >= 0 && !stopped) {
			*err = removal;
			return -1;
		}
		log_error(&session->context->log, &removal);
		return status;
	}
	/* A signal that is still pending here is why the preparation failed. */
	int signal = status < 0 ? signals_pending(session->signals) : 0;
	return signal ? EX_SIGNAL + signal : status;
}

static void session_close(struct session *session)
{
	/* If clean_up_run() could not remove everything, the files stay and record what is left. */
	scratch_close(&session->scratch);
	guarded_close(&session->guarded);
	watch_close(&session->watch);
	project_claim_release(&session->claim);
	record_close(session->record);
	compose_free(&session->compose);
	variables_free(&session->variables);
	engine_close(&session->engine);
	tree_close(&session->tree);
	ledger_free(&session->shared);
	exclusive_free(&session->exclusive);
	cleanup_close(&session->oss_crs_fd);
	cleanup_close(&session->signals);
}

static int run_phase(const struct context *context, enum phase phase, struct error *err)
{
	_cleanup_(loaded_free) struct loaded loaded = LOADED_NONE;
	const char *project = context->options.project_name;
	if (words_check(context, err) < 0 || (project && compose_check_project(project, err) < 0) ||
		load_plan(context, phase, &loaded, err) < 0)
		return -1;
	int until = context->options.until;
	_cleanup_(session_close) struct session session = {
		.context = context,
		.phase = phase,
		.loaded = &loaded,
		.plan = &loaded.plan,
		.claim = PROJECT_CLAIM_NONE,
		.scratch = SCRATCH_NONE,
		.tree = TREE_NONE,
		.watch = WATCH_NONE,
		.guarded = GUARDED_NONE,
		.shared = LEDGER_NONE,
		.oss_crs_fd = -1,
		.signals = -1,
		.until_all = until == UNTIL_ALL || (until == UNTIL_DEFAULT && phase == PHASE_BUILD),
	};
	if (words_add_variables(context, session.plan, phase, &session.variables, err) < 0 ||
		start_choose_engine(context, &session.kind, &session.engine, err) < 0)
		return -1;
	session.signals = signals_open(err);
	if (session.signals >= 0)
		session.oss_crs_fd = delegation_open(&context->host, context->uid, err);
	if (session.oss_crs_fd < 0)
		return -1;
	leftovers_sweep(&context->host, context->uid, &context->log,
		session.kind == ENGINE_DOCKER ? &session.engine : NULL, session.signals);
	return run_session(&session, loaded.job.dir, err);
}

int cmd_build(const struct context *context, struct error *err)
{
	return run_phase(context, PHASE_BUILD, err);
}

int cmd_run(const struct context *context, struct error *err)
{
	return run_phase(context, PHASE_RUN, err);
}
