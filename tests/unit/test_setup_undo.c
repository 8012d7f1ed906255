/* SPDX-License-Identifier: MIT
 *
 * test_setup_undo: from what the journal tells of, and what is there now, to what is put back: what is still as it was
 * left, newest first, and nothing else.
 */
#include "unit.h"

#include "facts.h"
#include "plan.h"
#include "steps.h"

#define MANAGER "user.slice/user-1000.slice/user@1000.service"
#define JSON    "/etc/docker/daemon.json"
#define DROPIN  "/etc/systemd/system/user@1000.service.d/50-oss-crs.conf"
#define MAX     8

struct fixture {
	struct record records[MAX];
	struct undo_item items[MAX];
	struct undo_facts undo;
	struct docker_facts docker;
	struct policy policy;
	struct setup_plan plan;
	struct error err;
};

static void start(struct fixture *f)
{
	*f = (struct fixture){.undo = {.journal = JOURNAL_CLOSED}};
	f->undo.journal.records = f->records;
	f->undo.items = f->items;
	f->docker.service =
		(struct unit_state){.installed = true, .active = true, .active_text = "active"};
	(void)snprintf(f->docker.state.driver, sizeof f->docker.state.driver, "cgroupfs");
	policy_default(&f->policy);
}

static char *text_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* The next change, and what is there now of it. */
static struct undo_item *add(struct fixture *f, enum step_kind kind, const char *target,
	const char *before, const char *after, const char *now)
{
	size_t i = f->undo.journal.count++;
	assert_true(i < MAX);
	f->records[i] = (struct record){.number = (unsigned)i + 1,
		.step = text_of(step_name(kind)),
		.target = text_of(target),
		.before = text_of(before),
		.after = text_of(after),
		.uid = 1000,
		.gid = 1000};
	f->items[i] =
		(struct undo_item){.record = &f->records[i], .now = text_of(now), .active = true};
	return &f->items[i];
}

static void assert_undo(struct fixture *f, bool purge, const char *names)
{
	char is[512] = "";
	plan_clear(&f->plan);
	assert_ok(plan_undo(&f->undo, &f->docker, &f->policy, purge, &f->plan, &f->err), f->err);
	for (size_t i = 0; i < f->plan.count; i++) {
		size_t used = strlen(is);
		(void)snprintf(is + used, sizeof is - used, "%s%s", i ? " " : "",
			step_name(f->plan.steps[i].kind));
	}
	assert_string_equal(is, names);
}

static void end(struct fixture *f)
{
	plan_clear(&f->plan);
	for (size_t i = 0; i < f->undo.journal.count; i++) {
		record_clear(&f->records[i]);
		free(f->items[i].now);
	}
}

/* What a first run leaves. */
static void add_all(struct fixture *f)
{
	add(f, STEP_DROPIN, DROPIN, NULL, "[Service]\n", "[Service]\n");
	add(f, STEP_LINGER, "alice", "no", "yes", "yes");
	add(f, STEP_USER_ENABLE, MANAGER, "cpu memory pids", "cpu memory pids cpuset",
		"cpuset cpu memory pids");
	add(f, STEP_USER_MAKE, MANAGER "/oss-crs", NULL, "alice", "alice");
	add(f, STEP_USER_ENABLE, MANAGER "/oss-crs", "", "cpuset memory", "cpuset memory");
	add(f, STEP_BACKUP, JSON PLAN_BACKUP_SUFFIX, NULL, "{}", "{}");
	add(f, STEP_DAEMON_JSON, JSON, "{}", "{new}", "{new}");
}

#define UNDO_ALL                                                                               \
	"idle daemon-json restart user-disable user-unmake user-disable unlinger remove-file " \
	"reload realize"

TEST(all_of_it_newest_first)
{
	struct fixture f;
	start(&f);
	assert_undo(&f, false, "");
	add_all(&f);
	assert_undo(&f, false, UNDO_ALL);
	assert_string_equal(f.plan.steps[1].after, "{}");
	assert_string_equal(f.plan.steps[5].after, "cpu memory pids");
	assert_int_equal(f.plan.steps[5].uid, 1000);
	assert_int_equal(f.plan.note_count, 0);
	assert_undo(&f, true,
		"idle daemon-json restart remove-file user-disable user-unmake user-disable "
		"unlinger "
		"remove-file reload realize");
	end(&f);
}

TEST(a_record_goes_only_when_those_who_use_the_file_know)
{
	struct fixture f;
	start(&f);
	add_all(&f);
	assert_undo(&f, false, UNDO_ALL);
	assert_int_equal(f.plan.steps[1].record, 0);
	assert_int_equal(f.plan.steps[2].record, 7);
	assert_int_equal(f.plan.steps[7].record, 0);
	assert_int_equal(f.plan.steps[8].record, 0);
	assert_int_equal(f.plan.steps[9].record, 1);
	end(&f);
}

TEST(an_undo_that_was_interrupted_is_finished)
{
	struct fixture f;
	start(&f);
	struct undo_item *item = add(&f, STEP_DROPIN, DROPIN, NULL, "[Service]\n", NULL);
	add(&f, STEP_DAEMON_JSON, JSON, "{}", "{new}", "{}");
	item->stale = true;
	assert_undo(&f, false, "idle restart reload realize");
	item->stale = false;
	(void)snprintf(f.docker.state.driver, sizeof f.docker.state.driver, "systemd");
	assert_undo(&f, false, "forget forget");
	end(&f);
}

TEST(what_was_changed_since_is_left_alone_and_said)
{
	struct fixture f;
	start(&f);
	add(&f, STEP_DROPIN, DROPIN, NULL, "[Service]\n", "[Service]\n# mine now\n");
	add(&f, STEP_DAEMON_JSON, JSON, "{}", "{new}", "{newer}");
	struct undo_item *item = add(&f, STEP_DAEMON_JSON, JSON, "{}", "{new}", NULL);
	(void)fail_as(&item->unknown, EX_CONFIG, "a symbolic link");
	assert_undo(&f, false, "");
	assert_int_equal(f.plan.note_count, 3);
	assert_contains(f.plan.notes[0], "left alone: " JSON ": a symbolic link");
	assert_contains(f.plan.notes[1], "left alone: " JSON ": it was changed since");
	assert_contains(f.plan.notes[2], DROPIN);
	assert_undo(&f, true, "forget forget forget");
	end(&f);
}

TEST(two_changes_of_one_file_are_undone_in_turn)
{
	struct fixture f;
	start(&f);
	(void)snprintf(f.docker.state.driver, sizeof f.docker.state.driver, "systemd");
	add(&f, STEP_DAEMON_JSON, JSON, NULL, "{1}", "{2}");
	add(&f, STEP_DAEMON_JSON, JSON, "{1}", "{2}", "{2}");
	assert_undo(&f, false, "daemon-json remove-file");
	assert_string_equal(f.plan.steps[0].after, "{1}");
	assert_string_equal(f.plan.steps[1].before, "{1}");
	end(&f);
}

TEST(running_containers_keep_dockers_half_from_being_undone_and_nothing_else)
{
	struct fixture f;
	char names[] = "web";
	start(&f);
	add_all(&f);
	f.docker.state.running = 1;
	f.docker.state.names = names;
	assert_undo(&f, false,
		"user-disable user-unmake user-disable unlinger remove-file reload realize");
	assert_int_equal(f.plan.blocked.status, EX_TEMPFAIL);
	f.policy.restart = RESTART_NEVER;
	assert_undo(&f, false,
		"daemon-json user-disable user-unmake user-disable unlinger remove-file reload "
		"realize");
	assert_contains(f.plan.notes[0], "until it is restarted");
	end(&f);
}

TEST(after_a_reboot_nothing_is_left_of_the_cgroups)
{
	struct fixture f;
	start(&f);
	add(&f, STEP_USER_ENABLE, MANAGER, "cpu memory", "cpu memory cpuset", "cpu memory");
	add(&f, STEP_USER_MAKE, MANAGER "/oss-crs", NULL, "alice", NULL);
	assert_undo(&f, false, "forget forget");
	end(&f);
}

TEST(a_record_of_another_version_is_left_alone)
{
	struct fixture f;
	start(&f);
	add(&f, STEP_LINGER, "alice", "no", "yes", "yes");
	(void)snprintf(f.records[0].step, strlen(f.records[0].step) + 1, "longer");
	assert_undo(&f, false, "");
	assert_int_equal(f.plan.note_count, 1);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(all_of_it_newest_first),
		RUN(a_record_goes_only_when_those_who_use_the_file_know),
		RUN(an_undo_that_was_interrupted_is_finished),
		RUN(what_was_changed_since_is_left_alone_and_said),
		RUN(two_changes_of_one_file_are_undone_in_turn),
		RUN(running_containers_keep_dockers_half_from_being_undone_and_nothing_else),
		RUN(after_a_reboot_nothing_is_left_of_the_cgroups),
		RUN(a_record_of_another_version_is_left_alone),
	};
	return cmocka_run_group_tests_name("setup_undo", tests, NULL, NULL);
}
