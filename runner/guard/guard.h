/* SPDX-License-Identifier: MIT
 *
 * guard: an Engine API socket for each CRS of a run, behind which each request is judged (judge.h)
 * before the engine gets it. The containers that a CRS starts over its socket are in its cgroup and
 * have the run's labels.
 *
 * The guard is a process of its own, with a child per connection, none of them in the cgroup of a
 * CRS. It cannot delay the run, and the kernel kills it when the run's process ends.
 */
#ifndef OSS_CRS_GUARD_H
#define OSS_CRS_GUARD_H

#include "engine.h"
#include "judge.h"
#include "refusals.h"

#include <sys/types.h>

#define GUARD_CONNECTIONS_MAX 256 /* at the same time, per CRS */
#define GUARD_STOP_MS         10000

struct guard {
	pid_t pid;    /* 0: none */
	int refusals; /* readable when there is something for guard_read(), and at its end */
	int alive;    /* the guard ends when this is closed */
	struct refusals seen;
};

#define GUARD_NONE                          \
	{                                   \
		.refusals = -1, .alive = -1 \
	}

/* Make a socket per scope in the directory dir, under its name (compose_guard.h), with mode 0666:
 * the directory keeps other users away, and users of containers need it. Then start the guard. The
 * scopes and the engine are copied with the process. The caller ends it with guard_stop().
 * EX_UNAVAILABLE if the HTTP library is not installed. */
int guard_start(int dir, struct engine *engine, const struct judge_scope *scopes, size_t count,
	struct guard *ret, struct error *err);

/* Take the refusals that have come, without waiting. `tell` is called for the first of each kind.
 * Returns 1 to go on, or 0 if the guard has ended. */
int guard_read(
	struct guard *guard, void (*tell)(void *data, const struct refusal *refusal), void *data);

/* End the guard, and wait until it has: no new request is taken, and one that starts a container is
 * waited for, up to GUARD_STOP_MS. So nothing is made after this returns. Takes the last refusals,
 * which stay in guard->seen. Does nothing if there is none. */
void guard_stop(struct guard *guard);

/* guard_stop(), and free what it has seen. */
void guard_close(struct guard *guard);

#endif
