/* SPDX-License-Identifier: MIT
 *
 * watch: what a run under Compose keeps an eye on while it waits: OOM kills, containers that start and end, and anybody
 * who changes the tree. Each is an event of the kernel's or the engine's; nothing is looked at by the clock.
 */
#ifndef OSS_CRS_WATCH_H
#define OSS_CRS_WATCH_H

#include "attest.h"
#include "compose.h"
#include "events.h"
#include "launch.h"
#include "log.h"
#include "oom.h"

struct watch {
	const struct host *host;
	const struct log *log;
	const struct cg_tree *tree;
	const struct compose *compose;
	struct engine *engine;
	struct events *events;
	int writes, memory; /* descriptors */
	struct oom_state *oom;
	struct oom_kills kills;
	bool *populated; /* per CRS, as last seen */
	size_t attested; /* containers that were where they should be when they started */
	size_t unknown;  /* looks that failed */
	bool ending;     /* the first container has ended */
	struct launch_source sources[LAUNCH_SOURCES_MAX];
	size_t source_count;
};

#define WATCH_NONE                                         \
	{                                                  \
		.events = NULL, .writes = -1, .memory = -1 \
	}

/* Begin: host, log, tree, compose and engine are filled in and outlive the watch. Checks the limits as they are now;
 * a mismatch is an error. Call it before the first container is made. */
int watch_open(struct watch *watch, struct error *err);
void watch_close(struct watch *watch);

/* OOM kills that the loop did not come to hear of. */
void watch_last_kills(struct watch *watch);

/* The last look, while the tree and the containers are still there. */
int watch_conclude(
	const struct watch *watch, const struct containers *containers, struct error *err);

#endif
