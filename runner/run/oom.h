/* SPDX-License-Identifier: MIT
 *
 * oom: whose processes the kernel's OOM killer has taken, and whose limit it was. From memory.events, which the kernel
 * notifies; what has been counted before is remembered, so that each kill is told once.
 *
 * Rests on cgroup-v2.rst: `oom_kill` counts the victims below a cgroup, `oom` in memory.events.local how often that
 * very cgroup's own limit was what could not be met.
 */
#ifndef OSS_CRS_OOM_H
#define OSS_CRS_OOM_H

#include "tree.h"

enum oom_limit {
	OOM_LIMIT_CRS,
	OOM_LIMIT_CONTAINER, /* one that the job's Compose file sets, mem_limit */
	OOM_LIMIT_WORKER,
	OOM_LIMIT_HOST, /* none of the run's: a limit above it, or the host's memory */
};

const char *oom_limit_name(enum oom_limit limit);

#define OOM_CGROUP_MAX 256

struct oom_kill {
	size_t crs; /* index into the plan's */
	char cgroup
		[OOM_CGROUP_MAX]; /* the victim's below its CRS, which the engine names after the container's id;
					empty: it is gone already, or there is none */
	enum oom_limit limit;
	uint64_t count;             /* kills since the last look */
	uint64_t anon, file, shmem; /* bytes in the CRS now, after them (memory.stat) */
};

/* Kills added up per CRS, container and limit: what every output says of them. */
struct oom_sum {
	size_t crs;      /* index into the plan's */
	char *container; /* its name; "" where it is no longer known, or the victim was in none */
	enum oom_limit limit;
	uint64_t count;
};

struct oom_kills {
	struct oom_sum *list;
	size_t count;
};

#define OOM_KILLS_NONE       \
	{                    \
		.list = NULL \
	}

/* Add kills to their sum. Fails only without memory. */
int oom_kills_add(struct oom_kills *kills, const struct oom_kill *kill, const char *container,
	struct error *err);

/* All kills in a CRS. */
uint64_t oom_kills_in(const struct oom_kills *kills, size_t crs);

void oom_kills_free(struct oom_kills *kills);

struct oom_state;

/* Begin to count, from nothing: the tree is new. oom_look() needs it as it is now. Caller frees by oom_close(). */
int oom_open(const struct cg_tree *tree, struct oom_state **ret, struct error *err);
void oom_close(struct oom_state *state);

/* Look for kills since the last time and call `tell` for each cgroup that has some. */
void oom_look(
	struct oom_state *state, void (*tell)(void *data, const struct oom_kill *kill), void *data);

#endif
