/* SPDX-License-Identifier: MIT
 *
 * authority: the command by which this very user gets delegation: polkit may let them (members of group oss-crs),
 * sudo may, or it takes somebody else.
 */
#ifndef OSS_CRS_AUTHORITY_H
#define OSS_CRS_AUTHORITY_H

#include <stddef.h>
#include <sys/types.h>

/* Write what to type into buf. Asks polkit by pkcheck(1), without any dialogue; a guess is made only about sudo: that
 * members of the groups sudo, wheel and admin may use it. */
void authority_delegate(uid_t uid, char *buf, size_t size);

#endif
