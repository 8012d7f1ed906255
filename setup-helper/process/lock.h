/* SPDX-License-Identifier: MIT
 *
 * lock: one at a time on this host.
 */
#ifndef OSS_CRS_SETUP_LOCK_H
#define OSS_CRS_SETUP_LOCK_H

#include "error.h"
#include "host.h"

/* Take the lock in /run/oss-crs (flock(2)), waiting at most timeout_s: EX_TEMPFAIL then. Returns a descriptor; closing
 * it lets go. */
int lock_take(const struct host *host, int timeout_s, struct error *err);

#endif
