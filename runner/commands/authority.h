/* SPDX-License-Identifier: MIT
 *
 * authority: the command that gets this user delegation. It uses pkexec for members of the
 * group oss-crs, which the polkit rule allows to do so (polkit/oss-crs-setup.rules), and sudo for
 * members of a group that usually may use it (sudo, wheel, admin). For other users, the text says
 * what an administrator has to do first.
 */
#ifndef OSS_CRS_AUTHORITY_H
#define OSS_CRS_AUTHORITY_H

#include <stddef.h>
#include <sys/types.h>

/* Write to buf, which holds size bytes, what user `uid` has to type. It is a guess from the
 * groups of the calling process: a host may have other rules. */
void authority_delegate(uid_t uid, char *buf, size_t size);

#endif
