/* SPDX-License-Identifier: MIT
 *
 * dockerapi: reads what the Docker daemon answered: its cgroup driver and its running containers.
 *
 * Rests on the Docker Engine API: GET /info and GET /containers/json, which every version has.
 */
#ifndef OSS_CRS_SETUP_DOCKERAPI_H
#define OSS_CRS_SETUP_DOCKERAPI_H

#include "error.h"
#include "facts.h"

/* Read a whole answer to GET /info, head and body; ret->names stays NULL. dockerapi_names() reads
 * one to GET /containers/json: the names of the first containers, separated by ", "; the caller
 * frees *ret. EX_UNAVAILABLE if the answer is incomplete or not valid, or its status is not 200. */
int dockerapi_info(const char *text, size_t len, struct docker_state *ret, struct error *err);
int dockerapi_names(const char *text, size_t len, char **ret, struct error *err);

#endif
