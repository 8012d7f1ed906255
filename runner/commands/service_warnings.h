/* SPDX-License-Identifier: MIT
 *
 * service_warnings: what the user is told about the services of a job before anything is created.
 */
#ifndef OSS_CRS_SERVICE_WARNINGS_H
#define OSS_CRS_SERVICE_WARNINGS_H

#include "compose.h"
#include "context.h"

/* Warn of services that belong to no CRS, of services that could escape their CRS, and of limits
 * that a CRS does not give. With --strict-containment, fail with EX_CONFIG if a service could
 * escape. */
int service_warnings(
	const struct context *context, const struct compose *compose, struct error *err);

#endif
