/* SPDX-License-Identifier: MIT
 *
 * events: the engine's report of each container of a project that starts or ends, as a stream to
 * poll (Engine API, GET /events). A stream that is opened before the project starts misses
 * nothing.
 */
#ifndef OSS_CRS_EVENTS_H
#define OSS_CRS_EVENTS_H

#include "engine.h"

#include "container_id.h"

struct events;

struct container_event {
	char id[CONTAINER_ID_MAX + 1]; /* empty: the event has no id that can be one */
	bool started;                  /* false: it ended */
};

/* Subscribe to the events of a Compose project. When this returns, the engine has answered, and
 * it reports every event from the call on. Takes a connection of its own. Returns 0, or -1 with
 * an error. The caller releases *ret with events_close(). */
int events_open(
	const struct engine *engine, const char *project, struct events **ret, struct error *err);
void events_close(struct events *events);

/* The descriptor of the stream: readable when there is something to receive. */
int events_fd(const struct events *events);

/* Take the next event, without waiting. Returns 1 if there is one; 0 if none has come yet; -1
 * with an error if the stream has ended (EX_UNAVAILABLE), as it does when the engine stops, or
 * cannot be read. */
int events_next(struct events *events, struct container_event *ret, struct error *err);

/* Parse one line of the stream, len bytes without its end: {"Action": "start", "Actor": {"ID":
 * "…"}}. Only `start` and `die` are asked for, so everything that does not say that a container
 * ended may be one that started: what is not understood is an event without an id, not none. */
void events_parse(const char *line, size_t len, struct container_event *ret);

#endif
