/* SPDX-License-Identifier: MIT
 *
 * owner: identify a process beyond its lifetime, by boot id, PID and start time: "BOOT/PID/START".
 * Only one process of a host ever has these three (random(4), boot_id; proc_pid_stat(5), field 22).
 * So any process can find out later whether the described one still runs, even if the kernel has
 * given its PID to another.
 */
#ifndef OSS_CRS_OWNER_H
#define OSS_CRS_OWNER_H

#include "host.h"

#include <stdbool.h>
#include <sys/types.h>

#define OWNER_TEXT_MAX 96 /* bytes of a description, with the NUL */

/* Write the description of a running process to buf. Fails with ENOENT or ESRCH if it has ended. */
int owner_describe(
	const struct host *host, pid_t pid, char buf[static OWNER_TEXT_MAX], struct error *err);

/* Whether the described process still runs; false if the text does not describe a process. True if
 * that is unknown, so that an active run is never taken for a dead one. */
bool owner_lives(const struct host *host, const char *text);

#endif
