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

/* What a finding is needed for. */
enum need {
	NEED_ALWAYS,
	NEED_DOCKER, /* if the job gets Docker */
	NEED_PODMAN, /* if it gets Podman */
	NEED_ADVICE, /* for nothing: the host is ready without it */
};

/* What findings look at, and what earlier ones found out. */
struct check_facts {
	const struct context *context;
	struct engine engine; /* Docker */
	struct engine_info info;
	bool connected; /* info is filled in */
	struct error
		problems[NEED_ADVICE + 1]; /* the first of each need; msg empty if there is none */
	bool chosen;                       /* whether there is an engine, and which */
	enum engine_kind kind;
	struct topology topology; /* count 0: not known */
};

/* A look at one thing. 0: met, with a detail; -1: not met, with an error; 1: cannot be told, with a detail that says
 * why. detail holds DETAIL_MAX bytes. */

/* Docker, found as its CLI finds it. */
int look_docker(struct check_facts *facts, char *detail, struct error *err);
int look_local(struct check_facts *facts, char *detail, struct error *err);
int look_version(struct check_facts *facts, char *detail, struct error *err);
int look_driver(struct check_facts *facts, char *detail, struct error *err);

/* Podman, as far as it can be told without starting it. */
int look_podman(struct check_facts *facts, char *detail, struct error *err);
int look_podman_ids(struct check_facts *facts, char *detail, struct error *err);
int look_podman_manager(struct check_facts *facts, char *detail, struct error *err);

/* Which of the two a job gets, by what was found of them. */
int look_engine(struct check_facts *facts, char *detail, struct error *err);

int look_compose(struct check_facts *facts, char *detail, struct error *err);

/* Threads of one core slow each other down, so runs that share cores cannot be compared. */
int look_smt(struct check_facts *facts, char *detail, struct error *err);

/* Nodes that differ, or pages that the kernel moves between them (numa_balancing in
 * Documentation/admin-guide/sysctl/kernel.rst). */
int look_numa(struct check_facts *facts, char *detail, struct error *err);

/* CPUs outside the scheduler's balancing (isolcpus= in Documentation/admin-guide/kernel-parameters.txt). */
int look_isolated(struct check_facts *facts, char *detail, struct error *err);

/* Clocks that change with the load (Documentation/admin-guide/pm/cpufreq.rst). */
int look_governor(struct check_facts *facts, char *detail, struct error *err);

#endif
