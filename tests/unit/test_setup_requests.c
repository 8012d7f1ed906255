/* SPDX-License-Identifier: MIT
 *
 * test_setup_requests: whatever the worker asks for, root does only what the caller's command may
 * do, to the targets that root itself names.
 */
#include "unit.h"

#include "door.h"
#include "fs.h"
#include "lock.h"
#include "random_request.h"
#include "requests.h"
#include "serve.h"
#include "setup.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANAGER "user.slice/user-1000.slice/user@1000.service"
#define OURS    "user.slice/user-1000.slice/user@1000.service/oss-crs"
#define DROPIN  "/etc/systemd/system/user@1000.service.d/50-oss-crs.conf"
#define JSON    "/etc/docker/daemon.json"
#define BACKUP  "/etc/docker/daemon.json.oss-crs-backup"
#define ABOVE   "user.slice/user-1000.slice/user@1000.service/oss-crs/../.."
#define APPS    "user.slice/user-1000.slice/user@1000.service/app.slice"
#define BOBS    "user.slice/user-1001.slice/user@1001.service/oss-crs"
#define OLD     "{\"debug\": false}\n"
#define NEW     "{\"debug\": false, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}\n"

/* The host and the command line that decide. */
struct fixture {
	struct host host;
	struct policy policy;
	struct caller user;
	struct request request;
	struct journal journal;
	struct step *steps[32]; /* the plan */
	size_t count;
};

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIPPED: what is trusted is root's, and this is not root\n");
	skip();
}

static void make_path(int dir, const char *path)
{
	char part[256];
	for (size_t i = 1; path[i - 1]; i++) {
		if (path[i] && path[i] != '/')
			continue;
		(void)snprintf(part, sizeof part, "%.*s", (int)i, path);
		assert_true(mkdirat(dir, part, 0755) == 0 || errno == EEXIST);
	}
}

static void setup_fixture(void **state, enum verb verb, struct fixture *ret)
{
	int dir = unit_dir(state);
	struct error err = {0};
	static const char *const levels[] = {
		".", "user.slice", "user.slice/user-1000.slice", MANAGER};
	*ret = (struct fixture){.host = HOST_CLOSED,
		.user = {.known = true, .uid = 1000, .gid = 1000, .name = "alice"},
		.request = {.verb = verb, .yes = true},
		.journal = JOURNAL_CLOSED};
	policy_default(&ret->policy);
	/* The checks are nobody, and look at it. */
	assert_return_code(fchmodat(dir, ".", 0755, 0), errno);
	make_path(dir, "var/lib");
	make_path(dir, "run");
	make_path(dir, "etc/systemd/system");
	make_path(dir, "etc/docker");
	make_path(dir, "sys/fs/cgroup/" MANAGER);
	make_file(dir, &JSON[1], OLD);
	for (size_t i = 0; i < COUNT(levels); i++) {
		char path[256];
		(void)snprintf(
			path, sizeof path, "sys/fs/cgroup/%s/cgroup.subtree_control", levels[i]);
		make_file(dir, path, "memory\n");
	}
	assert_ok(host_open_at(dir, &ret->host, &err), err);
	assert_ok(journal_open(&ret->host, 1, &ret->journal, &err), err);
}

static void end_fixture(struct fixture *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->steps[i]);
	journal_close(&f->journal);
	host_close(&f->host);
}

/* Ask for a step as the worker would (worker/carry.c). */
static int ask(struct fixture *f, struct step step, struct error *err)
{
	const struct rights rights = {
		&f->host, &f->policy, &f->user, &f->request, f->steps, f->count};
	struct door_message m = {.what = DOOR_STEP,
		.number = (step.before ? DOOR_HAS_BEFORE : 0) | (step.after ? DOOR_HAS_AFTER : 0),
		.kind = step.kind,
		.uid = step.uid,
		.gid = step.gid,
		.mode = step.mode,
		.record = step.record,
		.undoes = step.undoes};
	const char *texts[] = {step.before, step.after};
	_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
	struct step *made = NULL;
	size_t count = 0;
	size_t size = 0;
	(void)snprintf(m.text, sizeof m.text, "%s", step.target);
	for (size_t i = 0; i < COUNT(texts); i++)
		if (texts[i])
			files[count++] = door_file(texts[i], strlen(texts[i]), err);
	if (requests_make(&rights, &f->journal, &m, files, &made, &size, err) < 0)
		return -1;
	if (f->count < COUNT(f->steps))
		f->steps[f->count++] = made;
	else
		free(made);
	return 0;
}

static char old_text[] = OLD;
static char new_text[] = NEW;
static char names[] = "dead/a\ndead\n";

/* For each kind of step a target that is right. */
static const struct {
	enum step_kind kind;
	const char *target;
	char *before;
	char *after;
} right[] = {
	{STEP_DROPIN, DROPIN, NULL, NULL},
	{STEP_RELOAD, "systemd", NULL, NULL},
	{STEP_LINGER, "alice", NULL, NULL},
	{STEP_START_MANAGER, "user@1000.service", NULL, NULL},
	{STEP_REALIZE, "user@1000.service", NULL, NULL},
	{STEP_ENABLE, "user.slice", NULL, NULL},
	{STEP_USER_ENABLE, OURS, NULL, NULL},
	{STEP_USER_REMOVE, OURS, NULL, NULL},
	{STEP_USER_MAKE, OURS, NULL, NULL},
	{STEP_IDLE, "docker.service", NULL, NULL},
	{STEP_BACKUP, BACKUP, NULL, NULL},
	{STEP_DAEMON_JSON, JSON, old_text, new_text},
	{STEP_RESTART, "docker.service", NULL, NULL},
	{STEP_REMOVE_FILE, DROPIN, NULL, NULL},
	{STEP_UNLINGER, "alice", NULL, NULL},
	{STEP_USER_UNMAKE, OURS, NULL, NULL},
	{STEP_USER_DISABLE, MANAGER, NULL, NULL},
	{STEP_FORGET, DROPIN, NULL, NULL},
	{STEP_SWEEP, OURS, names, NULL},
};

TEST(each_command_may_ask_for_its_own_steps_only)
{
	static const struct {
		enum verb verb;
		enum step_kind first, last; /* in the order of enum step_kind */
		enum step_kind other;       /* one more, or STEP_KINDS */
	} table[] = {
		{VERB_ALL, STEP_DROPIN, STEP_RESTART, STEP_KINDS},
		{VERB_DELEGATE, STEP_DROPIN, STEP_USER_MAKE, STEP_KINDS},
		{VERB_DOCKER, STEP_IDLE, STEP_RESTART, STEP_KINDS},
		{VERB_SWEEP, STEP_SWEEP, STEP_SWEEP, STEP_KINDS},
		{VERB_CHECK, STEP_KINDS, STEP_KINDS, STEP_KINDS},
		{VERB_UNDO, STEP_IDLE, STEP_IDLE, STEP_KINDS}, /* the others need a record */
	};
	need_root();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct fixture f;
		setup_fixture(state, table[i].verb, &f);
		for (size_t j = 0; j < COUNT(right); j++) {
			struct error err = {0};
			enum step_kind kind = right[j].kind;
			bool allowed = kind >= table[i].first && kind <= table[i].last;
			int result = ask(&f,
				make_step(kind, right[j].target, right[j].before, right[j].after),
				&err);
			if ((result == 0) != allowed)
				fail_test("verb %d, step %s: %d %s", (int)table[i].verb,
					step_name(kind), result, err.msg);
			if (!allowed)
				assert_int_equal(err.status, EX_SOFTWARE);
		}
		end_fixture(&f);
	}
}

TEST(the_target_is_the_one_that_root_names)
{
	static const char *const others[] = {"/etc/shadow", "/etc/docker/other.json", "..", "",
		"user@1001.service", "ssh.service", "user.slice/user-1001.slice", "bob", BOBS, APPS,
		ABOVE, "/etc/systemd/system/user@1001.service.d/50-oss-crs.conf"};
	struct fixture f;
	need_root();
	setup_fixture(state, VERB_ALL, &f);
	for (size_t i = 0; i < COUNT(right); i++)
		for (size_t j = 0; j < COUNT(others); j++) {
			struct error err = {0};
			if (ask(&f, make_step(right[i].kind, others[j], old_text, new_text),
				    &err) == 0)
				fail_test("%s %s", step_name(right[i].kind), others[j]);
		}
	assert_int_equal(f.count, 0);
	end_fixture(&f);
}

TEST(the_user_is_the_one_who_asked_whatever_the_worker_says)
{
	struct fixture f;
	struct error err = {0};
	need_root();
	setup_fixture(state, VERB_DELEGATE, &f);
	struct step step = make_step(STEP_USER_MAKE, OURS, NULL, NULL);
	step.uid = 0;
	step.gid = 0;
	step.mode = 0777;
	assert_ok(ask(&f, step, &err), err);
	assert_int_equal(f.steps[0]->uid, 1000);
	assert_int_equal(f.steps[0]->gid, 1000);
	assert_string_equal(f.steps[0]->after, "alice");
	f.user.known = false;
	assert_int_equal(ask(&f, step, &err), -1);
	end_fixture(&f);
}

TEST(a_daemon_json_in_which_more_than_the_driver_differs_is_refused)
{
	static char bad[][128] = {
		"{\"debug\": true, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}\n",
		"{\"debug\": false, \"exec-opts\": [\"native.cgroupdriver=systemd\"]}\n",
		"{\"debug\": false, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"], \"a\": 1}\n",
		"{\"debug\": false, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}",
		"{}",
		"",
		OLD,
	};
	struct fixture f;
	struct error err = {0};
	need_root();
	setup_fixture(state, VERB_DOCKER, &f);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (ask(&f, make_step(STEP_DAEMON_JSON, JSON, old_text, bad[i]), &err) == 0)
			fail_test("row %zu", i);
	assert_ok(ask(&f, make_step(STEP_DAEMON_JSON, JSON, NULL, new_text), &err), err);
	assert_string_equal(f.steps[0]->before, OLD);
	/* It is edited while the user thinks. */
	make_file(unit_dir(state), &JSON[1], "{\"debug\": true}\n");
	assert_int_equal(ask(&f, make_step(STEP_DAEMON_JSON, JSON, NULL, new_text), &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	end_fixture(&f);
}

TEST(a_daemon_json_whose_group_would_be_lost_is_left_alone)
{
	struct fixture f;
	struct error err = {0};
	need_root();
	setup_fixture(state, VERB_DOCKER, &f);
	assert_return_code(fchownat(unit_dir(state), &JSON[1], 0, 1000, 0), errno);
	assert_int_equal(ask(&f, make_step(STEP_DAEMON_JSON, JSON, NULL, new_text), &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "has a group");
	end_fixture(&f);
}

TEST(docker_is_restarted_only_as_the_policy_allows)
{
	struct fixture f;
	struct error err = {0};
	const struct step restart = make_step(STEP_RESTART, "docker.service", NULL, NULL);
	need_root();
	setup_fixture(state, VERB_DOCKER, &f);
	assert_int_equal(ask(&f, restart, &err), -1); /* nobody looked whether containers run */
	assert_ok(ask(&f, make_step(STEP_IDLE, "docker.service", NULL, NULL), &err), err);
	assert_ok(ask(&f, restart, &err), err);
	f.policy.restart = RESTART_NEVER;
	assert_int_equal(ask(&f, restart, &err), -1);
	f.policy.restart = RESTART_FORCE;
	assert_ok(ask(&f, restart, &err), err);
	f.policy.manage = false;
	assert_int_equal(ask(&f, restart, &err), -1);
	end_fixture(&f);
}

TEST(a_sweep_stays_below_the_users_own_cgroup)
{
	static char bad[][16] = {"..", "../x", "a/../../b", "/a", "a//b", "a/", ".", "a/./b", "",
		"a\n\nb", "a\n..\n"};
	struct fixture f;
	struct error err = {0};
	need_root();
	setup_fixture(state, VERB_SWEEP, &f);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (ask(&f, make_step(STEP_SWEEP, OURS, bad[i], NULL), &err) == 0)
			fail_test("'%s'", bad[i]);
	assert_ok(ask(&f, make_step(STEP_SWEEP, OURS, names, NULL), &err), err);
	end_fixture(&f);
}

TEST(an_undo_is_what_its_record_says)
{
	static char dropin[] = "[Service]\nDelegate=cpuset memory\n";
	static char evil[] = "[Service]\nExecStart=/bin/evil\n";
	struct fixture f;
	struct error err = {0};
	need_root();
	setup_fixture(state, VERB_UNDO, &f);
	const struct step done = make_step(STEP_DROPIN, DROPIN, NULL, dropin);
	assert_ok(journal_add(&f.journal, &done, &err), err);
	struct step undo = make_step(STEP_REMOVE_FILE, DROPIN, dropin, NULL);
	assert_int_equal(ask(&f, undo, &err), -1); /* of no record */
	undo.undoes = 2;
	assert_int_equal(ask(&f, undo, &err), -1); /* of one that does not exist */
	undo.undoes = 1;
	assert_ok(ask(&f, undo, &err), err);
	undo.record = 7; /* it would remove another record */
	assert_int_equal(ask(&f, undo, &err), -1);
	undo.record = 1;
	undo.uid = 1001;
	assert_int_equal(ask(&f, undo, &err), -1);
	struct step other = make_step(STEP_REMOVE_FILE, JSON, dropin, NULL);
	other.undoes = 1;
	assert_int_equal(ask(&f, other, &err), -1);
	struct step write = make_step(STEP_DROPIN, DROPIN, dropin, evil);
	write.undoes = 1;
	assert_int_equal(ask(&f, write, &err), -1);
	struct step realize = make_step(STEP_REALIZE, "user@1000.service", NULL, NULL);
	realize.undoes = 1;
	assert_ok(ask(&f, realize, &err), err);
	struct step linger = make_step(STEP_UNLINGER, "alice", NULL, NULL);
	linger.undoes = 1;
	assert_int_equal(ask(&f, linger, &err), -1);
	end_fixture(&f);
}

/* ---- a worker that an attacker has taken over ------------------------------------------------ */

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
		RUN_IN_DIR(each_command_may_ask_for_its_own_steps_only),
		RUN_IN_DIR(the_target_is_the_one_that_root_names),
		RUN_IN_DIR(the_user_is_the_one_who_asked_whatever_the_worker_says),
		RUN_IN_DIR(a_daemon_json_in_which_more_than_the_driver_differs_is_refused),
		RUN_IN_DIR(a_daemon_json_whose_group_would_be_lost_is_left_alone),
		RUN_IN_DIR(docker_is_restarted_only_as_the_policy_allows),
		RUN_IN_DIR(a_sweep_stays_below_the_users_own_cgroup),
		RUN_IN_DIR(an_undo_is_what_its_record_says),
		RUN_IN_DIR(a_plan_is_judged_step_by_step_and_carried_out),
		RUN_IN_DIR(ten_thousand_random_requests_change_nothing_outside_the_table),
	};
	return cmocka_run_group_tests_name("setup_requests", tests, set_no_new_privs, NULL);
}
