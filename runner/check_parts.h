/* SPDX-License-Identifier: MIT
 *
 * check_parts: what the findings of check share. Only check.c lists them.
 */
#ifndef OSS_CRS_CHECK_PARTS_H
#define OSS_CRS_CHECK_PARTS_H

#include "context.h"
#include "engine.h"
#include "topology.h"

#define DETAIL_MAX 512

/* What findings look at, and what an earlier one found out. */
struct facts {
	const struct context *context;
	struct engine engine;
	struct engine_info info;
	bool connected;           /* info is filled in */
	struct topology topology; /* count 0: not known */
};

/* A look at one thing. 0: met, with a detail; -1: not met, with an error; 1: cannot be told, with a detail that says
 * why. detail holds DETAIL_MAX bytes. */

/* Threads of one core slow each other down, so runs that share cores cannot be compared. */
int look_smt(struct facts *facts, char *detail, struct error *err);

/* Nodes that differ, or pages that the kernel moves between them (numa_balancing in
 * Documentation/admin-guide/sysctl/kernel.rst). */
int look_numa(struct facts *facts, char *detail, struct error *err);

/* CPUs outside the scheduler's balancing (isolcpus= in Documentation/admin-guide/kernel-parameters.txt). */
int look_isolated(struct facts *facts, char *detail, struct error *err);

/* Clocks that change with the load (Documentation/admin-guide/pm/cpufreq.rst). */
int look_governor(struct facts *facts, char *detail, struct error *err);

#endif
