/* SPDX-License-Identifier: MIT
 *
 * setup_step: a step of alice's (uid 1000), for the tests of oss-crs-setup.
 */
#ifndef OSS_CRS_UNIT_SETUP_STEP_H
#define OSS_CRS_UNIT_SETUP_STEP_H

#include "step.h"

#include <stdio.h>

static inline struct step make_step(
	enum step_kind kind, const char *target, char *before, char *after)
{
	struct step step = {.kind = kind,
		.before = before,
		.after = after,
		.mode = 0644,
		.uid = 1000,
		.gid = 1000};
	(void)snprintf(step.target, sizeof step.target, "%s", target);
	return step;
}

#endif
