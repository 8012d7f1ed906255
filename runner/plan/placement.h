/* SPDX-License-Identifier: MIT
 *
 * placement: which CPUs for so many CPUs. Pure: the same machine and the same requests give the same answer.
 *
 * What is aimed at, in this order: no two requests on the threads of one core; each request on as few NUMA nodes as
 * possible; the machine's first core left to the host; each request on cores of one kind, the fastest first; its memory on its
 * node; little left over on a node that is begun.
 */
#ifndef OSS_CRS_PLACEMENT_H
#define OSS_CRS_PLACEMENT_H

#include "topology.h"

struct place_request {
	unsigned count;      /* CPUs that are wanted; 0: none */
	uint64_t memory;     /* bytes that are wanted near them */
	struct cpulist cpus; /* what it got */
};

/* What had to be given up; each step only when there is no other way. */
enum placement {
	PLACED_SPARING, /* nothing: whole cores, and not the machine's first */
	PLACED_WHOLE,   /* whole cores, the first one too */
	PLACED_SHARED,  /* some cores have threads of two requests */
};

/* Give every request its CPUs out of pool, which has enough for all of them together and not more than the machine. A
 * core is whole if nothing in `busy` is on it; its threads outside the pool do not matter. Isolated CPUs are
 * taken only if the others are too few. A request of an odd number on cores of two threads leaves one thread idle. */
int placement_choose(const struct topology *topology, const struct cpulist *pool,
	const struct cpulist *busy, struct place_request *requests, size_t count,
	enum placement *ret, struct error *err);

/* Take the lowest `count` CPUs out of pool, or all if it has fewer: the choice where no topology is known. */
struct cpulist placement_take(struct cpulist *pool, unsigned count);

#endif
