/* SPDX-License-Identifier: MIT
 *
 * keeper: a second process, which cleans up if this one is killed (SIGKILL): `hold` leaves nothing
 * behind although no program waits for it.
 */
#ifndef OSS_CRS_KEEPER_H
#define OSS_CRS_KEEPER_H

#include "error.h"

#include <sys/types.h>

struct keeper {
	pid_t pid; /* 0: none */
	int alive; /* closed by the kernel when this process ends, however it does */
};

#define KEEPER_NONE         \
	{                   \
		.alive = -1 \
	}

/* Start the keeper, before anything is made. If this process ends without keeper_release(), the
 * keeper calls clean_up(data) and ends. It is in a session of its own, so that no signal to this
 * process's group reaches it, ignores the signals that are blocked here (signals_open()), and has
 * /dev/null as standard input and output. It has the descriptors that are open now, and no
 * others. */
int keeper_start(void (*clean_up)(const void *data), const void *data, struct keeper *ret,
	struct error *err);

/* The life of a keeper, for a process that has been forked for more (deputy.h): leave the session,
 * write a byte to `alive`, and wait for the byte that lets it go; if the other end is closed
 * without one, call clean_up(data). */
_Noreturn void keeper_keep(int alive, void (*clean_up)(const void *data), const void *data);

/* Let the keeper go, when there is nothing left to clean up, and wait until it has ended. Does
 * nothing if there is none. */
void keeper_release(struct keeper *keeper);

#endif
