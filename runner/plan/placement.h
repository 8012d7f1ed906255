/* SPDX-License-Identifier: MIT
 *
 * placement: chooses CPUs for requests of so many CPUs each. It is pure: the same machine and
 * requests always get the same CPUs.
 *
 * Its aims, the most important first: no two requests share a core; each request is on as few NUMA
 * nodes as possible; the machine's first core stays with the host; each request has cores of one
 * kind, the fastest first; its memory fits on its node; as few CPUs as possible are left over on a
 * node that is in use.
 */
#ifndef OSS_CRS_PLACEMENT_H
#define OSS_CRS_PLACEMENT_H

#include "topology.h"

struct place_request {
	unsigned count;      /* how many CPUs are wanted; may be 0 */
	uint64_t memory;     /* bytes wanted on the nodes of the CPUs */
	struct cpulist cpus; /* the CPUs chosen */
};

/* Which aims had to be given up. A later grade is used only if the earlier ones have too few
 * CPUs. */
enum placement {
	PLACED_SPARING, /* none: all have whole cores, none of them the machine's first */
	PLACED_WHOLE,   /* all have whole cores, perhaps with the machine's first */
	PLACED_SHARED,  /* some cores are shared by two requests */
};

/* Choose the CPUs of every request from pool, a subset of the machine's CPUs, without those in
 * `busy`. A core counts as whole if none of its CPUs is in `busy`; threads outside the pool do not
 * matter. Isolated CPUs are used only if there are too few others. On cores of two threads a
 * request for an odd number of CPUs leaves one thread idle. Fails with EX_CONFIG if the pool has
 * too few CPUs. */
int placement_choose(const struct topology *topology, const struct cpulist *pool,
	const struct cpulist *busy, struct place_request *requests, size_t count,
	enum placement *ret, struct error *err);

/* Remove the lowest `count` CPUs from pool and return them, or all if it has fewer. This is the
 * choice when no topology is known. */
struct cpulist placement_take(struct cpulist *pool, unsigned count);

#endif
