/* SPDX-License-Identifier: MIT
 *
 * events: the engine's own word for each container of a project that starts or ends, as a stream to be polled (Engine API,
 * GET /events). A stream that began before the project misses nothing.
 */
#ifndef OSS_CRS_EVENTS_H
#define OSS_CRS_EVENTS_H

#include "engine.h"

#define EVENTS_ID_MAX 65

struct events;

struct container_event {
	char id[EVENTS_ID_MAX];
	bool started; /* else it ended */
};

/* Subscribe. When this returns the engine has answered, and every event from now on will be told. Takes a connection
 * of its own. The caller frees *ret by events_close(). */
int events_open(
	const struct engine *engine, const char *project, struct events **ret, struct error *err);
void events_close(struct events *events);

/* The descriptor that is readable when there is something to take in. */
int events_fd(const struct events *events);

/* The next event. Never waits. 1: there is one; 0: none for now; -1: the stream has ended, which it does when the engine
 * stops. */
int events_next(struct events *events, struct container_event *ret, struct error *err);

#endif
