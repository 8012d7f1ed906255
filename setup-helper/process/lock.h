/* SPDX-License-Identifier: MIT
 *
 * lock: lets one oss-crs-setup at a time change the host.
 */
#ifndef OSS_CRS_SETUP_LOCK_H
#define OSS_CRS_SETUP_LOCK_H

#include "error.h"
#include "host.h"

/* Open the file of the lock, in /run/oss-crs, and make it if it is missing. Returns a descriptor,
 * which the caller closes, or -1. */
int lock_open(const struct host *host, struct error *err);

/* Take the lock (flock(2)). Gives up after timeout_s seconds with EX_TEMPFAIL. lock_release(), or
 * the end of this process, releases it. */
int lock_take(int lock, int timeout_s, struct error *err);
void lock_release(int lock);

#endif
