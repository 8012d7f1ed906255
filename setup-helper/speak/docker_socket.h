/* SPDX-License-Identifier: MIT
 *
 * docker_socket: asks the Docker daemon on its socket. The answer is read by a process without
 * privileges, from the connection that this one makes.
 *
 * Rests on the Docker Engine API: GET /info and GET /containers/json, which every version has.
 */
#ifndef OSS_CRS_SETUP_DOCKER_SOCKET_H
#define OSS_CRS_SETUP_DOCKER_SOCKET_H

#include "error.h"
#include "host.h"

/* Send "GET target". `path` is absolute and must name a socket that root owns. *ret is the
 * connection, on which the whole answer comes, and then its end: a server of HTTP/1.0 takes no
 * second request. Receiving gives up after 20 s. Fails with EX_NOPERM if the caller may not
 * connect, and with EX_UNAVAILABLE if no daemon listens. The caller closes *ret. */
int docker_socket_ask(
	const struct host *host, const char *path, const char *target, int *ret, struct error *err);

#endif
