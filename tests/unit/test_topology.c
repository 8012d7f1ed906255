/* SPDX-License-Identifier: MIT
 *
 * test_topology: cores, nodes and kinds of cores read from /sys, on recorded and on generated
 * machines.
 */
#include "machines.h"

#define CPUS  "devices/system/cpu/"
#define NODES "devices/system/node/"

static void assert_cpu(const struct topology *topology, unsigned number, unsigned core,
	unsigned node, unsigned package)
{
	const struct topo_cpu *cpu = topology_find(topology, number);
	assert_non_null(cpu);
	assert_int_equal(cpu->cpu, number);
	assert_int_equal(cpu->core, core);
	assert_int_equal(topology->nodes[cpu->node].id, node);
	assert_int_equal(cpu->package, package);
}

TEST(a_server_with_nodes_of_different_size)
{
	_cleanup_(topology_free) struct topology topology =
		topology_recorded(state, "x86_64-64cpu");
	assert_int_equal(topology.count, 64);
	assert_int_equal(topology.core_count, 32);
	assert_int_equal(topology.threads_max, 2);
	assert_int_equal(topology.node_count, 3);
	assert_cpu(&topology, 0, 0, 0, 0);
	assert_cpu(&topology, 32, 0, 0, 0);
	assert_cpu(&topology, 2, 2, 0, 1);
	assert_cpu(&topology, 33, 1, 2, 2);
	assert_cpu(&topology, 63, 31, 3, 3);
	assert_null(topology_find(&topology, 64));
	assert_null(topology_find(&topology, CPULIST_MAX));
	struct cpulist core = topology_core(&topology, 31);
	assert_list(&core, "31,63");
	struct cpulist cpus = list_of("0-3,64");
	struct cpulist nodes = topology_nodes(&topology, &cpus);
	assert_list(&nodes, "0,2-3");
}

TEST(a_phone_with_three_kinds_of_cores)
{
	_cleanup_(topology_free) struct topology topology =
		topology_recorded(state, "arm-A510-A710-A715-X3");
	assert_int_equal(topology.count, 8);
	assert_int_equal(topology.core_count, 8);
	assert_int_equal(topology.threads_max, 1);
	assert_int_equal(topology.node_count, 1);
	assert_int_equal(topology_find(&topology, 0)->speed, 280);
	assert_int_equal(topology_find(&topology, 3)->speed, 855);
	assert_int_equal(topology_find(&topology, 7)->speed, 1024);
}

TEST(a_laptop_and_a_virtual_machine)
{
	_cleanup_(topology_free) struct topology laptop =
		topology_recorded(state, "x86_64-dell_e4310");
	assert_int_equal(laptop.core_count, 2);
	struct cpulist core = topology_core(&laptop, 0);
	assert_list(&core, "0,2");
	_cleanup_(topology_free) struct topology vm = topology_recorded(state, "vbox-win");
	assert_int_equal(vm.core_count, 2);
	assert_int_equal(vm.threads_max, 1);
	assert_true(vm.memory == UINT64_C(2054748) * 1024);
}

TEST(a_server_of_sixteen_nodes_is_read_as_it_was_written)
{
	const struct machine epyc = {2, 8, 8, 2, true, 32};
	machine_write(unit_dir(state), &epyc);
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	_cleanup_(topology_free) struct topology expected = topology_of(&epyc);
	assert_int_equal(topology.count, 256);
	assert_int_equal(topology.core_count, expected.core_count);
	assert_int_equal(topology.threads_max, expected.threads_max);
	assert_int_equal(topology.node_count, expected.node_count);
	assert_int_equal(topology.memory, expected.memory);
	assert_memory_equal(topology.cpus, expected.cpus, expected.count * sizeof *expected.cpus);
	assert_memory_equal(
		topology.nodes, expected.nodes, expected.node_count * sizeof *expected.nodes);
	assert_memory_equal(topology.index, expected.index, sizeof expected.index);
}

TEST(a_kernel_that_reports_only_its_cpus_has_one_plain_node)
{
	make_text(unit_dir(state), "0-3\n", CPUS "online");
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	assert_int_equal(topology.core_count, 4);
	assert_int_equal(topology.node_count, 1);
	assert_int_equal(topology.memory, 0);
	assert_int_equal(topology_find(&topology, 3)->speed, TOPOLOGY_SPEED_MAX);
}

TEST(offline_threads_are_not_part_of_their_core)
{
	machine_write(unit_dir(state), &(struct machine){1, 1, 4, 2, true, 4});
	make_text(unit_dir(state), "0-3,6\n", CPUS "online");
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	assert_int_equal(topology.count, 5);
	assert_int_equal(topology.core_count, 4);
	struct cpulist core = topology_core(&topology, 2);
	assert_list(&core, "2,6");
	core = topology_core(&topology, 1);
	assert_list(&core, "1");
}

TEST(a_core_whose_first_thread_is_offline_is_still_one_core)
{
	machine_write(unit_dir(state), &(struct machine){1, 1, 2, 4, false, 4});
	make_text(unit_dir(state), "1-7\n", CPUS "online");
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	assert_int_equal(topology.core_count, 2);
	struct cpulist core = topology_core(&topology, 0);
	assert_list(&core, "1-3");
}

TEST(isolated_cpus_are_marked)
{
	machine_write(unit_dir(state), &(struct machine){1, 1, 4, 1, false, 4});
	make_text(unit_dir(state), "2-3\n", CPUS "isolated");
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	assert_false(topology_find(&topology, 1)->isolated);
	assert_true(topology_find(&topology, 2)->isolated);
}

TEST(memory_only_nodes_have_no_cpus)
{
	machine_write(unit_dir(state), &(struct machine){1, 2, 2, 1, false, 4});
	make_text(unit_dir(state), "\n", NODES "node7/cpulist");
	make_text(unit_dir(state), "Node 7 MemTotal:  1048576 kB\n", NODES "node7/meminfo");
	make_text(unit_dir(state), "0-1,7\n", NODES "online");
	_cleanup_(topology_free) struct topology topology = topology_at(unit_dir(state));
	assert_int_equal(topology.node_count, 3);
	assert_int_equal(topology.nodes[2].id, 7);
	assert_true(topology.nodes[2].memory == UINT64_C(1) << 30);
	assert_true(topology.memory == UINT64_C(9) << 30);
	struct cpulist all = topology_online(&topology);
	struct cpulist nodes = topology_nodes(&topology, &all);
	assert_list(&nodes, "0-1");
}

TEST(the_two_kinds_of_x86_cores_count_but_not_the_boost_of_each_core)
{
	int sys = unit_dir(state);
	machine_write(sys, &(struct machine){1, 1, 4, 1, false, 4});
	make_text(sys, "1024\n", CPUS "cpu0/cpu_capacity");
	make_text(sys, "1009\n", CPUS "cpu1/cpu_capacity");
	make_text(sys, "2-3\n", "devices/cpu_atom/cpus");
	_cleanup_(topology_free) struct topology topology = topology_at(sys);
	assert_int_equal(topology_find(&topology, 0)->speed, topology_find(&topology, 1)->speed);
	assert_true(topology_find(&topology, 2)->speed < topology_find(&topology, 1)->speed);
}

TEST(malformed_files_are_refused_by_name)
{
	static const struct {
		const char *path, *text, *message;
	} table[] = {
		{CPUS "online", "all\n", CPUS "online: CPU list 'all'"},
		{CPUS "online", "\n", CPUS "online"},
		{CPUS "isolated", "3-1\n", CPUS "isolated: CPU list"},
		{CPUS "cpu1/topology/thread_siblings_list", "x\n",
			"cpu1/topology/thread_siblings_list: CPU list"},
		{NODES "node0/cpulist", "-\n", NODES "node0/cpulist: CPU list"},
		{NODES "node1/cpumap", "fz\n", NODES "node1/cpumap: not a CPU mask"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char name[16];
		(void)snprintf(name, sizeof name, "%zu", i);
		make_dir(unit_dir(state), name);
		_cleanup_close_ int sys =
			openat(unit_dir(state), name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct topology topology = TOPOLOGY_NONE;
		struct error err = {0};
		make_text(sys, "0-3\n", CPUS "online");
		make_text(sys, table[i].text, "%s", table[i].path);
		assert_int_equal(machine_topology(sys, &topology, &err), -1);
		assert_contains(err.msg, table[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_server_with_nodes_of_different_size),
		RUN_IN_DIR(a_phone_with_three_kinds_of_cores),
		RUN_IN_DIR(a_laptop_and_a_virtual_machine),
		RUN_IN_DIR(a_server_of_sixteen_nodes_is_read_as_it_was_written),
		RUN_IN_DIR(a_kernel_that_reports_only_its_cpus_has_one_plain_node),
		RUN_IN_DIR(offline_threads_are_not_part_of_their_core),
		RUN_IN_DIR(a_core_whose_first_thread_is_offline_is_still_one_core),
		RUN_IN_DIR(isolated_cpus_are_marked),
		RUN_IN_DIR(memory_only_nodes_have_no_cpus),
		RUN_IN_DIR(the_two_kinds_of_x86_cores_count_but_not_the_boost_of_each_core),
		RUN_IN_DIR(malformed_files_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
