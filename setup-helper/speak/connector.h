/* SPDX-License-Identifier: MIT
 *
 * connector: the process that connects to Docker, as root, and asks it one of two questions. It
 * reads no answer: the connection goes to the root side, and from there to the speaker. Nothing
 * else in this process goes out, and nothing comes in but the number of a question.
 *
 * Rests on the Docker Engine API: GET /info and GET /containers/json, which every version has.
 */
#ifndef OSS_CRS_SETUP_CONNECTOR_H
#define OSS_CRS_SETUP_CONNECTOR_H

#include "error.h"
#include "host.h"
#include "policy.h"

enum docker_question {
	DOCKER_INFO,
	DOCKER_CONTAINERS,
	DOCKER_QUESTIONS,
};
/* The paths in Docker's API. */
extern const char *const docker_targets[DOCKER_QUESTIONS];

struct connector {
	const struct host *host;
	const struct policy *policy;
};

/* Answer requests until the other side ends. */
int connector_serve(struct connector *connector, int door, struct error *err);

/* The root side's call: ask Docker. *ret_file is a connection on which the whole answer comes, and
 * then its end: a server of HTTP/1.0 takes no second request. Receiving gives up after 20 s. Fails
 * with EX_NOPERM if this user may not connect, and with EX_UNAVAILABLE if no daemon listens on a
 * socket that root owns. The caller closes *ret_file. */
int connector_ask(int door, enum docker_question question, int *ret_file, struct error *err);

/* The most bytes in an answer. */
#define CONNECTOR_ANSWER_MAX ((size_t)1024 * 1024 + 65536)

#endif
