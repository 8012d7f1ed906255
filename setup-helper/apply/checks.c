/* SPDX-License-Identifier: MIT
 *
 * checks: one function per check, which runs in the child, and its caller.
 */
#include "checks.h"

#include "cleanup.h"
#include "confine.h"
#include "daemon_json.h"
#include "dockerapi.h"
#include "fs.h"
#include "plan.h"
#include "privs.h"
#include "speaker.h"
#include "unit_log.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#define TIMEOUT_MS 30000

/* One check: `work` gets the question and puts its answer into `shared`. */
struct check {
	int (*work)(const void *question, void *shared, struct error *err);
	const void *question;
	void *shared;
	bool reads_files; /* it opens files: it is confined as a worker is */
};

static int confined_work(void *arg, struct error *err)
{
	const struct check *check = arg;
	struct confined confined = {0};
	if (confine_files(NULL, 0, &confined, err) < 0 ||
		confine_calls(check->reads_files ? CONFINE_WORKER : CONFINE_CHECK, &confined, err) <
			0)
		return -1;
	return check->work(check->question, check->shared, err);
}

/* Run the check in a child. `file` is a descriptor that it keeps, or -1. */
static int run_check(
	struct check *check, int file, gid_t group, size_t size, void *ret, struct error *err)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return fail(err, errno, "share memory with a child");
	const struct privs_child child = {
		.uid = PRIVS_NOBODY,
		.gid = PRIVS_NOBODY,
		.group = group,
		.keep_fd = file < 0 ? STDERR_FILENO : file,
		.timeout_ms = TIMEOUT_MS,
	};
	check->shared = shared;
	int result = privs_in_child(&child, confined_work, check, err);
	if (result == 0)
		memcpy(ret, shared, size);
	(void)munmap(shared, size);
	return result;
}

/* ---- policy ---------------------------------------------------------------------------------- */

static int work_policy(const void *question, void *shared, struct error *err)
{
	const int *file = question;
	return policy_read(*file, shared, err);
}

int checks_policy(const struct host *host, struct policy *ret, struct error *err)
{
	struct policy policy;
	_cleanup_close_ int file = -1;
	if (policy_open(host, &file, err) < 0)
		return -1;
	policy_default(&policy);
	struct check check = {.work = work_policy, .question = &file};
	if (file >= 0 && (run_check(&check, file, PRIVS_NOBODY, sizeof policy, &policy, err) < 0 ||
				 policy_check(&policy, err) < 0))
		return -1;
	*ret = policy;
	return 0;
}

/* ---- daemon.json and records ----------------------------------------------------------------- */

struct merge_question {
	struct text_view before;
	struct text_view after;
};

static int work_merge(const void *question, void *shared, struct error *err)
{
	const struct merge_question *q = question;
	_cleanup_free_ char *merged = NULL;
	if (daemon_json_merge(q->before.text, q->before.len, &merged, err) < 0)
		return -1;
	*(bool *)shared = merged && strlen(merged) == q->after.len &&
			  memcmp(merged, q->after.text, q->after.len) == 0;
	return 0;
}

int checks_daemon_json(struct text_view before, struct text_view after, struct error *err)
{
	const struct merge_question question = {before, after};
	struct check check = {.work = work_merge, .question = &question};
	bool same = false;
	if (run_check(&check, -1, PRIVS_NOBODY, sizeof same, &same, err) < 0)
		return -1;
	if (same)
		return 0;
	(void)fail_as(err, EX_TEMPFAIL, "daemon.json has changed since the plan was made");
	return add_hint(err, "nothing was written; run this again");
}

struct undo_question {
	struct text_view record;
	const struct step *step;
};

static int work_undo(const void *question, void *shared, struct error *err)
{
	const struct undo_question *q = question;
	_cleanup_record_ struct journal_record record = {0};
	if (journal_record_parse(q->record.text, q->record.len, &record, err) < 0)
		return -1;
	*(bool *)shared = undo_allows(&record, q->step);
	return 0;
}

int checks_undo(struct text_view record, const struct step *step, struct error *err)
{
	const struct undo_question question = {record, step};
	struct check check = {.work = work_undo, .question = &question};
	bool allowed = false;
	if (run_check(&check, -1, PRIVS_NOBODY, sizeof allowed, &allowed, err) < 0)
		return -1;
	return allowed ? 0
		       : fail_as(err, EX_SOFTWARE, "the undo journal has no such change of %s",
				 step->target);
}

static int work_driver(const void *question, void *shared, struct error *err)
{
	const char *text = question;
	return daemon_json_driver(text, strlen(text), shared, FACTS_DRIVER_MAX, err);
}

void checks_driver(const char *text, char *buf)
{
	char driver[FACTS_DRIVER_MAX] = "";
	struct error unreadable = {0};
	struct check check = {.work = work_driver, .question = text};
	bool read = run_check(&check, -1, PRIVS_NOBODY, sizeof driver, driver, &unreadable) == 0;
	driver[sizeof driver - 1] = '\0';
	(void)snprintf(buf, CHECKS_DRIVER_MAX, "%s%s",
		!read       ? "(not shown)"
		: driver[0] ? DRIVER_OPTION
			    : "no " DRIVER_OPTION,
		driver);
}

/* ---- Docker ---------------------------------------------------------------------------------- */

struct docker_answers {
	struct text_view info;
	struct text_view containers; /* empty if Docker was not asked */
};

struct docker_answer {
	struct docker_state state;
	char names[CHECKS_NAMES_MAX];
};

static int work_docker(const void *question, void *shared, struct error *err)
{
	const struct docker_answers *q = question;
	struct docker_answer *answer = shared;
	_cleanup_free_ char *names = NULL;
	if (dockerapi_info(q->info.text, q->info.len, &answer->state, err) < 0)
		return -1;
	if (q->containers.len > 0 &&
		dockerapi_names(q->containers.text, q->containers.len, &names, err) < 0)
		return -1;
	(void)snprintf(answer->names, sizeof answer->names, "%s", names ? names : "?");
	return 0;
}

int checks_docker(int speaker, struct docker_state *ret, char *names, struct error *err)
{
	_cleanup_free_ char *info = NULL;
	_cleanup_free_ char *containers = NULL;
	struct docker_answers question = {.info = {NULL, 0}};
	struct docker_answer answer = {.names = ""};
	struct check check = {.work = work_docker, .question = &question};
	if (speaker_read_docker(speaker, DOCKER_INFO, &info, &question.info.len, err) < 0)
		return -1;
	question.info.text = info;
	if (run_check(&check, -1, PRIVS_NOBODY, sizeof answer, &answer, err) < 0)
		return -1;
	if (answer.state.running > 0) {
		if (speaker_read_docker(speaker, DOCKER_CONTAINERS, &containers,
			    &question.containers.len, err) < 0)
			return -1;
		question.containers.text = containers;
		if (run_check(&check, -1, PRIVS_NOBODY, sizeof answer, &answer, err) < 0)
			return -1;
	}
	answer.state.driver[sizeof answer.state.driver - 1] = '\0';
	answer.names[sizeof answer.names - 1] = '\0';
	answer.state.names = NULL;
	*ret = answer.state;
	(void)snprintf(names, CHECKS_NAMES_MAX, "%s", answer.names);
	return 0;
}

/* ---- unit log -------------------------------------------------------------------------------- */

#define LINES_MAX 10

struct log_lines {
	unsigned count;
	char lines[LINES_MAX][UNIT_LOG_LINE_MAX];
};

static void keep_line(void *arg, const char *line)
{
	struct log_lines *lines = arg;
	if (lines->count < LINES_MAX)
		(void)snprintf(lines->lines[lines->count++], UNIT_LOG_LINE_MAX, "%s", line);
}

static int work_unit_log(const void *question, void *shared, struct error *err)
{
	(void)err;
	unit_log_tail(question, LINES_MAX, keep_line, shared);
	return 0;
}

/* The group that may read the system journal is that of its directory (systemd-journald(8)). */
static gid_t journal_group(void)
{
	static const char *const directories[] = {"/var/log/journal", "/run/log/journal"};
	struct stat st;
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
		if (stat(directories[i], &st) == 0 && st.st_gid != 0)
			return st.st_gid;
	return PRIVS_NOBODY;
}

void checks_unit_log(const char *unit, void (*on_line)(void *arg, const char *line), void *arg)
{
	struct log_lines lines = {.count = 0};
	struct error unread = {0};
	struct check check = {.work = work_unit_log, .question = unit, .reads_files = true};
	if (run_check(&check, -1, journal_group(), sizeof lines, &lines, &unread) < 0)
		return;
	for (unsigned i = 0; i < lines.count && i < LINES_MAX; i++) {
		lines.lines[i][UNIT_LOG_LINE_MAX - 1] = '\0';
		on_line(arg, lines.lines[i]);
	}
}
