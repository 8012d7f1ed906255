/* SPDX-License-Identifier: MIT
 *
 * test_watch: what a run makes of the outcome of a check: what it counts, what it says, and what
 * ends it.
 */
#include "planned.h"

#include "container_crs.h"
#include "runs.h"
#include "watch.h"

#include <poll.h>

/* ---- CPU affinity -------------------------------------------------------------------------- */

static enum attest_verdict look_at_affinity(
	const struct fixture *fixture, const struct container *container, char *cpus)
{
	struct cpulist found = {0};
	struct error err = {0};
	enum attest_verdict verdict =
		attest_affinity(&fixture->host, &fixture->plan.crs[0], container, &found, &err);
	(void)cpulist_format(&found, cpus);
	return verdict;
}

/* CRS `a` has CPUs 0-1. */
TEST(a_container_that_may_not_use_all_cpus_of_its_crs_is_found)
{
	static const struct {
		const char *allowed, *cpuset;
		enum attest_verdict verdict;
		const char *cpus;
	} table[] = {
		{"0-1", "0-1", ATTEST_HELD, ""},
		{"0-7", "0-1", ATTEST_HELD, ""},
		{"0", "0-1", ATTEST_MISMATCH, "0"},
		{"1,4", "0-1", ATTEST_MISMATCH, "1,4"},
		/* The service has a cpuset of its own. */
		{"0", "0", ATTEST_HELD, ""},
		{"x", "0-1", ATTEST_UNKNOWN, ""},
		{"0", "x", ATTEST_UNKNOWN, ""},
	};
	struct fixture fixture;
	char path[CGROUP_PATH_MAX];
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	struct container container = put_docker_container(dir, &fixture);
	(void)snprintf(path, sizeof path, "sys/fs/cgroup%.2000s/0123456789ab/cpuset.cpus.effective",
		container.cgroup_parent);
	for (size_t i = 0; i < COUNT(table); i++) {
		char cpus[CPULIST_TEXT_MAX];
		char text[64];
		(void)snprintf(
			text, sizeof text, "Name:\tx\nCpus_allowed_list:\t%s\n", table[i].allowed);
		make_file(dir, "proc/51/status", text);
		(void)snprintf(text, sizeof text, "%s\n", table[i].cpuset);
		put_text_file(*state, path, text);
		assert_int_equal(look_at_affinity(&fixture, &container, cpus), table[i].verdict);
		assert_string_equal(cpus, table[i].cpus);
	}
	container.pid = ended_process();
	char cpus[CPULIST_TEXT_MAX];
	assert_int_equal(look_at_affinity(&fixture, &container, cpus), ATTEST_ENDED);
	container.pid = hidden_process();
	assert_int_equal(look_at_affinity(&fixture, &container, cpus), ATTEST_UNKNOWN);
	free_fixture(dir, &fixture);
}

/* ---- from when to when a CRS had processes -------------------------------------------------- */

TEST(a_crs_runs_from_its_first_process_to_its_last)
{
	struct activity activity = {.begin_usec = 0};
	assert_true(activity_usec(&activity, 5) == UINT64_MAX);
	assert_false(activity_note(&activity, false, false, 10));
	assert_true(activity_usec(&activity, 15) == UINT64_MAX);
	assert_false(activity_note(&activity, true, true, 100));
	assert_int_equal(activity_usec(&activity, 130), 30);
	assert_true(activity_note(&activity, false, true, 150));
	assert_int_equal(activity_usec(&activity, 1000), 50);
	/* Its next container. */
	assert_false(activity_note(&activity, true, true, 200));
	assert_false(activity_note(&activity, true, false, 210));
	assert_int_equal(activity_usec(&activity, 220), 120);
	assert_true(activity_note(&activity, false, false, 250));
	assert_int_equal(activity_usec(&activity, 1000), 150);
}

TEST(a_process_that_no_look_saw_shows_as_a_change)
{
	struct activity activity = {.begin_usec = 0};
	assert_true(activity_note(&activity, false, true, 100));
	assert_int_equal(activity_usec(&activity, 1000), 0);
	assert_true(activity_note(&activity, false, true, 300));
	assert_int_equal(activity_usec(&activity, 1000), 200);
}

TEST(the_kernel_says_of_which_crs_it_reports_a_change)
{
	struct fixture fixture;
	struct error err = {0};
	int marks[2] = {0};
	bool changed[2] = {false};
	int dir = unit_dir(state);
	make_fixture(dir, &fixture);
	make_file(dir, "worker/a/cgroup.events", "populated 0\n");
	make_file(dir, "worker/b/cgroup.events", "populated 0\n");
	_cleanup_close_ int watch = attest_watch(&fixture.tree, marks, &err);
	assert_return_code(watch, err.code);
	assert_int_equal(attest_take(watch, marks, &fixture.plan, changed), 0);
	make_file(dir, "worker/b/cgroup.events", "populated 1\n");
	assert_true(attest_take(watch, marks, &fixture.plan, changed) & ATTEST_POPULATED);
	assert_false(changed[0]);
	assert_true(changed[1]);
	changed[1] = false;
	make_file(dir, "worker/a/memory.max", "max\n");
	assert_int_equal(attest_take(watch, marks, &fixture.plan, changed), ATTEST_LIMITS);
	assert_false(changed[0] || changed[1]);
	free_fixture(dir, &fixture);
}

/* ---- what is counted ----------------------------------------------------------------------- */

TEST(a_container_counts_once_and_unknown_stays_unknown)
{
	struct attested attested = {.unanswered = 1};
	struct error err = {0};
	assert_int_equal(attested_note(&attested, "a", ATTESTED_HELD, &err), 1);
	assert_int_equal(attested_note(&attested, "a", ATTESTED_HELD, &err), 0);
	assert_int_equal(attested_note(&attested, "b", ATTESTED_HELD, &err), 1);
	assert_int_equal(attested_note(&attested, "c", ATTESTED_UNCONFINED, &err), 1);
	assert_int_equal(attested_count(&attested, ATTESTED_HELD), 2);
	assert_int_equal(attested_note(&attested, "a", ATTESTED_UNKNOWN, &err), 1);
	assert_int_equal(attested_note(&attested, "a", ATTESTED_UNKNOWN, &err), 0);
	assert_int_equal(attested_note(&attested, "a", ATTESTED_HELD, &err), 0);
	assert_int_equal(attested_count(&attested, ATTESTED_HELD), 1);
	assert_int_equal(attested_count(&attested, ATTESTED_UNKNOWN), 2);
	assert_int_equal(attested_count(&attested, ATTESTED_UNCONFINED), 1);
	attested_free(&attested);
}

/* ---- what ends a run ----------------------------------------------------------------------- */

/* A run of three containers: of CRS `a`, of CRS `a` and hidden by /proc, of no CRS. */
struct watched {
	struct fixture fixture;
	struct compose_service services[2];
	struct compose compose;
	struct engine engine; /* that nobody runs */
	struct log log;
	struct watch watch;
	struct container list[3];
	struct containers containers;
};

static void make_watched(int dir, struct watched *watched, bool strict)
{
	static char seen[] = "a";
	static char outside[] = "b";
	static char project[] = "p";
	make_fixture(dir, &watched->fixture);
	struct container container = put_docker_container(dir, &watched->fixture);
	container.service = seen;
	for (size_t i = 0; i < COUNT(watched->list); i++) {
		watched->list[i] = container;
		(void)snprintf(watched->list[i].id, sizeof container.id, "%zu", i);
	}
	watched->list[1].pid = hidden_process();
	watched->list[2].service = outside;
	watched->services[0] = (struct compose_service){.name = seen, .crs = 0};
	watched->services[1] = (struct compose_service){.name = outside, .crs = COMPOSE_UNCONFINED};
	watched->compose = (struct compose){
		.project = project, .services = watched->services, .service_count = 2};
	watched->engine = (struct engine){.endpoint = project, .socket = "/nonexistent/engine"};
	watched->log = (struct log){.program = "test", .level = LOG_QUIET};
	watched->watch = (struct watch)WATCH_NONE;
	watched->watch.host = &watched->fixture.host;
	watched->watch.log = &watched->log;
	watched->watch.tree = &watched->fixture.tree;
	watched->watch.compose = &watched->compose;
	watched->watch.engine = &watched->engine;
	watched->watch.strict = strict;
	watched->containers = (struct containers){.list = watched->list, .count = 3};
}

static void free_watched(int dir, struct watched *watched)
{
	attested_free(&watched->watch.attested);
	free_fixture(dir, &watched->fixture);
}

TEST(what_could_not_be_checked_is_counted_and_not_attested)
{
	struct watched watched;
	struct error err = {0};
	make_watched(unit_dir(state), &watched, false);
	for (int i = 0; i < 2; i++)
		assert_ok(watch_conclude(&watched.watch, &watched.containers, NULL, &err), err);
	const struct attested *attested = &watched.watch.attested;
	assert_int_equal(attested_count(attested, ATTESTED_HELD), 1);
	assert_int_equal(attested_count(attested, ATTESTED_UNKNOWN), 1);
	assert_int_equal(attested_count(attested, ATTESTED_UNCONFINED), 1);
	free_watched(unit_dir(state), &watched);
}

TEST(what_could_not_be_checked_ends_the_run_with_strict)
{
	struct watched watched;
	struct error err = {0};
	make_watched(unit_dir(state), &watched, true);
	assert_int_equal(watch_conclude(&watched.watch, &watched.containers, NULL, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_contains(err.msg, "cannot check container 'name': ");
	assert_contains(err.msg, "hidepid");
	assert_contains(err.hint, "--strict");
	free_watched(unit_dir(state), &watched);
}

TEST(an_engine_that_is_away_at_the_end_is_counted_and_with_strict_a_mismatch)
{
	struct watched watched;
	struct error err = {0}, away = {0};
	(void)fail_as(&away, EX_UNAVAILABLE, "no answer");
	make_watched(unit_dir(state), &watched, false);
	assert_ok(watch_conclude(&watched.watch, NULL, &away, &err), err);
	assert_int_equal(watched.watch.attested.unanswered, 1);
	watched.watch.strict = true;
	assert_int_equal(watch_conclude(&watched.watch, NULL, &away, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_string_equal(
		err.msg, "cannot check the containers at the end of the run: no answer");
	free_watched(unit_dir(state), &watched);
}

TEST(a_container_outside_its_crs_ends_the_run)
{
	struct watched watched;
	struct error err = {0};
	make_watched(unit_dir(state), &watched, false);
	make_file(unit_dir(state), "proc/51/cgroup", "0::/elsewhere\n");
	assert_int_equal(watch_conclude(&watched.watch, &watched.containers, NULL, &err), -1);
	assert_contains(err.msg, "container 'name', process 51 (first)");
	free_watched(unit_dir(state), &watched);
}

/* ---- a Compose that does not notice ---------------------------------------------------------- */

static bool is_due(const struct overdue *overdue, int wait_ms)
{
	struct pollfd timer = {.fd = overdue->timer, .events = POLLIN};
	return poll(&timer, 1, wait_ms) == 1;
}

TEST(compose_is_overdue_some_time_after_the_last_container_has_ended)
{
	struct overdue overdue = {.timer = -1, .time_ms = 1};
	struct error err = {0};
	overdue_count(&overdue, true);
	assert_int_equal(overdue.running, 0);
	assert_ok(overdue_open(&overdue, &err), err);
	overdue_count(&overdue, true);
	overdue_count(&overdue, true);
	overdue_count(&overdue, false);
	assert_false(is_due(&overdue, 10));
	overdue_count(&overdue, false);
	assert_true(is_due(&overdue, -1));
	assert_true(overdue_take(&overdue));
	assert_false(overdue_take(&overdue));
	/* An end that is told twice is none of another container. */
	overdue_count(&overdue, false);
	assert_false(is_due(&overdue, 10));
	overdue_count(&overdue, true);
	overdue_count(&overdue, false);
	assert_true(is_due(&overdue, -1));
	overdue_count(&overdue, true);
	assert_false(overdue_take(&overdue));
	overdue_close(&overdue);
}

/* ---- containers that another program starts ------------------------------------------------ */

/* Their services are not known: the first two have the cgroup_parent of CRS `a`. */
static void make_foreign(int dir, struct watched *watched, bool strict)
{
	static char elsewhere[] = "/elsewhere";
	make_watched(dir, watched, strict);
	watched->list[1].pid = watched->list[0].pid;
	watched->list[2].cgroup_parent = elsewhere;
	watched->compose = (struct compose){.foreign = true};
}

TEST(a_foreign_container_belongs_to_the_crs_of_its_cgroup_parent)
{
	struct watched watched;
	struct error err = {0};
	make_foreign(unit_dir(state), &watched, false);
	assert_ok(watch_conclude(&watched.watch, &watched.containers, NULL, &err), err);
	const struct attested *attested = &watched.watch.attested;
	assert_int_equal(attested_count(attested, ATTESTED_HELD), 2);
	assert_int_equal(attested_count(attested, ATTESTED_UNCONFINED), 1);
	free_watched(unit_dir(state), &watched);
}

TEST(a_foreign_container_of_no_crs_ends_the_run_with_strict)
{
	struct watched watched;
	struct error err = {0};
	make_foreign(unit_dir(state), &watched, true);
	assert_int_equal(watch_conclude(&watched.watch, &watched.containers, NULL, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_contains(err.msg, "container 'name' runs without limits: its cgroup_parent is "
				 "/elsewhere, not one of a CRS");
	free_watched(unit_dir(state), &watched);
}

TEST(only_the_cgroup_of_a_crs_itself_makes_a_container_its)
{
	struct watched watched;
	make_foreign(unit_dir(state), &watched, false);
	const struct run_plan *plan = &watched.fixture.plan;
	static const struct {
		const char *more;
		int crs;
	} table[] = {{"/a", 0}, {"/b", 1}, {"", COMPOSE_UNCONFINED}, {"/", COMPOSE_UNCONFINED},
		{"/c", COMPOSE_UNCONFINED}, {"/a/b", COMPOSE_UNCONFINED}, {"a", COMPOSE_UNCONFINED},
		{"/a/", COMPOSE_UNCONFINED}};
	for (size_t i = 0; i < COUNT(table); i++) {
		char parent[CGROUP_PATH_MAX + 8];
		(void)snprintf(parent, sizeof parent, "%s%s", plan->cgroup_parent, table[i].more);
		struct container container = {.cgroup_parent = parent};
		assert_int_equal(container_crs(&watched.compose, plan, &container), table[i].crs);
	}
	free_watched(unit_dir(state), &watched);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN(compose_is_overdue_some_time_after_the_last_container_has_ended),
		RUN(a_crs_runs_from_its_first_process_to_its_last),
		RUN(a_process_that_no_look_saw_shows_as_a_change),
		RUN_IN_DIR(the_kernel_says_of_which_crs_it_reports_a_change),
		RUN_IN_DIR(a_container_that_may_not_use_all_cpus_of_its_crs_is_found),
		RUN(a_container_counts_once_and_unknown_stays_unknown),
		RUN_IN_DIR(what_could_not_be_checked_is_counted_and_not_attested),
		RUN_IN_DIR(what_could_not_be_checked_ends_the_run_with_strict),
		RUN_IN_DIR(an_engine_that_is_away_at_the_end_is_counted_and_with_strict_a_mismatch),
		RUN_IN_DIR(a_container_outside_its_crs_ends_the_run),
		RUN_IN_DIR(a_foreign_container_belongs_to_the_crs_of_its_cgroup_parent),
		RUN_IN_DIR(a_foreign_container_of_no_crs_ends_the_run_with_strict),
		RUN_IN_DIR(only_the_cgroup_of_a_crs_itself_makes_a_container_its),
	};
	become_user();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
