/* SPDX-License-Identifier: MIT
 *
 * activity: from when to when a CRS had processes. Compose takes seconds to start and to stop
 * containers; CPU time is only compared fairly with the time between the CRS's first process and
 * its last. Rests on `populated` in cgroup.events (cgroup-v2.rst).
 */
#ifndef OSS_CRS_ACTIVITY_H
#define OSS_CRS_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

/* Of one CRS; the times are of clock_usec(). */
struct activity {
	uint64_t begin_usec; /* the first process; 0: none was seen */
	uint64_t end_usec;   /* the last process; unused while populated */
	bool populated;      /* at the last look */
};

/* Note a look at the cgroup at the time now_usec. `changed`: the kernel has reported since the last
 * look that the cgroup got its first process or lost its last one, perhaps both. Returns whether it
 * has lost its last process since. */
bool activity_note(struct activity *activity, bool populated, bool changed, uint64_t now_usec);

/* The time from the first process to the last one, or to now_usec if there still is one; UINT64_MAX
 * if no process was seen. */
uint64_t activity_usec(const struct activity *activity, uint64_t now_usec);

#endif
