/* SPDX-License-Identifier: MIT
 *
 * endpoint: the address of the Docker daemon that the user's Docker settings name. Reads the
 * environment and the files of Docker's CLI configuration, and nothing else.
 */
#ifndef OSS_CRS_ENDPOINT_H
#define OSS_CRS_ENDPOINT_H

#include "error.h"

/* The daemon's address, from the first that is set, in Docker's order: DOCKER_HOST,
 * DOCKER_CONTEXT, currentContext in config.json, the default socket. Returns 0, or -1 with an
 * error: EX_CONFIG for a context that does not exist and for a file that cannot be read or is not
 * JSON. The caller frees *ret. */
int endpoint_find(char **ret, struct error *err);

/* The path of the socket of a "unix://" address; *ret points into endpoint. Any other kind of
 * address is EX_UNAVAILABLE: the cgroups of that daemon are on another host. */
int endpoint_socket(const char *endpoint, const char **ret, struct error *err);

#endif
