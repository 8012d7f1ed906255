/* SPDX-License-Identifier: MIT
 *
 * plan_services: what `plan --compose-file` says of a job's services: which CRS each belongs to,
 * and why.
 */
#ifndef OSS_CRS_PLAN_SERVICES_H
#define OSS_CRS_PLAN_SERVICES_H

#include "compose.h"
#include "context.h"
#include "json_build.h"

/* Read the services of both phases from the job's Compose files, and log the warnings about them.
 * No engine is asked. Without --compose-file there are none, and --service-crs is EX_USAGE. The
 * caller releases *ret with compose_free(). */
int plan_services_read(const struct context *context, const struct run_plan *plan,
	struct compose *ret, struct error *err);

/* Print them as a table on standard output. */
int plan_services_print(
	const struct compose *compose, const struct run_plan *plan, struct error *err);

/* A list of objects with `name`, `crs` (null: none) and `by`. The caller owns the reference. */
json_t *plan_services_to_json(
	struct json_build *build, const struct compose *compose, const struct run_plan *plan);

#endif
