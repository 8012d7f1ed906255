/* SPDX-License-Identifier: MIT
 *
 * tree: make the cgroups of one run from its plan, ask if their owner is alive, and remove them.
 *
 * The process that made a tree is its owner. It holds a lock on a file in the run's cgroup for as
 * long as it runs: a POSIX record lock (fcntl(2)) for writing. With this kind of lock, the kernel
 * says whether the owner is alive. No process can fake the answer, and asking disturbs no process:
 * - Only a process that may write the file can hold the lock, and only the tree's user may. Every
 *   user may read the file and ask.
 * - Every user who may read the file can lock it for reading, though, which keeps others from
 *   locking it for writing. So the cgroup is made with mode 0700 and opened to all users when its
 *   owner has the lock; until then only root and the user can get at the file. A lock for reading
 *   is never taken for an owner.
 * - Asking (F_GETLK) takes no lock. So it cannot keep an owner from locking, or look like a live
 *   owner to a third process. flock(2) has no such query, and any user could hold one on another
 *   user's directory for as long as they like.
 * - The answer has the owner's PID, and poll(2) can wait for a pidfd of that process.
 * - The kernel drops the lock when the process ends, and children do not inherit it.
 * But a process loses such a lock when it closes any descriptor of the file. So the file is one
 * that is otherwise unused (cgroup.max.depth), and the owner of a tree never asks about it.
 */
#ifndef OSS_CRS_TREE_H
#define OSS_CRS_TREE_H

#include "huge_pages.h"
#include "partition.h"
#include "plan.h"

/* The file in which a waiting run says how many CPUs it wants, whichever they are; "max" is none.
 * No cgroup can be made in a run that waits, so its limit on cgroups is otherwise unused. */
#define TREE_ANY_FILE "cgroup.max.descendants"

/* Where a waiting run says which CPUs it wants if its oss-crs cgroup is a partition: an extended
 * attribute (xattr(7)) of the run's cgroup. In cpuset.cpus, the list would take the CPUs from a
 * run that has them as a partition of its own: the kernel does not know that the run waits. */
#define TREE_CPUS_ATTRIBUTE "user.oss-crs.cpus"

struct cg_tree {
	const struct run_plan *plan;
	int oss_crs_fd;                /* the oss-crs cgroup; the caller keeps it */
	int worker;                    /* the run's cgroup, open for reading; -1: not made */
	int owned;                     /* CGROUP_OWNED_FILE of that cgroup, locked; -1: not made */
	uint64_t id;                   /* inode of the run's cgroup; see struct lease */
	unsigned any;                  /* the number in TREE_ANY_FILE; 0: none */
	bool unsettled;                /* cpuset.cpus does not have the plan's CPUs yet */
	enum partition_kind partition; /* of the run's cgroup; set when it has begun */
	struct huge_pages huge_pages;
};

#define TREE_NONE                                                          \
	{                                                                  \
		.plan = NULL, .oss_crs_fd = -1, .worker = -1, .owned = -1, \
	}

struct tree_options {
	bool oom_group; /* memory.oom.group: an OOM kill kills the whole CRS */
	/* The CRS whose own cgroup will hold a process, so that it must not enable controllers for
	 * cgroups below it; NULL: none. */
	const char *leaf_crs;
	/* --exclusive: what the run's cgroup becomes, with all its CPUs. */
	enum partition_kind partition;
};

/* The most memory that the CRSs of a plan can use together, in bytes: the sum of their limits, or
 * the limit of the worker if that is lower. The run keeps this much from other runs. */
uint64_t tree_memory(const struct run_plan *plan);

/* What a run claims when its cgroup is made. */
struct tree_claim {
	const struct cpulist *cpus; /* these */
	unsigned any;               /* and so many more, whichever they are; 0: none */
	bool waits;                 /* other runs may have these CPUs */
};

/* Make the run's cgroup, lock it, open it to all users, and write to it the memory that the plan
 * claims and the CPUs of the claim, but enable no controllers for
 * cgroups below it. Such a run waits: it is in the
 * ledger, and nothing can run in it yet. The caller holds the lock of queue.h; otherwise others
 * could find a run that has no owner yet. A failure leaves nothing behind. The caller releases *ret
 * with tree_destroy() or tree_close(). */
int tree_reserve(int oss_crs_fd, const struct run_plan *plan, const struct tree_claim *claim,
	struct cg_tree *ret, struct error *err);

/* Turn a reserved tree into a run: set the plan's CPUs and limits, make the run's cgroup a
 * partition if it is to be one, enable controllers, and make a cgroup for each CRS. Fails with
 * EX_UNAVAILABLE if the kernel does not accept the partition. After a failure the caller calls
 * tree_destroy(). */
int tree_fill(struct cg_tree *tree, const struct tree_options *options, struct error *err);

/* Kill all processes in the tree, wait until they have ended, remove the cgroups, and close the
 * tree. A closed tree is not an error. After a failure the tree stays open. */
int tree_destroy(struct cg_tree *tree, struct error *err);

/* Close the tree without removing its cgroups. It has no owner any more. */
void tree_close(struct cg_tree *tree);

/* The same as tree_destroy() for a run of which only the name is known. A run that does not exist
 * is not an error. */
int tree_destroy_name(int oss_crs_fd, const char *name, struct error *err);

/* Whether the error says that a cgroup has been removed, as systemd does when it stops the user's
 * manager. */
bool tree_is_gone(const struct error *err);

/* Whether the owner of a run is alive. dir is the oss-crs cgroup of any user. Returns 1, 0, or -1
 * with an error; ENOENT if there is no such run. If so, *ret_pid is the owner's PID, or 0 if it is
 * in a PID namespace that is not visible from here. Do not call it for a tree of this process. */
int tree_is_live(int dir, const char *name, pid_t *ret_pid, struct error *err);

#endif
