/* SPDX-License-Identifier: MIT
 *
 * summary: a report read back. It may come from anywhere: everything in it is checked before it is believed, and text in it
 * is plain, so that it can be printed.
 */
#ifndef OSS_CRS_SUMMARY_H
#define OSS_CRS_SUMMARY_H

#include "cpulist.h"
#include "run_name.h"
#include "series.h"

#include <jansson.h>
#include <time.h>

#define SUMMARY_SIZE_MAX ((size_t)64 << 20) /* bytes of a report's text */
#define SUMMARY_TEXT_MAX 512                /* bytes of one text in it */

struct summary_caveat {
	const char *id, *detail;
};

/* OOM kills of one container by one limit. */
struct summary_oom {
	const char *container; /* "" where it is not known, or the victim was in none */
	const char *limit;     /* "crs", "container", "worker" or "host", see oom.h */
	uint64_t kills;
};

struct summary_crs {
	const char *name;
	struct cpulist cpus;
	uint64_t memory_max; /* bytes */
	const char *exits;   /* "" where there was no container */
	struct summary_oom *oom;
	size_t oom_count;
	struct cgroup_stat
		figures; /* cpu_usec, throttled_usec, memory_peak, oom_kills, pressure; the rest is not known */
};

struct summary {
	json_t *root; /* the document; texts point into it */
	const char *name, *run_id, *phase, *worker, *reason;
	int exit_status;
	time_t started;                  /* 0: not told */
	uint64_t duration_usec;          /* 0: not told */
	const char *host, *kernel, *cpu; /* of the machine; "" where it is not told */
	uint64_t host_cpus, host_memory;
	struct summary_caveat *caveats; /* what makes it less comparable */
	size_t caveat_count;
	struct summary_crs *crs;
	size_t crs_count;
	bool has_usage;       /* whether there are figures of the CRSs */
	struct series series; /* count 0: none */
};

#define SUMMARY_NONE         \
	{                    \
		.root = NULL \
	}

/* Take a document in; a reference to it is kept. name is for messages. EX_DATAERR, with what is wrong, for one that no
 * program of ours has written. */
int summary_read(const char *name, json_t *root, struct summary *ret, struct error *err);

/* The same from text. */
int summary_parse(
	const char *name, const char *text, size_t len, struct summary *ret, struct error *err);

void summary_free(struct summary *summary);

/* The CRS of that name, NULL if there is none. */
const struct summary_crs *summary_find(const struct summary *summary, const char *name);

/* CPU time used of what was allotted, in tenths of a percent; CGROUP_STAT_UNKNOWN. */
uint64_t summary_cpu_share(const struct summary *summary, const struct summary_crs *crs);

#endif
