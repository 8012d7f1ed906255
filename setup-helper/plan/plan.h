/* SPDX-License-Identifier: MIT
 *
 * plan: what must be done, as plain data. A plan is a pure function of the facts and the policy,
 * so it can be printed, compared and tested; an empty plan means that nothing is left to do. The
 * code that changes the host takes a plan and does nothing else.
 */
#ifndef OSS_CRS_SETUP_PLAN_H
#define OSS_CRS_SETUP_PLAN_H

#include "facts.h"
#include "options.h"
#include "policy.h"
#include "step.h"

#include <stdbool.h>
#include <stddef.h>

#define PLAN_BACKUP_SUFFIX ".oss-crs-backup" /* of the copy beside daemon.json */

struct setup_plan {
	struct step *steps;
	size_t count;
	char **notes; /* what the user should know */
	size_t note_count;
	/* the steps for Docker were not asked for by name, and Podman is installed */
	bool docker_optional;
	struct error blocked; /* why Docker is left out of the plan; msg is empty if it is not */
};

struct plan_input {
	const struct facts *facts;
	const struct policy *policy;
	bool delegate;    /* plan the delegation */
	bool docker;      /* plan Docker's driver */
	bool docker_only; /* the user asked for Docker by name: it is an error if there is none */
};

/* Make the plan; the caller releases it with setup_plan_clear(). EX_UNAVAILABLE if delegation is
 * impossible on this host, EX_CONFIG if a later drop-in takes it back. */
int setup_plan_make(const struct plan_input *input, struct setup_plan *ret, struct error *err);
void setup_plan_clear(struct setup_plan *plan);
#define _cleanup_setup_plan_ _cleanup_(setup_plan_clear)

/* Make the plan that undoes the changes in the journal, newest first. Only what is still as this
 * program left it is undone; each of the others gets a note, and its record stays. With `purge`,
 * the backups and all records go too. If undoing Docker's settings needs a restart that is not
 * allowed, they stay, and ret->blocked says why. */
int plan_undo(const struct undo_facts *undo, const struct docker_facts *docker,
	const struct policy *policy, bool purge, struct setup_plan *ret, struct error *err);

/* Whether a step undoes the change that this record describes, as plan_undo() would have it, and
 * changes nothing else. */
bool undo_allows(const struct journal_record *record, const struct step *step);

/* Write to buf the CPUs that the command line reserves, as a list of less than STEP_CPUS_MAX bytes.
 * `online` lists the CPUs of the host. EX_USAGE if some are not among these, or none is left to the
 * host or to be reserved. */
int plan_reserved_cpus(const struct request *request, const char *online,
	char buf[static STEP_CPUS_MAX], struct error *err);

/* Make the plan that reserves CPUs for the user. EX_UNAVAILABLE if the kernel cannot, or the user
 * has no delegation yet. */
int plan_reserve(const struct facts *facts, const struct request *request, struct setup_plan *ret,
	struct error *err);

/* Make the plan that removes what dead runs of the user have left and the user cannot remove. */
int plan_sweep(const struct facts *facts, struct setup_plan *ret, struct error *err);

/* For the files of the plan only: add a step, whose texts are copied; add a note; add the part
 * about Docker. */
int setup_plan_add(struct setup_plan *plan, enum step_kind kind, const char *target,
	const char *before, const char *after, struct error *err);
int setup_plan_note(struct setup_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_docker(const struct plan_input *input, struct setup_plan *plan, struct error *err);

/* Decide whether to restart Docker. If a restart is not needed or not wanted, *ret stays as it is
 * and the plan gets a note; otherwise *ret becomes true. Containers that forbid the restart are
 * the error of plan_check_idle(), which names them: EX_TEMPFAIL. */
int plan_decide_restart(const struct docker_facts *facts, const struct policy *policy,
	struct setup_plan *plan, bool *ret, struct error *err);
int plan_check_idle(const struct docker_state *state, struct error *err);

#endif
