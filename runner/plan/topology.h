/* SPDX-License-Identifier: MIT
 *
 * topology: the machine's CPUs as cores and NUMA nodes, read from /sys or from a recording of it.
 *
 * Nothing beside the list of online CPUs is required: what a kernel, a virtual machine or a recording does not tell is
 * taken as the plain case (one thread a core, one node, one socket, all cores alike).
 */
#ifndef OSS_CRS_TOPOLOGY_H
#define OSS_CRS_TOPOLOGY_H

#include "cpulist.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOPOLOGY_SPEED_MAX \
	1024 /* speed of the fastest kind of core, as in the kernel's cpu_capacity */

/* One CPU that is online. */
struct topo_cpu {
	uint16_t cpu; /* the kernel's number */
	uint16_t
		core; /* from 0, in the order of the cores' lowest CPUs: core 0 is the machine's first */
	uint16_t node;    /* index into nodes */
	uint16_t package; /* physical_package_id: the socket */
	uint16_t
		speed; /* of its kind of core, up to TOPOLOGY_SPEED_MAX; all alike where the kernel does not tell */
	bool isolated; /* kept out of the scheduler's balancing (isolcpus=) */
};

struct topo_node {
	unsigned id;     /* the kernel's number */
	uint64_t memory; /* MemTotal in bytes; 0: none, or not known */
};

struct topology {
	struct topo_cpu *cpus; /* by package, node, speed (fastest first), core, number */
	size_t count;
	struct topo_node *nodes; /* by id; those without CPUs too */
	size_t node_count;
	unsigned core_count;
	unsigned threads_max;        /* of a core */
	uint64_t memory;             /* of all nodes; 0: not known */
	uint16_t index[CPULIST_MAX]; /* place of each CPU in cpus, plus 1; 0: not online */
};

#define TOPOLOGY_NONE        \
	{                    \
		.cpus = NULL \
	}

void topology_free(struct topology *topology);

/* The CPU of that number; NULL if it is not online. */
const struct topo_cpu *topology_find(const struct topology *topology, unsigned cpu);

/* The CPUs that are online. */
struct cpulist topology_online(const struct topology *topology);

/* All threads of a core that are online. */
struct cpulist topology_core(const struct topology *topology, unsigned core);

/* The nodes of a set of CPUs, as a list of their numbers. */
struct cpulist topology_nodes(const struct topology *topology, const struct cpulist *cpus);

#endif
