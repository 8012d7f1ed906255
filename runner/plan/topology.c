/* SPDX-License-Identifier: MIT
 *
 * topology: answers questions about a machine that machine.c has read. It is pure: no function
 * here opens a file.
 */
#include "topology.h"

#include <stdlib.h>

void topology_free(struct topology *topology)
{
	free(topology->cpus);
	free(topology->nodes);
	*topology = (struct topology)TOPOLOGY_NONE;
}

const struct topo_cpu *topology_find(const struct topology *topology, unsigned cpu)
{
	unsigned i = cpu < CPULIST_MAX ? topology->index[cpu] : 0;
	return i ? &topology->cpus[i - 1] : NULL;
}

struct cpulist topology_online(const struct topology *topology)
{
	struct cpulist set = {0};
	for (size_t i = 0; i < topology->count; i++)
		cpulist_add(&set, topology->cpus[i].cpu);
	return set;
}

struct cpulist topology_core(const struct topology *topology, unsigned core)
{
	struct cpulist set = {0};
	for (size_t i = 0; i < topology->count; i++)
		if (topology->cpus[i].core == core)
			cpulist_add(&set, topology->cpus[i].cpu);
	return set;
}

struct cpulist topology_nodes(const struct topology *topology, const struct cpulist *cpus)
{
	struct cpulist nodes = {0};
	for (unsigned cpu = cpulist_next(cpus, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(cpus, cpu + 1)) {
		const struct topo_cpu *found = topology_find(topology, cpu);
		if (found)
			cpulist_add(&nodes, topology->nodes[found->node].id);
	}
	return nodes;
}
