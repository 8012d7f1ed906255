/* SPDX-License-Identifier: MIT
 *
 * dockerapi: two questions to the Docker daemon on its socket, read-only: which driver, and what runs.
 *
 * Rests on the Docker Engine API, GET /info and GET /containers/json, which every version of it has.
 */
#ifndef OSS_CRS_SETUP_DOCKERAPI_H
#define OSS_CRS_SETUP_DOCKERAPI_H

#include "error.h"
#include "facts.h"
#include "host.h"
#include "http.h"

/* Ask. socket is an absolute path; it has to be a socket of root's. EX_NOPERM if the caller may not, EX_UNAVAILABLE
 * if nobody answers or the answer makes no sense. The caller frees ret->names. */
int dockerapi_state(
	const struct host *host, const char *socket, struct docker_state *ret, struct error *err);

/* Take in the whole answer to a request that was sent; its body is then http->text. EX_UNAVAILABLE unless it is an
 * answer with status 200. Exposed for the tests. */
int dockerapi_receive(struct http *http, struct error *err);

#endif
