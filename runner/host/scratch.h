/* SPDX-License-Identifier: MIT
 *
 * scratch: the files of a `build` or `run` on the user's tmpfs:
 *   /run/user/UID/oss-crs/.owners/RUN   the owner file: empty, and locked by the owner of the run
 *   /run/user/UID/oss-crs/RUN           the directory of the files that the run generates
 * The paths do not depend on the environment, so `clean` looks where the run has written.
 *
 * A run makes its owner file before anything else and removes it last, so no part of an active
 * run can be mistaken for the leftovers of a dead one. The file appears with its lock already held
 * (O_TMPFILE, then linkat(2)). The kernel says whether the owner is alive, as for the
 * run's cgroup (tree.h); the file has no content that could be wrong.
 *
 * Both disappear with the user's last session, as the cgroups of the run do.
 */
#ifndef OSS_CRS_SCRATCH_H
#define OSS_CRS_SCRATCH_H

#include "error.h"

#include <sys/types.h>

struct scratch {
	int base;   /* /run/user/UID/oss-crs */
	int dir;    /* the run's directory; -1: not made */
	int owned;  /* the owner file, locked; -1: not made */
	char *name; /* of the run */
	char *path; /* of the run's directory; absolute */
};

#define SCRATCH_NONE                                \
	{                                           \
		.base = -1, .dir = -1, .owned = -1, \
	}

/* Make the owner file of a run and its directory, with mode 0700. The caller releases *ret with
 * scratch_remove() or scratch_close(). A failure leaves nothing behind. */
int scratch_make(uid_t uid, const char *run, struct scratch *ret, struct error *err);

/* Remove the directory with all its files, then the owner file, and close *scratch, also after a
 * failure. A closed one is not an error. */
int scratch_remove(struct scratch *scratch, struct error *err);

/* Close the descriptors and free the strings. The files stay, but have no owner any more. */
void scratch_close(struct scratch *scratch);

/* Open /run/user/UID/oss-crs, the directory of all runs, and make it if it does not exist. Fails
 * with EX_UNAVAILABLE if it cannot be made, as without a user manager. Returns a descriptor that
 * the caller closes, or -1. *ret_path is the path of the directory, which the caller frees;
 * ret_path may be NULL. */
int scratch_open_base(uid_t uid, char **ret_path, struct error *err);

/* Open the directory of the owner files below that, and make it if it does not exist. It has one
 * file for each run that has a directory, under the name of the run. Returns a descriptor that the
 * caller closes, or -1. */
int scratch_open_owners(int base, struct error *err);

/* Whether the owner of a run holds the lock on its owner file. Returns 1, 0, or -1 with an error;
 * ENOENT if there is no such run. Do not call it for a run of this process (fs_is_locked()). */
int scratch_is_live(int base, const char *run, struct error *err);

/* Remove the files of a run by its name alone. Files that do not exist are not an error. */
int scratch_remove_name(int base, const char *run, struct error *err);

#endif
