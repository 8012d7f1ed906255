/* SPDX-License-Identifier: MIT
 *
 * fuzz_cpulist: use the input as a CPU list, and as the bits of a set.
 *
 * Invariants: a set that is written and read again is the same set; the text fits into its buffer;
 * an error message names the position; a list that is refused leaves the result untouched.
 */
#include "cpulist.h"

#include "fuzz.h"

static void check_round_trip(const struct cpulist *set)
{
	_cleanup_free_ char *text = malloc(CPULIST_TEXT_MAX);
	CHECK(text);
	size_t len = strlen(cpulist_format(set, text));
	CHECK(len < CPULIST_TEXT_MAX);
	CHECK(cpulist_empty(set) == (len == 0));
	if (len == 0)
		return;
	struct cpulist again = {0};
	struct error err = {0};
	CHECK(cpulist_parse(text, &again, &err) == 0);
	CHECK(memcmp(&again, set, sizeof again) == 0);
}

/* cpulist_next() finds the same CPUs as cpulist_has() and cpulist_count(). */
static void check_members(const struct cpulist *set)
{
	struct cpulist rebuilt = {0};
	unsigned count = 0;
	for (unsigned cpu = cpulist_next(set, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(set, cpu + 1)) {
		CHECK(cpulist_has(set, cpu));
		cpulist_add(&rebuilt, cpu);
		count++;
	}
	CHECK(cpulist_count(set) == count);
	CHECK(memcmp(&rebuilt, set, sizeof rebuilt) == 0);
}

static void check_text(const char *text)
{
	struct cpulist set;
	struct cpulist before;
	memset(&set, 0x5a, sizeof set);
	before = set;
	struct error err = {0};
	if (cpulist_parse(text, &set, &err) == 0) {
		CHECK(!cpulist_empty(&set));
		check_round_trip(&set);
		check_members(&set);
		return;
	}
	check_error(&err, EX_CONFIG);
	CHECK(strstr(err.msg, ", character ") || strcmp(err.msg, "CPU list is empty") == 0);
	CHECK(memcmp(&set, &before, sizeof set) == 0);
}

/* Repeat the input up to the end of the set: a short input makes a long, regular list. */
static struct cpulist tiled(const uint8_t *data, size_t size)
{
	struct cpulist set = {0};
	for (unsigned cpu = 0; cpu < CPULIST_MAX; cpu++)
		if (data[cpu / 8 % size] >> cpu % 8 & 1)
			cpulist_add(&set, cpu);
	return set;
}

static void check_bits(const uint8_t *data, size_t size)
{
	struct cpulist a = tiled(data, (size + 1) / 2);
	struct cpulist b = tiled(data + size / 2, size - size / 2);
	check_round_trip(&a);
	check_members(&a);

	struct cpulist both = a;
	struct cpulist either = a;
	struct cpulist rest = a;
	cpulist_intersect(&both, &b);
	cpulist_union(&either, &b);
	cpulist_subtract(&rest, &b);
	CHECK(cpulist_count(&either) + cpulist_count(&both) ==
		cpulist_count(&a) + cpulist_count(&b));
	CHECK(cpulist_count(&rest) + cpulist_count(&both) == cpulist_count(&a));
	CHECK(cpulist_within(&both, &b) && cpulist_within(&a, &either));
	CHECK(cpulist_within(&a, &b) == cpulist_empty(&rest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	check_text(text);
	free(text);
	if (size > 0)
		check_bits(data, size);
	return 0;
}
