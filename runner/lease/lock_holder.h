/* SPDX-License-Identifier: MIT
 *
 * lock_holder: which process holds the flock(2) on a file, for a message.
 *
 * /proc/locks (proc_locks(5)) has the PID of the process that took the lock. The lock belongs to
 * the open file, which a child of that process may have inherited. So the named process may have
 * ended or passed the lock on, and its PID may be another process's by now. /proc/PID/fdinfo says
 * which open file has the lock, but only for the processes that the reader may trace: its own, and
 * all of them for root.
 */
#ifndef OSS_CRS_LOCK_HOLDER_H
#define OSS_CRS_LOCK_HOLDER_H

#include "host.h"
#include "owner.h"

struct lock_holder {
	pid_t pid; /* that took the lock, as /proc/locks has it; 0: none is named */
	/* That process when it was found (owner.h); empty: it had ended. */
	char process[OWNER_TEXT_MAX];
};

/* Find out who took the lock of the open file. Does not fail: what is not known is 0 and empty. */
void lock_holder_find(const struct host *host, int fd, struct lock_holder *ret);

/* Write to buf, to go after "locked": "by process 4711 (flock) of carol". If that process has ended
 * or does not have the lock, a process that is seen to have it is named, or else none. Returns
 * buf. */
#define LOCK_HOLDER_MAX 256 /* bytes, with the NUL */
const char *lock_holder_describe(const struct host *host, int fd, const struct lock_holder *holder,
	char buf[static LOCK_HOLDER_MAX]);

#endif
