/* SPDX-License-Identifier: MIT
 *
 * operations: the closed table of all operations on a host, one row per kind of step. Each
 * operation is atomic and idempotent, so that another run of the program after an interruption
 * converges. Only steps.c calls them.
 */
#ifndef OSS_CRS_SETUP_OPERATIONS_H
#define OSS_CRS_SETUP_OPERATIONS_H

#include "speaker.h"
#include "steps.h"

/* A step that is being carried out. */
struct operation {
	const struct steps_context *context;
	const struct step *step;
	int dir;          /* the directory of the target if it is a file; -1 otherwise */
	const char *name; /* the name of that file in dir */
};

enum traits {
	FILE_STEP = 1, /* the target is a file if it is an absolute path */
	RECORDED = 2,  /* the undo journal keeps the state before the step */
	/* left alone if the function that runs as the user fails, which the user can bring about */
	MAY_BE_LEFT = 4,
};

/* What an operation returns that left its target unchanged for a good reason, which is in err. */
#define OPERATION_LEFT 1

struct operation_kind {
	unsigned traits;
	unsigned privs;   /* what it needs (enum privs, or-ed) */
	unsigned cgroups; /* its access to the target, a cgroup (enum confine_access); 0: not one */
	int (*apply)(const struct operation *op, struct error *err);
	/* reverts the step if a restart right after it fails; NULL if it needs no reverting */
	int (*undo)(const struct operation *op, struct error *err);
	enum bus_call call;                           /* if `apply` calls systemd or logind */
	int (*as_user)(void *arg, struct error *err); /* if `apply` runs this as the user */
};

extern const struct operation_kind operation_kinds[STEP_KINDS];

/* Open the directory that holds the last component of path (beneath dir). *ret_name becomes that
 * component, which is a part of path. Returns a descriptor that the caller closes, or -1. */
int operation_open_parent(int dir, const char *path, const char **ret_name, struct error *err);

/* The same for one of this program's files (path is absolute). If only the directory itself is
 * missing, create it. Only root may be able to write there: EX_CONFIG otherwise. */
int operation_open_directory(
	const struct host *host, const char *path, const char **ret_name, struct error *err);

/* Open the parent of the directory of such a file, and copy the name of the directory to buf.
 * Returns a descriptor that the caller closes, or -1. */
int operation_open_above(
	const struct host *host, const char *path, char *buf, size_t size, struct error *err);

#endif
