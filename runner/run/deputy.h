/* SPDX-License-Identifier: MIT
 *
 * deputy: a second process that starts the command of a run where this one may not.
 *
 * A process may start another one in a cgroup only if it may write cgroup.procs of the common
 * ancestor of both (scope.h). A runner that moved itself below the user manager would leave the
 * cgroup of its caller: a scheduler could then neither find nor end it. So the runner stays, and
 * the deputy moves. The command is the runner's own child all the same (CLONE_PARENT of clone(2)),
 * so the runner waits for it and signals it as always.
 *
 * The deputy then stays as a keeper (keeper.h): if the runner is killed, the kernel kills the
 * command (PR_SET_PDEATHSIG), and the deputy cleans up, since it is in no cgroup of the scheduler.
 */
#ifndef OSS_CRS_DEPUTY_H
#define OSS_CRS_DEPUTY_H

#include "keeper.h"
#include "proc.h"

struct deputy {
	/* Called in the deputy: go where the command may be started. */
	int (*move)(const void *data, struct error *err);
	/* Called in the deputy if this process has ended without keeper_release(). */
	void (*clean_up)(const void *data);
	const void *data; /* of both */
};

/* Start a program through a deputy; spawn->parent and spawn->dies_with_parent are set here. On
 * success the program is a child of this process, which the caller releases with proc_wait(), and
 * the deputy is *ret_keeper, which the caller lets go with keeper_release(). The deputy has the
 * descriptors that are open now. It ends on SIGTERM. Fails as move() and proc_spawn() do. */
int deputy_spawn(const struct deputy *deputy, const struct spawn *spawn, struct keeper *ret_keeper,
	struct child *ret, struct error *err);

#endif
