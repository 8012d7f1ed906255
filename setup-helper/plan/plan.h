/* SPDX-License-Identifier: MIT
 *
 * plan: what has to be done, as plain data. A pure function of the facts and the policy: it can be printed, compared
 * and tested, and an empty one means that nothing is to do. Whatever changes the host takes a plan and does no more.
 */
#ifndef OSS_CRS_SETUP_PLAN_H
#define OSS_CRS_SETUP_PLAN_H

#include "facts.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>

#define PLAN_BACKUP_SUFFIX ".oss-crs-backup" /* of daemon.json, beside it */

enum step_kind {
	STEP_DROPIN,        /* write the drop-in of the user's manager */
	STEP_RELOAD,        /* systemd: daemon-reload */
	STEP_LINGER,        /* logind: enable lingering */
	STEP_START_MANAGER, /* systemd: start user@UID.service */
	STEP_REALIZE,       /* systemd: apply the delegation to the running user@UID.service */
	STEP_ENABLE,        /* enable controllers in a cgroup of root's that systemd left without */
	STEP_USER_ENABLE,   /* the same in one of the user's, as the user */
	STEP_USER_REMOVE,   /* remove an oss-crs that is not the user's, as the user */
	STEP_USER_MAKE,     /* make oss-crs, as the user */
	STEP_IDLE,          /* see once more that no container runs, before Docker is touched */
	STEP_BACKUP,        /* keep daemon.json as it was */
	STEP_DAEMON_JSON,   /* write daemon.json */
	STEP_RESTART,       /* restart Docker, look at its driver */
	STEP_REMOVE_FILE,   /* remove a file of ours */
	STEP_UNLINGER,      /* logind: disable lingering */
	STEP_USER_UNMAKE,   /* remove oss-crs, if nothing is below it, as the user */
	STEP_USER_DISABLE,  /* disable controllers in one of the user's, as the user */
	STEP_FORGET,        /* remove a record of the journal that has nothing to undo any more */
	STEP_SWEEP, /* remove empty cgroups of root's that dead runs have left; `before` lists them */
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	char target[FACTS_PATH_MAX + 32]; /* a path or a unit */
	char *before; /* what is there now; NULL: nothing. What the journal keeps. */
	char *after;  /* what will be; for files, their whole text */
	mode_t mode;  /* of files */
	uid_t uid;    /* of the user whose delegation this is about */
	gid_t gid;
	unsigned
		record; /* the record of the journal that this undoes, which is then forgotten; 0: none */
};

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

/* Make the plan. Fails with EX_UNAVAILABLE where delegation is impossible on this host. Release with plan_clear(). */
int plan_make(const struct plan_input *input, struct setup_plan *ret, struct error *err);
void plan_clear(struct setup_plan *plan);
#define _cleanup_plan_ _cleanup_(plan_clear)

/* Make the plan that undoes what the journal tells of, newest first: what is still as this program left it. The rest
 * gets a note each, and its record stays; with `purge`, backups and all records go too. Docker's settings stay, with
 * plan->blocked, if it had to be restarted and may not be. */
int plan_undo(const struct undo_facts *undo, const struct docker_facts *docker,
	const struct policy *policy, bool purge, struct setup_plan *ret, struct error *err);

/* Make the plan that removes what the user's dead runs have left and the user cannot remove. */
int plan_sweep(const struct facts *facts, struct setup_plan *ret, struct error *err);

/* Add a step, copying the texts; add a note. For the parts of the plan only. */
int plan_add(struct setup_plan *plan, enum step_kind kind, const char *target, const char *before,
	const char *after, struct error *err);
int plan_note(struct setup_plan *plan, struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int plan_docker(const struct plan_input *input, struct setup_plan *plan, struct error *err);

/* Whether Docker may be restarted, and is worth it: *ret, with a note if it is left alone. What forbids it is an error.
 * plan_check_idle() is the part about running containers, which are named: EX_TEMPFAIL. */
int plan_decide_restart(const struct docker_facts *facts, const struct policy *policy,
	struct setup_plan *plan, bool *ret, struct error *err);
int plan_check_idle(const struct docker_state *state, struct error *err);

/* The text of the drop-in that the policy asks for. Returns buf. */
const char *plan_dropin(const struct policy *policy, char *buf, size_t size);
#define PLAN_DROPIN_MAX 512

#endif
