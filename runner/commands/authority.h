/* SPDX-License-Identifier: MIT
 *
 * authority: the command that gets this user delegation. It uses pkexec for members of the
 * group oss-crs, which the polkit rule allows to do so (polkit/oss-crs-setup.rules), and sudo,
 * sudo-rs or run0 for members of a group that usually may use them (sudo, wheel, admin). For other
 * users, the text says what an administrator has to do first.
 */
#ifndef OSS_CRS_AUTHORITY_H
#define OSS_CRS_AUTHORITY_H

#include "host.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the groups of a user usually allow. */
struct authority {
	bool delegates;   /* pkexec oss-crs-setup */
	bool administers; /* every command as root */
};

/* Write to buf, which holds size bytes, what user `uid` of the host has to type. It is a guess from
 * the groups of the calling process: a host may have other rules. */
void authority_delegate(const struct host *host, uid_t uid, char *buf, size_t size);

/* The same for a user with this authority. */
void authority_command(const struct host *host, const struct authority *authority, uid_t uid,
	char *buf, size_t size);

#endif
