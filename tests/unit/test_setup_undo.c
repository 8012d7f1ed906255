/* SPDX-License-Identifier: MIT
 *
 * test_setup_undo: from the records of the journal and the present state to the steps that undo
 * them. Undo takes back, newest first, only what is still as the setup left it.
 */
#include "unit.h"

#include "facts.h"
#include "plan.h"
#include "step.h"

#define MANAGER "user.slice/user-1000.slice/user@1000.service"
#define JSON    "/etc/docker/daemon.json"
#define DROPIN  "/etc/systemd/system/user@1000.service.d/50-oss-crs.conf"
#define MAX     8

struct fixture {
	struct journal_record records[MAX];
	struct undo_item items[MAX];
	struct undo_facts undo;
	struct docker_facts docker;
	struct policy policy;
	struct setup_plan plan;
	struct error err;
};

static void start_fixture(struct fixture *f)
{
	*f = (struct fixture){0};
	f->undo.records = f->records;
	f->undo.items = f->items;
	f->docker.service =
		(struct unit_state){.installed = true, .active = true, .active_text = "active"};
	(void)snprintf(f->docker.state.driver, sizeof f->docker.state.driver, "cgroupfs");
	policy_default(&f->policy);
}

static char *duplicate_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* Record one more change, and set its present state to `now`. */
static struct undo_item *add_change(struct fixture *f, enum step_kind kind, const char *target,
	const char *before, const char *after, const char *now)
{
	size_t i = f->undo.count++;
	assert_true(i < MAX);
	f->records[i] = (struct journal_record){.number = (unsigned)i + 1,
		.step = duplicate_text(step_name(kind)),
		.target = duplicate_text(target),
		.before = duplicate_text(before),
		.after = duplicate_text(after),
		.uid = 1000,
		.gid = 1000};
	f->items[i] = (struct undo_item){
		.record = &f->records[i], .now = duplicate_text(now), .active = true};
	return &f->items[i];
}

static void assert_undo(struct fixture *f, bool purge, const char *names)
{
	char is[512] = "";
	setup_plan_clear(&f->plan);
	assert_ok(plan_undo(&f->undo, &f->docker, &f->policy, purge, &f->plan, &f->err), f->err);
	for (size_t i = 0; i < f->plan.count; i++) {
		size_t used = strlen(is);
		(void)snprintf(is + used, sizeof is - used, "%s%s", i ? " " : "",
			step_name(f->plan.steps[i].kind));
	}
	assert_string_equal(is, names);
}

static void end_fixture(struct fixture *f)
{
	setup_plan_clear(&f->plan);
	for (size_t i = 0; i < f->undo.count; i++) {
		journal_record_clear(&f->records[i]);
		free(f->items[i].now);
	}
}

/* The records that a first setup leaves. */
static void add_all(struct fixture *f)
{
	add_change(f, STEP_DROPIN, DROPIN, NULL, "[Service]\n", "[Service]\n");
	add_change(f, STEP_LINGER, "alice", "no", "yes", "yes");
	add_change(f, STEP_USER_ENABLE, MANAGER, "cpu memory pids", "cpu memory pids cpuset",
		"cpuset cpu memory pids");
	add_change(f, STEP_USER_MAKE, MANAGER "/oss-crs", NULL, "alice", "alice");
	add_change(f, STEP_USER_ENABLE, MANAGER "/oss-crs", "", "cpuset memory", "cpuset memory");
	add_change(f, STEP_BACKUP, JSON PLAN_BACKUP_SUFFIX, NULL, "{}", "{}");
	add_change(f, STEP_DAEMON_JSON, JSON, "{}", "{new}", "{new}");
}

#define UNDO_ALL                                                                               \
	"idle daemon-json restart user-disable user-unmake user-disable unlinger remove-file " \
	"reload realize"

TEST(everything_is_undone_newest_first)
{
	struct fixture f;
	start_fixture(&f);
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
	end_fixture(&f);
}

TEST(reserved_cpus_are_given_back_by_the_unit_that_applies_the_drop_in)
{
	static const char path[] =
		"/etc/systemd/system/user@1000.service.d/60-oss-crs-reserve.conf";
	struct fixture f;
	start_fixture(&f);
	struct undo_item *item = add_change(&f, STEP_DROPIN, path, NULL, "2-3", "2-3");
	assert_undo(&f, false, "remove-file reload reserve");
	const struct step *last = &f.plan.steps[2];
	assert_string_equal(last->target, "oss-crs-reserve@1000.service");
	assert_int_equal(last->record, 1);
	assert_true(undo_allows(&f.records[0], last));
	item->active = false;
	assert_undo(&f, false, "remove-file reload");
	end_fixture(&f);
}

TEST(a_record_goes_only_after_the_service_has_reread_its_file)
{
	struct fixture f;
	start_fixture(&f);
	add_all(&f);
	assert_undo(&f, false, UNDO_ALL);
	assert_int_equal(f.plan.steps[1].record, 0);
	assert_int_equal(f.plan.steps[2].record, 7);
	assert_int_equal(f.plan.steps[7].record, 0);
	assert_int_equal(f.plan.steps[8].record, 0);
	assert_int_equal(f.plan.steps[9].record, 1);
	end_fixture(&f);
}

TEST(an_undo_that_was_interrupted_is_finished)
{
	struct fixture f;
	start_fixture(&f);
	struct undo_item *item = add_change(&f, STEP_DROPIN, DROPIN, NULL, "[Service]\n", NULL);
	add_change(&f, STEP_DAEMON_JSON, JSON, "{}", "{new}", "{}");
	item->stale = true;
	assert_undo(&f, false, "idle restart reload realize");
	item->stale = false;
	(void)snprintf(f.docker.state.driver, sizeof f.docker.state.driver, "systemd");
	assert_undo(&f, false, "forget forget");
	end_fixture(&f);
}

TEST(later_changes_are_left_alone_and_reported)
{
	struct fixture f;
	start_fixture(&f);
	add_change(&f, STEP_DROPIN, DROPIN, NULL, "[Service]\n", "[Service]\n# mine now\n");
	add_change(&f, STEP_DAEMON_JSON, JSON, "{}", "{new}", "{newer}");
	struct undo_item *item = add_change(&f, STEP_DAEMON_JSON, JSON, "{}", "{new}", NULL);
	(void)fail_as(&item->unknown, EX_CONFIG, "a symbolic link");
	assert_undo(&f, false, "");
	assert_int_equal(f.plan.note_count, 3);
	assert_contains(f.plan.notes[0], "left alone: " JSON ": a symbolic link");
	assert_contains(f.plan.notes[1], "left alone: " JSON ": it was changed since");
	assert_contains(f.plan.notes[2], DROPIN);
	assert_undo(&f, true, "forget forget forget");
	end_fixture(&f);
}

TEST(two_changes_to_one_file_are_undone_in_turn)
{
	struct fixture f;
	start_fixture(&f);
	(void)snprintf(f.docker.state.driver, sizeof f.docker.state.driver, "systemd");
	add_change(&f, STEP_DAEMON_JSON, JSON, NULL, "{1}", "{2}");
	add_change(&f, STEP_DAEMON_JSON, JSON, "{1}", "{2}", "{2}");
	assert_undo(&f, false, "daemon-json remove-file");
	assert_string_equal(f.plan.steps[0].after, "{1}");
	assert_string_equal(f.plan.steps[1].before, "{1}");
	end_fixture(&f);
}

TEST(running_containers_block_only_the_undo_of_the_docker_half)
{
	struct fixture f;
	char names[] = "web";
	start_fixture(&f);
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
	end_fixture(&f);
}

TEST(after_a_reboot_records_of_cgroups_are_only_forgotten)
{
	struct fixture f;
	start_fixture(&f);
	add_change(&f, STEP_USER_ENABLE, MANAGER, "cpu memory", "cpu memory cpuset", "cpu memory");
	add_change(&f, STEP_USER_MAKE, MANAGER "/oss-crs", NULL, "alice", NULL);
	assert_undo(&f, false, "forget forget");
	end_fixture(&f);
}

TEST(a_record_of_another_version_is_left_alone)
{
	struct fixture f;
	start_fixture(&f);
	add_change(&f, STEP_LINGER, "alice", "no", "yes", "yes");
	(void)snprintf(f.records[0].step, strlen(f.records[0].step) + 1, "longer");
	assert_undo(&f, false, "");
	assert_int_equal(f.plan.note_count, 1);
	end_fixture(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(everything_is_undone_newest_first),
		RUN(reserved_cpus_are_given_back_by_the_unit_that_applies_the_drop_in),
		RUN(a_record_goes_only_after_the_service_has_reread_its_file),
		RUN(an_undo_that_was_interrupted_is_finished),
		RUN(later_changes_are_left_alone_and_reported),
		RUN(two_changes_to_one_file_are_undone_in_turn),
		RUN(running_containers_block_only_the_undo_of_the_docker_half),
		RUN(after_a_reboot_records_of_cgroups_are_only_forgotten),
		RUN(a_record_of_another_version_is_left_alone),
	};
	return cmocka_run_group_tests_name("setup_undo", tests, NULL, NULL);
}
