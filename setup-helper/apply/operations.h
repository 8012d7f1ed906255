/* SPDX-License-Identifier: MIT
 *
 * operations: the closed table of what is done to a host, one row a kind of step. Each is atomic and idempotent, so that
 * a rerun after an interruption converges. Only steps.c calls them.
 */
#ifndef OSS_CRS_SETUP_OPERATIONS_H
#define OSS_CRS_SETUP_OPERATIONS_H

#include "steps.h"

/* A step that is being carried out. */
struct operation {
	const struct steps_context *context;
	const struct step *step;
	int dir;          /* of a file: its directory; -1 otherwise */
	const char *name; /* of a file, in there */
};

enum traits {
	FILE_STEP = 1, /* the target is a file, if it is an absolute path */
	RECORDED = 2,  /* the journal keeps what was there */
};

/* What an operation returns that has left things as they are, for a good reason that err tells. */
#define OPERATION_LEFT 1

struct operation_kind {
	unsigned traits;
	unsigned privs;   /* that it holds while it runs (enum privs) */
	unsigned cgroups; /* what it does in the target's cgroup (enum confine_access) */
	int (*apply)(const struct operation *op, struct error *err);
	int (*undo)(const struct operation *op,
		struct error *err); /* if a restart right after it fails */
};

extern const struct operation_kind operation_kinds[STEP_KINDS];

#define OPERATION_RESTART_TIMEOUT_S 300 /* of Docker, which may have much to stop */

/* Open the directory of the last component of path (beneath dir) and give that component's name, which is within
 * path. Returns a descriptor that the caller closes. */
int operation_open_parent(int dir, const char *path, const char **ret_name, struct error *err);

/* Open the directory of a file of ours (an absolute path), which is made if it alone is missing; nobody but root may
 * write there. */
int operation_open_directory(
	const struct host *host, const char *path, const char **ret_name, struct error *err);

/* Open the directory above that one, and give the latter's name in buf. */
int operation_open_above(
	const struct host *host, const char *path, char *buf, size_t size, struct error *err);

#endif
