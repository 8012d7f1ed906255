/* SPDX-License-Identifier: MIT
 *
 * ending: what the end of one container means for a run that ends with its first (--until first).
 *
 * Compose's own --abort-on-container-exit takes the end of every service that it is attached to for
 * the end of the run, and of no other: a service that prepares for others ends the run before they
 * begin, so does one that the engine is about to start again, and one with `attach: false` may fail
 * without a word.
 */
#ifndef OSS_CRS_ENDING_H
#define OSS_CRS_ENDING_H

#include "compose.h"

enum ending {
	ENDING_NONE,    /* the run goes on */
	ENDING_WARNING, /* a helper has failed; the run goes on without it */
	ENDING_DECIDES, /* the run has ended, with the container's status */
};

/* Judge the end of a container. A container that the engine starts again, or has started again, has
 * not ended. One whose
 * end others wait for decides only if it fails. So does one that Compose is not attached to, unless
 * it is a helper: where the plan has oss_crs_infra, as in jobs of the Python OSS-CRS, `attach:
 * false` is its word for a service whose end is never the run's. */
enum ending ending_judge(const struct compose *compose, const struct run_plan *plan,
	const struct container *container);

/* Whether ending_judge() can differ from what Compose does, so that ends have to be judged, or the
 * infrastructure can end the run, which has to be noticed. */
bool ending_matters(const struct compose *compose, const struct run_plan *plan);

/* Whether Compose may end the run by itself, by --abort-on-container-exit: it must not where some
 * services wait for the end of another, or where the engine starts one again (as Compose 2.26 does
 * even then). */
bool ending_by_compose(const struct compose *compose);

/* The container that decides if all CRSs but the infrastructure have ended: the first that failed,
 * else the first. NULL if one of them has not ended, or there is none. */
const struct container *ending_of_all(const struct compose *compose, const struct run_plan *plan,
	const struct containers *containers);

/* Whether each service of the project has a container that was started, so that no more are to
 * come; false if the containers are NULL. A service may have several: one counts. */
bool ending_all_started(const struct compose *compose, const struct containers *containers);

/* Whether each service has had its containers, and all of them have ended for good. */
bool ending_is_over(const struct compose *compose, const struct containers *containers);

/* Whether a service belongs to a CRS other than the infrastructure. */
bool ending_is_crs(const struct compose *compose, const struct run_plan *plan, const char *service);

/* Whether the containers show that a run which ended with status 0 was a success: a container of a
 * CRS has ended with 0 and, if a helper has ended the run, before that. `helper` is the id of that
 * helper's container, or empty. Where no service belongs to a CRS, nothing else can be required. */
bool ending_is_success(const struct compose *compose, const struct run_plan *plan,
	const struct containers *containers, const char *helper);

#endif
