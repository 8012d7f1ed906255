/* SPDX-License-Identifier: MIT
 *
 * lock: lets one oss-crs-setup at a time change the host.
 */
#ifndef OSS_CRS_SETUP_LOCK_H
#define OSS_CRS_SETUP_LOCK_H

#include "error.h"
#include "host.h"

/* Take the lock in /run/oss-crs (flock(2)). Gives up after timeout_s seconds with EX_TEMPFAIL.
 * Returns a descriptor; closing it releases the lock. */
int lock_take(const struct host *host, int timeout_s, struct error *err);

#endif
