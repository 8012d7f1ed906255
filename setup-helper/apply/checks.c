/* SPDX-License-Identifier: MIT
 *
 * checks: the child that each check runs in, and the checks that more than one file here asks for
 * or that are about text of others. The others are beside what they are for.
 */
#include "checks.h"

#include "cleanup.h"
#include "confine.h"
#include "dockerapi.h"
#include "door.h"
#include "fs.h"
#include "plan.h"
#include "privs.h"
#include "speaker.h"
#include "unit_log.h"

#include <errno.h>

#define TIMEOUT_MS 30000

struct running {
	const struct check *check;
	int out;
};

static int work_confined(void *arg, struct error *err)
{
	const struct running *running = arg;
	const struct check *check = running->check;
	struct confined confined = {0};
	if (confine_files(NULL, 0, &confined, err) < 0 ||
		confine_calls(check->group                  ? CONFINE_WORKER
			      : check->host || check->lists ? CONFINE_LOOK
							    : CONFINE_CHECK,
			&confined, err) < 0)
		return -1;
	return check->work(check, running->out, err);
}

int check_run(const struct check *check, int *ret_file, struct error *err)
{
	_cleanup_close_ int out = door_new_file(err);
	struct running running = {check, out};
	const struct privs_child child = {
		.uid = PRIVS_NOBODY,
		.gid = PRIVS_NOBODY,
		.group = check->group ? check->group : PRIVS_NOBODY,
		.keep = {out, check->files[0], check->files[1], check->files[2],
			check->host ? check->host->root : -1,
			check->host ? check->host->cgroup : -1},
		.timeout_ms = TIMEOUT_MS,
	};
	if (out < 0 || privs_in_child(&child, work_confined, &running, err) < 0 ||
		door_seal(out, err) < 0)
		return -1;
	if (ret_file)
		*ret_file = steal_fd(&out);
	return 0;
}

int check_read(
	const struct check *check, size_t max, char **ret, size_t *ret_len, struct error *err)
{
	int file = -1;
	if (check_run(check, &file, err) < 0)
		return -1;
	_cleanup_close_ int owned = file;
	return fs_read_fd(owned, "a file in memory", max, ret, ret_len, err);
}

/* ---- policy ---------------------------------------------------------------------------------- */

static int work_policy(const struct check *check, int out, struct error *err)
{
	struct policy policy;
	return policy_read(check->files[0], &policy, err) < 0
		       ? -1
		       : door_write(out, &policy, sizeof policy, err);
}

int checks_policy(const struct host *host, struct policy *ret, struct error *err)
{
	struct policy policy;
	int answer = -1;
	_cleanup_close_ int file = -1;
	if (policy_open(host, &file, err) < 0)
		return -1;
	policy_default(&policy);
	const struct check check = {.work = work_policy, .files = {file}};
	if (file >= 0 && check_run(&check, &answer, err) < 0)
		return -1;
	_cleanup_close_ int owned = answer;
	if (file >= 0 && read(owned, &policy, sizeof policy) != sizeof policy)
		return fail_as(err, EX_SOFTWARE, "a child of this program gave no valid answer");
	if (policy_check(&policy, err) < 0)
		return -1;
	*ret = policy;
	return 0;
}

/* ---- Docker ---------------------------------------------------------------------------------- */

struct docker_wanted {
	const struct policy *policy;
	bool idle;
	const char *driver;
};

static int read_answer(
	int file, enum docker_question question, char **ret, size_t *ret_len, struct error *err)
{
	return fs_read_fd(file, docker_targets[question], CONNECTOR_ANSWER_MAX, ret, ret_len, err);
}

static int work_docker(const struct check *check, int out, struct error *err)
{
	const struct docker_wanted *wanted = check->question;
	struct docker_state state = {0};
	_cleanup_free_ char *info = NULL;
	_cleanup_free_ char *containers = NULL;
	_cleanup_free_ char *names = NULL;
	size_t len = 0;
	(void)out;
	if (read_answer(check->files[0], DOCKER_INFO, &info, &len, err) < 0 ||
		dockerapi_info(info, len, &state, err) < 0)
		return -1;
	if (wanted->driver && strcmp(state.driver, wanted->driver) != 0)
		return fail_as(err, EX_UNAVAILABLE, "%s still runs with the driver '%s'",
			wanted->policy->service, state.driver);
	if (!wanted->idle || state.running == 0)
		return 0;
	if (read_answer(check->files[1], DOCKER_CONTAINERS, &containers, &len, err) < 0 ||
		dockerapi_names(containers, len, &names, err) < 0)
		return -1;
	state.names = names;
	return plan_check_idle(&state, err);
}

int checks_docker(int speaker, int connector, const struct policy *policy, bool idle,
	const char *driver, struct error *err)
{
	const struct docker_wanted wanted = {policy, idle, driver};
	_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
	for (int i = DOCKER_INFO; i < (idle ? DOCKER_QUESTIONS : DOCKER_CONTAINERS); i++)
		if (speaker_ask_docker(speaker, connector, i, &files[i], err) < 0)
			return -1;
	const struct check check = {
		.work = work_docker, .question = &wanted, .files = {files[0], files[1]}};
	return check_run(&check, NULL, err);
}

/* ---- unit log -------------------------------------------------------------------------------- */

struct log_lines {
	int out;
	struct error *err;
	int result;
};

static void write_line(void *arg, const char *line)
{
	struct log_lines *lines = arg;
	if (lines->result == 0)
		lines->result = door_write(lines->out, line, strlen(line) + 1, lines->err);
}

static int work_unit_log(const struct check *check, int out, struct error *err)
{
	struct log_lines lines = {.out = out, .err = err};
	unit_log_tail(check->question, CHECKS_LOG_LINES, write_line, &lines);
	return lines.result;
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

int checks_unit_log(const struct host *host, const char *unit, int *ret_file, struct error *err)
{
	const struct check check = {
		.work = work_unit_log, .question = unit, .host = host, .group = journal_group()};
	return check_run(&check, ret_file, err);
}
