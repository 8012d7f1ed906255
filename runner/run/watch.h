/* SPDX-License-Identifier: MIT
 *
 * watch: what a run under Compose watches while it waits: OOM kills, containers that start and end,
 * and changes to the tree by anyone else. Each of these is an event from the kernel or the engine;
 * nothing is checked on a timer, but a Compose that waits for containers which have all ended.
 */
#ifndef OSS_CRS_WATCH_H
#define OSS_CRS_WATCH_H

#include "activity.h"
#include "attest.h"
#include "attested.h"
#include "compose.h"
#include "container_id.h"
#include "events.h"
#include "launch.h"
#include "log.h"
#include "oom.h"
#include "overdue.h"

struct watch {
	const struct host *host;
	const struct log *log;
	const struct cg_tree *tree;
	const struct compose *compose; /* NULL if engine is */
	struct engine *engine;         /* NULL: no containers are looked at */
	struct events *events;
	/* Descriptors: from attest_watch(), and of the worker's memory.events. */
	int writes, memory;
	struct oom_state *oom;
	struct oom_kills kills;
	struct activity *activity; /* per CRS */
	int *marks;                /* per CRS, of attest_watch() */
	bool strict;               /* --strict-limits: what could not be checked ends the run */
	bool ending;               /* the first container has ended */
	/* The ends of containers are judged (ending.h): --until first, and Compose's judgement may
	 * not do. */
	bool judges_ends;
	bool ends_by_compose; /* Compose ends by itself when a container that decides has ended */
	struct overdue overdue;
	bool was_overdue; /* Compose had not noticed that all containers had ended: it was told */
	bool decided;     /* a container has ended the run, with this status */
	int status;
	/* Its id, if it belongs to the infrastructure or to no CRS; else empty. */
	char helper[CONTAINER_ID_MAX + 1];
	struct attested attested;
	struct launch_source sources[LAUNCH_SOURCES_MAX];
	size_t source_count;
};

#define WATCH_NONE                                                                    \
	{                                                                             \
		.events = NULL, .writes = -1, .memory = -1, .overdue = {.timer = -1 } \
	}

/* Start watching. The caller sets host, log, tree, compose and engine, which outlive the watch,
 * strict, and overdue.time_ms if Compose is to end with its containers. Checks the limits as they
 * are now; a mismatch is an error. Call this before the first container is made, and call
 * watch_close() even if it fails. */
int watch_open(struct watch *watch, struct error *err);
void watch_close(struct watch *watch);

/* Take what the launch loop ended too early to see: OOM kills, and the ends of CRSs. */
void watch_last_kills(struct watch *watch);

/* Check the limits and the containers a last time, while both still exist. containers is NULL where
 * the engine did not answer, for the reason `away`: a warning and, if strict, a mismatch. */
int watch_conclude(struct watch *watch, const struct containers *containers,
	const struct error *away, struct error *err);

#endif
