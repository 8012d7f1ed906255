/* SPDX-License-Identifier: MIT
 *
 * fuzz_topology: use the input as the files of /sys that the topology is read from, of a machine
 * with two CPUs and two nodes, then as /proc/meminfo.
 *
 * Invariants: a topology in which each CPU has an index, a core and a node, or an error that is
 * safe to print.
 */
#include "fuzz_dir.h"

#include "machine.h"

#define CPU  "sys/devices/system/cpu/"
#define NODE "sys/devices/system/node/"

static const char *const paths[] = {CPU "online", CPU "isolated",
	CPU "cpu0/topology/thread_siblings_list", CPU "cpu1/topology/thread_siblings_list",
	CPU "cpu0/topology/physical_package_id", CPU "cpu0/cpu_capacity", CPU "cpu1/cpu_capacity",
	NODE "node0/cpulist", NODE "node0/meminfo", NODE "node1/cpumap", NODE "node1/meminfo",
	"sys/devices/cpu_atom/cpus", "sys/devices/cpu_lowpower/cpus", "proc/meminfo", NULL};

static void check_topology(const struct topology *topology)
{
	CHECK(topology->count > 0 && topology->core_count > 0 && topology->node_count > 0);
	CHECK(topology->core_count <= topology->count && topology->threads_max > 0);
	for (size_t i = 0; i < topology->count; i++) {
		const struct topo_cpu *cpu = &topology->cpus[i];
		CHECK(topology_find(topology, cpu->cpu) == cpu);
		CHECK(cpu->core < topology->core_count && cpu->node < topology->node_count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host host = HOST_CLOSED;
	struct topology topology = TOPOLOGY_NONE;
	struct cpulist online = {0};
	uint64_t memory = 0;
	struct error err = {0};
	/* Numbers of nodes beyond what there can be. */
	fuzz_make_dirs(NODE "node9999/");
	fuzz_make_dirs(NODE "node99999999999999999999/");
	for (const char *const *path = paths; *path; path++)
		fuzz_make_dirs(*path);
	fuzz_put_parts(paths, data, size);
	CHECK(host_open_at(fuzz_dir(), &host, &err) == 0);
	_cleanup_close_ int sys = openat(fuzz_dir(), "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (machine_topology(sys, &topology, &err) == 0)
		check_topology(&topology);
	else
		check_any_error(&err);
	topology_free(&topology);
	if (machine_cpus(&host, &online, &err) < 0)
		check_any_error(&err);
	if (machine_memory(&host, &memory, NULL, &err) < 0)
		check_any_error(&err);
	host_close(&host);
	return 0;
}
