/* SPDX-License-Identifier: MIT
 *
 * cpulist: the kernel's CPU list form ("0-3,8") and the set it means.
 *
 * The form is that of cpuset(7), "List format", without its strides: decimal numbers and ascending ranges,
 * separated by commas. A set has no allocation and can be compared with memcmp(3).
 */
#ifndef OSS_CRS_CPULIST_H
#define OSS_CRS_CPULIST_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPULIST_MAX      8192  /* CPUs 0 to 8191: the largest NR_CPUS of any architecture */
#define CPULIST_TEXT_MAX 28672 /* enough for the longest text, "0-1,3-4,6-7,...": 26569 bytes */

/* For a text of that size on the stack, which is written before it is read: that the compiler fills it with zeros first
 * (-ftrivial-auto-var-init) would be most of what making a cgroup costs this program. */
#define _unfilled_ __attribute__((uninitialized))

struct cpulist {
	uint64_t words[CPULIST_MAX / 64];
};

/* Parse a list. Spaces around numbers are accepted, nothing else is: an empty list, a descending range, a number
 * out of range, junk are EX_CONFIG errors that name the character's position. */
int cpulist_parse(const char *text, struct cpulist *ret, struct error *err);

/* Write the shortest list; the empty set gives "". Returns buf, which holds CPULIST_TEXT_MAX bytes. */
const char *cpulist_format(const struct cpulist *set, char *buf);

unsigned cpulist_count(const struct cpulist *set);
bool cpulist_empty(const struct cpulist *set);
bool cpulist_has(const struct cpulist *set, unsigned cpu);
void cpulist_add(struct cpulist *set, unsigned cpu);
void cpulist_union(struct cpulist *set, const struct cpulist *other);
void cpulist_subtract(struct cpulist *set, const struct cpulist *other);
void cpulist_intersect(struct cpulist *set, const struct cpulist *other);
bool cpulist_within(const struct cpulist *set, const struct cpulist *outer);

/* The lowest CPU at or above `from`, CPULIST_MAX if there is none. */
unsigned cpulist_next(const struct cpulist *set, unsigned from);

#endif
