/* SPDX-License-Identifier: MIT
 *
 * test_setup_requests: whatever the worker asks for, root does only what the caller's command may
 * do, to the targets that root itself names.
 */
#include "unit.h"

#include "door.h"
#include "fs.h"
#include "requests.h"
#include "setup_fixture.h"

#include <fcntl.h>
#include <unistd.h>

/* Ask for a step as the worker would (worker/carry.c). */
static int ask(struct fixture *f, struct step step, struct error *err)
{
	static const struct audit audit = {.socket = -1, .verb = "test", .by = "root"};
	const struct rights rights = {
		&f->host, &f->policy, &f->user, &f->request, &audit, f->steps, f->count};
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
	struct judged *made = NULL;
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

#define RESERVE "oss-crs-reserve@1000.service"

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
	{STEP_RESERVE, RESERVE, NULL, NULL},
	{STEP_SWEEP, OURS, names, NULL},
};

static void put_online(void **state, const char *list)
{
	make_path(unit_dir(state), "sys/devices/system/cpu");
	make_file(unit_dir(state), "sys/devices/system/cpu/online", list);
}

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
		{VERB_RESERVE, STEP_RELOAD, STEP_RELOAD, STEP_RESERVE},
		{VERB_CHECK, STEP_KINDS, STEP_KINDS, STEP_KINDS},
		{VERB_UNDO, STEP_IDLE, STEP_IDLE, STEP_KINDS}, /* the others need a record */
	};
	need_root();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct fixture f;
		setup_fixture(state, table[i].verb, &f);
		put_online(state, "0-7\n");
		cpulist_add(&f.request.cpus, 2);
		for (size_t j = 0; j < COUNT(right); j++) {
			struct error err = {0};
			enum step_kind kind = right[j].kind;
			bool allowed = (kind >= table[i].first && kind <= table[i].last) ||
				       kind == table[i].other;
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
	assert_int_equal(f.steps[0]->step.uid, 1000);
	assert_int_equal(f.steps[0]->step.gid, 1000);
	assert_string_equal(f.steps[0]->step.after, "alice");
	assert_contains((const char *)f.steps[0] + f.steps[0]->record,
		"\"step\":\"user-make\",\"target\":\"" OURS "\",\"before\":null,");
	assert_contains((const char *)f.steps[0] + f.steps[0]->entry,
		"\nOSS_CRS_STEP=user-make\nOSS_CRS_TARGET=" OURS "\nOSS_CRS_RESULT=done\n");
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
	assert_string_equal(f.steps[0]->step.before, OLD);
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

/* The worker names no CPU: they come from the command line and the host. */
TEST(cpus_are_reserved_only_as_the_command_line_says)
{
	static const char path[] =
		"/etc/systemd/system/user@1000.service.d/60-oss-crs-reserve.conf";
	static const char bobs[] =
		"/etc/systemd/system/user@1001.service.d/60-oss-crs-reserve.conf";
	static char evil[] = "[Service]\nExecStartPre=+/bin/evil\n";
	struct fixture f;
	struct error err = {0};
	need_root();
	setup_fixture(state, VERB_RESERVE, &f);
	put_online(state, "0-3\n");
	f.request.all_but = 2;
	assert_ok(ask(&f, make_step(STEP_DROPIN, path, NULL, evil), &err), err);
	assert_contains(f.steps[0]->step.after, "[Unit]\nWants=oss-crs-reserve@1000.service\n");
	assert_contains(f.steps[0]->step.after, "\nCPUs=2-3\n");
	assert_null(strstr(f.steps[0]->step.after, "evil"));
	assert_ok(ask(&f, make_step(STEP_RESERVE, RESERVE, NULL, evil), &err), err);
	assert_string_equal(f.steps[1]->step.after, "2-3");
	assert_int_equal(ask(&f, make_step(STEP_DROPIN, bobs, NULL, NULL), &err), -1);
	assert_int_equal(ask(&f, make_step(STEP_DROPIN, DROPIN, NULL, NULL), &err), -1);
	assert_int_equal(
		ask(&f, make_step(STEP_RESERVE, "oss-crs-reserve@1001.service", NULL, NULL), &err),
		-1);
	/* The host has fewer CPUs now: none would be left. */
	put_online(state, "0-1\n");
	assert_int_equal(ask(&f, make_step(STEP_DROPIN, path, NULL, NULL), &err), -1);
	assert_int_equal(err.status, EX_USAGE);
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
	assert_ok(add_record(&f.journal, &done, &err), err);
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
		RUN_IN_DIR(cpus_are_reserved_only_as_the_command_line_says),
		RUN_IN_DIR(an_undo_is_what_its_record_says),
	};
	return cmocka_run_group_tests_name("setup_requests", tests, set_no_new_privs, NULL);
}
