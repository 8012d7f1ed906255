/* SPDX-License-Identifier: MIT
 *
 * worker: looks, plans, shows, asks and verifies. It asks the root side for what changes the host
 * (carry.h).
 */
#include "worker.h"

#include "bus.h"
#include "carry.h"
#include "cleanup.h"
#include "findings.h"
#include "log.h"
#include "plan.h"
#include "probe.h"
#include "render.h"

#include <errno.h>

/* A worker at work. */
struct session {
	const struct worker *worker;
	const struct request *request;
	struct log log;
	struct sd_bus *bus; /* NULL if there is none: no_bus says why */
	struct error no_bus;
	size_t left;       /* steps that were left undone */
	bool leave_docker; /* the user does not want the changes to Docker */
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

static int look_at_host(const struct session *session, struct facts *ret, struct error *err)
{
	const struct probe_input input = {
		.host = session->worker->host,
		.policy = session->worker->policy,
		.user = session->worker->user,
		.door = session->worker->door,
		.bus = session->bus,
		.no_bus = &session->no_bus,
		.delegate = request_delegates(session->request),
		.docker = request_dockers(session->request) || session->request->verb == VERB_UNDO,
		.sweep = session->request->verb == VERB_SWEEP,
		.undo = session->request->verb == VERB_UNDO,
	};
	return probe(&input, ret, err);
}

static int plan_request(const struct session *session, struct setup_plan *ret, struct error *err)
{
	_cleanup_facts_ struct facts facts = {0};
	if (look_at_host(session, &facts, err) < 0)
		return -1;
	if (session->request->verb == VERB_UNDO)
		return plan_undo(&facts.undo, &facts.docker, session->worker->policy,
			session->request->purge, ret, err);
	if (session->request->verb == VERB_SWEEP)
		return plan_sweep(&facts, ret, err);
	const struct plan_input input = {
		.facts = &facts,
		.policy = session->worker->policy,
		.delegate = request_delegates(session->request),
		.docker = request_dockers(session->request) && !session->leave_docker,
		.docker_only = session->request->verb == VERB_DOCKER,
	};
	return setup_plan_make(&input, ret, err);
}

static int run_check(struct session *session, struct error *err)
{
	_cleanup_facts_ struct facts facts = {0};
	_cleanup_free_ char *text = NULL;
	struct findings findings;
	if (look_at_host(session, &facts, err) < 0)
		return -1;
	findings_make(&facts, session->worker->policy, session->worker->confined, &findings);
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
	       (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
}

/* If Podman is installed, runs can do without Docker: ask, and plan again without Docker unless the
 * user says yes. */
static int confirm_docker(struct session *session, struct setup_plan *planned, struct error *err)
{
	if (!planned->docker_optional || session->request->yes)
		return 0;
	if (worker_print("Podman is installed, and jobs can run on it without Docker.\n"
			 "Change Docker's cgroup driver too? [y/N] ",
		    err) < 0)
		return -1;
	if (user_says_yes())
		return 0;
	session->leave_docker = true;
	setup_plan_clear(planned);
	return plan_request(session, planned, err);
}

/* Show the plan and ask, unless --yes is the answer; with -v, show it in any case. */
static int confirm_plan(
	const struct session *session, const struct setup_plan *planned, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	bool ask = !session->request->yes;
	if (planned->count == 0 || !(ask || session->request->level >= LOG_VERBOSE))
		return 0;
	if (render_plan(planned, &text, err) < 0 || worker_print(text, err) < 0)
		return -1;
	if (!ask)
		return 0;
	if (worker_print("Do it? [y/N] ", err) < 0)
		return -1;
	if (user_says_yes())
		return 0;
	return fail_as(err, EX_NOPERM, "not confirmed; nothing changed");
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
static int verify_plan(
	const struct session *session, const struct setup_plan *done, struct error *err)
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
	return plan_request(session, ret, err) < 0 || confirm_docker(session, ret, err) < 0 ||
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
	struct session session = {
		.worker = worker,
		.request = worker->request,
		.log = {.program = "oss-crs-setup", .level = worker->request->level},
	};
	_cleanup_bus_ struct sd_bus *bus = NULL;
	struct error err = {0};
	if (bus_open(&bus, &session.no_bus) == 0)
		session.bus = bus;
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
