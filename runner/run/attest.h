/* SPDX-License-Identifier: MIT
 *
 * attest: proof that a run is held as its plan says, from the kernel's own files and the engine's answers. It looks and
 * never mends: what is not as planned is an error that names the place, what is wanted and what is there.
 *
 * Rests on Documentation/admin-guide/cgroup-v2.rst: a limit of a cgroup holds for all processes below it.
 */
#ifndef OSS_CRS_ATTEST_H
#define OSS_CRS_ATTEST_H

#include "engine.h"
#include "tree.h"

/* The limits in force: cpuset.cpus.effective, memory.max and memory.swap.max of the worker and of every CRS. */
int attest_limits(const struct cg_tree *tree, struct error *err);

/* A container of that CRS: the engine has been told the CRS's cgroup, and its processes really are below it. They are
 * descendants of the parent of the container's first process (containerd-shim, conmon), or in its PID namespace, so that
 * `docker exec` and `podman exec` count too. A container that does not run has none. */
int attest_container(const struct host *host, const struct cg_tree *tree,
	const struct plan_crs *crs, const struct container *container, struct error *err);

/* What somebody outside has done to the tree. */
enum {
	ATTEST_LIMITS = 1 << 0,    /* written to a limit, or removed a cgroup */
	ATTEST_POPULATED = 1 << 1, /* the last process has left a CRS, or the first has come */
};

/* Watch the tree: a descriptor (inotify(7); the kernel notifies cgroup.events by it too) that is readable when there is
 * something to take in. Returns the descriptor, which the caller closes, or -1. */
int attest_watch(const struct cg_tree *tree, struct error *err);

/* Take in what the descriptor has to say, as ATTEST_ bits. */
unsigned attest_take(int watch);

#endif
