/* SPDX-License-Identifier: MIT
 *
 * carry: has the root side carry out a plan.
 */
#ifndef OSS_CRS_SETUP_CARRY_H
#define OSS_CRS_SETUP_CARRY_H

#include "error.h"
#include "plan.h"

/* What happens meanwhile. */
struct carry_watch {
	/* called before each step */
	void (*on_step)(void *arg, const struct step *step);
	/* called after a step that was left undone; `why` is the reason, which is not a failure */
	void (*on_left)(void *arg, const struct step *step, const struct error *why);
	/* called with each of the last lines that a failed service logged */
	void (*on_log)(void *arg, const char *line);
	void *arg; /* the first argument of the functions above */
};

/* Have the root side take the lock, which it keeps for SERVE_LOCK_S seconds at most. */
int carry_lock(int door, struct error *err);

/* Have the root side carry out the plan, under the lock. Fails as steps_apply() does. */
int carry_plan(int door, const struct setup_plan *plan, const struct carry_watch *watch,
	struct error *err);

#endif
