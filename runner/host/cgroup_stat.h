/* SPDX-License-Identifier: MIT
 *
 * figures: what the kernel says of one CRS's cgroup at a moment: limits, use, pressure, OOM kills.
 *
 * Rests on Documentation/admin-guide/cgroup-v2.rst and Documentation/accounting/psi.rst.
 */
#ifndef OSS_CRS_FIGURES_H
#define OSS_CRS_FIGURES_H

#include "cgroup.h"
#include "cpulist.h"

/* What a kernel, or a controller that is not enabled, does not tell. */
#define FIGURE_UNKNOWN UINT64_MAX

enum pressure_kind {
	PRESSURE_CPU,
	PRESSURE_MEMORY,
	PRESSURE_IO,
	PRESSURE_KINDS,
};

extern const char *const pressure_names[PRESSURE_KINDS];

struct pressure {
	uint64_t stalled_usec; /* how long some process waited, in all; FIGURE_UNKNOWN */
	unsigned avg10;        /* the same over the last 10 s, in hundredths of a percent */
};

/* Each is FIGURE_UNKNOWN where it is not told. */
struct figures {
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

/* The files. Those before FIGURES_SAMPLED say what changes from second to second. */
enum figures_file {
	FIGURES_CPU_STAT,
	FIGURES_MEMORY_CURRENT,
	FIGURES_MEMORY_EVENTS,
	FIGURES_CPU_PRESSURE,
	FIGURES_MEMORY_PRESSURE,
	FIGURES_IO_PRESSURE,
	FIGURES_SAMPLED,
	FIGURES_MEMORY_PEAK = FIGURES_SAMPLED,
	FIGURES_SWAP_MAX,
	FIGURES_MEMORY_MAX,
	FIGURES_PIDS,
	FIGURES_CPUS,
	FIGURES_CPUS_EFFECTIVE,
	FIGURES_ALL,
};

/* Sets of them, a bit each: what a run has come to, and what there is to see of one that goes on. */
#define FIGURES_CLOSING ((1U << FIGURES_MEMORY_MAX) - 1)
#define FIGURES_LIVE    (((1U << FIGURES_ALL) - 1) & ~(1U << FIGURES_SWAP_MAX))

/* Read files of a cgroup, each once; what is in the others is FIGURE_UNKNOWN. cgroup is its directory, name for messages. Fails
 * if one that every kernel and every CRS has is missing: then the cgroup is gone, as a rule (ENOENT, ENODEV). */
int figures_read(
	int cgroup, const char *name, unsigned wanted, struct figures *ret, struct error *err);

/* The same of a cgroup beneath dir. */
int figures_read_at(
	int dir, const char *cg, unsigned wanted, struct figures *ret, struct error *err);

/* For those who read the same again and again: descriptors of the sampled files, -1 for one that there is not. The caller
 * closes them, also after a failure. */
int figures_open(int dir, const char *cg, int fds[static FIGURES_SAMPLED], struct error *err);
int figures_sample(const int fds[static FIGURES_SAMPLED], struct figures *ret, struct error *err);

#endif
