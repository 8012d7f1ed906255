/* SPDX-License-Identifier: MIT
 *
 * container_id: the ids of containers. An id comes from the engine or is part of a cgroup's name,
 * and becomes part of the path of a request: it is checked first.
 */
#ifndef OSS_CRS_CONTAINER_ID_H
#define OSS_CRS_CONTAINER_ID_H

#include <stdbool.h>

#define CONTAINER_ID_MIN 12 /* the short form */
#define CONTAINER_ID_MAX 64

/* Whether a text is a container's id, whole or shortened: 12 to 64 lower-case hexadecimal
 * digits. */
bool container_id_is(const char *text);

/* Find the id in the name of a container's cgroup below the cgroup_parent: ID with Docker,
 * libpod-ID or libpod-ID.scope with Podman. Returns false, and leaves ret as it is, for any other
 * name. */
bool container_id_of(const char *cgroup, char ret[static CONTAINER_ID_MAX + 1]);

#endif
