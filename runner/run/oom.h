/* SPDX-License-Identifier: MIT
 *
 * oom: counts the processes that the kernel's OOM killer kills, by CRS, container and the limit
 * that was hit. It reads memory.events, whose changes the kernel notifies, and remembers what it
 * has counted, so that each kill is reported once.
 *
 * Rests on cgroup-v2.rst: `oom_kill` counts the victims below a cgroup; `oom` in
 * memory.events.local counts how often the cgroup's own limit, not one above or below it, was
 * reached and an allocation was about to fail.
 */
#ifndef OSS_CRS_OOM_H
#define OSS_CRS_OOM_H

#include "tree.h"

enum oom_limit {
	OOM_LIMIT_CRS,
	OOM_LIMIT_CONTAINER, /* set by the job's Compose file, mem_limit */
	OOM_LIMIT_WORKER,
	OOM_LIMIT_HOST, /* none of the run's: a limit above it, or the host's memory */
};

const char *oom_limit_name(enum oom_limit limit);

#define OOM_CGROUP_MAX 256

struct oom_kill {
	size_t crs; /* index into the plan's CRSs */
	/* The victim's cgroup below its CRS, which the engine names after the container's id. Empty
	 * if it is already gone, or if the victim was in none. */
	char cgroup[OOM_CGROUP_MAX];
	enum oom_limit limit;
	uint64_t count; /* kills since the last oom_look() */
	/* Bytes in the CRS after the kills (memory.stat); CGROUP_STAT_UNKNOWN. */
	uint64_t anon, file, shmem;
};

/* The number of kills per CRS, container and limit. Every output reports these sums. */
struct oom_sum {
	size_t crs;      /* index into the plan's CRSs */
	char *container; /* its name; "" if no longer known, or if the victim was in none */
	enum oom_limit limit;
	uint64_t count;
};

struct oom_kills {
	struct oom_sum *list;
	size_t count;
	/* The caller sets it once oom_look() or oom_kills_add() has failed: there may be more. */
	bool incomplete;
};

#define OOM_KILLS_NONE       \
	{                    \
		.list = NULL \
	}

/* Add kills to their sum; the name is copied. Fails only if out of memory (ENOMEM). */
int oom_kills_add(struct oom_kills *kills, const struct oom_kill *kill, const char *container,
	struct error *err);

/* The number of kills in a CRS, for any limit; CGROUP_STAT_UNKNOWN if the sums are incomplete. */
uint64_t oom_kills_in(const struct oom_kills *kills, size_t crs);

void oom_kills_free(struct oom_kills *kills);

struct oom_state;

/* Start counting at 0: the tree is new. The tree must stay as it is until the last oom_look(),
 * while oom_close() does not need it. The caller frees *ret with oom_close(). */
int oom_open(const struct cg_tree *tree, struct oom_state **ret, struct error *err);
void oom_close(struct oom_state *state);

/* Look for kills since the last call, and call `on_kill` for each cgroup that has some. Fails if a
 * counter of the worker or of a CRS could not be read, after it has looked at all others. */
int oom_look(struct oom_state *state, void (*on_kill)(void *data, const struct oom_kill *kill),
	void *data, struct error *err);

#endif
