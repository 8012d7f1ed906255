/* SPDX-License-Identifier: MIT
 *
 * cpulist: a set of CPUs, and the kernel's list format for it ("0-3,8").
 *
 * The format is the "List format" of cpuset(7), without strides: decimal numbers and ascending
 * ranges, separated by commas. A set needs no allocation, and memcmp(3) compares two of them. The
 * time that a function takes depends on the highest CPU of a set, not on CPULIST_MAX.
 */
#ifndef OSS_CRS_CPULIST_H
#define OSS_CRS_CPULIST_H

#include "error.h"
#include "unfilled.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPULIST_MAX      8192  /* CPUs 0 to 8191: the largest NR_CPUS of any architecture */
#define CPULIST_TEXT_MAX 28672 /* the longest text, "0-1,3-4,6-7,...", takes 26569 bytes */

/* All zeros are the empty set. */
struct cpulist {
	size_t used; /* words up to the highest CPU; those after them are 0 */
	uint64_t words[CPULIST_MAX / 64];
};

/* Parse a list. Spaces around numbers are allowed. An empty list, a missing number, a number above
 * 8191, a descending range and an unexpected character are EX_CONFIG errors. The message names the
 * position of the error, except for an empty list. */
int cpulist_parse(const char *text, struct cpulist *ret, struct error *err);

/* Write the shortest list for the set to buf, which holds CPULIST_TEXT_MAX bytes, and return buf.
 * The empty set gives "". */
const char *cpulist_format(const struct cpulist *set, char *buf);

unsigned cpulist_count(const struct cpulist *set);
bool cpulist_empty(const struct cpulist *set);
bool cpulist_has(const struct cpulist *set, unsigned cpu);

/* Add a CPU, or all CPUs from first to last; those above 8191 are ignored. */
void cpulist_add(struct cpulist *set, unsigned cpu);
void cpulist_add_range(struct cpulist *set, unsigned first, unsigned last);

/* Change `set` to its union with `other`, its difference from it, and its intersection with it. */
void cpulist_union(struct cpulist *set, const struct cpulist *other);
void cpulist_subtract(struct cpulist *set, const struct cpulist *other);
void cpulist_intersect(struct cpulist *set, const struct cpulist *other);

/* Whether every CPU of `set` is in `outer`. */
bool cpulist_within(const struct cpulist *set, const struct cpulist *outer);

/* The lowest CPU of the set that is `from` or higher; CPULIST_MAX if there is none. */
unsigned cpulist_next(const struct cpulist *set, unsigned from);

#endif
