/* SPDX-License-Identifier: MIT
 *
 * compose_guard: which services get a guarded socket of the engine (runner/guard), instead of the
 * engine's own if they mount that, and what services have mounted, since the containers that they
 * start over the socket may have the same.
 */
#ifndef OSS_CRS_COMPOSE_GUARD_H
#define OSS_CRS_COMPOSE_GUARD_H

#include "compose.h"
#include "doc.h"

#define COMPOSE_GUARD_NAME_MAX 32

/* Where a guarded service finds its socket, and the variable that says so. */
#define COMPOSE_GUARD_TARGET   "/run/oss-crs/engine.sock"
#define COMPOSE_GUARD_VARIABLE RUN_VARIABLES_PREFIX "ENGINE_SOCKET"

/* The name of the socket of a CRS, by its index in the plan. */
void compose_guard_name(size_t crs, char buf[static COMPOSE_GUARD_NAME_MAX]);

/* Whether a path of the host is an Engine API socket, rather than a directory that holds one:
 * `socket`, or one of the usual name. */
bool compose_guard_is_socket(const char *path, const char *socket);

/* Whether the guard's socket replaces a mount of this path in the services of a CRS. */
bool compose_guard_replaces(const struct compose *compose, int crs, const char *path);

/* Read the mounts and networks of a service, and decide whether it is guarded. body is the service
 * as Compose's `config` prints it. Does nothing without a guard. Returns 0, or -1 with an error
 * when out of memory. */
int compose_guard_read(const struct compose *compose, struct doc *doc, const struct doc_node *body,
	struct compose_service *service, struct error *err);

/* Whether any service is guarded. */
bool compose_guard_any(const struct compose *compose);

void compose_guard_free(struct compose_service *service);

#endif
