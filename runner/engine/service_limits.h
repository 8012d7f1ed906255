/* SPDX-License-Identifier: MIT
 *
 * service_limits: a service's own limits, compared with its CRS. The engine accepts a limit beyond
 * the cgroup above it, and the kernel lets the lower one hold, without a word from either.
 *
 * Rests on cgroup-v2.rst, "Limits", and cpuset.cpus: the CPUs of the parent hold.
 */
#ifndef OSS_CRS_SERVICE_LIMITS_H
#define OSS_CRS_SERVICE_LIMITS_H

#include "compose.h"
#include "doc.h"

/* Append a warning for each limit of the service that goes beyond its CRS, or cannot be read. body
 * is the service as Compose's `config` prints it. Returns 0, or -1 with an error when out of
 * memory. */
int service_limits_compare(struct doc *doc, const struct doc_node *body, const char *service,
	const struct plan_crs *crs, struct compose_names *warnings, struct error *err);

#endif
