/* SPDX-License-Identifier: MIT
 *
 * steps: the only place where the host is changed: a plan is carried out, step by step, each with the privileges that
 * it holds while it runs, recorded before and audited after.
 */
#ifndef OSS_CRS_SETUP_STEPS_H
#define OSS_CRS_SETUP_STEPS_H

#include "audit.h"
#include "confine.h"
#include "host.h"
#include "plan.h"
#include "policy.h"

struct sd_bus;

/* Docker did not come back with the new daemon.json; the old one is in place again and Docker runs with it. The status
 * that sysexits.h calls EX_CANTCREAT, which nothing else here uses. */
#define EX_PUT_BACK 73

struct steps_context {
	const struct host *host;
	const struct policy *policy;
	struct audit audit;
	struct confined *confined; /* what is in force is noted there */
	bool undoing;              /* nothing is recorded then */
	struct sd_bus *bus;
	void (*on_step)(void *arg, const struct step *step); /* told before each step */
	/* told of one that was left undone, and why, and that this is no failure */
	void (*on_left)(void *arg, const struct step *step, const struct error *why);
	void (*on_log)(
		void *arg, const char *line); /* told what a service that failed has logged */
	void *arg;
};

/* The privileges that the steps from `first` on will need (enum privs, or-ed). */
unsigned steps_privs(const struct setup_plan *plan, size_t first);

/* Do the steps in order; the first failure ends it. What a step changes is in the journal before, and in the audit
 * trail after it. From the first step on this process is kept from writing anywhere else (confine.h). A step whose
 * failure would leave Docker down undoes what led to it: EX_PUT_BACK. */
int steps_apply(
	const struct steps_context *context, const struct setup_plan *plan, struct error *err);

#endif
