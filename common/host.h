/* SPDX-License-Identifier: MIT
 *
 * host: the root directory and the cgroup mount, as two open directories. Both programs open the
 * machine's files beneath them, so that a test can use a directory or a recorded machine instead
 * of the real one.
 */
#ifndef OSS_CRS_HOST_H
#define OSS_CRS_HOST_H

#include "error.h"

#include <sys/types.h>

/* Where the cgroup v2 hierarchy is mounted. Docker expects cgroup paths without this prefix. */
#define HOST_CGROUP_MOUNT "/sys/fs/cgroup"

struct host {
	int root;   /* "/", or the directory used instead */
	int cgroup; /* sys/fs/cgroup below root; -1 if it does not exist */
	int real;   /* 0 if a directory is used instead of the machine's root or cgroup mount */
};

#define HOST_CLOSED                      \
	{                                \
		.root = -1, .cgroup = -1 \
	}

/* Open the machine itself. A missing /sys/fs/cgroup is not an error here; host_cgroup2() reports
 * it. The caller closes *ret with host_close(). */
int host_open(struct host *ret, struct error *err);

/* The same for a directory that holds sys/, proc/ and etc/ (a test's or a recorded machine). The
 * caller keeps fd. */
int host_open_at(int fd, struct host *ret, struct error *err);

/* Use the directory at `path` as the cgroup mount instead (--cgroup-root). */
int host_set_cgroup(struct host *host, const char *path, struct error *err);

/* Close both descriptors and reset *host to HOST_CLOSED. */
void host_close(struct host *host);

/* Check that there is a cgroup mount and, where host->real is set, that it is cgroup v2 alone, by
 * the file system's magic number (statfs(2)). Fails with EX_UNAVAILABLE for cgroup v1, a hybrid
 * hierarchy, another file system and no mount; each has its own message and hint. */
int host_cgroup2(const struct host *host, struct error *err);

#endif
