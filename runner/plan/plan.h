/* SPDX-License-Identifier: MIT
 *
 * plan: from what a config asks for and what a machine has to what will be made. Pure: no clock, no file, no
 * randomness; the same input gives the same plan. Whatever changes the world later does what the plan says, no more.
 */
#ifndef OSS_CRS_PLAN_H
#define OSS_CRS_PLAN_H

#include "cgroup.h"
#include "job.h"
#include "placement.h"
#include "run_name.h"

/* Everything a plan depends on beside the job. */
struct plan_request {
	enum phase phase;
	const char *run_id, *worker;
	uint64_t timestamp; /* Unix seconds */
	uint32_t random;
	uid_t uid;                /* whose user@UID.service the run lives below */
	struct cpulist host_cpus; /* CPUs that are online */
	uint64_t host_memory;     /* bytes */
	struct cpulist
		taken; /* of those, what other runs have: CPUs by number keep off them if they can */
	const struct topology
		*topology; /* NULL: not known; then CPUs by number are the lowest free ones */
	bool strict;
	/* What the command line gives in the place of the config's own figures; at most one of cpus and cpu_count. */
	struct cpulist cpus; /* --cpus LIST; empty: not given */
	unsigned cpu_count;  /* --cpus N; 0: not given */
	uint64_t memory;     /* --memory in bytes; 0: not given */
	bool scale;          /* --scale: divide them in proportion; needs one of them */
};

struct plan_crs {
	const char *name; /* the job's */
	struct cpulist cpus;
	struct cpulist mems; /* NUMA nodes for cpuset.mems; empty: all that there are */
	uint64_t memory_max; /* bytes */
};

/* How the CPUs of a plan came about. */
enum plan_choice {
	PLAN_CPUS_GIVEN,  /* all by lists */
	PLAN_CPUS_LOWEST, /* by number, without a topology */
	PLAN_CPUS_PLACED, /* by number, on the topology */
};

struct run_plan {
	const struct job *job;     /* the plan's names live there: keep it as long as the plan */
	char run_id[NAME_MAX + 1]; /* with other characters than [A-Za-z0-9._-] replaced */
	char name[NAME_MAX + 1];   /* <run_id>-<phase>-<timestamp>-<random>-<worker> */
	char cgroup_parent
		[CGROUP_PATH_MAX]; /* as Docker takes it: from the root of the cgroup hierarchy */
	const char *worker;
	struct cpulist cpus;
	uint64_t memory_max;
	struct plan_crs *crs;
	size_t crs_count;
	enum plan_choice choice;
	enum placement placement; /* what had to be given up, for PLAN_CPUS_PLACED */
	struct topology
		topology; /* the machine, for whoever draws it; the plan's to free; count 0: not known */
	char **warnings;
	size_t warning_count;
	char **notes; /* the choice in words */
	size_t note_count;
};

#define PLAN_NONE           \
	{                   \
		.job = NULL \
	}

/* Make the plan. Conflicts within the config or with the machine are EX_CONFIG errors that name the lines. */
int plan_make(const struct job *job, const struct plan_request *request, struct run_plan *ret,
	struct error *err);
void plan_free(struct run_plan *plan);

/* Index of the CRS of that name, -1 if there is none. */
int plan_find(const struct run_plan *plan, const char *name);

#endif
