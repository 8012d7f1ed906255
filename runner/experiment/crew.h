/* SPDX-License-Identifier: MIT
 *
 * crew: what does runs on one host: the lanes (lanes.h) and the queue (queue_file.h) that they
 * share. A lane is a transient service of the user manager, so it outlives the login. Leases, with
 * --wait, decide which run gets its CPUs when.
 */
#ifndef OSS_CRS_CREW_H
#define OSS_CRS_CREW_H

#include "placer.h"

struct crew {
	int dir;          /* has the queue and the lanes */
	uid_t uid;        /* of the user manager */
	const char *name; /* of the units, which get a random number too */
	unsigned limit;   /* lanes at most */
	/* The command of a lane without the program, which is this one; ends with NULL. It calls
	 * crew_ready(). */
	const char *const *argv;
};

#define CREW_WORDS_MAX 8 /* of argv */

/* Queue runs, and start the lanes that are missing; returns when they are there. Runs that were
 * queued without a lane are dropped: they are from before the host was started again, and the
 * caller's list says that nobody has them. Fails with EX_UNAVAILABLE if there is no user manager.
 */
int crew_submit(const struct crew *crew, const size_t *indices, size_t count, struct error *err);

/* Note the runs that are queued, and those that lanes do. `states` has an entry per run. */
int crew_list(int dir, enum placer_state *states, size_t count, struct error *err);

/* Take back the runs that are queued, and end the lanes with the runs that they do. */
int crew_cancel(int dir, struct error *err);

/* Tell the user manager, in a lane, that it is one, or need not be one. Without a manager that
 * waits for that, nothing happens. */
int crew_ready(struct error *err);

#endif
