/* SPDX-License-Identifier: MIT
 *
 * container_crs: the CRS of a container, in a project that the runner has started and in one that
 * another program starts.
 */
#ifndef OSS_CRS_CONTAINER_CRS_H
#define OSS_CRS_CONTAINER_CRS_H

#include "compose.h"

/* The CRS of a container of the project, as an index into the plan's CRSs, or COMPOSE_UNCONFINED:
 * that of its service, or in a foreign project that whose cgroup is the container's cgroup_parent.
 */
int container_crs(const struct compose *compose, const struct run_plan *plan,
	const struct container *container);

#endif
