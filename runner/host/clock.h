/* SPDX-License-Identifier: MIT
 *
 * clock: the monotonic clock, and the local time as text for people.
 */
#ifndef OSS_CRS_CLOCK_H
#define OSS_CRS_CLOCK_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* CLOCK_MONOTONIC in microseconds (clock_gettime(2)). */
static inline uint64_t clock_usec(void)
{
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#define CLOCK_TEXT_MAX 32 /* bytes of a date and time as text, with the NUL */
#define CLOCK_DATE_LEN 11 /* bytes of the date and the space after it */

/* Write a local date and time to buf, as in "2026-11-26 12:00:00", or "?" if the C library cannot
 * convert `when`. Returns buf. */
static inline const char *clock_text(time_t when, char buf[static CLOCK_TEXT_MAX])
{
	struct tm local;
	if (!localtime_r(&when, &local) ||
		!strftime(buf, CLOCK_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &local))
		(void)snprintf(buf, CLOCK_TEXT_MAX, "?");
	return buf;
}

#endif
