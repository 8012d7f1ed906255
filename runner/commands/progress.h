/* SPDX-License-Identifier: MIT
 *
 * progress: what a user waits for, and for how long. On a terminal it is one line that goes again; else a step that took long
 * leaves a plain line; nothing with -q.
 */
#ifndef OSS_CRS_PROGRESS_H
#define OSS_CRS_PROGRESS_H

#include "error.h"
#include "log.h"

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LONG_SECONDS 2 /* what is shorter is not worth a line */

struct progress {
	const struct log *log;
	const char *what; /* "removing the containers"; NULL: nothing is waited for */
	uint64_t begin_usec;
	bool live; /* on a terminal */
};

/* A step begins; the one before has ended. what is a literal, or outlives the step. */
void progress_begin(struct progress *progress, const struct log *log, const char *what);
void progress_end(struct progress *progress);

/* For who waits in a poll(2): a timer of one second, or -1 where there is nothing to be drawn, so that nothing wakes up. The
 * caller closes it, and calls progress_tick() when it is readable. */
int progress_timer(const struct progress *progress, struct error *err);
void progress_tick(const struct progress *progress, int timer);

/* Take the line away for another one to be written; the next tick draws it again. */
void progress_clear(const struct progress *progress);

#endif
