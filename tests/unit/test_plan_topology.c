/* SPDX-License-Identifier: MIT
 *
 * test_plan_topology: plans on machines whose cores and nodes are known: which CPUs and which
 * memory a CRS gets, and how the notes and warnings describe them.
 */
#include "machines.h"

#include "plan.h"

static const struct machine desktop = {1, 1, 8, 2, true, 32};
static const struct machine epyc = {2, 8, 8, 2, true, 32};

struct planned {
	struct job job;
	struct run_plan plan;
};

static void planned_free(struct planned *planned)
{
	plan_free(&planned->plan);
	job_free(&planned->job);
}

static struct plan_request request_for(const struct topology *topology)
{
	return (struct plan_request){.run_id = "id",
		.worker = "local",
		.uid = 1000,
		.host_cpus = topology_online(topology),
		.host_memory = topology->memory,
		.topology = topology};
}

static void plan_text(const char *text, const struct plan_request *request, struct planned *planned)
{
	struct error err = {0};
	planned_free(planned);
	assert_ok(job_parse("c.yaml", text, strlen(text), "local", &planned->job, &err), err);
	assert_non_null(planned->job.path = strdup("c.yaml"));
	assert_ok(plan_make(&planned->job, request, &planned->plan, &err), err);
	assert_int_equal(planned->plan.note_count, 0);
	assert_ok(plan_explain(request->topology, &planned->plan, &err), err);
}

static void assert_crs(
	const struct planned *planned, const char *name, const char *cpus, const char *mems)
{
	int i = plan_find(&planned->plan, name);
	assert_true(i >= 0);
	assert_list(&planned->plan.crs[i].cpus, cpus);
	assert_list(&planned->plan.crs[i].mems, mems);
}

TEST(counts_become_whole_cores_of_one_node_with_its_memory)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&epyc);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	plan_text("workers: {local: {cpu: 40, memory: 128G}}\ncrs:\n"
		  "  a: {resources: {cpu: 16, memory: 24G}}\n  b: {resources: {cpu: 16, memory: "
		  "24G}}\n"
		  "  c: {resources: {cpu: 3, memory: 24G}}\n",
		&request, &planned);
	assert_crs(&planned, "a", "8-15,136-143", "1");
	assert_crs(&planned, "b", "16-23,144-151", "2");
	assert_crs(&planned, "c", "1-2,129", "0");
	assert_int_equal(cpulist_count(&planned.plan.cpus), 40);
	assert_int_equal(planned.plan.warning_count, 0);
	assert_string_equal(planned.plan.notes[0],
		"CPUs by number: whole cores, on as few nodes as "
		"possible; the first core (CPUs 0,128) is left "
		"to the host");
	assert_string_equal(
		planned.plan.notes[1], "a: 16 CPUs on 8 cores of node 1, with local memory");
	assert_string_equal(planned.plan.notes[3],
		"c: 3 CPUs on 2 cores of node 0, 1 of them whole, with local memory");
}

TEST(memory_that_does_not_fit_the_nodes_may_come_from_any_node)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&epyc);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	plan_text("a: {cpuset: 0-3, memory: 16G}\nb: {cpuset: 4-7, memory: 15G}\nc: {cpuset: 8-15, "
		  "memory: "
		  "30G}\n"
		  "d: {cpuset: 16-31, memory: 40G}",
		&request, &planned);
	/* 31G of the 32G of node 0 are too much: the host needs memory there too. */
	assert_crs(&planned, "a", "0-3", "");
	assert_crs(&planned, "b", "4-7", "");
	assert_crs(&planned, "c", "8-15", "1");
	assert_crs(&planned, "d", "16-31", "2-3");
	assert_string_equal(planned.plan.notes[0],
		"a: 4 CPUs on 4 cores of node 0, 0 of them whole, memory from any node");
}

TEST(lists_are_kept_and_shared_cores_get_a_warning)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	plan_text("a: {cpuset: 0-3, memory: 1G}\nb: {cpuset: 8-11, memory: 1G}\nc: {cpuset: "
		  "'4,12', memory: "
		  "1G}",
		&request, &planned);
	assert_crs(&planned, "b", "8-11", "");
	assert_int_equal(planned.plan.warning_count, 1);
	assert_string_equal(
		planned.plan.warnings[0], "CRS 'b' shares the core of CPU 8 with CRS 'a'");
}

TEST(counts_avoid_the_cores_of_lists)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	plan_text("workers: {local: {cpuset: 0-15, memory: 8G}}\ncrs:\n"
		  "  a: {resources: {cpuset: 1-3, memory: 1G}}\n  b: {resources: {cpu: 4, memory: "
		  "1G}}\n",
		&request, &planned);
	assert_crs(&planned, "b", "4-5,12-13", "");
	assert_int_equal(planned.plan.warning_count, 0);
	assert_list(&planned.plan.cpus, "0-15");
}

TEST(a_config_moves_to_a_number_of_cpus_core_by_core)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&epyc);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	request.cpu_count = 24;
	plan_text(
		"a: {cpuset: 0-7, memory: 1G}\nb: {cpuset: 8-15, memory: 1G}", &request, &planned);
	assert_crs(&planned, "a", "1-4,129-132", "0");
	assert_crs(&planned, "b", "8-11,136-139", "1");
	assert_int_equal(cpulist_count(&planned.plan.cpus), 16);
}

TEST(only_cpus_that_the_config_shares_stay_shared)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	request.cpu_count = 8;
	plan_text("a: {cpuset: 100-103, memory: 1G}\nb: {cpuset: 102-105, memory: 1G}", &request,
		&planned);
	struct cpulist both = planned.plan.crs[0].cpus;
	cpulist_intersect(&both, &planned.plan.crs[1].cpus);
	assert_int_equal(cpulist_count(&both), 2);
	assert_int_equal(cpulist_count(&planned.plan.cpus), 6);
	/* One warning for the CPUs that the config shares, and none for their cores. */
	assert_int_equal(planned.plan.warning_count, 1);
	assert_contains(planned.plan.warnings[0], "shares CPU 102 with CRS 'a'");
}

TEST(scaling_to_a_number_of_cpus_gives_each_crs_whole_cores)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&epyc);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	request.cpu_count = 64;
	request.scale = true;
	plan_text("a: {cpuset: 0, memory: 1G}\nb: {cpuset: 1-3, memory: 1G}", &request, &planned);
	assert_crs(&planned, "a", "32-39,160-167", "4");
	assert_crs(&planned, "b", "8-31,136-159", "1-3");
	assert_int_equal(cpulist_count(&planned.plan.cpus), 64);
}

TEST(crss_on_cores_of_different_speed_get_a_warning)
{
	_cleanup_(topology_free) struct topology topology =
		topology_recorded(state, "arm-A510-A710-A715-X3");
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	request.host_memory = UINT64_C(8) << 30;
	plan_text("a: {cpuset: 0-1, memory: 1G}\nb: {cpuset: 3-4, memory: 1G}", &request, &planned);
	assert_int_equal(planned.plan.warning_count, 1);
	assert_string_equal(
		planned.plan.warnings[0], "CRSs 'a' and 'b' run on cores of different speeds");
	plan_text("oss_crs_infra: {cpuset: 0, memory: 1G}\na: {cpuset: 3-6, memory: 1G}", &request,
		&planned);
	assert_int_equal(planned.plan.warning_count, 0);
}

TEST(a_machine_of_one_cpu_gives_it_to_the_job)
{
	static const struct machine single = {1, 1, 1, 1, false, 4};
	_cleanup_(topology_free) struct topology topology = topology_of(&single);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	plan_text("workers: {local: {cpu: 1, memory: 1G}}\ncrs: {a: {}}\n", &request, &planned);
	assert_crs(&planned, "a", "0", "");
	assert_int_equal(planned.plan.warning_count, 0);
	assert_string_equal(planned.plan.notes[0],
		"CPUs by number: whole cores, on as few nodes as possible; the first core (CPU 0) "
		"is needed for the CRSs");
}

/* SMT off, or CPUs offline: the kernel keeps the numbers of the others. */
TEST(cpus_that_are_offline_are_not_chosen_and_their_core_is_whole_without_them)
{
	_cleanup_(topology_free) struct topology all = topology_of(&epyc);
	_cleanup_(planned_free) struct planned planned = {0};
	struct topology topology = all;
	topology.count = 0;
	topology.threads_max = 1;
	_cleanup_free_ struct topo_cpu *online = calloc(all.count, sizeof *online);
	assert_non_null(online);
	memset(topology.index, 0, sizeof topology.index);
	for (size_t i = 0; i < all.count; i++) {
		if (all.cpus[i].cpu >= 128)
			continue;
		online[topology.count++] = all.cpus[i];
		topology.index[all.cpus[i].cpu] = (uint16_t)topology.count;
	}
	topology.cpus = online;
	struct plan_request request = request_for(&topology);
	request.strict_machine = true;
	plan_text("workers: {local: {cpu: 5, memory: 2G}}\ncrs:\n  a: {resources: {cpu: 3, memory: "
		  "1G}}\n  b: {resources: {cpu: 2, memory: 1G}}\n",
		&request, &planned);
	assert_int_equal(cpulist_count(&planned.plan.cpus), 5);
	assert_true(cpulist_within(&planned.plan.cpus, &request.host_cpus));
	assert_int_equal(planned.plan.warning_count, 0);
	assert_contains(planned.plan.notes[1], "a: 3 CPUs on 3 cores of node");
	assert_null(strstr(planned.plan.notes[1], "whole"));
}

/* Plan a config that --strict-machine refuses. */
static void refuse_text(const char *text, const struct plan_request *request, const char *msg)
{
	struct error err = {0};
	struct run_plan plan = PLAN_NONE;
	_cleanup_(job_free) struct job job = JOB_NONE;
	assert_ok(job_parse("c.yaml", text, strlen(text), "local", &job, &err), err);
	assert_non_null(job.path = strdup("c.yaml"));
	assert_int_equal(plan_make(&job, request, &plan, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_string_equal(err.msg, msg);
}

TEST(a_strict_machine_gives_no_part_of_a_core_and_no_interrupted_cpu)
{
	static const char halves[] =
		"a: {cpuset: 1-2, memory: 1G}\nb: {cpuset: 129-130, memory: 1G}";
	static const char wholes[] =
		"a: {cpuset: \"1,129\", memory: 1G}\nb: {cpuset: \"2,130\", memory: 1G}";
	_cleanup_(topology_free) struct topology topology = topology_of(&epyc);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	plan_text(halves, &request, &planned);
	cpulist_add(&request.interrupted, 0);
	cpulist_add(&request.interrupted, 130);
	plan_text(wholes, &request, &planned);
	request.strict_machine = true;
	refuse_text(halves, &request,
		"--strict-machine: CRS 'a' has only some of the threads of a core (CPUs 1-2)");
	refuse_text(wholes, &request, "--strict-machine: devices interrupt CPU 130 of the run");
	cpulist_subtract(&request.interrupted, &planned.plan.cpus);
	plan_text(wholes, &request, &planned);
	request.topology = NULL;
	refuse_text(wholes, &request, "--strict-machine: the cores of this machine are not known");
}

TEST(isolated_cpus_in_a_list_get_a_warning)
{
	_cleanup_(topology_free) struct topology topology = topology_of(&desktop);
	_cleanup_(planned_free) struct planned planned = {0};
	struct plan_request request = request_for(&topology);
	topology.cpus[topology.index[4] - 1].isolated = true;
	plan_text("a: {cpuset: 4-5, memory: 1G}", &request, &planned);
	assert_int_equal(planned.plan.warning_count, 1);
	assert_contains(planned.plan.warnings[0], "CRS 'a' has isolated CPUs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(counts_become_whole_cores_of_one_node_with_its_memory),
		RUN(memory_that_does_not_fit_the_nodes_may_come_from_any_node),
		RUN(lists_are_kept_and_shared_cores_get_a_warning),
		RUN(counts_avoid_the_cores_of_lists),
		RUN(a_config_moves_to_a_number_of_cpus_core_by_core),
		RUN(only_cpus_that_the_config_shares_stay_shared),
		RUN(scaling_to_a_number_of_cpus_gives_each_crs_whole_cores),
		RUN_IN_DIR(crss_on_cores_of_different_speed_get_a_warning),
		RUN(a_machine_of_one_cpu_gives_it_to_the_job),
		RUN(cpus_that_are_offline_are_not_chosen_and_their_core_is_whole_without_them),
		RUN(a_strict_machine_gives_no_part_of_a_core_and_no_interrupted_cpu),
		RUN(isolated_cpus_in_a_list_get_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
