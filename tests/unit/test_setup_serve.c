/* SPDX-License-Identifier: MIT
 *
 * test_setup_serve: root carries out a plan that is judged step by step, and nothing else, whatever
 * a worker in the hands of an attacker sends.
 */
#include "unit.h"

#include "door.h"
#include "fs.h"
#include "lock.h"
#include "random_request.h"
#include "serve.h"
#include "setup_fixture.h"

#include <ftw.h>
#include <sys/wait.h>

/* Send random requests, and any file that may come with them. */
static void attack(int door, int requests, const int *texts, size_t text_count)
{
	for (int i = 0; i < requests; i++) {
		struct error err = {0};
		struct door_message answer;
		int received[DOOR_FILES_MAX] = {-1, -1};
		int files[DOOR_FILES_MAX] = {-1, -1};
		const struct door_message m = random_request();
		for (size_t j = 0; j < COUNT(files); j++)
			if (next_random(20) == 0)
				files[j] = texts[next_random((uint32_t)text_count)];
		if (door_send(door, &m, files, &err) < 0)
			return;
		do {
			if (door_receive(door, &answer, received, &err) <= 0)
				return;
			for (size_t j = 0; j < COUNT(received); j++)
				cleanup_close(&received[j]);
		} while (answer.what != DOOR_ANSWER);
	}
}

static int unexpected;

/* Everything that exists below the test's directory afterwards. */
static int look_at_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	static const char *const expected[] = {"daemon.json", "daemon.json.oss-crs-backup",
		"50-oss-crs.conf", "setup.lock", "cgroup.subtree_control"};
	bool known = type != FTW_F || strstr(path, "/var/lib/oss-crs/journal/0000");
	for (size_t i = 0; i < COUNT(expected); i++)
		known = known || strcmp(path + where->base, expected[i]) == 0;
	if (!known || (type == FTW_F && st->st_mode & 07000) || type == FTW_SL) {
		print_message("unexpected: %s\n", path);
		unexpected++;
	}
	return 0;
}

/* The root side, in a process of its own: what it gives up, it cannot get back. */
static pid_t start_server(struct fixture *f, int door, int other)
{
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid != 0)
		return pid;
	struct error err = {0};
	struct confined confined = {0};
	struct confine_ruleset ruleset = {.fd = -1};
	int lock = lock_open(&f->host, &err);
	if (lock < 0 || confine_prepare(&ruleset, &err) < 0)
		_exit(1);
	const struct server server = {.host = &f->host,
		.ruleset = ruleset,
		.policy = &f->policy,
		.user = &f->user,
		.request = &f->request,
		.audit = {.socket = -1, .verb = "test", .by = "root"},
		.confined = &confined,
		.speaker = -1,
		.connector = -1,
		.lock = lock};
	(void)close(other);
	_exit(serve_worker(&server, door, &err) < 0);
}

TEST(a_plan_is_judged_step_by_step_and_carried_out)
{
	static const struct {
		enum door_what what;
		enum step_kind kind;
		const char *target;
		bool refused;
	} table[] = {
		{DOOR_LOCK, 0, "", false},
		{DOOR_STEP, STEP_RESTART, "docker.service", true},
		{DOOR_STEP, STEP_BACKUP, BACKUP, false},
		{DOOR_STEP, STEP_DAEMON_JSON, JSON, false},
		{DOOR_STEP, STEP_IDLE, "docker.service", false},
		{DOOR_STEP, STEP_RESTART, "docker.service", false},
		/* The test has no Docker: the file is written, and IDLE fails. */
		{DOOR_APPLY, 0, "", true},
	};
	struct fixture f;
	struct error err = {0};
	int doors[2];
	int status = 0;
	_cleanup_free_ char *text = NULL;
	need_root();
	setup_fixture(state, VERB_DOCKER, &f);
	_cleanup_close_ int after = door_file(NEW, strlen(NEW), &err);
	const int files[] = {after, -1};
	assert_ok(door_make(doors, 10, &err), err);
	pid_t pid = start_server(&f, doors[0], doors[1]);
	assert_return_code(close(doors[0]), errno);
	for (size_t i = 0; i < COUNT(table); i++) {
		bool file = table[i].kind == STEP_DAEMON_JSON;
		struct door_message m = {.what = table[i].what,
			.kind = table[i].kind,
			.number = file ? DOOR_HAS_AFTER : 0};
		(void)snprintf(m.text, sizeof m.text, "%s", table[i].target);
		assert_ok(door_send(doors[1], &m, file ? files : NULL, &err), err);
		do {
			int received[DOOR_FILES_MAX];
			assert_int_equal(door_receive(doors[1], &m, received, &err), 1);
		} while (m.what != DOOR_ANSWER);
		if ((m.failed != 0) != table[i].refused)
			fail_test("row %zu: %s", i, m.err.msg);
	}
	assert_return_code(close(doors[1]), errno);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(fs_read(f.host.root, &JSON[1], 4096, &text, NULL, &err), err);
	assert_string_equal(text, NEW);
	end_fixture(&f);
}

TEST(ten_thousand_random_requests_change_nothing_outside_the_table)
{
	static const enum verb verbs[] = {
		VERB_ALL, VERB_DELEGATE, VERB_DOCKER, VERB_UNDO, VERB_SWEEP, VERB_CHECK};
	need_root();
	struct error err = {0};
	const int texts[] = {door_file(OLD, strlen(OLD), &err), door_file(NEW, strlen(NEW), &err),
		door_file("dead/a\n", 7, &err), door_file("../x\n", 5, &err),
		open("/proc/self/status", O_RDONLY | O_CLOEXEC)};
	for (size_t i = 0; i < COUNT(verbs); i++) {
		struct fixture f;
		int doors[2];
		int status = 0;
		setup_fixture(state, verbs[i], &f);
		assert_ok(door_make(doors, 10, &err), err);
		pid_t pid = start_server(&f, doors[0], doors[1]);
		assert_return_code(close(doors[0]), errno);
		attack(doors[1], 2000, texts, COUNT(texts));
		assert_return_code(close(doors[1]), errno);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		end_fixture(&f);
	}
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_return_code(close(texts[i]), errno);
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d/.", unit_dir(state));
	assert_return_code(nftw(path, look_at_file, 16, FTW_PHYS), errno);
	assert_int_equal(unexpected, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_plan_is_judged_step_by_step_and_carried_out),
		RUN_IN_DIR(ten_thousand_random_requests_change_nothing_outside_the_table),
	};
	return cmocka_run_group_tests_name("setup_serve", tests, set_no_new_privs, NULL);
}
