/* SPDX-License-Identifier: MIT
 *
 * comparable: --strict-machine refuses to measure on a machine on which two equal runs differ.
 */
#ifndef OSS_CRS_COMPARABLE_H
#define OSS_CRS_COMPARABLE_H

#include "context.h"
#include "topology.h"

/* Check the clocks and the memory of this machine by the findings `governor`, `turbo`, `numa` and
 * `thp` of `check`. Fails with EX_UNAVAILABLE for the first that is not met or not known; the hint
 * is that of the finding. The cores and interrupts depend on the CPUs of a run: plan_make() checks
 * them. */
int comparable_require(
	const struct context *context, const struct topology *topology, struct error *err);

#endif
