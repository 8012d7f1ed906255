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

#define PLAN_STEPS_MAX     16
#define PLAN_NOTES_MAX     4
#define PLAN_NOTE_MAX      256
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
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	char target[FACTS_PATH_MAX + 32]; /* a path or a unit */
	char *before;                     /* what is there now; NULL: nothing. What a journal would keep. */
	char *after;                      /* what will be; for files, their whole text */
	mode_t mode;                      /* of files */
};

struct setup_plan {
	struct step steps[PLAN_STEPS_MAX];
	size_t count;
	char notes[PLAN_NOTES_MAX][PLAN_NOTE_MAX]; /* what the user should know */
	size_t note_count;
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

/* Add a step, copying the texts; add a note. For the two halves only. */
int plan_add(struct setup_plan *plan, enum step_kind kind, const char *target, const char *before,
	const char *after, struct error *err);
void plan_note(struct setup_plan *plan, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int plan_docker(const struct plan_input *input, struct setup_plan *plan, struct error *err);

/* EX_TEMPFAIL, with their names, if containers run. */
int plan_check_idle(const struct docker_state *state, struct error *err);

/* The text of the drop-in that the policy asks for. Returns buf. */
const char *plan_dropin(const struct policy *policy, char *buf, size_t size);
#define PLAN_DROPIN_MAX 512

#endif
