/* SPDX-License-Identifier: MIT
 *
 * tree: the cgroups of one run, made from its plan, read, and removed.
 *
 * Whoever made a tree holds a lock on a file of the worker's for as long as it lives: a POSIX record lock (fcntl(2)) for
 * writing. Of the kinds of lock there are it is the one that makes "does the owner live" a question to the kernel which
 * nobody can answer falsely and nobody disturbs by asking:
 * - only who may write the file can hold it, and that is the tree's user, while everyone may read the file and ask;
 * - asking (F_GETLK) takes no lock, so it keeps no owner from locking and looks like life to no third; flock(2) has no
 *   such question, and any user could hold one on a directory of somebody else's for ever;
 * - the answer has the owner's pid, and a pidfd of that can be waited for with poll(2);
 * - the kernel gives the lock up with the process, and children do not inherit it.
 * What such a lock asks in return: it is lost when its process closes any descriptor of that file. So the file is one that
 * has no other use here (cgroup.max.depth), and a process that owns a tree never asks about that tree.
 */
#ifndef OSS_CRS_TREE_H
#define OSS_CRS_TREE_H

#include "plan.h"

struct cg_tree {
	const struct run_plan *plan;
	int oss_crs_fd; /* oss-crs; the caller's */
	int worker;     /* the run's cgroup, open for reading; -1: not made */
	int owned;      /* its file that is locked */
	uint64_t id;    /* inode of the run's cgroup; see struct lease */
};

#define TREE_NONE                                                          \
	{                                                                  \
		.plan = NULL, .oss_crs_fd = -1, .worker = -1, .owned = -1, \
	}

struct tree_options {
	bool oom_group; /* memory.oom.group: an OOM kill takes the whole CRS */
	const char *
		leaf_crs; /* a CRS that will hold a process itself and so must not have controllers below */
};

/* The most memory that the CRSs of a plan can use together, in bytes: the sum of their limits, and not more than the
 * worker's. That is what a run keeps from others; a worker's figure may be larger. */
uint64_t tree_memory(const struct run_plan *plan);

/* Make the worker's cgroup, lock it, and write into it what the plan claims: its CPUs and memory, but no controllers for
 * what is below. Such a run waits; it is in the ledger, and nothing can run in it. The caller holds the lock of queue.h, or
 * others could find a run that has no owner yet. On failure nothing is left. */
int tree_reserve(
	int oss_crs_fd, const struct run_plan *plan, struct cg_tree *ret, struct error *err);

/* Turn what was reserved into a run: limits, controllers, and a cgroup per CRS. On failure tree_destroy() is the
 * caller's. */
int tree_fill(const struct cg_tree *tree, const struct tree_options *options, struct error *err);

/* Kill everything inside, wait until it is gone, remove the cgroups. Idempotent; closes the tree. */
int tree_destroy(struct cg_tree *tree, struct error *err);

/* Give the tree up without removing it. It has no owner then. */
void tree_close(struct cg_tree *tree);

/* The same for a run of which only the name is known. */
int tree_destroy_name(int oss_crs_fd, const char *name, struct error *err);

/* Whether the run's owner lives: 1, 0, or -1 with an error. ENOENT: there is no such run. dir is oss-crs, of any user, and
 * ret_pid its process, 0 if that is in a PID namespace that cannot be seen from here. */
int tree_is_live(int dir, const char *name, pid_t *ret_pid, struct error *err);

#endif
