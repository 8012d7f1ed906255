/* SPDX-License-Identifier: MIT
 *
 * unfinished: which requests an engine still works on although their clients are gone. An engine
 * finishes what it has begun: a Compose that ends, or is killed, while the engine makes a container
 * or a network leaves it to appear later. While it works on a request, it keeps the connection
 * open, and the kernel shows that the other end is closed.
 *
 * Rests on sock_diag(7): UNIX_DIAG_VFS names the socket that a connection was accepted from,
 * UNIX_DIAG_PEER is 0 where the peer is closed, and UNIX_DIAG_RQLEN counts what a listening socket
 * has not accepted yet.
 */
#ifndef OSS_CRS_UNFINISHED_H
#define OSS_CRS_UNFINISHED_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNFINISHED_MAX 256 /* more connections than that are not told apart */

struct unfinished {
	uint32_t inodes[UNFINISHED_MAX]; /* the engine's ends of the connections */
	size_t count;
	bool waiting; /* there are connections that the engine has not accepted yet */
};

/* Look at the connections to the socket at this path; there are none if the engine listens in
 * another network namespace. Returns 0, or -1 with an error. */
int unfinished_look(const char *path, struct unfinished *ret, struct error *err);

/* Remove from `list` what `other` has, or what it does not have. */
void unfinished_without(struct unfinished *list, const struct unfinished *other);
void unfinished_within(struct unfinished *list, const struct unfinished *other);

#endif
