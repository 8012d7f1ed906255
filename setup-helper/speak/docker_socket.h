/* SPDX-License-Identifier: MIT
 *
 * docker_socket: asks the Docker daemon on its socket, and passes on what it answers. Nothing of
 * the answer is read here; probe/dockerapi.h does that, in a process without privileges.
 *
 * Rests on the Docker Engine API: GET /info and GET /containers/json, which every version has.
 */
#ifndef OSS_CRS_SETUP_DOCKER_SOCKET_H
#define OSS_CRS_SETUP_DOCKER_SOCKET_H

#include "error.h"
#include "host.h"

#include <stddef.h>

/* Send "GET target" and receive the whole answer, of at most max bytes, into a file (door.h).
 * `socket` is an absolute path and must name a socket that root owns. Fails with EX_NOPERM if the
 * caller may not connect, and with EX_UNAVAILABLE if no daemon answers. The caller closes *ret. */
int docker_socket_get(const struct host *host, const char *socket, const char *target, size_t max,
	int *ret, struct error *err);

#endif
