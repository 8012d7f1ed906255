/* SPDX-License-Identifier: MIT
 *
 * test_report: what a report says where the engine, or a cgroup, could not be asked any more, and
 * which container gives a job its status.
 */
#include "unit.h"

#include "cleanup_json.h"
#include "comparison.h"
#include "report.h"
#include "runs.h"
#include "summary.h"
#include "tables.h"

#define NAME "job-run-1764000000-0a1b2c3d-local"

/* The report of a run of one CRS that its time limit has ended; containers is NULL if the engine is
 * away, exclusive NULL if it had no CPUs for itself alone. The caller drops it. */
static json_t *report_of(const struct compose *compose, const struct containers *containers,
	const struct exclusive *exclusive)
{
	struct plan_crs crs = {.name = "a", .memory_max = 4096};
	struct run_plan plan = {
		.name = NAME, .run_id = "job", .worker = "local", .crs = &crs, .crs_count = 1};
	struct cg_tree tree = TREE_NONE;
	struct error err = {0};
	json_t *root = NULL;
	_cleanup_(report_free) struct report report = REPORT_NONE;
	cpulist_add(&crs.cpus, 0);
	assert_ok(report_collect(&plan, &tree, compose, containers, &report, &err), err);
	report.phase = PHASE_RUN;
	report.reason = REASON_TIMEOUT;
	report.status = EX_TIMEOUT;
	report.exclusive = exclusive;
	assert_ok(report_json(&report, &root, &err), err);
	return root;
}

static const json_t *exits_of(const json_t *root)
{
	const json_t *crs = json_array_get(json_object_get(root, "crs"), 0);
	return json_object_get(crs, "exits");
}

TEST(an_engine_that_is_away_leaves_a_report_without_exit_codes)
{
	char service[] = "a";
	struct compose_service services[] = {{.name = service, .crs = 0}};
	const struct compose compose = {.services = services, .service_count = COUNT(services)};
	struct container list[] = {{.service = service,
		.finished = "2026-01-01T00:00:00Z",
		.exit_code = 137,
		.started = true}};
	const struct containers containers = {.list = list, .count = COUNT(list)};
	struct error err = {0};
	_cleanup_json_ json_t *known = report_of(&compose, &containers, NULL);
	_cleanup_json_ json_t *unknown = report_of(&compose, NULL, NULL);
	_cleanup_json_ json_t *command = report_of(NULL, NULL, NULL);
	assert_string_equal(json_string_value(exits_of(known)), "137");
	assert_true(json_is_null(exits_of(unknown)));
	assert_string_equal(json_string_value(exits_of(command)), "");
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	assert_ok(summary_read("r", unknown, &summary, &err), err);
	assert_string_equal(summary.crs[0].exits, "");
	assert_string_equal(summary.reason, "timeout");
	assert_int_equal(summary.exit_status, EX_TIMEOUT);
}

TEST(what_the_guard_has_refused_is_in_the_report)
{
	struct plan_crs crs = {.name = "a", .memory_max = 4096};
	struct run_plan plan = {
		.name = NAME, .run_id = "job", .worker = "local", .crs = &crs, .crs_count = 1};
	struct cg_tree tree = TREE_NONE;
	struct error err = {0};
	_cleanup_json_ json_t *root = NULL;
	_cleanup_(report_free) struct report report = REPORT_NONE;
	_cleanup_(refusals_free) struct refusals refusals = REFUSALS_NONE;
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	const struct refusal refusal = {.request = "POST /build", .what = "no"};
	cpulist_add(&crs.cpus, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_return_code(refusals_add(&refusals, &refusal, &err), 0);
	refusals.total += 2; /* that did not fit into the list */
	assert_ok(report_collect(&plan, &tree, NULL, NULL, &report, &err), err);
	report.refusals = &refusals;
	assert_ok(report_json(&report, &root, &err), err);
	assert_ok(summary_read("r", root, &summary, &err), err);
	assert_int_equal(summary.refused, 5);
	assert_int_equal(summary.refusal_count, 1);
	char text[TABLES_REFUSAL_MAX];
	assert_string_equal(
		tables_refusal(&summary, 0, text), "CRS 'a': POST /build: no (3 times)");
	assert_string_equal(tables_refusal(&summary, 1, text), "2 more requests");
	assert_null(tables_refusal(&summary, 2, text));
	summary.refused = 3;
	assert_null(tables_refusal(&summary, 1, text));
}

TEST(why_a_run_has_no_status_of_its_own_is_in_the_report)
{
	struct plan_crs crs = {.name = "a", .memory_max = 4096};
	struct run_plan plan = {
		.name = NAME, .run_id = "job", .worker = "local", .crs = &crs, .crs_count = 1};
	struct cg_tree tree = TREE_NONE;
	struct error err = {0};
	_cleanup_json_ json_t *with = NULL;
	_cleanup_json_ json_t *without = NULL;
	_cleanup_(report_free) struct report report = REPORT_NONE;
	cpulist_add(&crs.cpus, 0);
	assert_ok(report_collect(&plan, &tree, NULL, NULL, &report, &err), err);
	assert_ok(report_json(&report, &without, &err), err);
	report.problem = "Compose did not start any container";
	assert_ok(report_json(&report, &with, &err), err);
	assert_null(json_object_get(without, "problem"));
	assert_string_equal(json_string_value(json_object_get(with, "problem")), report.problem);
}

TEST(what_may_use_the_cpus_of_an_exclusive_run_is_in_the_report)
{
	char interrupts[] = "24 virtio0-input.0\n31\n";
	const struct exclusive exclusive = {.partition = PARTITION_ISOLATED,
		.per_cpu = 2,
		.others = 1,
		.names = {"cpuhp/2", "migration/2", "kworker/u8:0"},
		.name_count = 3,
		.interrupts = interrupts};
	char text[SUMMARY_TEXT_MAX];
	struct error err = {0};
	_cleanup_json_ json_t *root = report_of(NULL, NULL, &exclusive);
	_cleanup_json_ json_t *plain = report_of(NULL, NULL, NULL);
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	_cleanup_(summary_free) struct summary other = SUMMARY_NONE;
	_cleanup_(comparison_free) struct comparison comparison = COMPARISON_NONE;
	const json_t *list = json_object_get(json_object_get(root, "exclusive"), "interrupts");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 0)), "24 virtio0-input.0");
	assert_ok(summary_read("r", plain, &other, &err), err);
	assert_null(summary_exclusive(&other, text));
	assert_ok(summary_read("r", root, &summary, &err), err);
	assert_string_equal(summary_exclusive(&summary, text),
		"partition isolated; kernel threads: 2 of these CPUs, 1 others; interrupts: 2");
	assert_ok(comparison_make(&summary, &other, &comparison, &err), err);
	bool told = false;
	for (size_t i = 0; i < comparison.count; i++)
		told |= strcmp(comparison.reasons[i],
				"different CPU partitions: isolated and none") == 0;
	assert_true(told);
}

/* A CRS may start and end containers as it likes. */
TEST(a_container_that_a_crs_has_started_decides_nothing)
{
	char none[] = "";
	char name[] = "a";
	char service[] = "a";
	struct plan_crs crs = {.name = name};
	struct run_plan plan = {.crs = &crs, .crs_count = 1};
	struct compose_service services[] = {{.name = service, .crs = 0, .is_attached = true}};
	const struct compose compose = {.services = services, .service_count = 1};
	struct container list[] = {{.service = none,
					   .guard = name,
					   .finished = "2026-01-01T00:00:00Z",
					   .exit_code = 9,
					   .started = true},
		{.service = service,
			.finished = "2026-01-01T00:00:05Z",
			.exit_code = 3,
			.started = true}};
	const struct containers containers = {.list = list, .count = COUNT(list)};
	assert_int_equal(report_job_status(&containers, &compose, &plan, false, 0), 3);
	_cleanup_json_ json_t *root = report_of(&compose, &containers, NULL);
	assert_string_equal(json_string_value(exits_of(root)), "3");
}

TEST(a_cgroup_that_was_removed_leaves_a_report_without_its_figures)
{
	struct plan_crs crs[] = {{.name = "a", .memory_max = 4096}, {.name = "b"}};
	struct run_plan plan = {.name = NAME, .crs = crs, .crs_count = COUNT(crs)};
	struct cg_tree tree = TREE_NONE;
	struct error err = {0};
	static const char *const files[][2] = {
		{"b/cpu.stat", "usage_usec 7\nuser_usec 1\nsystem_usec 1\n"},
		{"b/memory.current", "4096\n"},
	};
	const struct unit_dir *dir = *state;
	for (size_t i = 0; i < COUNT(files); i++)
		put_text_file(dir, files[i][0], files[i][1]);
	tree.worker = dir->fd;
	_cleanup_(report_free) struct report report = REPORT_NONE;
	assert_ok(report_collect(&plan, &tree, NULL, NULL, &report, &err), err);
	assert_true(report.crs[0].figures.cpu_usec == CGROUP_STAT_UNKNOWN);
	assert_true(report.crs[0].figures.memory_peak == CGROUP_STAT_UNKNOWN);
	assert_int_equal(report.crs[1].figures.cpu_usec, 7);
}

/* What ended when, and Compose's status: the job's own status. */
TEST(the_container_that_decided_gives_the_status)
{
	static char helper[] = "oss-crs-helper";
	static char other[] = "a";
	static const struct {
		struct container containers[3];
		bool until_all;
		int compose, expected;
	} table[] = {
		/* The first that ended. */
		{{{.finished = "2026-01-01T00:00:02Z", .exit_code = 5, .started = true},
			 {.finished = "2026-01-01T00:00:01Z", .exit_code = 4, .started = true}},
			false, 4, 4},
		/* Compose went on after two helpers, which it was not attached to. */
		{{{.finished = "2026-01-01T00:00:01Z", .started = true},
			 {.finished = "2026-01-01T00:00:02Z", .started = true},
			 {.finished = "2026-01-01T00:00:03Z", .exit_code = 3, .started = true}},
			false, 3, 3},
		{{{.finished = "2026-01-01T00:00:01Z", .exit_code = 2, .started = true},
			 {.finished = "2026-01-01T00:00:03Z", .exit_code = 3, .started = true}},
			false, 3, 3},
		/* The error is Compose's own. */
		{{{.finished = "2026-01-01T00:00:01Z", .started = true}}, false, 1, 0},
		{{{.finished = "2026-01-01T00:00:01Z", .started = true}, {.exit_code = 1}}, false,
			1, 0},
		/* The first that failed. */
		{{{.finished = "2026-01-01T00:00:01Z", .started = true},
			 {.finished = "2026-01-01T00:00:02Z", .exit_code = 7, .started = true}},
			true, 0, 7},
		{{{.exit_code = 0}}, false, 0, -1},
		/* A helper failed before the CRS ended. */
		{{{.finished = "2026-01-01T00:00:01Z",
			  .exit_code = 9,
			  .service = helper,
			  .started = true},
			 {.finished = "2026-01-01T00:00:02Z", .started = true}},
			false, 0, 0},
		{{{.finished = "2026-01-01T00:00:01Z",
			  .exit_code = 9,
			  .service = helper,
			  .started = true},
			 {.service = helper}},
			false, 0, 9},
	};
	struct compose_service service = {.name = helper};
	struct run_plan plan = {.crs_count = 0};
	const struct compose compose = {.services = &service, .service_count = 1};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct container list[3];
		memcpy(list, table[i].containers, sizeof list);
		const struct containers containers = {.list = list, .count = COUNT(list)};
		for (size_t j = 0; j < COUNT(list); j++)
			list[j].service = list[j].service ? list[j].service : other;
		assert_int_equal(report_job_status(&containers, &compose, &plan, table[i].until_all,
					 table[i].compose),
			table[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(an_engine_that_is_away_leaves_a_report_without_exit_codes),
		RUN(the_container_that_decided_gives_the_status),
		RUN(what_the_guard_has_refused_is_in_the_report),
		RUN(why_a_run_has_no_status_of_its_own_is_in_the_report),
		RUN(what_may_use_the_cpus_of_an_exclusive_run_is_in_the_report),
		RUN(a_container_that_a_crs_has_started_decides_nothing),
		RUN_IN_DIR(a_cgroup_that_was_removed_leaves_a_report_without_its_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
