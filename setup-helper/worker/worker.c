/* SPDX-License-Identifier: MIT
 *
 * worker: looks, plans, shows, asks and verifies. It asks the root side for what changes the host
 * (carry.h).
 */
#include "worker.h"

#include "bus.h"
#include "carry.h"
#include "cleanup.h"
#include "engine.h"
#include "findings.h"
#include "log.h"
#include "plan.h"
#include "probe.h"
#include "render.h"
#include "summary.h"

#include <errno.h>
#include <grp.h>

#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

/* A worker at work. */
struct session {
	const struct worker *worker;
	const struct request *request;
	struct log log;
	struct sd_bus *bus; /* NULL if there is none: no_bus says why */
	struct error no_bus;
	gid_t *groups; /* of the user; NULL if unknown */
	size_t group_count;
	struct facts facts; /* of the last look at the host */
	enum engine engine; /* of the user's jobs, once it is decided */
	size_t left;        /* steps that were left undone */
};

int worker_print(const char *text, struct error *err)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
		(void)fail(err, errno, "write to standard output");
		err->status = EX_IOERR;
		return -1;
	}
	return 0;
}

static void cleanup_session(struct session *session)
{
	facts_clear(&session->facts);
	free(session->groups);
}

/* Look the groups of the user up. This has to be done before the process is confined: a module of
 * NSS may need a socket. */
static void look_up_groups(struct session *session)
{
	const struct caller *user = session->worker->user;
	int count = GROUPS_MAX;
	gid_t *groups = calloc(GROUPS_MAX, sizeof *groups);
	if (groups && user->known && getgrouplist(user->name, user->gid, groups, &count) >= 0) {
		session->groups = groups;
		session->group_count = (size_t)count;
		return;
	}
	free(groups);
}

/* Look at the host, into session->facts. */
static int look_at_host(struct session *session, struct error *err)
{
	bool reserves = session->request->verb == VERB_RESERVE;
	const struct probe_input input = {
		.host = session->worker->host,
		.policy = session->worker->policy,
		.user = session->worker->user,
		.groups = session->groups,
		.group_count = session->group_count,
		.door = session->worker->door,
		.bus = session->bus,
		.no_bus = &session->no_bus,
		.delegate = request_delegates(session->request) || reserves,
		.reserve = reserves || session->request->verb == VERB_CHECK,
		.docker = request_dockers(session->request) || session->request->verb == VERB_UNDO,
		.sweep = session->request->verb == VERB_SWEEP,
		.undo = session->request->verb == VERB_UNDO,
	};
	facts_clear(&session->facts);
	if (probe(&input, &session->facts, err) < 0)
		return -1;
	session->facts.docker.podman_images = session->worker->podman_images;
	return 0;
}

/* Say in the plan why it leaves Docker out. */
static int note_podman(const struct session *session, struct setup_plan *plan, struct error *err)
{
	char why[ENGINE_WHY_MAX];
	const char *user = session->facts.user.name;
	if (engine_guess(&session->facts.docker) != ENGINE_PODMAN)
		return setup_plan_note(
			plan, err, "Docker is left unchanged: jobs of %s will use Podman", user);
	return setup_plan_note(plan, err,
		"Docker is left unchanged: jobs of %s will use Podman, because %s; to set Docker "
		"up too: sudo oss-crs-setup docker",
		user, engine_why_podman(&session->facts.docker, user, why));
}

/* Whether the plan is about Docker, or fails to be, and the jobs could do without. */
static bool is_docker_optional(const struct session *session, const struct setup_plan *plan)
{
	return plan->docker_optional ||
	       (plan->blocked.msg[0] && session->request->verb == VERB_ALL &&
		       session->facts.docker.podman);
}

/* Make the plan for the facts. Where nobody is asked, the engine is the one that the host shows. */
static int plan_setup(struct session *session, struct setup_plan *ret, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	const struct request *request = session->request;
	struct plan_input input = {
		.facts = &session->facts,
		.policy = session->worker->policy,
		.delegate = request_delegates(request),
		.docker = request_dockers(request) && session->engine != ENGINE_PODMAN,
		.docker_only = request->verb == VERB_DOCKER,
	};
	if (setup_plan_make(&input, &plan, err) < 0)
		return -1;
	bool asks = request_changes(request) && !request->yes;
	if (session->engine == ENGINE_UNDECIDED && !asks && is_docker_optional(session, &plan))
		session->engine = engine_guess(&session->facts.docker);
	if (session->engine == ENGINE_PODMAN) {
		setup_plan_clear(&plan);
		input.docker = false;
		if (setup_plan_make(&input, &plan, err) < 0 || note_podman(session, &plan, err) < 0)
			return -1;
	}
	*ret = plan;
	plan = (struct setup_plan){0};
	return 0;
}

static int plan_request(struct session *session, struct setup_plan *ret, struct error *err)
{
	const struct facts *facts = &session->facts;
	if (look_at_host(session, err) < 0)
		return -1;
	if (session->request->verb == VERB_UNDO)
		return plan_undo(&facts->undo, &facts->docker, session->worker->policy,
			session->request->purge, ret, err);
	if (session->request->verb == VERB_SWEEP)
		return plan_sweep(facts, ret, err);
	if (session->request->verb == VERB_RESERVE)
		return plan_reserve(facts, session->request, ret, err);
	return plan_setup(session, ret, err);
}

static int run_check(struct session *session, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	struct findings findings;
	if (look_at_host(session, err) < 0)
		return -1;
	findings_make(&session->facts, session->worker->policy,
		engine_guess(&session->facts.docker), session->worker->confined, &findings);
	if ((session->request->json ? render_findings_json(&findings, &text, err)
				    : render_findings(&findings, &text, err)) < 0)
		return -1;
	if (session->request->level > LOG_QUIET && worker_print(text, err) < 0)
		return -1;
	return findings.ready ? EX_OK : EX_UNAVAILABLE;
}

/* If a part of the plan is blocked, the run ends with that error, although the rest is done. */
static int finish_plan(const struct setup_plan *plan, struct error *err)
{
	if (!plan->blocked.msg[0])
		return EX_OK;
	*err = plan->blocked;
	return -1;
}

static int run_dry(struct session *session, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan planned = {0};
	_cleanup_free_ char *text = NULL;
	if (plan_request(session, &planned, err) < 0 ||
		(session->request->json ? render_plan_json(&planned, &text, err)
					: render_plan(&planned, &text, err)) < 0 ||
		worker_print(text, err) < 0)
		return -1;
	return planned.blocked.msg[0] ? planned.blocked.status : EX_OK;
}

static bool user_says_yes(void)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	return getline(&line, &size, stdin) > 0 &&
	       (strcasecmp(line, "y\n") == 0 || strcasecmp(line, "yes\n") == 0);
}

static int fail_unconfirmed(struct error *err)
{
	return fail_as(err, EX_NOPERM, "not confirmed; nothing changed");
}

/* Ask which engine the jobs will use, until there is an answer. */
static int ask_engine(struct session *session, struct error *err)
{
	_cleanup_free_ char *question = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	enum engine guess = engine_guess(&session->facts.docker);
	if (engine_question(&session->facts, &question, err) < 0)
		return -1;
	while (session->engine == ENGINE_UNDECIDED) {
		if (worker_print(question, err) < 0)
			return -1;
		if (getline(&line, &size, stdin) <= 0)
			return fail_unconfirmed(err);
		session->engine = engine_answer(line, guess);
	}
	return 0;
}

/* If the jobs could also use Podman, ask, and plan again if they will. */
static int confirm_engine(struct session *session, struct setup_plan *planned, struct error *err)
{
	if (session->request->yes || !is_docker_optional(session, planned))
		return 0;
	if (ask_engine(session, err) < 0)
		return -1;
	if (session->engine == ENGINE_DOCKER)
		return 0;
	setup_plan_clear(planned);
	return plan_request(session, planned, err);
}

/* Print the steps with -v; then say in three lines what they amount to and ask, unless --yes is the
 * answer. */
static int confirm_plan(
	const struct session *session, const struct setup_plan *planned, struct error *err)
{
	_cleanup_free_ char *steps = NULL;
	_cleanup_free_ char *summary = NULL;
	if (planned->count == 0)
		return 0;
	if (session->request->level >= LOG_VERBOSE &&
		(render_plan(planned, &steps, err) < 0 || worker_print(steps, err) < 0))
		return -1;
	if (session->request->yes)
		return 0;
	if (summary_of_plan(planned, &session->facts, session->worker->policy, &summary, err) < 0 ||
		worker_print(summary, err) < 0 || worker_print("Do it? [y/N] ", err) < 0)
		return -1;
	return user_says_yes() ? 0 : fail_unconfirmed(err);
}

static void log_step(void *arg, const struct step *step)
{
	const struct session *session = arg;
	log_note(&session->log, LOG_NORMAL, "%s %s", step_title(step->kind), step->target);
}

static void log_left_step(void *arg, const struct step *step, const struct error *why)
{
	struct session *session = arg;
	session->left++;
	log_warning(&session->log, "left alone: %s: %s (%s)", step->target, why->msg, why->hint);
}

static void log_unit_line(void *arg, const char *line)
{
	const struct session *session = arg;
	log_note(&session->log, LOG_NORMAL, "  | %s", line);
}

/* Look and plan again. There must be nothing left to do, and nothing that prevents knowing it. */
static int verify_plan(struct session *session, const struct setup_plan *done, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan left = {0};
	if (plan_request(session, &left, err) < 0)
		return -1;
	if (left.blocked.msg[0] && !done->blocked.msg[0]) {
		*err = left.blocked;
		return add_context(err, "all steps are done, but they cannot be verified");
	}
	if (left.count == 0 || session->left > 0)
		return 0;
	return fail_as(err, EX_SOFTWARE, "all steps are done, but this is left to do: %s %s",
		step_title(left.steps[0].kind), left.steps[0].target);
}

/* With --json, print the plan as the account of what was done. Returns the exit status, or -1. */
static int print_done_json(const struct setup_plan *done, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	if (render_plan_json(done, &text, err) < 0 || worker_print(text, err) < 0)
		return -1;
	return done->blocked.msg[0] ? done->blocked.status : EX_OK;
}

/* Whether two plans have the same steps. */
static bool is_same_plan(const struct setup_plan *a, const struct setup_plan *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->steps[i].kind != b->steps[i].kind ||
			strcmp(a->steps[i].target, b->steps[i].target) != 0 ||
			!journal_same_text(a->steps[i].before, b->steps[i].before) ||
			!journal_same_text(a->steps[i].after, b->steps[i].after))
			return false;
	return true;
}

/* Show the plan and ask, while nobody has to wait for the answer. */
static int confirm_request(struct session *session, struct setup_plan *ret, struct error *err)
{
	return plan_request(session, ret, err) < 0 || confirm_engine(session, ret, err) < 0 ||
			       confirm_plan(session, ret, err) < 0
		       ? -1
		       : 0;
}

/* Plan under the lock. What was confirmed without it must still be the plan. */
static int plan_locked(struct session *session, const struct setup_plan *confirmed,
	struct setup_plan *ret, struct error *err)
{
	if (carry_lock(session->worker->door, err) < 0 || plan_request(session, ret, err) < 0)
		return -1;
	if (session->request->yes)
		return confirm_plan(session, ret, err);
	if (is_same_plan(confirmed, ret))
		return 0;
	if (ret->blocked.msg[0] && !confirmed->blocked.msg[0]) {
		*err = ret->blocked;
		return -1;
	}
	(void)fail_as(err, EX_TEMPFAIL, "the host has changed since the plan was shown");
	return add_hint(err, "nothing was changed; run this again");
}

static int carry_out(struct session *session, const struct setup_plan *planned, struct error *err)
{
	const struct carry_watch watch = {log_step, log_left_step, log_unit_line, session};
	return carry_plan(session->worker->door, planned, &watch, err) < 0
		       ? -1
		       : verify_plan(session, planned, err);
}

/* Say how it ends, from the last look at the host. */
static int log_end(const struct session *session, const struct setup_plan *done, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	const struct worker *worker = session->worker;
	const struct request *request = session->request;
	bool prepares = request_delegates(request) || request_dockers(request);
	enum engine engine = request->verb == VERB_DOCKER ? ENGINE_DOCKER : session->engine;
	if (engine == ENGINE_UNDECIDED)
		engine = engine_guess(&session->facts.docker);
	struct findings findings;
	struct summary_end end = {
		.request = request,
		.facts = &session->facts,
		.engine = request_dockers(request) ? engine : ENGINE_UNDECIDED,
		.left = session->left + (prepares ? 0 : done->note_count),
		.self = !request->user,
	};
	if (prepares) {
		findings_make(&session->facts, worker->policy, engine, worker->confined, &findings);
		end.findings = &findings;
	}
	if (summary_of_end(&end, &text, err) < 0)
		return -1;
	for (char *line = text, *next; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		log_note(&session->log, LOG_NORMAL, "%s", line);
	}
	return 0;
}

static int run_change(struct session *session, struct error *err)
{
	_cleanup_setup_plan_ struct setup_plan confirmed = {0};
	_cleanup_setup_plan_ struct setup_plan planned = {0};
	const struct setup_plan *done = &confirmed;
	if (!session->request->yes && confirm_request(session, &confirmed, err) < 0)
		return -1;
	if (session->request->yes || confirmed.count > 0) {
		done = &planned;
		if (plan_locked(session, &confirmed, &planned, err) < 0 ||
			(planned.count > 0 && carry_out(session, &planned, err) < 0))
			return -1;
	}
	if (session->request->json)
		return print_done_json(done, err);
	for (size_t i = 0; i < done->note_count; i++)
		log_note(&session->log, LOG_NORMAL, "note: %s", done->notes[i]);
	if (done->count == 0 && !done->blocked.msg[0])
		log_note(&session->log, LOG_NORMAL, "nothing to do");
	if (!done->blocked.msg[0] && log_end(session, done, err) < 0)
		return -1;
	return finish_plan(done, err);
}

int worker_print_error(const struct error *failed, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	return render_error_json(failed, &text, err) < 0 ? -1 : worker_print(text, err);
}

/* From here on this process can read what every user can, and change nothing. */
static int worker_confine(const struct worker *worker, struct error *err)
{
	return confine_files(NULL, 0, worker->confined, err) < 0 ||
			       confine_calls(CONFINE_WORKER, worker->confined, err) < 0
		       ? -1
		       : 0;
}

int worker_run(const struct worker *worker)
{
	_cleanup_(cleanup_session) struct session session = {
		.worker = worker,
		.request = worker->request,
		.log = {.program = "oss-crs-setup", .level = worker->request->level},
	};
	_cleanup_bus_ struct sd_bus *bus = NULL;
	struct error err = {0};
	if (bus_open(&bus, &session.no_bus) == 0)
		session.bus = bus;
	look_up_groups(&session);
	int status = worker_confine(worker, &err) < 0      ? -1
		     : worker->request->verb == VERB_CHECK ? run_check(&session, &err)
		     : worker->request->dry_run            ? run_dry(&session, &err)
							   : run_change(&session, &err);
	if (status >= 0)
		return status;
	struct error unsaid = {0};
	log_error(&session.log, &err);
	if (worker->request->json)
		(void)worker_print_error(&err, &unsaid);
	return err.status;
}
