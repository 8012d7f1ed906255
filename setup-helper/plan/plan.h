/* SPDX-License-Identifier: MIT
 *
 * plan: what has to be done, as plain data. A pure function of the facts and the policy: it can be printed, compared
 * and tested, and an empty one means that nothing is to do. Whatever changes the host takes a plan and does no more.
 */
#ifndef OSS_CRS_SETUP_PLAN_H
#define OSS_CRS_SETUP_PLAN_H

#include "facts.h"
#include "policy.h"
#include "step.h"

#include <stdbool.h>
#include <stddef.h>

#define PLAN_BACKUP_SUFFIX ".oss-crs-backup" /* of daemon.json, beside it */

struct setup_plan {
	struct step *steps;
	size_t count;
	char **notes; /* what the user should know */
	size_t note_count;
	bool docker_optional; /* there are steps about Docker that nobody asked for by name, and runs can do without */
	struct error blocked; /* why the half about Docker is not done; msg empty if it is */
};

struct plan_input {
	const struct facts *facts;
	const struct policy *policy;
	bool delegate; /* which halves are wanted */
	bool docker;
	bool docker_only; /* Docker was asked for by name: not having it is an error */
};

/* Make the plan. Fails with EX_UNAVAILABLE where delegation is impossible on this host. Release with setup_plan_clear(). */
int setup_plan_make(const struct plan_input *input, struct setup_plan *ret, struct error *err);
void setup_plan_clear(struct setup_plan *plan);
#define _cleanup_setup_plan_ _cleanup_(setup_plan_clear)

/* Make the plan that undoes what the journal tells of, newest first: what is still as this program left it. The rest
 * gets a note each, and its record stays; with `purge`, backups and all records go too. Docker's settings stay, with
 * plan->blocked, if it had to be restarted and may not be. */
int plan_undo(const struct undo_facts *undo, const struct docker_facts *docker,
	const struct policy *policy, bool purge, struct setup_plan *ret, struct error *err);

/* Make the plan that removes what the user's dead runs have left and the user cannot remove. */
int plan_sweep(const struct facts *facts, struct setup_plan *ret, struct error *err);

/* Add a step, copying the texts; add a note. For the parts of the plan only. */
int setup_plan_add(struct setup_plan *plan, enum step_kind kind, const char *target,
	const char *before, const char *after, struct error *err);
int setup_plan_note(struct setup_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_docker(const struct plan_input *input, struct setup_plan *plan, struct error *err);

/* Whether Docker may be restarted, and is worth it: *ret, with a note if it is left alone. What forbids it is an error.
 * plan_check_idle() is the part about running containers, which are named: EX_TEMPFAIL. */
int plan_decide_restart(const struct docker_facts *facts, const struct policy *policy,
	struct setup_plan *plan, bool *ret, struct error *err);
int plan_check_idle(const struct docker_state *state, struct error *err);

/* The text of the drop-in that the policy asks for. Returns buf. */
const char *plan_dropin_text(const struct policy *policy, char *buf, size_t size);
#define PLAN_DROPIN_MAX 512

#endif
