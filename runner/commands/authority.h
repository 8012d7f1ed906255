/* SPDX-License-Identifier: MIT
 *
 * authority: the command by which this user gets delegation: pkexec for members of group oss-crs, whom the polkit rule
 * lets do it (polkit/oss-crs-setup.rules); sudo for members of the groups that usually may use it; else what an
 * administrator has to do first.
 */
#ifndef OSS_CRS_AUTHORITY_H
#define OSS_CRS_AUTHORITY_H

#include <stddef.h>
#include <sys/types.h>

/* Write what to type into buf. It is a guess from the user's groups: a host may have other rules. */
void authority_delegate(uid_t uid, char *buf, size_t size);

#endif
