/* SPDX-License-Identifier: MIT
 *
 * host: the only owner of absolute paths. Everything else is reached beneath these descriptors, so that a test can
 * put a directory (or a recorded machine) in the place of the real one.
 */
#ifndef OSS_CRS_HOST_H
#define OSS_CRS_HOST_H

#include "error.h"

#include <sys/types.h>

/* Where the cgroup v2 hierarchy is mounted; the prefix that Docker wants stripped. */
#define HOST_CGROUP_MOUNT "/sys/fs/cgroup"

struct host {
	int root;   /* "/", or the directory that stands for it */
	int cgroup; /* sys/fs/cgroup below it; -1 where there is none */
	int real;   /* whether this is the machine itself */
};

#define HOST_CLOSED                      \
	{                                \
		.root = -1, .cgroup = -1 \
	}

/* Open the machine itself. A host without /sys/fs/cgroup is no error here: host_cgroup2() tells. */
int host_open(struct host *ret, struct error *err);

/* The same for a directory that holds sys/, proc/ and etc/ (tests, recorded machines). fd stays the caller's. */
int host_open_at(int fd, struct host *ret, struct error *err);

/* Put another directory in the place of the cgroup mount (--cgroup-root). */
int host_set_cgroup(struct host *host, const char *path, struct error *err);

void host_close(struct host *host);

/* Check that the cgroup mount is cgroup v2 alone, by its file system's magic (statfs(2)) where the host is real.
 * Fails with EX_UNAVAILABLE for v1, hybrid and none; each has its own message and hint. */
int host_cgroup2(const struct host *host, struct error *err);

#endif
