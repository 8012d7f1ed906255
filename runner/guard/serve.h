/* SPDX-License-Identifier: MIT
 *
 * serve: one connection to a guard's socket: one request, judged, and its answer.
 */
#ifndef OSS_CRS_SERVE_H
#define OSS_CRS_SERVE_H

#include "engine.h"
#include "judge.h"

#define SERVE_BODY_MAX   (4U << 20) /* bytes of the body of a request */
#define SERVE_TIMEOUT_MS 30000      /* for each piece of a request */

struct serve {
	struct engine *engine;
	const struct judge_scope *scope;
	/* Called for a request that is refused, before the client is told: its method and path, and
	 * what is refused and why. */
	void (*refused)(void *data, const char *request, const char *what);
	void *data;
};

/* Serve the connection until it is over; the caller closes it. Blocks SIGTERM for as long as a
 * request that starts something is with the engine and not answered. */
void serve_connection(const struct serve *serve, int client);

#endif
