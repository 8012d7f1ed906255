/* SPDX-License-Identifier: MIT
 *
 * test_plan: from a config to a plan, without a machine: names, sums, what is refused and where.
 */
#include "unit.h"

#include "plan.h"

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

TEST(the_manuals_config_gives_its_names_cpus_and_memory)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_ok(plan_text(seed, &request, &job, &plan, &err), err);
	assert_string_equal(plan.name, "id-run-1700000000-0000ab12-local");
	assert_string_equal(plan.cgroup_parent,
		"/user.slice/user-1000.slice/user@1000.service/oss-crs/id-run-1700000000-0000ab12-local");
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

TEST(without_workers_the_worker_is_the_union_and_the_sum)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct error err = {0};
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_ok(plan_text("a: {cpuset: '3,1', memory: 1.5G}\nb: {cpuset: '8', memory: 512M}\n", &request,
			  &job, &plan, &err),
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
	assert_contains(plan.warnings[0], "shares CPU 1 with 'a'");
	request.strict = true;
	assert_refused(text, &request, "c.yaml:2:13: CRS 'b' has CPU 1");
}

TEST(what_does_not_fit_is_refused_where_it_stands)
{
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_refused(
		"crs:\n- {name: a, cpuset: '0-3', memory_limit: 1G}\nworkers: {local: {cpuset: '0-2'}}\n",
		&request, "c.yaml:2:21: CRS 'a' has CPUs 3");
	assert_refused("crs:\n- {name: a, cpuset: '0', memory_limit: 2G}\nworkers: {local: {memory: 1G}}\n",
		&request, "worker 'local' has 1G of memory, its CRSs add up to 2G");
	assert_refused("crs:\n- {name: a, cpuset: '0', memory_limit: 2G}\nworkers: {other: {memory: 1G}}\n",
		&request, "no worker 'local'");
	request = request_for("0-7", UINT64_C(64) << 30);
	assert_refused(seed, &request, "this host does not have CPUs 8-15");
	request = request_for("0-15", UINT64_C(8) << 30);
	assert_refused(seed, &request, "this host has 8G");
}

TEST(one_name_twice_in_a_list_is_refused)
{
	struct plan_request request = request_for("0-15", UINT64_C(64) << 30);
	assert_refused("crs:\n- {name: a, cpuset: '0', memory_limit: 1G}\n- {name: a, cpuset: '1', "
		       "memory_limit: 1G}\n",
		&request, "c.yaml:3:10: CRS 'a' is here a second time (first in line 2)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_manuals_config_gives_its_names_cpus_and_memory),
		RUN(a_run_name_never_leaves_its_directory),
		RUN(a_run_name_that_is_too_long_is_refused),
		RUN(without_workers_the_worker_is_the_union_and_the_sum),
		RUN(a_shared_cpu_is_a_warning_in_crs_compose_and_an_error_when_strict),
		RUN(what_does_not_fit_is_refused_where_it_stands),
		RUN(one_name_twice_in_a_list_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
