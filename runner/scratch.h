/* SPDX-License-Identifier: MIT
 *
 * scratch: the directory of a run's generated files, $XDG_RUNTIME_DIR/oss-crs/RUN. It is on a tmpfs of the user's
 * and goes with the user's last session, as the run's cgroups do.
 */
#ifndef OSS_CRS_SCRATCH_H
#define OSS_CRS_SCRATCH_H

#include "error.h"

#include <sys/types.h>

struct scratch {
	int base;   /* $XDG_RUNTIME_DIR/oss-crs */
	int dir;    /* the run's; -1: not made */
	char *name; /* the run's */
	char *path; /* absolute path of the run's */
};

#define SCRATCH_NONE                  \
	{                             \
		.base = -1, .dir = -1 \
	}

/* Make the run's directory, 0700. Without XDG_RUNTIME_DIR it is /run/user/UID. */
int scratch_make(uid_t uid, const char *run, struct scratch *ret, struct error *err);

/* Remove it with all files in it. Idempotent. */
int scratch_remove(struct scratch *scratch, struct error *err);

/* Forget it and leave it where it is. */
void scratch_close(struct scratch *scratch);

/* Remove that of a run of which only the name is known. Idempotent. */
int scratch_remove_name(uid_t uid, const char *run, struct error *err);

/* Open $XDG_RUNTIME_DIR/oss-crs, making it if it is not there. Returns a descriptor that the caller closes, or -1. */
int scratch_open_base(uid_t uid, char **ret_path, struct error *err);

#endif
