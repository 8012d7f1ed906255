/* SPDX-License-Identifier: MIT
 *
 * figures: what the kernel says of one CRS's cgroup at a moment: limits, use, pressure, OOM kills.
 *
 * Rests on Documentation/admin-guide/cgroup-v2.rst and Documentation/accounting/psi.rst.
 */
#ifndef OSS_CRS_CGROUP_STAT_H
#define OSS_CRS_CGROUP_STAT_H

#include "cgroup.h"
#include "cpulist.h"

/* What a kernel, or a controller that is not enabled, does not tell. */
#define CGROUP_STAT_UNKNOWN UINT64_MAX

enum pressure_kind {
	PRESSURE_CPU,
	PRESSURE_MEMORY,
	PRESSURE_IO,
	PRESSURE_KINDS,
};

extern const char *const pressure_names[PRESSURE_KINDS];

struct pressure {
	uint64_t stalled_usec; /* how long some process waited, in all; CGROUP_STAT_UNKNOWN */
	unsigned avg10;        /* the same over the last 10 s, in hundredths of a percent */
};

/* Each is CGROUP_STAT_UNKNOWN where it is not told. */
struct cgroup_stat {
	uint64_t cpu_usec;                    /* used, by processes that have ended too */
	uint64_t throttled_usec;              /* for how long a CPU quota halted it */
	uint64_t memory_current, memory_peak; /* bytes */
	uint64_t memory_max;                  /* bytes; CGROUP_UNLIMITED */
	uint64_t swap_max; /* bytes; CGROUP_UNLIMITED, also where the kernel has no such limit */
	uint64_t oom_kills;
	uint64_t pids;
	struct pressure pressure[PRESSURE_KINDS];
	struct cpulist cpus, cpus_effective;
};

/* The files. Those before CGROUP_STAT_SAMPLED say what changes from second to second. */
enum cgroup_stat_file {
	CGROUP_STAT_CPU_STAT,
	CGROUP_STAT_MEMORY_CURRENT,
	CGROUP_STAT_MEMORY_EVENTS,
	CGROUP_STAT_CPU_PRESSURE,
	CGROUP_STAT_MEMORY_PRESSURE,
	CGROUP_STAT_IO_PRESSURE,
	CGROUP_STAT_SAMPLED,
	CGROUP_STAT_MEMORY_PEAK = CGROUP_STAT_SAMPLED,
	CGROUP_STAT_SWAP_MAX,
	CGROUP_STAT_MEMORY_MAX,
	CGROUP_STAT_PIDS,
	CGROUP_STAT_CPUS,
	CGROUP_STAT_CPUS_EFFECTIVE,
	CGROUP_STAT_ALL,
};

/* Sets of them, a bit each: the totals of a run, and what there is to see of one that goes on. The totals have no OOM kills:
 * those of a run are counted by oom.h, which knows the container and the limit too. */
#define CGROUP_STAT_CLOSING \
	(((1U << CGROUP_STAT_MEMORY_MAX) - 1) & ~(1U << CGROUP_STAT_MEMORY_EVENTS))
#define CGROUP_STAT_LIVE (((1U << CGROUP_STAT_ALL) - 1) & ~(1U << CGROUP_STAT_SWAP_MAX))

/* Read files of a cgroup, each once; what is in the others is CGROUP_STAT_UNKNOWN. cgroup is its directory, name for messages. Fails
 * if one that every kernel and every CRS has is missing: then the cgroup is gone, as a rule (ENOENT, ENODEV). */
int cgroup_stat_read(
	int cgroup, const char *name, unsigned wanted, struct cgroup_stat *ret, struct error *err);

/* The same of a cgroup beneath dir. */
int cgroup_stat_read_at(
	int dir, const char *cg, unsigned wanted, struct cgroup_stat *ret, struct error *err);

/* For those who read the same again and again: descriptors of the sampled files, -1 for one that there is not. The caller
 * closes them, also after a failure. */
int cgroup_stat_open(
	int dir, const char *cg, int fds[static CGROUP_STAT_SAMPLED], struct error *err);
int cgroup_stat_sample(
	const int fds[static CGROUP_STAT_SAMPLED], struct cgroup_stat *ret, struct error *err);

#endif
