/* SPDX-License-Identifier: MIT
 *
 * ending: what the end of one container means for a run that ends with its first (--until first).
 *
 * Compose's own --abort-on-container-exit takes the end of every service that it is attached to for
 * the end of the run, and of no other: a service that prepares for others ends the run before they
 * begin, and one with `attach: false` may fail without a word.
 */
#ifndef OSS_CRS_ENDING_H
#define OSS_CRS_ENDING_H

#include "compose.h"

enum ending {
	ENDING_NONE,    /* the run goes on */
	ENDING_WARNING, /* a helper has failed; the run goes on without it */
	ENDING_DECIDES, /* the run has ended, with the container's status */
};

/* Judge the end of a container. A container that the engine starts again has not ended. One whose
 * end others wait for decides only if it fails. So does one that Compose is not attached to, unless
 * it is a helper: where the plan has oss_crs_infra, as in jobs of the Python OSS-CRS, `attach:
 * false` is its word for a service whose end is never the run's. */
enum ending ending_judge(const struct compose *compose, const struct run_plan *plan,
	const struct container *container);

/* Whether ending_judge() can differ from what Compose does, so that ends have to be judged. */
bool ending_matters(const struct compose *compose);

/* Whether Compose may end the run by itself, by --abort-on-container-exit: it must not where some
 * services wait for the end of another. */
bool ending_by_compose(const struct compose *compose);

/* The container that decides if all CRSs but the infrastructure have ended: the first that failed,
 * else the first. NULL if one of them has not ended, or there is none. */
const struct container *ending_of_all(const struct compose *compose, const struct run_plan *plan,
	const struct containers *containers);

#endif
