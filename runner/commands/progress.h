/* SPDX-License-Identifier: MIT
 *
 * progress: what the user waits for, and for how long. On a terminal it is one line, which is
 * cleared when the step ends. Elsewhere a step that took long leaves a plain line. With -q
 * nothing is printed.
 */
#ifndef OSS_CRS_PROGRESS_H
#define OSS_CRS_PROGRESS_H

#include "error.h"
#include "log.h"

#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_LONG_SECONDS 2 /* a shorter step leaves no line */

struct progress {
	const struct log *log;
	const char *what; /* "removing the containers"; NULL: no step */
	uint64_t begin_usec;
	bool live; /* on a terminal, and without -q */
};

/* Begin a step, and end the one before. what is a literal, or outlives the step. */
void progress_begin(struct progress *progress, const struct log *log, const char *what);

/* End the step, if there is one, and clear its line. */
void progress_end(struct progress *progress);

/* Make a timer (timerfd_create(2)) that becomes readable every second, for a caller that waits in
 * poll(2). The caller calls progress_tick() when it is readable, and closes it. Returns -1 if no
 * line is drawn, so that nothing wakes the caller up, and -1 with an error if there is no timer. */
int progress_timer(const struct progress *progress, struct error *err);

/* Take in the timer's expiry and draw the line again. */
void progress_tick(const struct progress *progress, int timer);

/* Clear the line, so that the caller can print another one. The next tick draws it again. */
void progress_clear(const struct progress *progress);

#endif
