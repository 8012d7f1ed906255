/* SPDX-License-Identifier: MIT
 *
 * test_plan: from a config to a plan, without a machine: names, sums, what is refused, and the
 * position that the refusal names.
 */
#include "unit.h"

#include "plan.h"
#include "run_name.h"
#include "size.h"

static const char seed[] = "crs:\n"
			   "  - name: crs1\n"
			   "    cpuset: \"0-3\"\n"
			   "    memory_limit: \"4G\"\n"
			   "  - name: crs2\n"
			   "    cpuset: \"4-7\"\n"
			   "    memory_limit: \"8G\"\n"
			   "workers:\n"
			   "  local:\n"
			   "    cpuset: \"0-15\"\n"
			   "    memory: \"16G\"\n";

static struct plan_request request_for(const char *cpus, uint64_t memory)
{
	struct error err = {0};
	struct plan_request request = {
		.phase = PHASE_RUN,
		.run_id = "id",
		.worker = "local",
		.timestamp = 1700000000,
		.random = 0xab12,
		.uid = 1000,
		.host_memory = memory,
	};
	assert_ok(cpulist_parse(cpus, &request.host_cpus, &err), err);
	return request;
}

static int plan_text(const char *text, const struct plan_request *request, struct job *job,
	struct run_plan *ret, struct error *err)
{
	if (job_parse("c.yaml", text, strlen(text), request->worker, job, err) < 0)
		return -1;
	job->path = strdup("c.yaml");
	return plan_make(job, request, ret, err);
}

static void assert_refused(const char *text, const struct plan_request *request, const char *part)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	if (plan_text(text, request, &job, &plan, &err) == 0)
		fail_test("not refused: %s", text);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, part);
}

TEST(the_config_of_the_manual_gives_names_cpus_and_memory)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_ok(plan_text(seed, &request, &job, &plan, &err), err);
	assert_string_equal(plan.name, "id-run-1700000000-0000ab12-local");
	assert_string_equal(plan.cgroup_parent, "/user.slice/user-1000.slice/user@1000.service/"
						"oss-crs/id-run-1700000000-0000ab12-local");
	char text[CPULIST_TEXT_MAX];
	assert_string_equal(cpulist_format(&plan.cpus, text), "0-15");
	assert_true(plan.memory_max == UINT64_C(16) << 30);
	assert_int_equal(plan.crs_count, 2);
	assert_int_equal(plan_find(&plan, "crs2"), 1);
	assert_int_equal(plan_find(&plan, "crs3"), -1);
	assert_string_equal(cpulist_format(&plan.crs[1].cpus, text), "4-7");
	assert_true(plan.crs[1].memory_max == UINT64_C(8) << 30);
}

TEST(a_run_name_never_leaves_its_directory)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	request.run_id = "../../a b\n";
	assert_ok(plan_text(seed, &request, &job, &plan, &err), err);
	assert_string_equal(plan.name, "-.-..-a-b--run-1700000000-0000ab12-local");
}

TEST(a_run_name_that_is_too_long_is_refused)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	char id[400];
	memset(id, 'x', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	request.run_id = id;
	assert_int_equal(plan_text(seed, &request, &job, &plan, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
}

TEST(what_a_cgroup_above_forbids_is_an_error_that_names_its_file)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-3", UINT64_C(300) << 20);
	request.cpus_file = "/sys/fs/cgroup/user.slice/cpuset.cpus.effective";
	request.memory_file = "/sys/fs/cgroup/user.slice/memory.max";
	assert_int_equal(
		plan_text("a: {cpuset: '2-5', memory: 1M}\n", &request, &job, &plan, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, ":1:13: you may not use CPUs 4-5");
	assert_string_equal(
		err.hint, "/sys/fs/cgroup/user.slice/cpuset.cpus.effective allows CPUs 0-3");
	job_free(&job);
	assert_int_equal(
		plan_text("a: {cpuset: '2', memory: 600M}\n", &request, &job, &plan, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "need 600M of memory together, but you may use 300M");
	assert_contains(err.hint, "raise /sys/fs/cgroup/user.slice/memory.max");
}

TEST(a_run_name_with_two_readings_gives_the_parts_of_one)
{
	struct run_name name;
	assert_true(run_name_parse("a-run-1-00000002-x-run-3-00000004-", &name));
	assert_string_equal(name.run_id, "a");
	assert_string_equal(name.worker, "x-run-3-00000004-");
	assert_int_equal(name.timestamp, 1);
	assert_int_equal(name.random, 2);
}

TEST(a_run_name_parses_back_into_its_parts)
{
	static const struct {
		const char *run_id, *worker, *read_id;
	} cases[] = {
		{"id", "local", "id"},
		{"..", "node-2", "-."},
		{"-", "-", "-"},
		{"a-run-1-0a1b2c3d-b", "exec-1", "a-run-1-0a1b2c3d-b"},
		{"\xc3\xa4", "w", "--"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		_cleanup_(job_free) struct job job = JOB_NONE;
		_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
		struct error err = {0};
		struct run_name name;
		struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
		request.run_id = cases[i].run_id;
		request.worker = cases[i].worker;
		request.phase = PHASE_BUILD;
		assert_ok(plan_text("a: {cpuset: '1', memory: 1G}\n", &request, &job, &plan, &err),
			err);
		assert_true(run_name_parse(plan.name, &name));
		assert_string_equal(name.run_id, cases[i].read_id);
		assert_string_equal(name.run_id, plan.run_id);
		assert_string_equal(name.worker, cases[i].worker);
		assert_int_equal(name.phase, PHASE_BUILD);
		assert_true(name.timestamp == request.timestamp);
	}
}

TEST(without_workers_the_worker_is_the_sum_of_its_crss)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_ok(plan_text("a: {cpuset: '3,1', memory: 1.5G}\nb: {cpuset: '8', memory: 512M}\n",
			  &request, &job, &plan, &err),
		err);
	char text[CPULIST_TEXT_MAX];
	assert_string_equal(cpulist_format(&plan.cpus, text), "1,3,8");
	assert_true(plan.memory_max == UINT64_C(2) << 30);
	assert_int_equal(plan.warning_count, 0);
}

TEST(a_shared_cpu_is_a_warning_in_crs_compose_and_an_error_when_strict)
{
	static const char text[] = "a: {cpuset: '0-1', memory: 1G}\nb: {cpuset: '1', memory: 1G}\n";
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_ok(plan_text(text, &request, &job, &plan, &err), err);
	assert_int_equal(plan.warning_count, 1);
	assert_contains(plan.warnings[0], "shares CPU 1 with CRS 'a'");
	request.strict = true;
	assert_refused(text, &request, "c.yaml:2:13: CRS 'b' uses CPU 1");
}

TEST(what_does_not_fit_is_refused_with_its_position)
{
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_refused("crs:\n- {name: a, cpuset: '0-3', memory_limit: 1G}\nworkers: {local: "
		       "{cpuset: '0-2'}}\n",
		&request, "c.yaml:2:21: CRS 'a' uses CPUs 3");
	assert_refused("crs:\n- {name: a, cpuset: '0', memory_limit: 2G}\nworkers: {local: "
		       "{memory: 1G}}\n",
		&request, "worker 'local' has 1G of memory, but its CRSs need 2G");
	assert_refused("crs:\n- {name: a, cpuset: '0', memory_limit: 2G}\nworkers: {other: "
		       "{memory: 1G}}\n",
		&request, "no worker named 'local'");
	request = request_for("0-7", UINT64_C(64) << 30);
	assert_refused(seed, &request, "this host does not have CPUs 8-15");
	request = request_for("0-15", UINT64_C(8) << 30);
	assert_refused(seed, &request, "this host has 8G");
}

TEST(a_duplicate_name_in_a_list_is_refused)
{
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_refused("crs:\n- {name: a, cpuset: '0', memory_limit: 1G}\n- {name: a, cpuset: '1', "
		       "memory_limit: 1G}\n",
		&request, "c.yaml:3:10: duplicate CRS 'a' (first in line 2)");
}

static void assert_planned(
	const struct run_plan *plan, const char *name, const char *cpus, uint64_t mib)
{
	char text[CPULIST_TEXT_MAX];
	int i = plan_find(plan, name);
	assert_true(i >= 0);
	assert_string_equal(cpulist_format(&plan->crs[i].cpus, text), cpus);
	assert_int_equal(plan->crs[i].memory_max, mib * SIZE_MIB);
}

static const char mixed[] = "workers: {local: {cpuset: 0-15, memory: 32G}}\n"
			    "crs:\n"
			    "  evenly1:\n"
			    "  number: {resources: {cpu: 4, memory: 2G}}\n"
			    "  list: {resources: {cpuset: '1,3', memory: 1G}}\n"
			    "  evenly2:\n"
			    "  evenly3:\n";

TEST(lists_come_first_then_counts_then_even_shares_in_file_order)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-63", UINT64_C(64) << 30);
	assert_ok(plan_text(mixed, &request, &job, &plan, &err), err);
	assert_planned(&plan, "list", "1,3", 1024);
	assert_planned(&plan, "number", "0,2,4-5", 2048);
	/* Three CRSs share the remaining 10 CPUs and 29696 MiB: the last one gets the remainder. */
	assert_planned(&plan, "evenly1", "6-8", 9898);
	assert_planned(&plan, "evenly2", "9-11", 9898);
	assert_planned(&plan, "evenly3", "12-15", 9900);
	assert_int_equal(plan.memory_max, UINT64_C(32) << 30);
}

TEST(a_worker_with_a_cpu_count_gets_the_cpus_of_its_crss_and_the_lowest_others)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("4-31", UINT64_C(64) << 30);
	assert_ok(
		plan_text(
			"workers: {local: {cpu: 8}}\ncrs:\n  a: {resources: {cpu: 2, memory: 1G}}\n"
			"  b: {resources: {cpuset: 20-22, memory: 1G}}\n",
			&request, &job, &plan, &err),
		err);
	char text[CPULIST_TEXT_MAX];
	assert_planned(&plan, "a", "4-5", 1024);
	assert_string_equal(cpulist_format(&plan.cpus, text), "4-8,20-22");
}

TEST(what_the_worker_cannot_share_out_is_refused_with_both_positions)
{
	static const struct {
		const char *text, *message;
	} table[] = {
		{"workers: {local: {cpu: 8, memory: 4G}}\ncrs:\n  a: {resources: {cpu: 9}}",
			"c.yaml:1:24: worker 'local' has 8 CPUs, but its CRSs need 9 (from line 3 "
			"on)"},
		{"workers: {local: {cpu: 2, memory: 4G}}\ncrs:\n  a: {resources: {cpu: 1}}\n  b:\n "
		 " c:",
			"c.yaml:1:24: worker 'local' has 1 CPUs left for the 2 CRSs that do not "
			"set theirs (from line 4 on)"},
		{"workers: {local: {cpu: 8, memory: 1280M}}\ncrs:\n  a: {resources: {memory: "
		 "256.5M}}\n  b:\n"
		 "  c:",
			"c.yaml:1:35: worker 'local' has 1048064K of memory left for the 2 CRSs "
			"that do not set theirs"},
		{"workers: {local: {cpu: 8, memory: 1.25G}}\ncrs:\n  a: {resources: {memory: "
		 "1281M}}",
			"worker 'local' has 1280M of memory, but its CRSs need 1281M (from line 3 "
			"on)"},
		{"workers: {local: {cpu: 8}}\ncrs:\n  a:",
			"c.yaml:3:3: CRS 'a' does not set its "
			"memory, and worker 'local' does not either"},
		{"crs:\n  a: {resources: {memory: 1G}}",
			"c.yaml:2:3: CRS 'a' does not set its CPUs, and worker 'local' does not "
			"either"},
		{"crs:\n  a: {resources: {cpu: 17, memory: 1G}}",
			"the config needs 17 CPUs by number, but only 16"},
	};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	for (size_t i = 0; i < COUNT(table); i++)
		assert_refused(table[i].text, &request, table[i].message);
}

static struct plan_request request_on(const char *cpus, uint64_t memory)
{
	struct error err = {0};
	struct plan_request request = request_for("0-255", UINT64_C(2) << 40);
	assert_ok(cpulist_parse(cpus, &request.cpus, &err), err);
	request.memory = memory;
	return request;
}

TEST(a_config_moves_to_other_cpus_in_order)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_on("20-27,40-60", 0);
	assert_ok(plan_text("a: {cpuset: '0,1000-1003', memory: 1G}\nb: {cpuset: '4-7,1003', "
			    "memory: 2G}",
			  &request, &job, &plan, &err),
		err);
	char text[CPULIST_TEXT_MAX];
	assert_planned(&plan, "a", "20,25-27,40", 1024);
	assert_planned(&plan, "b", "21-24,40", 2048);
	assert_string_equal(cpulist_format(&plan.cpus, text), "20-27,40");
	request = request_on("20-27", 0);
	assert_refused(
		"a: {cpuset: 0-8, memory: 1G}", &request, "c.yaml needs 9 CPUs, but --cpus has 8");
	request = request_on("250-260", 0);
	assert_refused("a: {cpuset: 0-8, memory: 1G}", &request,
		"--cpus: this host does not have CPUs 256");
	request = request_on("0", UINT64_C(1) << 30);
	assert_refused("a: {cpuset: 0, memory: 1025M}", &request,
		"c.yaml needs 1025M of memory, but --memory is 1G");
}

TEST(without_a_topology_a_count_takes_the_lowest_cpus)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("4-31", UINT64_C(64) << 30);
	request.cpu_count = 6;
	assert_ok(plan_text("a: {cpuset: 90-93, memory: 1G}", &request, &job, &plan, &err), err);
	assert_planned(&plan, "a", "4-7", 1024);
	request.cpu_count = 29;
	assert_refused(
		"a: {cpuset: 0-3, memory: 1G}", &request, "--cpus 29: this host has only 28 CPUs");
}

TEST(scaling_gives_the_remainder_to_the_largest_but_never_to_the_infrastructure)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_on("0-16", UINT64_C(10) << 30);
	request.scale = true;
	assert_ok(plan_text("oss_crs_infra: {cpuset: 0-9, memory: 10G}\n"
			    "b: {cpuset: 10-14, memory: 10G}\na: {cpuset: 15-19, memory: 10G}\n"
			    "c: {cpuset: 20-23, memory: 10G}",
			  &request, &job, &plan, &err),
		err);
	/* 17/24 of 10, 5, 5 and 4, rounded down, is 7, 3, 3 and 2. The two CPUs left over go to a
	 * and b. */
	assert_planned(&plan, "oss_crs_infra", "0-6", 2560);
	assert_planned(&plan, "b", "7-10", 2560);
	assert_planned(&plan, "a", "11-14", 2560);
	assert_planned(&plan, "c", "15-16", 2560);
}

TEST(scaling_leaves_each_crs_one_cpu_and_takes_it_from_the_largest)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_on("0-3", 0);
	request.scale = true;
	assert_ok(plan_text("a: {cpuset: 0-99, memory: 1G}\nb: {cpuset: 100, memory: 1G}\n"
			    "c: {cpuset: 101, memory: 1G}",
			  &request, &job, &plan, &err),
		err);
	assert_planned(&plan, "a", "0-1", 1024);
	assert_planned(&plan, "b", "2", 1024);
	assert_planned(&plan, "c", "3", 1024);
	request = request_on("0-1", 0);
	request.scale = true;
	assert_refused("a: {cpuset: 0, memory: 1G}\nb: {cpuset: 1, memory: 1G}\nc: {cpuset: 2, "
		       "memory: 1G}",
		&request, "--cpus: 2 CPUs are too few for 3 CRSs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_config_of_the_manual_gives_names_cpus_and_memory),
		RUN(a_run_name_never_leaves_its_directory),
		RUN(a_run_name_that_is_too_long_is_refused),
		RUN(a_run_name_parses_back_into_its_parts),
		RUN(a_run_name_with_two_readings_gives_the_parts_of_one),
		RUN(what_a_cgroup_above_forbids_is_an_error_that_names_its_file),
		RUN(without_workers_the_worker_is_the_sum_of_its_crss),
		RUN(a_shared_cpu_is_a_warning_in_crs_compose_and_an_error_when_strict),
		RUN(what_does_not_fit_is_refused_with_its_position),
		RUN(a_duplicate_name_in_a_list_is_refused),
		RUN(lists_come_first_then_counts_then_even_shares_in_file_order),
		RUN(a_worker_with_a_cpu_count_gets_the_cpus_of_its_crss_and_the_lowest_others),
		RUN(what_the_worker_cannot_share_out_is_refused_with_both_positions),
		RUN(a_config_moves_to_other_cpus_in_order),
		RUN(without_a_topology_a_count_takes_the_lowest_cpus),
		RUN(scaling_gives_the_remainder_to_the_largest_but_never_to_the_infrastructure),
		RUN(scaling_leaves_each_crs_one_cpu_and_takes_it_from_the_largest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
