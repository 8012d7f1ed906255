/* SPDX-License-Identifier: MIT
 *
 * summary: a report read back from JSON. The document may come from anywhere, so every value that
 * is read is checked first, and each text is free of control characters, so that it can be
 * printed.
 */
#ifndef OSS_CRS_SUMMARY_H
#define OSS_CRS_SUMMARY_H

#include "cpulist.h"
#include "run_name.h"
#include "series.h"

#include <jansson.h>
#include <time.h>

#define SUMMARY_SIZE_MAX ((size_t)64 << 20) /* bytes of the text of a report */
#define SUMMARY_TEXT_MAX 512                /* bytes of one text in it, with its NUL */

struct summary_caveat {
	const char *id, *detail;
};

/* OOM kills in one container at one limit. */
struct summary_oom {
	const char *container; /* name; "" if it is unknown, or the victim was in none */
	const char *limit;     /* "crs", "container", "worker" or "host", see oom.h */
	uint64_t kills;
};

/* The containers, by what was found of them when they ran. CGROUP_STAT_UNKNOWN: the report does not
 * say. */
struct summary_attested {
	uint64_t containers; /* found in their CRS */
	uint64_t unknown;    /* could not be checked */
	uint64_t unconfined; /* of services that belong to no CRS */
};

/* What else may use the CPUs of an exclusive run. */
struct summary_exclusive {
	const char *partition;    /* "root" or "isolated"; "": the run is not exclusive */
	uint64_t per_cpu, others; /* kernel threads */
	uint64_t interrupts;      /* CGROUP_STAT_UNKNOWN */
};

/* Requests of one kind that the guard has refused. */
struct summary_refusal {
	const char *crs, *request, *what;
	uint64_t count;
};

struct summary_crs {
	const char *name;
	struct cpulist cpus;
	uint64_t memory_max; /* bytes */
	const char *exits;   /* as in crs_report; "" if there was none, or it is unknown */
	/* From its first process to its last; CGROUP_STAT_UNKNOWN. */
	uint64_t running_usec;
	struct summary_oom *oom;
	size_t oom_count;
	/* Only cpu_usec, throttled_usec, memory_peak, oom_kills and the stalled_usec of pressure
	 * are read back; ignore the rest. */
	struct cgroup_stat figures;
};

struct summary {
	json_t *root; /* the document; all texts point into it */
	const char *name, *run_id, *phase, *worker, *reason;
	int exit_status;
	time_t started;                  /* Unix seconds; 0: unknown */
	uint64_t duration_usec;          /* 0: unknown */
	const char *host, *kernel, *cpu; /* of the machine; "": unknown */
	uint64_t host_cpus, host_memory; /* number, and bytes; 0: unknown */
	struct summary_caveat *caveats;  /* what makes the run less comparable */
	size_t caveat_count;
	struct summary_attested attested;
	struct summary_exclusive exclusive;
	struct summary_refusal *refusals; /* of the guard */
	size_t refusal_count;
	uint64_t refused; /* requests in all, also those that are not in the list */
	struct summary_crs *crs;
	size_t crs_count;
	bool has_usage;       /* whether the CPU time of all CRSs is known */
	struct series series; /* the samples; count 0: none */
};

#define SUMMARY_NONE         \
	{                    \
		.root = NULL \
	}

/* Read a document. The summary keeps a reference to it; the caller frees the summary with
 * summary_free(). name is for messages. EX_DATAERR, with what is wrong, if the document is not
 * one that this program writes. */
int summary_read(const char *name, json_t *root, struct summary *ret, struct error *err);

/* The same for a document that is still text of len bytes. EX_DATAERR also if it is not JSON. */
int summary_parse(
	const char *name, const char *text, size_t len, struct summary *ret, struct error *err);

void summary_free(struct summary *summary);

/* The CRS of that name; NULL if there is none. */
const struct summary_crs *summary_find(const struct summary *summary, const char *name);

/* Say which containers are not attested: "2 not checked, 1 of services in
 * no CRS; 3 are attested". Returns buf, or NULL if all containers are attested. */
const char *summary_unattested(const struct summary *summary, char buf[static SUMMARY_TEXT_MAX]);

/* Say what else may use the CPUs of an exclusive run: "partition root; kernel threads: 12 of these
 * CPUs, 3 others; interrupts: 1". Returns buf, or NULL if the run is not exclusive. */
const char *summary_exclusive(const struct summary *summary, char buf[static SUMMARY_TEXT_MAX]);

/* The CPU time used, in tenths of a percent of the CPU time that the CRS had from its first process
 * to its last, and of what it had during the whole run. Only Compose starts and stops containers
 * around the processes; without it, the two are the same. CGROUP_STAT_UNKNOWN if a part is
 * unknown. */
uint64_t summary_cpu_share(const struct summary *summary, const struct summary_crs *crs);
uint64_t summary_run_share(const struct summary *summary, const struct summary_crs *crs);

#endif
