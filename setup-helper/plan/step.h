/* SPDX-License-Identifier: MIT
 *
 * step: one step of a plan, as plain data, and the names of its kinds. apply/operations.c says
 * what each kind does.
 */
#ifndef OSS_CRS_SETUP_STEP_H
#define OSS_CRS_SETUP_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The unit that applies the drop-in is this, the uid and ".service". */
#define STEP_RESERVE_UNIT "oss-crs-reserve@"

#define STEP_TARGET_MAX 288 /* bytes of a target, with its NUL */

enum step_kind {
	STEP_DROPIN,        /* write the drop-in for the user's manager */
	STEP_RELOAD,        /* systemd: daemon-reload */
	STEP_LINGER,        /* logind: enable lingering */
	STEP_START_MANAGER, /* systemd: start user@UID.service */
	STEP_REALIZE,       /* systemd: apply the delegation to the running user@UID.service */
	STEP_ENABLE,        /* enable controllers that systemd left out in a cgroup of root's */
	STEP_USER_ENABLE,   /* as the user: enable controllers in one of the user's cgroups */
	STEP_USER_REMOVE,   /* as the user: remove an oss-crs that is not the user's */
	STEP_USER_MAKE,     /* as the user: create oss-crs */
	STEP_IDLE,          /* before Docker is touched: check again that no container runs */
	STEP_BACKUP,        /* keep a copy of daemon.json */
	STEP_DAEMON_JSON,   /* write daemon.json */
	STEP_RESTART,       /* restart Docker and check its driver */
	STEP_REMOVE_FILE,   /* remove a file that this program wrote */
	STEP_UNLINGER,      /* logind: disable lingering */
	STEP_USER_UNMAKE,   /* as the user: remove oss-crs, if no cgroup is below it */
	STEP_USER_DISABLE,  /* as the user: disable controllers in one of the user's cgroups */
	STEP_FORGET,        /* remove a record that has nothing left to undo */
	STEP_RESERVE,       /* systemd: have the CPUs of the drop-in reserved, or given back */
	STEP_SWEEP, /* remove the empty cgroups of root's in `before`, which dead runs have left */
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	char target[STEP_TARGET_MAX]; /* a path or a unit */
	char *before; /* the present state, which the journal keeps; NULL if there is nothing */
	char *after;  /* the state after the step; both are the whole text for a file */
	mode_t mode;  /* of files */
	uid_t uid;    /* of the user whose delegation this is about */
	gid_t gid;
	unsigned record; /* the number of the record to remove after the step; 0: none */
	unsigned undoes; /* of an undo: the number of the record whose change it undoes; 0: none */
};

/* The name of a kind of step, for the journal, the audit trail and --json; its title, a phrase to
 * which the target is appended; and whether its texts may hold secrets. */
const char *step_name(enum step_kind kind);
const char *step_title(enum step_kind kind);
bool step_is_secret(enum step_kind kind);

/* Write to buf the text of the drop-in that delegates these controllers; STEP_DROPIN_MAX bytes are
 * enough. Returns buf. */
#define STEP_DROPIN_MAX 512
const char *step_dropin_text(const char *controllers, char *buf, size_t size);

/* Write to buf the text of the drop-in that has these CPUs reserved for the user, a list of less
 * than STEP_CPUS_MAX bytes; STEP_DROPIN_MAX bytes are enough. Returns buf. */
#define STEP_CPUS_MAX 200
const char *step_reserve_text(uid_t uid, const char *cpus, char *buf, size_t size);

/* Find the CPUs in such a text. Returns whether there is a list, which is copied to buf. */
bool step_reserve_cpus(const char *text, char buf[static STEP_CPUS_MAX]);

/* Write to buf the controllers in `enabled`, and those in `wanted` that are not. Both lists are
 * separated by spaces. */
void step_enabled_after(const char *enabled, const char *wanted, char *buf, size_t size);

/* The kind with this name; STEP_KINDS if there is none. */
enum step_kind step_kind_by_name(const char *name);

#endif
