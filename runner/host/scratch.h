/* SPDX-License-Identifier: MIT
 *
 * scratch: what a run of Compose's has on the user's tmpfs: /run/user/UID/oss-crs/.owners/RUN, an empty file that its owner
 * has locked, and /run/user/UID/oss-crs/RUN, the directory of its generated files. The path does not depend on the
 * environment, so that whoever cleans sees the same as whoever ran.
 *
 * The file is there before all else of the run and goes last, so that at no time anything of a living run could be taken
 * for a dead one's. It appears with its lock already held (O_TMPFILE, then linkat(2)). That the owner lives is a question to
 * the kernel, as with the run's cgroup (tree.h); the file has no content that could be wrong.
 *
 * Both go with the user's last session, as the run's cgroups do.
 */
#ifndef OSS_CRS_SCRATCH_H
#define OSS_CRS_SCRATCH_H

#include "error.h"

#include <sys/types.h>

struct scratch {
	int base;   /* /run/user/UID/oss-crs */
	int dir;    /* the run's; -1: not made */
	int owned;  /* the file that is locked; -1: not made */
	char *name; /* the run's */
	char *path; /* absolute path of the run's */
};

#define SCRATCH_NONE                                \
	{                                           \
		.base = -1, .dir = -1, .owned = -1, \
	}

/* Make the run's owner file and its directory, 0700. On failure nothing is left. */
int scratch_make(uid_t uid, const char *run, struct scratch *ret, struct error *err);

/* Remove the directory with all files in it, then the owner file. Idempotent. */
int scratch_remove(struct scratch *scratch, struct error *err);

/* Forget it and leave it where it is: without an owner. */
void scratch_close(struct scratch *scratch);

/* Open the place of all runs, making it if it is not there. Returns a descriptor that the caller closes, or -1. ret_path,
 * which may be NULL, is the caller's to free. */
int scratch_open_base(uid_t uid, char **ret_path, struct error *err);

/* Open the directory of the owner files below that: it has a file, by the run's name, for every run that has a directory. */
int scratch_open_owners(int base, struct error *err);

/* Whether the owner of a run has its file locked: 1, 0, or -1 with an error. ENOENT: there is no such run. */
int scratch_is_live(int base, const char *run, struct error *err);

/* Remove what a run of which only the name is known has left. Idempotent. */
int scratch_remove_name(int base, const char *run, struct error *err);

#endif
