/* SPDX-License-Identifier: MIT
 *
 * tree: the cgroups of one run, made from its plan, read, and removed.
 *
 * Whoever made a tree holds a shared flock(2) on the worker's directory for as long as it lives. The kernel gives
 * it up with the process, so "does the owner live" has one true answer that no file can go stale about.
 */
#ifndef OSS_CRS_TREE_H
#define OSS_CRS_TREE_H

#include "plan.h"

struct cg_tree {
	const struct run_plan *plan;
	int ours;   /* oss-crs; the caller's */
	int worker; /* the run's cgroup, open for reading and locked; -1: not made */
};

#define TREE_NONE                                      \
	{                                              \
		.plan = NULL, .ours = -1, .worker = -1 \
	}

struct tree_options {
	bool oom_group; /* memory.oom.group: an OOM kill takes the whole CRS */
	const char
		*bare_crs; /* a CRS that will hold a process itself and so must not have controllers below */
};

/* Make the worker's cgroup and one below it per CRS, with limits and controllers. On failure nothing is left. */
int tree_make(int ours, const struct run_plan *plan, const struct tree_options *options, struct cg_tree *ret,
	struct error *err);

/* What a cgroup has used so far. */
struct tree_usage {
	uint64_t cpu_usec;    /* cpu.stat usage_usec */
	uint64_t memory_peak; /* memory.peak in bytes; 0 where the kernel has none (before 5.19) */
	uint64_t oom_kills;   /* memory.events oom_kill */
};

/* Read the figures of one CRS. */
int tree_usage(const struct cg_tree *tree, const char *crs, struct tree_usage *ret, struct error *err);

/* Kill everything inside, wait until it is gone, remove the cgroups. Idempotent; closes the worker. */
int tree_destroy(struct cg_tree *tree, struct error *err);

/* The same for a run of which only the name is known. */
int tree_destroy_name(int ours, const char *name, struct error *err);

/* Whether the run's owner lives: 1, 0, or -1 with an error. ENOENT: there is no such run. */
int tree_is_live(int ours, const char *name, struct error *err);

#endif
