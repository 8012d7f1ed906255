/* SPDX-License-Identifier: MIT
 *
 * step: one step of a plan, as plain data, and what its kind is called. apply/operations.c says what each kind does.
 */
#ifndef OSS_CRS_SETUP_STEP_H
#define OSS_CRS_SETUP_STEP_H

#include <stdbool.h>
#include <sys/types.h>

#define STEP_TARGET_MAX 288

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
	char target[STEP_TARGET_MAX]; /* a path or a unit */
	char *before; /* what is there now; NULL: nothing. What the journal keeps. */
	char *after;  /* what will be; for files, their whole text */
	mode_t mode;  /* of files */
	uid_t uid;    /* of the user whose delegation this is about */
	gid_t gid;
	unsigned
		record; /* the record of the journal that this undoes, which is then forgotten; 0: none */
};

/* The name of a kind of step, which the journal, the audit trail and --json use; the phrase that says what it does, to
 * which the target is added; and whether its texts may hold secrets. */
const char *step_name(enum step_kind kind);
const char *step_title(enum step_kind kind);
bool step_is_secret(enum step_kind kind);

/* The kind of that name; STEP_KINDS if there is none. */
enum step_kind step_kind_by_name(const char *name);

#endif
