/* SPDX-License-Identifier: MIT
 *
 * cgroup_stat: the figures that the kernel reports for the cgroup of one CRS: limits, use, pressure
 * and OOM kills.
 *
 * The files are those of Documentation/admin-guide/cgroup-v2.rst and
 * Documentation/accounting/psi.rst in the kernel tree.
 */
#ifndef OSS_CRS_CGROUP_STAT_H
#define OSS_CRS_CGROUP_STAT_H

#include "cgroup.h"
#include "cpulist.h"

/* The value of a figure that the kernel does not report, because it is too old or because a
 * controller is not enabled. */
#define CGROUP_STAT_UNKNOWN UINT64_MAX

enum pressure_kind {
	PRESSURE_CPU,
	PRESSURE_MEMORY,
	PRESSURE_IO,
	PRESSURE_KINDS,
};

extern const char *const pressure_names[PRESSURE_KINDS];

struct pressure {
	/* Total time in which at least one process waited, in microseconds; CGROUP_STAT_UNKNOWN. */
	uint64_t stalled_usec;
	/* Share of such time in the last 10 s, in hundredths of a percent; 0 if unknown. */
	unsigned avg10;
};

/* A number is CGROUP_STAT_UNKNOWN, and a CPU list empty, where the kernel does not report it. */
struct cgroup_stat {
	uint64_t cpu_usec;                    /* CPU time used, also by processes that have ended */
	uint64_t throttled_usec;              /* time in which a CPU quota throttled the cgroup */
	uint64_t memory_current, memory_peak; /* bytes */
	uint64_t memory_max;                  /* bytes; CGROUP_UNLIMITED */
	/* Bytes; CGROUP_UNLIMITED, also where the kernel has no such limit. */
	uint64_t swap_max;
	uint64_t oom_kills;
	uint64_t pids;
	struct pressure pressure[PRESSURE_KINDS];
	struct cpulist cpus, cpus_effective;
};

/* The files of a cgroup. Those before CGROUP_STAT_SAMPLED change from second to second. */
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

/* Sets of these files, one bit per file: the totals of a run at its end, and the current figures of
 * a live run. The totals leave out OOM kills: oom.h counts those of a run, and knows the container
 * and the limit too. */
#define CGROUP_STAT_CLOSING \
	(((1U << CGROUP_STAT_MEMORY_MAX) - 1) & ~(1U << CGROUP_STAT_MEMORY_EVENTS))
#define CGROUP_STAT_LIVE (((1U << CGROUP_STAT_ALL) - 1) & ~(1U << CGROUP_STAT_SWAP_MAX))

/* Read the files in the set `wanted` (bits 1U << CGROUP_STAT_...), each once. The figures of all
 * other files are CGROUP_STAT_UNKNOWN. `cgroup` is a descriptor of the cgroup's directory; `name`
 * names the cgroup in messages. Returns 0, or -1 with an error and all figures of *ret unknown. A
 * missing file is an error if every kernel and every CRS has it; usually the cgroup has been
 * removed (ENOENT, ENODEV). */
int cgroup_stat_read(
	int cgroup, const char *name, unsigned wanted, struct cgroup_stat *ret, struct error *err);

/* The same for the cgroup at the path cg below dir. */
int cgroup_stat_read_at(
	int dir, const char *cg, unsigned wanted, struct cgroup_stat *ret, struct error *err);

/* For a caller that reads the same cgroup again and again. cgroup_stat_open() opens the files
 * before CGROUP_STAT_SAMPLED; fds[i] is -1 for an optional file that does not exist. The caller
 * closes the descriptors, also after a failure. cgroup_stat_sample() reads them. */
int cgroup_stat_open(
	int dir, const char *cg, int fds[static CGROUP_STAT_SAMPLED], struct error *err);
int cgroup_stat_sample(
	const int fds[static CGROUP_STAT_SAMPLED], struct cgroup_stat *ret, struct error *err);

#endif
