/* SPDX-License-Identifier: MIT
 *
 * check: the conditions a host must meet, one finding each. `check` prints them all; a run stops at the first that
 * is not met.
 */
#ifndef OSS_CRS_CHECK_H
#define OSS_CRS_CHECK_H

#include "engine.h"

/* All that Docker must fulfil, in two requests: reachable, on this kernel, cgroup v2, cgroupfs driver. */
int check_engine(struct error *err);

/* The same with a connection that stays open for more. */
int check_open_engine(struct engine *ret, struct error *err);

#endif
