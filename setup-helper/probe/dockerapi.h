/* SPDX-License-Identifier: MIT
 *
 * dockerapi: asks the Docker daemon on its socket, read-only, for its cgroup driver and its running
 * containers.
 *
 * Rests on the Docker Engine API: GET /info and GET /containers/json, which every version has.
 */
#ifndef OSS_CRS_SETUP_DOCKERAPI_H
#define OSS_CRS_SETUP_DOCKERAPI_H

#include "error.h"
#include "facts.h"
#include "host.h"
#include "http.h"

/* Ask the daemon for its state. `socket` is an absolute path and must name a socket that root owns.
 * Fails with EX_NOPERM if the caller may not connect, and with EX_UNAVAILABLE if no daemon answers
 * or its answer is not valid. The caller frees ret->names. */
int dockerapi_state(
	const struct host *host, const char *socket, struct docker_state *ret, struct error *err);

/* Receive the whole answer to a request that was sent. The body is then in http->text. Fails with
 * EX_UNAVAILABLE unless the answer is complete and its status is 200. Exposed for the tests. */
int dockerapi_receive(struct http *http, struct error *err);

#endif
