/* SPDX-License-Identifier: MIT
 *
 * topology: the machine's CPUs, grouped into cores and NUMA nodes. machine_topology() reads it
 * from /sys or from a recording of it.
 *
 * Only the list of online CPUs is required. For anything that a kernel, a virtual machine or a
 * recording does not report, the simplest case is assumed: one thread per core, one node, one
 * socket, all cores of the same kind.
 */
#ifndef OSS_CRS_TOPOLOGY_H
#define OSS_CRS_TOPOLOGY_H

#include "cpulist.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The speed of the fastest kind of core, as in the kernel's cpu_capacity. */
#define TOPOLOGY_SPEED_MAX 1024

/* An online CPU. */
struct topo_cpu {
	uint16_t cpu; /* the kernel's number */

	/* Cores are numbered from 0 in the order of their lowest CPUs: 0 is the machine's first. */
	uint16_t core;
	uint16_t node;    /* index into nodes */
	uint16_t package; /* physical_package_id: the socket */

	/* The speed of its kind of core, up to TOPOLOGY_SPEED_MAX, which all have if the kernel
	 * does not report speeds. */
	uint16_t speed;
	bool isolated; /* excluded from the scheduler's load balancing (isolcpus=) */
};

struct topo_node {
	unsigned id;     /* the kernel's number */
	uint64_t memory; /* MemTotal in bytes; 0: no memory, or not known */
};

struct topology {
	struct topo_cpu *cpus; /* sorted by package, node, speed (fastest first), core, number */
	size_t count;
	struct topo_node *nodes; /* sorted by id; also those without CPUs */
	size_t node_count;
	unsigned core_count;
	unsigned threads_max;        /* the most online threads of any core */
	uint64_t memory;             /* of all nodes, in bytes; 0: not known */
	uint16_t index[CPULIST_MAX]; /* index of each CPU in cpus, plus 1; 0: not online */
};

#define TOPOLOGY_NONE        \
	{                    \
		.cpus = NULL \
	}

/* Free the arrays and reset *topology to TOPOLOGY_NONE. */
void topology_free(struct topology *topology);

/* The CPU with the kernel's number `cpu`; NULL if it is not online. Belongs to the topology. */
const struct topo_cpu *topology_find(const struct topology *topology, unsigned cpu);

/* The online CPUs. */
struct cpulist topology_online(const struct topology *topology);

/* The online CPUs of a core. */
struct cpulist topology_core(const struct topology *topology, unsigned core);

/* The nodes of a set of CPUs, as a set of the kernel's node numbers. CPUs that are not online are
 * ignored. */
struct cpulist topology_nodes(const struct topology *topology, const struct cpulist *cpus);

#endif
