/* SPDX-License-Identifier: MIT
 *
 * service_crs: which CRS a service of the job's Compose files belongs to, and what says so.
 */
#ifndef OSS_CRS_SERVICE_CRS_H
#define OSS_CRS_SERVICE_CRS_H

#include "compose.h"
#include "doc.h"

/* Find the CRS of a service, by the rules of compose_services(). body is the service as Compose's
 * `config` prints it. Sets *ret_crs to an index into the plan's CRSs or to COMPOSE_UNCONFINED.
 * Appends a warning to the project's if the choice may not be what the user means. Returns 0, or -1
 * with an EX_CONFIG error. */
int service_crs_find(struct compose *compose, struct doc *doc, const struct doc_node *body,
	const char *service, const struct run_plan *plan, int *ret_crs, enum crs_source *ret_source,
	struct error *err);

/* Refuse a --service-crs whose service is none of the project's (EX_USAGE). */
int service_crs_check(const struct compose *compose, struct error *err);

/* "cgroup_parent", "--service-crs", "config", "label", "name", "infrastructure", "none". */
const char *crs_source_name(enum crs_source source);

#endif
