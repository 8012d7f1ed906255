/* SPDX-License-Identifier: MIT
 *
 * owner: a process in words that outlive it: boot, pid and start time, "BOOT/PID/START". Of all processes that ever were
 * on a host only one has these three (proc_pid_stat(5), field 22; random(4), boot_id), so whether it still lives can be
 * asked at any time later, also after the pid has gone to another.
 */
#ifndef OSS_CRS_OWNER_H
#define OSS_CRS_OWNER_H

#include "host.h"

#include <stdbool.h>
#include <sys/types.h>

#define OWNER_TEXT_MAX 96

/* Describe a process that runs now. */
int owner_describe(
	const struct host *host, pid_t pid, char buf[static OWNER_TEXT_MAX], struct error *err);

/* Whether the described process still runs. A text that describes none: false. */
bool owner_lives(const struct host *host, const char *text);

#endif
