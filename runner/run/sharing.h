/* SPDX-License-Identifier: MIT
 *
 * sharing: containers that share a PID namespace (pid: "service:…"), and whose a process in it is.
 *
 * Rests on pid_namespaces(7): a process whose parent ends becomes a child of the namespace's first
 * process, whichever container it was started in. So descent does not tell, and nor does the
 * namespace. The cgroup does: the engine puts each container's processes into one of their own.
 */
#ifndef OSS_CRS_SHARING_H
#define OSS_CRS_SHARING_H

#include "engine.h"

#include <stdbool.h>

/* Whether a process in this cgroup (a path from the root of the hierarchy) belongs to another
 * container, which shares the PID namespace of `container`: whether the cgroup is that container's,
 * by its id, below its cgroup_parent. */
bool sharing_owns(
	const struct containers *all, const struct container *container, const char *cgroup);

#endif
