/* SPDX-License-Identifier: MIT
 *
 * plan: decides which cgroups, CPUs and memory a run gets, from the job and the machine. It is
 * pure: it uses no clock, file or random number, so the same input always gives the same plan. The
 * code that changes the host does what the plan says and nothing else.
 */
#ifndef OSS_CRS_PLAN_H
#define OSS_CRS_PLAN_H

#include "cgroup.h"
#include "job.h"
#include "placement.h"
#include "run_name.h"

/* Everything that a plan depends on apart from the job. */
struct plan_request {
	enum phase phase;
	const char *run_id, *worker;
	uint64_t timestamp; /* Unix seconds */
	uint32_t random;
	uid_t uid;                /* the run's cgroup is below this user's user@UID.service */
	struct cpulist host_cpus; /* online CPUs, less those that a cgroup above does not allow */
	uint64_t host_memory;     /* bytes; at most what a cgroup above allows */
	/* The files of the cgroups that make these less than the machine's; NULL: none does. */
	const char *cpus_file, *memory_file;
	struct cpulist taken; /* host CPUs of other runs; CPUs by number avoid them if possible */

	/* NULL: not known; then CPUs by number are the lowest free ones. */
	const struct topology *topology;
	bool elsewhere; /* the plan is for another machine than this host */
	/* --strict-machine: each core of the run is one CRS's alone, and none of its CPUs is one to
	 * which the interrupts of devices go. */
	bool strict_machine;
	struct cpulist interrupted;
	bool strict; /* --strict-limits: two CRSs on one CPU are an error in crs-compose too */

	/* From the command line, instead of the config's own CPUs and memory. At most one of cpus
	 * and cpu_count is given. */
	struct cpulist cpus; /* --cpus LIST; empty: not given */
	unsigned cpu_count;  /* --cpus N; 0: not given */
	uint64_t memory;     /* --memory in bytes; 0: not given */
	bool scale;          /* --scale: divide them in proportion; needs --cpus or --memory */
};

struct plan_crs {
	const char *name; /* belongs to the job */
	struct cpulist cpus;
	struct cpulist mems; /* NUMA nodes for cpuset.mems; empty: all nodes */
	uint64_t memory_max; /* bytes */
};

/* How the CPUs of a plan were chosen. */
enum plan_choice {
	PLAN_CPUS_GIVEN,  /* all given as lists */
	PLAN_CPUS_LOWEST, /* by number, without a topology: the lowest free ones */
	PLAN_CPUS_PLACED, /* by number, placed on the topology */
};

struct run_plan {
	const struct job *job;     /* owns the names of the CRSs: must live as long as the plan */
	char run_id[NAME_MAX + 1]; /* with only the characters that run_name_set() allows */
	char name[NAME_MAX + 1];   /* <run_id>-<phase>-<timestamp>-<random>-<worker> */

	/* The path of the run's cgroup, as Docker expects it: from the root of the cgroup
	 * hierarchy. */
	char cgroup_parent[CGROUP_PATH_MAX];
	const char *worker;  /* belongs to the caller of plan_make() */
	struct cpulist cpus; /* of the whole run */
	uint64_t memory_max; /* of the whole run, in bytes */
	struct plan_crs *crs;
	size_t crs_count;
	enum plan_choice choice;
	enum placement placement; /* for PLAN_CPUS_PLACED only */

	/* The machine, for drawing it. plan_make() leaves it empty (count 0); the caller may set
	 * it, and plan_free() frees it. */
	struct topology topology;
	char **warnings;
	size_t warning_count;
	char **notes; /* how the CPUs were chosen, in words: see plan_explain() */
	size_t note_count;
};

/* What to do about interrupts on the CPUs of a run. */
#define INTERRUPTS_HINT                                                                     \
	"to send them to CPU 0, run: sudo systemctl stop irqbalance; for i in "             \
	"/proc/irq/[0-9]*/smp_affinity_list; do echo 0 | sudo tee $i; done; what stays is " \
	"fixed by its driver, as NVMe's are: isolcpus=managed_irq,LIST on the kernel command line"

#define PLAN_NONE           \
	{                   \
		.job = NULL \
	}

/* Make the plan. Fails with EX_CONFIG if the config contradicts itself or does not fit the
 * machine; the message names the lines. Fails with EX_USAGE if the name of the run is too long.
 * The caller frees *ret with plan_free(). */
int plan_make(const struct job *job, const struct plan_request *request, struct run_plan *ret,
	struct error *err);

/* Add the notes on how the CPUs were chosen on the machine of the plan, which only people read. An
 * empty topology gives none. Fails with ENOMEM when out of memory. */
int plan_explain(const struct topology *topology, struct run_plan *plan, struct error *err);

/* Free the plan, but not its job, and reset *plan to PLAN_NONE. */
void plan_free(struct run_plan *plan);

/* The index of the CRS of that name in plan->crs; -1 if there is none. */
int plan_find(const struct run_plan *plan, const char *name);

#endif
