/* SPDX-License-Identifier: MIT
 *
 * check_parts: what the files of `check` share. The table in check.c is the only caller of the
 * functions declared here; check_engine.c and check_machine.c define them.
 */
#ifndef OSS_CRS_CHECK_PARTS_H
#define OSS_CRS_CHECK_PARTS_H

#include "comparable.h"
#include "context.h"
#include "engine.h"
#include "topology.h"

#define DETAIL_MAX 512

/* When a host that does not meet a finding is not ready. */
enum need {
	NEED_ALWAYS,
	NEED_DOCKER,     /* if the job gets Docker */
	NEED_PODMAN,     /* if the job gets Podman */
	NEED_COMPARABLE, /* with --strict-machine: else the finding is only advice */
	NEED_ADVICE,     /* never: the finding is only advice */
};

/* What the findings read, and what they store for later findings. */
struct check_facts {
	const struct context *context;
	struct engine engine; /* Docker */
	struct engine_info info;
	bool connected; /* info is filled in */
	/* The first error of each need; msg is empty if there is none. */
	struct error problems[NEED_ADVICE + 1];
	bool chosen; /* an engine can be used; kind says which */
	enum engine_kind kind;
	struct topology topology; /* count 0: not known */
};

/* Each function looks at one condition. It returns 0 with a detail if the condition is met, -1
 * with an error if it is not, and 1 with a detail that says why if it does not know. detail holds
 * DETAIL_MAX bytes. */

/* Docker, found the way its CLI finds it. look_docker() connects to it and fills in
 * facts->engine, which the caller closes, and facts->info. The other functions return 1 without a
 * connection. */
int look_docker(struct check_facts *facts, char *detail, struct error *err);
int look_local(struct check_facts *facts, char *detail, struct error *err);
int look_version(struct check_facts *facts, char *detail, struct error *err);
int look_driver(struct check_facts *facts, char *detail, struct error *err);

/* Podman, as far as it can be checked without starting its service. */
int look_podman(struct check_facts *facts, char *detail, struct error *err);
int look_podman_ids(struct check_facts *facts, char *detail, struct error *err);
int look_podman_namespaces(struct check_facts *facts, char *detail, struct error *err);
int look_podman_manager(struct check_facts *facts, char *detail, struct error *err);

/* Which engine a job gets, by the errors that the findings about both engines stored. */
int look_engine(struct check_facts *facts, char *detail, struct error *err);

/* Whether Compose is installed: Docker's plugin or docker-compose. */
int look_compose(struct check_facts *facts, char *detail, struct error *err);

/* Whether the engine has images, or only the one that jobs do not get. */
int look_images(struct check_facts *facts, char *detail, struct error *err);

/* Threads of one core slow each other down, so runs that share cores are hard to compare. */
int look_smt(struct check_facts *facts, char *detail, struct error *err);

/* Nodes that differ, or pages that the kernel moves between them (numa_balancing in
 * Documentation/admin-guide/sysctl/kernel.rst). */
int look_numa(struct check_facts *facts, char *detail, struct error *err);

/* Huge pages are outside memory.max, and all CRSs share the host's pools (hugetlbpage.rst). */
int look_huge_pages(struct check_facts *facts, char *detail, struct error *err);

/* Limits of the cgroups above the user's runs, such as CPUQuota= of user-UID.slice: they hold, and
 * a run's own figures do not show them (cgroup-v2.rst). */
int look_user_limits(struct check_facts *facts, char *detail, struct error *err);

/* CPUs outside the scheduler's balancing (isolcpus= in
 * Documentation/admin-guide/kernel-parameters.txt). */
int look_isolated(struct check_facts *facts, char *detail, struct error *err);

/* CPUs that only the user's runs may use (docs/exclusive.md). */
int look_reserved(struct check_facts *facts, char *detail, struct error *err);

/* Clocks that change with the load (Documentation/admin-guide/pm/cpufreq.rst). */
int look_governor(struct check_facts *facts, char *detail, struct error *err);

/* Clocks above the nominal one, which depend on the other cores' load and on heat (the same, and
 * intel_pstate.rst). */
int look_turbo(struct check_facts *facts, char *detail, struct error *err);

/* Huge pages that the kernel makes when it finds free ones (Documentation/admin-guide/mm/
 * transhuge.rst). */
int look_thp(struct check_facts *facts, char *detail, struct error *err);

/* Interrupts of devices on other CPUs than those of the machine's first core, which CPUs by number
 * leave to the host (Documentation/core-api/irq/irq-affinity.rst). */
int look_interrupts(struct check_facts *facts, char *detail, struct error *err);

/* A /proc that hides the processes of other users (hidepid in proc(5)), Docker's containers among
 * them: they cannot be attested. */
int look_hidepid(struct check_facts *facts, char *detail, struct error *err);

#endif
