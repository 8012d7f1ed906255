/* SPDX-License-Identifier: MIT
 *
 * test_setup_reserve: which CPUs a command line reserves, and from the facts to the steps that do
 * it.
 */
#include "unit.h"

#include "findings.h"
#include "plan.h"
#include "step.h"

#define PATH "/etc/systemd/system/user@1000.service.d/60-oss-crs-reserve.conf"

TEST(the_cpus_are_those_of_the_command_line_or_all_but_the_lowest)
{
	static const struct {
		const char *online, *cpus;
		unsigned all_but;
		const char *expected; /* NULL: refused */
	} table[] = {
		{"0-7", "2-3,6", 0, "2-3,6"},
		{"0-7", "", 2, "2-7"},
		{"0,2-4", "", 2, "3-4"},
		{"0-7", "", 7, "7"},
		{"0-7", "", 8, NULL},
		{"0-7", "", 8192, NULL},
		{"0-7", "0-7", 0, NULL},
		{"0-7", "7-8", 0, NULL},
		{"", "1", 0, NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[STEP_CPUS_MAX] = "";
		struct error err = {0};
		struct request request = {.verb = VERB_RESERVE, .all_but = table[i].all_but};
		if (*table[i].cpus)
			assert_ok(cpulist_parse(table[i].cpus, &request.cpus, &err), err);
		int result = plan_reserved_cpus(&request, table[i].online, text, &err);
		if ((result == 0) != (table[i].expected != NULL))
			fail_test("%s of %s: %d %s", table[i].cpus, table[i].online, result, text);
		if (table[i].expected)
			assert_string_equal(text, table[i].expected);
	}
}

TEST(a_list_that_does_not_fit_into_the_drop_in_is_refused)
{
	char text[STEP_CPUS_MAX];
	struct error err = {0};
	struct request request = {.verb = VERB_RESERVE};
	for (unsigned cpu = 0; cpu < 200; cpu += 2)
		cpulist_add(&request.cpus, cpu);
	assert_int_equal(plan_reserved_cpus(&request, "0-255", text, &err), -1);
	assert_contains(err.msg, "too long");
}

/* A host on which CPUs can be reserved, and none are. */
static void make_facts(struct facts *ret)
{
	*ret = (struct facts){.user = {.known = true, .uid = 1000, .gid = 1000, .name = "alice"}};
	(void)snprintf(ret->delegate.unit, FACTS_UNIT_MAX, "user@1000.service");
	(void)snprintf(ret->delegate.levels[LEVEL_MANAGER].controllers, FACTS_CONTROLLERS_MAX,
		"cpuset cpu memory pids");
	ret->delegate.manager.active = true;
	ret->reserve =
		(struct reserve_facts){.online = strdup("0-3"), .remote = true, .installed = true};
}

/* Plan to reserve all but two CPUs, and compare the names of the steps. */
static void assert_plan(const struct facts *facts, const char *names)
{
	char is[256] = "";
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	struct error err = {0};
	const struct request request = {.verb = VERB_RESERVE, .all_but = 2};
	assert_ok(plan_reserve(facts, &request, &plan, &err), err);
	for (size_t i = 0; i < plan.count; i++) {
		size_t used = strlen(is);
		(void)snprintf(is + used, sizeof is - used, "%s%s", i ? " " : "",
			step_name(plan.steps[i].kind));
		assert_int_equal(plan.steps[i].uid, 1000);
	}
	assert_string_equal(is, names);
	if (plan.count == 3) {
		assert_string_equal(plan.steps[0].target, PATH);
		assert_string_equal(plan.steps[2].target, "oss-crs-reserve@1000.service");
		assert_string_equal(plan.steps[2].after, "2-3");
	}
}

TEST(what_is_not_done_yet_is_planned)
{
	char text[STEP_DROPIN_MAX];
	struct facts facts;
	make_facts(&facts);
	assert_plan(&facts, "drop-in reload reserve");
	facts.delegate.manager.active = false;
	assert_plan(&facts, "drop-in reload");
	facts.delegate.manager.active = true;
	facts.reserve.dropin = strdup(step_reserve_text(1000, "2-3", text, sizeof text));
	assert_plan(&facts, "reload reserve");
	facts.reserve.dropin_read = true;
	facts.reserve.partition = strdup("root invalid (Parent is not a partition root)");
	facts.reserve.cpus = strdup("2-3");
	assert_plan(&facts, "reserve");
	free(facts.reserve.partition);
	facts.reserve.partition = strdup("root");
	assert_plan(&facts, "");
	free(facts.reserve.cpus);
	facts.reserve.cpus = strdup("3");
	assert_plan(&facts, "reserve");
	facts_clear(&facts);
}

static void assert_refused(const struct facts *facts, const char *msg, const char *hint)
{
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	struct error err = {0};
	const struct request request = {.verb = VERB_RESERVE, .all_but = 2};
	assert_int_equal(plan_reserve(facts, &request, &plan, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, msg);
	assert_contains(err.hint, hint);
}

TEST(a_host_on_which_cpus_cannot_be_reserved_is_refused_with_the_reason)
{
	struct facts facts;
	make_facts(&facts);
	facts.reserve.installed = false;
	assert_refused(&facts, "systemd has no oss-crs-reserve@.service", "package");
	facts.reserve.remote = false;
	assert_refused(&facts, "this kernel has no remote cpuset partitions", "Linux 6.7");
	facts.delegate.levels[LEVEL_MANAGER].controllers[0] = '\0';
	assert_refused(&facts, "cpuset is not delegated to user@1000.service", "delegate");
	(void)fail_as(&facts.reserve.problem, EX_UNAVAILABLE, "unreadable");
	assert_refused(&facts, "unreadable", "");
	facts_clear(&facts);
}

TEST(cpus_that_another_user_has_are_refused_with_that_user)
{
	struct facts facts;
	struct error err = {0};
	const struct request request = {.verb = VERB_RESERVE, .all_but = 2};
	_cleanup_setup_plan_ struct setup_plan plan = {0};
	make_facts(&facts);
	facts.reserve.others = calloc(2, sizeof *facts.reserve.others);
	facts.reserve.other_count = 2;
	facts.reserve.others[0] = (struct reserve_other){.uid = 1001, .cpus = "1"};
	facts.reserve.others[1] = (struct reserve_other){.uid = 1002, .cpus = "0,3"};
	assert_int_equal(plan_reserve(&facts, &request, &plan, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "CPUs 3 are reserved for user 1002");
	facts.reserve.other_count = 1;
	assert_plan(&facts, "drop-in reload reserve");
	(void)snprintf(facts.reserve.others[0].cpus, STEP_CPUS_MAX, "x");
	assert_int_equal(plan_reserve(&facts, &request, &plan, &err), -1);
	assert_contains(err.msg, "reserved for user 1001");
	facts_clear(&facts);
}

/* The finding about reserved CPUs. */
static const struct finding *find_reserved(const struct facts *facts, struct findings *all)
{
	struct policy policy;
	const struct confined confined = {0};
	policy_default(&policy);
	findings_make(facts, &policy, ENGINE_PODMAN, &confined, all);
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].id, "reserved-cpus") == 0)
			return &all->list[i];
	fail_test("no such finding");
}

TEST(check_says_which_cpus_are_reserved_and_why_they_are_not_in_force)
{
	struct findings all;
	struct facts facts;
	make_facts(&facts);
	assert_true(find_reserved(&facts, &all)->ok);
	assert_contains(find_reserved(&facts, &all)->detail, "no CPUs are reserved");
	facts.reserve.dropin = strdup("text");
	facts.reserve.partition = strdup("member");
	assert_false(find_reserved(&facts, &all)->ok);
	assert_contains(find_reserved(&facts, &all)->detail, "is 'member'");
	free(facts.reserve.partition);
	facts.reserve.partition = strdup("root");
	facts.reserve.cpus = strdup("2-3");
	assert_true(find_reserved(&facts, &all)->ok);
	assert_contains(find_reserved(&facts, &all)->detail, "CPUs 2-3 are reserved");
	facts_clear(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_cpus_are_those_of_the_command_line_or_all_but_the_lowest),
		RUN(a_list_that_does_not_fit_into_the_drop_in_is_refused),
		RUN(what_is_not_done_yet_is_planned),
		RUN(cpus_that_another_user_has_are_refused_with_that_user),
		RUN(a_host_on_which_cpus_cannot_be_reserved_is_refused_with_the_reason),
		RUN(check_says_which_cpus_are_reserved_and_why_they_are_not_in_force),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
