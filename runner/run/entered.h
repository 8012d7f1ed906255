/* SPDX-License-Identifier: MIT
 *
 * entered: whether any process was ever in the cgroup of a CRS. A command of `exec` that starts
 * containers elsewhere is held by nothing, and nothing else shows that.
 */
#ifndef OSS_CRS_ENTERED_H
#define OSS_CRS_ENTERED_H

#include "tree.h"

#define ENTERED_TEXT_MAX 600 /* bytes, with the NUL */

/* Say in buf of which CRSs no process was ever in their cgroups, as a sentence; "" if there was one
 * in each. What cannot be read is said too. A process that ran at all has used CPU time, which the
 * kernel counts in cpu.stat with or without the cpu controller (cgroup-v2.rst). Call it before the
 * tree is removed. Returns buf. */
const char *entered_describe(const struct cg_tree *tree, char buf[static ENTERED_TEXT_MAX]);

#endif
