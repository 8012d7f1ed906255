/* SPDX-License-Identifier: MIT
 *
 * steps: carries out a plan, step by step, and is the only code that changes the host. A step that
 * can be undone is recorded in the undo journal before it runs, and every step is entered in the
 * audit trail after it. A step runs with no more privileges than it and the steps after it need.
 */
#ifndef OSS_CRS_SETUP_STEPS_H
#define OSS_CRS_SETUP_STEPS_H

#include "audit.h"
#include "confine.h"
#include "door.h"
#include "host.h"
#include "journal.h"
#include "judge.h"
#include "plan.h"
#include "policy.h"

/* Docker did not come back with the new daemon.json; the old one is restored and Docker runs with
 * it. The value is that of EX_CANTCREAT in sysexits.h, which this program does not use. */
#define EX_PUT_BACK 73

struct steps_context {
	const struct host *host;
	const struct policy *policy;
	struct audit audit;
	const struct confine_ruleset *ruleset;
	struct confined *confined; /* steps_apply() notes there what is in force */
	struct journal *journal;
	int speaker;   /* the door to the speaker */
	int connector; /* and that to the connector */
	/* called before step number i, from 0 (DOOR_BEGUN), after one that was left undone
	 * (DOOR_LEFT, with the reason), and with the last lines that a failed service logged
	 * (DOOR_LOG, a file of checks_unit_log()) */
	void (*on_news)(
		void *arg, enum door_what what, size_t i, int file, const struct error *why);
	void *arg; /* the first argument of on_news() */
};

/* The privileges that step number `first` (from 0) and all later steps need (enum privs, or-ed):
 * PRIVS_BECOME at least, for the checks (checks.h). */
unsigned steps_privs(struct judged *const *steps, size_t count, size_t first);

/* Carry out the steps in order, and stop at the first failure. What can be undone is in the undo
 * journal before it is changed; every step is in the audit trail after it. Before the first step,
 * this process is confined to writing what the plan changes (confine.h). If a restart of Docker
 * fails, the step before it is undone and Docker is started again: EX_PUT_BACK if Docker then
 * runs. */
int steps_apply(const struct steps_context *context, struct judged *const *steps, size_t count,
	struct error *err);

#endif
