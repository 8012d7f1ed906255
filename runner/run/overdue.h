/* SPDX-License-Identifier: MIT
 *
 * overdue: notices a Compose that goes on when all containers have ended. Compose 2.26 asks for the
 * engine's events while it starts the containers already, so that it can miss the end of one that
 * ends at once, and waits for ever: seen on both engines, on slow hosts. This program asks before
 * Compose starts.
 */
#ifndef OSS_CRS_OVERDUE_H
#define OSS_CRS_OVERDUE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The time that Compose has from the end of the last container that runs. */
#define OVERDUE_MS 10000

struct overdue {
	int timer;        /* a timerfd(2), readable when the time is over; -1: nobody counts */
	size_t running;   /* containers */
	uint64_t time_ms; /* OVERDUE_MS, or what a test gives */
};

/* Make the timer of *overdue, whose time_ms is set. The caller closes it with overdue_close(). */
int overdue_open(struct overdue *overdue, struct error *err);
void overdue_close(struct overdue *overdue);

/* Count a container that has started, or ended. With the last one the time begins, and it ends with
 * the next one that starts. Does nothing without a timer. */
void overdue_count(struct overdue *overdue, bool started);

/* Take the event of the timer. Returns whether the time is over and no container runs. */
bool overdue_take(struct overdue *overdue);

#endif
