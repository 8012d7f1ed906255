/* SPDX-License-Identifier: MIT
 *
 * clock: the time that only goes forward.
 */
#ifndef OSS_CRS_CLOCK_H
#define OSS_CRS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC in microseconds (clock_gettime(2)). */
static inline uint64_t clock_usec(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
