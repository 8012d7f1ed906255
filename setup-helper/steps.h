/* SPDX-License-Identifier: MIT
 *
 * steps: the only place where the host is changed. A closed table of operations, each with the privileges it holds
 * while it runs; each is atomic and idempotent, so that a rerun after an interruption converges.
 */
#ifndef OSS_CRS_SETUP_STEPS_H
#define OSS_CRS_SETUP_STEPS_H

#include "host.h"
#include "plan.h"

#include <systemd/sd-bus.h>

/* Docker did not come back with the new daemon.json; the old one is in place again and Docker runs with it. The status
 * that sysexits.h calls EX_CANTCREAT, which nothing else here uses. */
#define EX_PUT_BACK 73

struct steps_context {
	const struct host *host;
	const struct policy *policy;
	const struct caller *user;
	sd_bus *bus;
	void (*on_step)(void *arg, const struct step *step); /* told before each step */
	void (*on_log)(void *arg, const char *line);         /* told what a service that failed has logged */
	void *arg;
};

/* What a step is called, and in one phrase what it does. */
const char *step_name(enum step_kind kind);
const char *step_title(enum step_kind kind);

/* The privileges that the steps from `first` on will need (enum privs, or-ed). */
unsigned steps_privs(const struct setup_plan *plan, size_t first);

/* Do the steps in order; the first failure ends it. A step whose failure would leave Docker down undoes what led to
 * it: EX_PUT_BACK. */
int steps_apply(const struct steps_context *context, const struct setup_plan *plan, struct error *err);

#endif
