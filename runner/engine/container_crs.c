/* SPDX-License-Identifier: MIT
 *
 * container_crs: by service, by cgroup_parent, or by the label of what a CRS has started itself.
 * Only the parent as the run names it counts, which is what attest.h asks of it too.
 */
#include "container_crs.h"

#include <string.h>

/* The index of the CRS whose cgroup has this path from the root of the hierarchy. */
static int crs_at(const struct run_plan *plan, const char *path)
{
	size_t len = strlen(plan->cgroup_parent);
	if (strncmp(path, plan->cgroup_parent, len) != 0 || path[len] != '/')
		return COMPOSE_UNCONFINED;
	int index = plan_find(plan, path + len + 1);
	return index < 0 ? COMPOSE_UNCONFINED : index;
}

int container_crs(const struct compose *compose, const struct run_plan *plan,
	const struct container *container)
{
	if (container->guard && *container->guard) {
		int index = plan_find(plan, container->guard);
		return index < 0 ? COMPOSE_UNCONFINED : index;
	}
	return compose->foreign ? crs_at(plan, container->cgroup_parent)
				: compose_crs(compose, container->service);
}
