/* SPDX-License-Identifier: MIT
 *
 * main: oss-crs-setup, which prepares a host once, as root. This file reads from top to bottom as
 * the security argument.
 *
 * The program resets what it inherits (descriptors, signals, limits, environment) before it reads
 * anything. Its arguments are verbs and flags, never paths. Users can ask only for themselves
 * (caller.h). Then the program drops all capabilities except those that a step will need, and makes
 * the kernel refuse system calls that no step needs (seccomp). Under a lock it looks at the host,
 * makes a plan from what it saw, and carries out that plan and nothing else: from the first step
 * on, this process can write only where the plan does (Landlock), and the undo journal has the old
 * state before it is changed. Finally the program looks and plans again, and must find nothing left
 * to do.
 */
#include "bus.h"
#include "caller.h"
#include "cleanup.h"
#include "confine.h"
#include "entry.h"
#include "findings.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "privs.h"
#include "probe.h"
#include "render.h"
#include "steps.h"

#include <errno.h>

#define LOCK_TIMEOUT_S 30

struct session {
	struct log log;
	struct claims claims;
	struct request request;
	struct policy policy;
	struct caller user;
	struct host host;
	struct confined confined;
	size_t left;       /* steps that were left undone */
	bool leave_docker; /* the user does not want the changes to Docker */
};

static int print_text(const char *text, struct error *err)
{
	if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
		(void)fail(err, errno, "write to standard output");
		err->status = EX_IOERR;
		return -1;
	}
	return 0;
}

/* Reset everything that is inherited, before the first argument is read. */
static int enter_process(struct claims *ret, struct error *err)
{
	if (entry_descriptors(err) < 0 || entry_refuse_secure(err) < 0 || entry_signals(err) < 0 ||
		entry_limits(err) < 0)
		return -1;
	caller_claims(ret);
	return entry_environment(err);
}

/* Check that the caller may ask for a change, and can confirm it: with --yes or on a terminal. */
static int authorise_request(const struct session *session, struct error *err)
{
	const struct request *request = &session->request;
	if (!request_changes(request))
		return 0;
	if (getuid() != 0 || geteuid() != 0) {
		(void)fail_as(err, EX_NOPERM, "this needs root");
		return add_hint(err, "sudo oss-crs-setup, or pkexec oss-crs-setup; check and "
				     "--dry-run need nothing");
	}
	if (request->yes || isatty(STDIN_FILENO))
		return 0;
	return fail_as(err, EX_USAGE, "there is no terminal to ask on: say --yes");
}

static int look_at_host(const struct session *session, struct facts *ret, struct error *err)
{
	const struct probe_input input = {
		.host = &session->host,
		.policy = &session->policy,
		.user = &session->user,
		.delegate = request_delegates(&session->request),
		.docker = request_dockers(&session->request) || session->request.verb == VERB_UNDO,
		.sweep = session->request.verb == VERB_SWEEP,
		.undo = session->request.verb == VERB_UNDO,
	};
	return probe(&input, ret, err);
}

static int plan_request(const struct session *session, struct setup_plan *ret, struct error *err)
{
	_cleanup_facts_ struct facts facts = {0};
	if (look_at_host(session, &facts, err) < 0)
		return -1;
	if (session->request.verb == VERB_UNDO)
		return plan_undo(&facts.undo, &facts.docker, &session->policy,
			session->request.purge, ret, err);
	if (session->request.verb == VERB_SWEEP)
		return plan_sweep(&facts, ret, err);
	const struct plan_input input = {
		.facts = &facts,
		.policy = &session->policy,
		.delegate = request_delegates(&session->request),
		.docker = request_dockers(&session->request) && !session->leave_docker,
		.docker_only = session->request.verb == VERB_DOCKER,
	};
	return setup_plan_make(&input, ret, err);
}

static int run_check(struct session *session, struct error *err)
{
	_cleanup_facts_ struct facts facts = {0};
	_cleanup_free_ char *text = NULL;
	struct findings findings;
	if (confine_files(NULL, 0, &session->confined, err) < 0 ||
		look_at_host(session, &facts, err) < 0)
		return -1;
	findings_make(&facts, &session->policy, &session->confined, &findings);
	if ((session->request.json ? render_findings_json(&findings, &text, err)
				   : render_findings(&findings, &text, err)) < 0)
		return -1;
	if (session->request.level > LOG_QUIET && print_text(text, err) < 0)
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
	if (confine_files(NULL, 0, &session->confined, err) < 0 ||
		plan_request(session, &planned, err) < 0 ||
		(session->request.json ? render_plan_json(&planned, &text, err)
				       : render_plan(&planned, &text, err)) < 0 ||
		print_text(text, err) < 0)
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
	if (!planned->docker_optional || session->request.yes)
		return 0;
	if (print_text("Podman is on this host, and with it runs need nothing of Docker.\n"
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
	bool ask = !session->request.yes;
	if (planned->count == 0 || !(ask || session->request.level >= LOG_VERBOSE))
		return 0;
	if (render_plan(planned, &text, err) < 0 || print_text(text, err) < 0)
		return -1;
	if (!ask)
		return 0;
	if (print_text("Do it? [y/N] ", err) < 0)
		return -1;
	if (user_says_yes())
		return 0;
	return fail_as(err, EX_NOPERM, "not confirmed, nothing changed");
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

/* Who asked for the change, for the audit trail. */
static struct audit session_audit(const struct session *session)
{
	const struct claims *claims = &session->claims;
	bool claimed = claims->sudo_set || claims->pkexec_set;
	return (struct audit){
		.verb = request_verb(&session->request),
		.by = claims->sudo_set     ? "sudo"
		      : claims->pkexec_set ? "pkexec"
					   : "root",
		.caller = claimed ? session->user.uid : 0,
	};
}

static int apply_plan(struct session *session, const struct setup_plan *planned, struct error *err)
{
	_cleanup_bus_ struct sd_bus *bus = NULL;
	struct steps_context context = {
		.host = &session->host,
		.policy = &session->policy,
		.audit = session_audit(session),
		.confined = &session->confined,
		.undoing = session->request.verb == VERB_UNDO,
		.on_step = log_step,
		.on_left = log_left_step,
		.on_log = log_unit_line,
		.arg = session,
	};
	if (bus_open(&bus, err) < 0 || entry_hold_signals(1, err) < 0)
		return -1;
	context.bus = bus;
	int result = steps_apply(&context, planned, err);
	struct error held = {0};
	if (entry_hold_signals(0, &held) < 0 && result == 0) {
		*err = held;
		return -1;
	}
	return result;
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
		return add_context(err, "all steps are done, but it cannot be seen");
	}
	if (left.count == 0 || session->left > 0)
		return 0;
	return fail_as(err, EX_SOFTWARE, "all steps are done, and yet there is this to do: %s %s",
		step_title(left.steps[0].kind), left.steps[0].target);
}

/* With --json, print the plan as the account of what was done. Returns the exit status, or -1. */
static int print_done_json(const struct setup_plan *done, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	if (render_plan_json(done, &text, err) < 0 || print_text(text, err) < 0)
		return -1;
	return done->blocked.msg[0] ? done->blocked.status : EX_OK;
}

static int run_change(struct session *session, struct error *err)
{
	_cleanup_close_ int lock = lock_take(&session->host, LOCK_TIMEOUT_S, err);
	_cleanup_setup_plan_ struct setup_plan planned = {0};
	if (lock < 0 || plan_request(session, &planned, err) < 0 ||
		confirm_docker(session, &planned, err) < 0 ||
		confirm_plan(session, &planned, err) < 0)
		return -1;
	if (planned.count > 0 &&
		(apply_plan(session, &planned, err) < 0 || verify_plan(session, &planned, err) < 0))
		return -1;
	if (session->request.json)
		return print_done_json(&planned, err);
	for (size_t i = 0; i < planned.note_count; i++)
		log_note(&session->log, LOG_NORMAL, "note: %s", planned.notes[i]);
	if (planned.count == 0 && !planned.blocked.msg[0])
		log_note(&session->log, LOG_NORMAL, "nothing to do");
	return finish_plan(&planned, err);
}

/* The privileges that the steps of a verb may need (enum privs, or-ed). */
static unsigned request_privs(const struct request *request)
{
	if (!request_changes(request) || request->verb == VERB_DOCKER ||
		request->verb == VERB_SWEEP)
		return PRIVS_NONE;
	return request->verb == VERB_UNDO ? PRIVS_BECOME : PRIVS_NICE | PRIVS_BECOME;
}

static int run_request(int argc, char **argv, struct session *session, struct error *err)
{
	struct request *request = &session->request;
	if (enter_process(&session->claims, err) < 0 || request_parse(argc, argv, request, err) < 0)
		return -1;
	session->log.level = request->level;
	if (request->help)
		return print_text(request_help(), err);
	if (request->version)
		return print_text("oss-crs-setup " OSS_CRS_VERSION "\n", err);
	if (authorise_request(session, err) < 0 ||
		caller_resolve(getuid(), &session->claims, request->user, &session->user, err) < 0)
		return -1;

	/* From here on, taking over this process gains an attacker little: a capability that a step
	 * needs is permitted but not effective, and is dropped when no later step needs it. */
	unsigned keep = request_privs(request);
	if (privs_begin(err) < 0 || privs_limit(keep, err) < 0 ||
		confine_calls(&session->confined, err) < 0)
		return -1;

	if (host_open(&session->host, err) < 0 ||
		policy_load(&session->host, &session->policy, err) < 0)
		return -1;
	request_override(request, &session->policy);
	if (request->verb == VERB_CHECK)
		return run_check(session, err);
	return request->dry_run ? run_dry(session, err) : run_change(session, err);
}

/* With --json, also print an error as an object on standard output, for programs that read nothing
 * else. */
static void report_error(const struct session *session, bool json, const struct error *err)
{
	struct error unsaid = {0};
	_cleanup_free_ char *text = NULL;
	log_error(&session->log, err);
	if (json && render_error_json(err, &text, &unsaid) == 0)
		(void)print_text(text, &unsaid);
}

int main(int argc, char **argv)
{
	struct session session = {.log = {.program = "oss-crs-setup"}, .host = HOST_CLOSED};
	struct error err = {0};
	int status = run_request(argc, argv, &session, &err);
	if (status < 0) {
		report_error(&session, request_wants_json(argc, argv), &err);
		status = err.status;
	}
	host_close(&session.host);
	return status;
}
