/* SPDX-License-Identifier: MIT
 *
 * attest: checks that the kernel and the engine hold a run as its plan says. It reads the kernel's
 * files and the engine's answers, and never repairs anything. A mismatch is an error (EX_SOFTWARE)
 * that names the place, the planned value and the value found.
 *
 * Rests on Documentation/admin-guide/cgroup-v2.rst: a limit of a cgroup applies to all processes
 * below it.
 */
#ifndef OSS_CRS_ATTEST_H
#define OSS_CRS_ATTEST_H

#include "engine.h"
#include "tree.h"

/* Check the limits in force, of the worker and of every CRS: cpuset.cpus.effective, memory.max, and
 * memory.swap.max where the kernel has it; and of an exclusive worker that it is still a partition.
 * Where the plan gives a CRS memory nodes, check its
 * cpuset.mems.effective too; where it has no huge pages, their limits. */
int attest_limits(const struct cg_tree *tree, struct error *err);

/* Check only the CPUs in force, of the worker: they shrink as well when a cpuset above the run
 * does, such as AllowedCPUs= of user-UID.slice, of which nobody is notified. */
int attest_cpus(const struct cg_tree *tree, struct error *err);

/* The outcome of a check. */
enum attest_verdict {
	ATTEST_HELD,     /* everything was looked at, and is as planned */
	ATTEST_MISMATCH, /* something is not as planned: the error says what */
	ATTEST_UNKNOWN,  /* something could not be looked at: the error says what */
	ATTEST_ENDED,    /* the container has ended: it has no process to look at */
};

/* Check one container of a CRS: its CgroupParent is the cgroup of the CRS, and each of its
 * processes is below that cgroup. The error is set for ATTEST_MISMATCH and ATTEST_UNKNOWN.
 *
 * A process belongs to the container if it is the container's first process or descends from it; if
 * it descends from the parent of the first process (containerd-shim, conmon) and is in a PID
 * namespace of its own; or if it is in the container's PID namespace. So processes of `docker exec`
 * and `podman exec` count too. The verdict is ATTEST_UNKNOWN unless every process of the container
 * can be found and read: not where that parent is gone, where /proc hides processes of other users
 * (hidepid) and the container is not in a user namespace of this user's, or where a file of /proc
 * cannot be read or parsed. A mismatch that is found all the same takes precedence.
 *
 * `all` has the containers of the project; NULL if no other shares this one's PID namespace. A
 * process that may be another's by sharing.h is not held against this one. */
enum attest_verdict attest_container(const struct host *host, const struct cg_tree *tree,
	const struct plan_crs *crs, const struct container *container, const struct containers *all,
	struct error *err);

/* Find the CPUs of the CRS on which the first process of a container may not run, although the
 * cpuset of its cgroup allows them: it has inherited a narrower CPU affinity, for example from
 * CPUAffinity= of the engine's service (systemd.exec(5)). Sets *ret to the CPUs on which it may run
 * and returns ATTEST_MISMATCH if there are such CPUs. The error is set for ATTEST_UNKNOWN alone. */
enum attest_verdict attest_affinity(const struct host *host, const struct plan_crs *crs,
	const struct container *container, struct cpulist *ret, struct error *err);

/* Changes that others have made to the tree, as bits. */
enum {
	ATTEST_LIMITS = 1 << 0,    /* a write to a limit, or a removed cgroup */
	ATTEST_POPULATED = 1 << 1, /* a CRS lost its last process, or got its first */
};

/* Watch the tree with inotify(7), by which the kernel also reports changes of cgroup.events.
 * Returns a descriptor that is readable when attest_take() has something to read, and that the
 * caller closes; or -1, with ENOSPC or EMFILE where the host's inotify limits are reached.
 * ret_marks has room for a number per CRS. */
int attest_watch(const struct cg_tree *tree, int *ret_marks, struct error *err);

/* Read all pending events from that descriptor, without waiting. Sets ret_changed of each CRS that
 * lost its last process or got its first. Returns ATTEST_ bits, or 0. */
unsigned attest_take(int watch, const int *marks, const struct run_plan *plan, bool *ret_changed);

#endif
