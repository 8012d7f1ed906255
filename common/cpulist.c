/* SPDX-License-Identifier: MIT
 *
 * cpulist: parse, format and combine sets of CPUs. A set is an array of 64-bit words, one bit per
 * CPU. Only the words in use are looked at: 2 of 128 on a machine with 128 CPUs.
 */
#include "cpulist.h"

#include "number.h"

#include <string.h>

/* Bytes of the list that a message quotes, so that the position and the reason still fit. */
#define QUOTED_MAX 256

static int fail_list(const char *text, const char *at, const char *what, struct error *err)
{
	return fail_as(err, EX_CONFIG, "CPU list '%.*s%s', character %zu: %s", QUOTED_MAX, text,
		strlen(text) > QUOTED_MAX ? "..." : "", (size_t)(at - text) + 1, what);
}

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " ");
}

static int parse_cpu(const char *text, const char **p, unsigned *ret, struct error *err)
{
	const char *start = *p = skip_spaces(*p);
	unsigned cpu = 0;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		cpu = cpu * 10 + (unsigned)(**p - '0');
		if (cpu >= CPULIST_MAX)
			return fail_list(
				text, start, "CPU number is too high (the maximum is 8191)", err);
	}
	if (*p == start)
		return fail_list(text, start,
			**p ? "expected a CPU number" : "expected a CPU number at the end", err);
	*p = skip_spaces(*p);
	*ret = cpu;
	return 0;
}

int cpulist_parse(const char *text, struct cpulist *ret, struct error *err)
{
	struct cpulist set = {0};
	const char *p = text;
	if (!*skip_spaces(p))
		return fail_as(err, EX_CONFIG, "CPU list is empty");
	for (;;) {
		unsigned first = 0;
		unsigned last = 0;
		const char *start = p;
		if (parse_cpu(text, &p, &first, err) < 0)
			return -1;
		last = first;
		bool range = *p == '-';
		if (range) {
			p++;
			if (parse_cpu(text, &p, &last, err) < 0)
				return -1;
		}
		if (last < first)
			return fail_list(text, skip_spaces(start), "the range is reversed", err);
		cpulist_add_range(&set, first, last);
		if (!*p)
			break;
		if (*p++ != ',')
			return fail_list(text, p - 1,
				range ? "expected ',' after a range"
				      : "expected ',' or '-' between CPU numbers",
				err);
	}
	*ret = set;
	return 0;
}

const char *cpulist_format(const struct cpulist *set, char *buf)
{
	char *to = buf;
	for (unsigned first = cpulist_next(set, 0); first < CPULIST_MAX;) {
		unsigned last = first;
		while (cpulist_has(set, last + 1))
			last++;
		if (to > buf)
			*to++ = ',';
		to = number_format(first, to);
		if (last > first) {
			*to++ = '-';
			to = number_format(last, to);
		}
		first = cpulist_next(set, last + 1);
	}
	*to = '\0';
	return buf;
}

unsigned cpulist_count(const struct cpulist *set)
{
	unsigned count = 0;
	for (size_t i = 0; i < set->used; i++)
		count += (unsigned)__builtin_popcountll(set->words[i]);
	return count;
}

bool cpulist_empty(const struct cpulist *set)
{
	return set->used == 0;
}

bool cpulist_has(const struct cpulist *set, unsigned cpu)
{
	return cpu < CPULIST_MAX && (set->words[cpu / 64] >> (cpu % 64) & 1);
}

void cpulist_add(struct cpulist *set, unsigned cpu)
{
	if (cpu >= CPULIST_MAX)
		return;
	set->words[cpu / 64] |= UINT64_C(1) << (cpu % 64);
	if (set->used <= cpu / 64)
		set->used = cpu / 64 + 1;
}

void cpulist_add_range(struct cpulist *set, unsigned first, unsigned last)
{
	for (unsigned cpu = first; cpu <= last && cpu < CPULIST_MAX; cpu++)
		cpulist_add(set, cpu);
}

/* Leave out the words after the highest CPU. */
static void trim(struct cpulist *set)
{
	while (set->used > 0 && !set->words[set->used - 1])
		set->used--;
}

void cpulist_union(struct cpulist *set, const struct cpulist *other)
{
	for (size_t i = 0; i < other->used; i++)
		set->words[i] |= other->words[i];
	if (set->used < other->used)
		set->used = other->used;
}

void cpulist_subtract(struct cpulist *set, const struct cpulist *other)
{
	for (size_t i = 0; i < set->used; i++)
		set->words[i] &= ~other->words[i];
	trim(set);
}

void cpulist_intersect(struct cpulist *set, const struct cpulist *other)
{
	for (size_t i = 0; i < set->used; i++)
		set->words[i] &= other->words[i];
	trim(set);
}

bool cpulist_within(const struct cpulist *set, const struct cpulist *outer)
{
	for (size_t i = 0; i < set->used; i++)
		if (set->words[i] & ~outer->words[i])
			return false;
	return true;
}

unsigned cpulist_next(const struct cpulist *set, unsigned from)
{
	for (unsigned i = from / 64; i < set->used; i++) {
		uint64_t word = set->words[i];
		if (i == from / 64)
			word &= UINT64_MAX << (from % 64);
		if (word)
			return i * 64 + (unsigned)__builtin_ctzll(word);
	}
	return CPULIST_MAX;
}
