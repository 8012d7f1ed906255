/* SPDX-License-Identifier: MIT
 *
 * serve: the loop of the process that stays root. It answers the worker's requests, one after the
 * other, until the worker has ended. It gives the worker nothing but descriptors to read from, and
 * waits for it without holding the lock for longer than SERVE_LOCK_S.
 */
#ifndef OSS_CRS_SETUP_SERVE_H
#define OSS_CRS_SETUP_SERVE_H

#include "audit.h"
#include "caller.h"
#include "confine.h"
#include "host.h"
#include "options.h"
#include "policy.h"

/* How long a worker may have the lock before it asks for its plan to be carried out, in seconds,
 * and how long root waits for it to take a message. */
#define SERVE_LOCK_S 60
#define SERVE_SEND_S 10

struct server {
	const struct host *host;
	const struct policy *policy;
	const struct caller *user;
	const struct request *request;
	struct audit audit;
	struct confined *confined;
	struct confine_ruleset ruleset; /* made before the first request */
	int speaker;                    /* the door to the speaker */
	int connector;                  /* and that to the connector */
	int lock;                       /* by lock_open(); -1 for a command that changes nothing */
};

/* Serve the worker behind the door until it ends. Fails only if this process cannot go on. */
int serve_worker(const struct server *server, int door, struct error *err);

#endif
