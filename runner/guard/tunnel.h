/* SPDX-License-Identifier: MIT
 *
 * tunnel: carries bytes from one socket to another, without reading them, by splice(2).
 */
#ifndef OSS_CRS_TUNNEL_H
#define OSS_CRS_TUNNEL_H

#include "error.h"

#include <stdbool.h>

/* Carry the server's bytes to the client until it ends or the client is gone; with both_ways, the
 * client's bytes to the server too, and the end of them (shutdown(2)). Both sockets become
 * non-blocking. Returns 0, or -1 with an error. */
int tunnel_run(int client, int server, bool both_ways, struct error *err);

#endif
