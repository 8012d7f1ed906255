/* SPDX-License-Identifier: MIT
 *
 * main: oss-crs-setup, which prepares a host once, as root. This file reads from top to bottom as
 * the security argument.
 *
 * The program resets what it inherits (descriptors, signals, limits, environment) before it reads
 * anything. Its arguments are verbs and flags, never paths. Users can ask only for themselves
 * (caller.h). Then it drops all capabilities except those that a step will need, and splits:
 *
 * - This process stays root. It takes the lock, keeps the undo journal and the audit trail, and
 *   changes files and cgroups. Children that are nobody do for it whatever needs a thought
 *   (checks.h): they judge what the worker asks for by a closed table (judge.h), and parse what
 *   others wrote. It has no socket but those to the other processes and to journald.
 * - The connector is root too. It connects to Docker, and reads no answer (connector.h).
 * - The speaker calls systemd and logind by a closed list (speaker.h). It has connected to the bus
 *   as root, and is nobody.
 * - The worker is nobody. It reads what others wrote, plans, asks, prints and verifies (worker.h).
 *
 * All of them are confined by seccomp and Landlock where the kernel has these (confine.h).
 */
#include "caller.h"
#include "checks.h"
#include "cleanup.h"
#include "confine.h"
#include "connector.h"
#include "door.h"
#include "entry.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "podman_images.h"
#include "privs.h"
#include "serve.h"
#include "speaker.h"
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define END_TIMEOUT_MS 10000 /* a worker that has closed its door is about to end */

struct session {
	struct log log;
	struct claims claims;
	struct request request;
	struct policy policy;
	struct caller user;
	struct host host;
	struct confined confined;
};

/* Another process of this program, and this process's end of the door to it. */
struct process {
	pid_t pid;
	int pidfd;
	int door;
};

#define PROCESS_NONE                               \
	{                                          \
		.pid = -1, .pidfd = -1, .door = -1 \
	}

static void cleanup_process(struct process *process)
{
	cleanup_close(&process->pidfd);
	cleanup_close(&process->door);
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
		return add_hint(err, "run: sudo oss-crs-setup, or pkexec oss-crs-setup; check and "
				     "--dry-run need no privilege");
	}
	if (request->yes || isatty(STDIN_FILENO))
		return 0;
	return fail_as(err, EX_USAGE, "no terminal for confirmation; use --yes");
}

static void cleanup_ruleset(const struct confine_ruleset *ruleset)
{
	cleanup_close(&ruleset->fd);
}

/* Who asked for the change, for the audit trail. */
static struct audit session_audit(const struct session *session, int socket)
{
	const struct claims *claims = &session->claims;
	bool claimed = claims->sudo_set || claims->pkexec_set;
	return (struct audit){
		.socket = socket,
		.verb = request_verb(&session->request),
		.by = claims->sudo_set     ? "sudo"
		      : claims->pkexec_set ? "pkexec"
					   : "root",
		.caller = claimed ? session->user.uid : 0,
	};
}

/* The privileges that the steps of a verb may need (enum privs, or-ed), and the checks. */
static unsigned request_privs(const struct request *request)
{
	bool delegates = request_changes(request) && request_delegates(request);
	return delegates ? PRIVS_NICE | PRIVS_BECOME : PRIVS_BECOME;
}

/* In a new process: keep the door and the host's directories. */
static int keep_only(const struct session *session, int door, struct error *err)
{
	const int keep[] = {door, session->host.root, session->host.cgroup};
	return privs_close_others(keep, sizeof keep / sizeof *keep, err);
}

/* Become nobody, and end with the parent. */
static int become_nobody(pid_t parent, struct error *err)
{
	if (geteuid() == 0 && privs_become(PRIVS_NOBODY, PRIVS_NOBODY, PRIVS_NOBODY, err) < 0)
		return -1;
	return privs_end_with(parent, err);
}

/* Root, without a capability, and with nothing but the connections that it makes. */
static int run_connector(struct session *session, int door, pid_t parent)
{
	struct error err = {0};
	struct confined confined = {0};
	struct connector connector = {&session->host, &session->policy};
	if (keep_only(session, door, &err) == 0 && privs_limit(PRIVS_NONE, &err) == 0 &&
		privs_end_with(parent, &err) == 0 && entry_hold_signals(1, &err) == 0 &&
		confine_files(NULL, 0, &confined, &err) == 0 &&
		confine_calls(CONFINE_CONNECTOR, &confined, &err) == 0) {
		error_leave_raw(true);
		return connector_serve(&connector, door, &err) < 0 ? EX_SOFTWARE : EX_OK;
	}
	log_error(&session->log, &err);
	return err.status;
}

/* Whatever fs.suid_dumpable says, no other process of nobody's may reach the connection. */
static int hide_from_nobody(struct error *err)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? fail(err, errno, "PR_SET_DUMPABLE") : 0;
}

/* Root until it is on the bus. From then on nobody, but systemd does what it says as root's. */
static int run_speaker(struct session *session, int door, pid_t parent)
{
	struct error err = {0};
	struct confined confined = {0};
	struct speaker speaker = {
		.policy = &session->policy,
		.changes = request_changes(&session->request),
		.uid = session->request.verb == VERB_UNDO ? 0 : session->user.uid,
	};
	int kept = keep_only(session, door, &err);
	speaker_connect(&speaker);
	if (kept == 0 && become_nobody(parent, &err) == 0 && hide_from_nobody(&err) == 0 &&
		entry_hold_signals(1, &err) == 0 && confine_files(NULL, 0, &confined, &err) == 0 &&
		confine_calls(CONFINE_WORKER, &confined, &err) == 0) {
		error_leave_raw(true);
		return speaker_serve(&speaker, door, &err) < 0 ? EX_SOFTWARE : EX_OK;
	}
	log_error(&session->log, &err);
	return err.status;
}

static int run_worker(struct session *session, int door, pid_t parent)
{
	struct error err = {0};
	const struct worker worker = {
		.host = &session->host,
		.policy = &session->policy,
		.user = &session->user,
		.request = &session->request,
		.confined = &session->confined,
		.door = door,
		.podman_images =
			request_delegates(&session->request) && request_dockers(&session->request)
				? podman_images_look(&session->host, &session->user)
				: ANSWER_UNKNOWN,
	};
	if (become_nobody(parent, &err) == 0 && keep_only(session, door, &err) == 0)
		return worker_run(&worker);
	log_error(&session->log, &err);
	return err.status;
}

/* Start a process that runs `work` behind a door. What is sent to it and not taken in timeout_s
 * seconds is an error; 0: never. */
static int start_process(struct session *session,
	int (*work)(struct session *session, int door, pid_t parent), unsigned timeout_s,
	struct process *ret, struct error *err)
{
	int ends[2];
	pid_t parent = getpid();
	if (door_make(ends, timeout_s, err) < 0)
		return -1;
	_cleanup_close_ int ours = ends[0];
	_cleanup_close_ int theirs = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return fail(err, errno, "fork");
	if (pid == 0)
		exit(work(session, theirs, parent));
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return fail(err, errno, "pidfd_open");
	*ret = (struct process){pid, pidfd, steal_fd(&ours)};
	return 0;
}

/* Wait for a process whose door is closed. One that does not end is killed when this process ends.
 * Returns its exit status, or -1. */
static int end_process(struct process *process, struct error *err)
{
	siginfo_t info = {0};
	struct pollfd ended = {.fd = process->pidfd, .events = POLLIN};
	cleanup_close(&process->door);
	process->door = -1;
	if (poll(&ended, 1, END_TIMEOUT_MS) == 0)
		return fail_as(err, EX_SOFTWARE, "a process of this program does not end");
	if (waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED) < 0)
		return fail(err, errno, "wait for process %d", (int)process->pid);
	return info.si_code == CLD_EXITED ? info.si_status : EX_SIGNAL + info.si_status;
}

/* Start the other processes, and serve the worker as root. Returns its exit status. */
static int split(struct session *session, struct error *err)
{
	_cleanup_(cleanup_process) struct process connector = PROCESS_NONE;
	_cleanup_(cleanup_process) struct process speaker = PROCESS_NONE;
	_cleanup_(cleanup_process) struct process worker = PROCESS_NONE;
	struct confined confined = {0};
	bool changes = request_changes(&session->request);
	_cleanup_close_ int lock = changes ? lock_open(&session->host, err) : -1;
	if (changes && lock < 0)
		return -1;
	if (start_process(session, run_connector, 0, &connector, err) < 0 ||
		start_process(session, run_speaker, 0, &speaker, err) < 0 ||
		start_process(session, run_worker, SERVE_SEND_S, &worker, err) < 0)
		return -1;
	_cleanup_close_ int journald = changes ? audit_open(SERVE_SEND_S) : -1;
	_cleanup_(cleanup_ruleset) struct confine_ruleset ruleset = {.fd = -1};
	if (confine_prepare(&ruleset, err) < 0 || confine_calls(CONFINE_ROOT, &confined, err) < 0)
		return -1;
	const struct server server = {
		.host = &session->host,
		.policy = &session->policy,
		.user = &session->user,
		.request = &session->request,
		.audit = session_audit(session, journald),
		.confined = &confined,
		.ruleset = ruleset,
		.speaker = speaker.door,
		.connector = connector.door,
		.lock = lock,
	};
	/* The worker cleans what these say. */
	error_leave_raw(true);
	int result = serve_worker(&server, worker.door, err);
	error_leave_raw(false);
	struct error unsaid = {0};
	int status = end_process(&worker, result < 0 ? &unsaid : err);
	(void)end_process(&speaker, &unsaid);
	(void)end_process(&connector, &unsaid);
	return result < 0 ? -1 : status;
}

static int run_request(int argc, char **argv, struct session *session, struct error *err)
{
	struct request *request = &session->request;
	if (enter_process(&session->claims, err) < 0 || request_parse(argc, argv, request, err) < 0)
		return -1;
	session->log.level = request->level;
	if (request->help)
		return worker_print(request_help(), err);
	if (request->version)
		return worker_print("oss-crs-setup " OSS_CRS_VERSION "\n", err);
	if (authorise_request(session, err) < 0 ||
		caller_resolve(getuid(), &session->claims, request->user, &session->user, err) < 0)
		return -1;

	/* From here on, a capability that a step needs is permitted but not effective, and is
	 * dropped when no later step needs it. */
	if ((geteuid() == 0 && entry_refuse_namespace(err) < 0) || privs_begin(err) < 0 ||
		privs_limit(request_privs(request), err) < 0 ||
		host_open(&session->host, err) < 0 ||
		checks_policy(&session->host, &session->policy, err) < 0)
		return -1;
	request_override(request, &session->policy);
	return split(session, err);
}

static int print_error_json(void *arg, struct error *err)
{
	return worker_print_error(arg, err);
}

/* With --json, also print an error as an object on standard output, for programs that read nothing
 * else. As nobody: root only reads numbers and makes files. */
static void report_error(const struct session *session, bool json, struct error *err)
{
	struct error unsaid = {0};
	const struct privs_child child = {.uid = PRIVS_NOBODY,
		.gid = PRIVS_NOBODY,
		.group = PRIVS_NOBODY,
		.timeout_ms = END_TIMEOUT_MS};
	struct error said;
	error_take(&said, err);
	log_error(&session->log, &said);
	if (json)
		(void)privs_in_child(&child, print_error_json, &said, &unsaid);
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
