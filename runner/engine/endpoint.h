/* SPDX-License-Identifier: MIT
 *
 * endpoint: which daemon the user's Docker settings name. Pure but for the files of Docker's CLI configuration.
 */
#ifndef OSS_CRS_ENDPOINT_H
#define OSS_CRS_ENDPOINT_H

#include "error.h"

/* The daemon's address in Docker's order: DOCKER_HOST, DOCKER_CONTEXT, currentContext in config.json, the default
 * socket. The caller frees *ret. A context that is not there is EX_UNAVAILABLE. */
int endpoint_find(char **ret, struct error *err);

/* The path of the socket of a "unix://" address; EX_UNAVAILABLE for every other kind: its cgroups are elsewhere. */
int endpoint_socket(const char *endpoint, const char **ret, struct error *err);

#endif
