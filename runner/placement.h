/* SPDX-License-Identifier: MIT
 *
 * placement: which CPUs for so many CPUs. Pure.
 */
#ifndef OSS_CRS_PLACEMENT_H
#define OSS_CRS_PLACEMENT_H

#include "cpulist.h"

/* Take the lowest `count` CPUs out of pool, which has as many. */
struct cpulist placement_take(struct cpulist *pool, unsigned count);

#endif
