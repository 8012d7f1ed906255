/* SPDX-License-Identifier: MIT
 *
 * test_cpulist: a list is parsed into the set it names and written back in its shortest form;
 * errors name their position; the set operations agree with a plain array of booleans.
 */
#include "unit.h"

#include "cpulist.h"

static struct cpulist parsed(const char *text)
{
	struct cpulist set = {0};
	struct error err = {0};
	assert_ok(cpulist_parse(text, &set, &err), err);
	return set;
}

static void assert_set(const struct cpulist *is, const char *expected)
{
	static char text[CPULIST_TEXT_MAX];
	assert_string_equal(cpulist_format(is, text), expected);
}

TEST(a_list_is_written_back_in_its_shortest_form)
{
	static const struct {
		const char *text;
		const char *shortest;
		unsigned count;
	} table[] = {
		{"0", "0", 1},
		{"0-3", "0-3", 4},
		{"0-3,8", "0-3,8", 5},
		{"8,0-3", "0-3,8", 5},
		{"0,1,2,3", "0-3", 4},
		{"0-1", "0-1", 2},
		{"5-5", "5", 1},
		{"0-3,2-5,4", "0-5", 6},
		{"0-1,2-3", "0-3", 4},
		{"63,64", "63-64", 2},
		{"60-70,127-128", "60-70,127-128", 13},
		{"007", "7", 1},
		{"8191", "8191", 1},
		{"0-8191", "0-8191", 8192},
		{" 0 - 3 , 8 ", "0-3,8", 5},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct cpulist set = parsed(table[i].text);
		assert_set(&set, table[i].shortest);
		assert_int_equal(cpulist_count(&set), table[i].count);
	}
}

static void assert_refused(const char *text, const char *msg)
{
	struct cpulist set = parsed("3");
	struct error err = {0};
	if (cpulist_parse(text, &set, &err) != -1)
		fail_test("'%s' was accepted", text);
	assert_string_equal(err.msg, msg);
	assert_int_equal(err.status, EX_CONFIG);
	assert_set(&set, "3");
}

TEST(an_empty_list_is_refused)
{
	assert_refused("", "CPU list is empty");
	assert_refused("  ", "CPU list is empty");
}

TEST(a_backwards_range_is_refused_with_its_position)
{
	assert_refused("3-1", "CPU list '3-1', character 1: the range is reversed");
	assert_refused("0-2, 9-8,1", "CPU list '0-2, 9-8,1', character 6: the range is reversed");
}

TEST(a_cpu_beyond_any_kernel_is_refused_with_its_position)
{
#define TOO_HIGH "CPU number is too high (the maximum is 8191)"
	assert_refused("8192", "CPU list '8192', character 1: " TOO_HIGH);
	assert_refused("0-8192", "CPU list '0-8192', character 3: " TOO_HIGH);
	assert_refused("0, 99999999999999999999",
		"CPU list '0, 99999999999999999999', character 4: " TOO_HIGH);
	/* 2^32 and 2^64 must not wrap to 0. */
	assert_refused("4294967296", "CPU list '4294967296', character 1: " TOO_HIGH);
	assert_refused(
		"18446744073709551616", "CPU list '18446744073709551616', character 1: " TOO_HIGH);
}

TEST(a_missing_number_is_refused_with_its_position)
{
	assert_refused(",", "CPU list ',', character 1: expected a CPU number");
	assert_refused("1,,2", "CPU list '1,,2', character 3: expected a CPU number");
	assert_refused("-1", "CPU list '-1', character 1: expected a CPU number");
	assert_refused("1--2", "CPU list '1--2', character 3: expected a CPU number");
	assert_refused("+1", "CPU list '+1', character 1: expected a CPU number");
	assert_refused("all", "CPU list 'all', character 1: expected a CPU number");
	assert_refused("1,", "CPU list '1,', character 3: expected a CPU number at the end");
	assert_refused("1-", "CPU list '1-', character 3: expected a CPU number at the end");
	assert_refused("1, ", "CPU list '1, ', character 4: expected a CPU number at the end");
}

TEST(junk_between_numbers_is_refused_with_its_position)
{
#define EXPECTED "expected ',' or '-' between CPU numbers"
	assert_refused("1 2", "CPU list '1 2', character 3: " EXPECTED);
	assert_refused("1;2", "CPU list '1;2', character 2: " EXPECTED);
	assert_refused("0x10", "CPU list '0x10', character 2: " EXPECTED);
	assert_refused("1.5", "CPU list '1.5', character 2: " EXPECTED);
	assert_refused("1\t", "CPU list '1\\x09', character 2: " EXPECTED);
	assert_refused("1\n", "CPU list '1\\x0a', character 2: " EXPECTED);
}

TEST(after_a_range_only_a_comma_is_expected)
{
	assert_refused("0-2-4", "CPU list '0-2-4', character 4: expected ',' after a range");
	assert_refused("0-8:2", "CPU list '0-8:2', character 4: expected ',' after a range");
}

TEST(an_error_in_a_list_longer_than_a_message_still_says_where_and_why)
{
	char text[4097];
	memset(text, '1', sizeof text);
	for (size_t i = 1; i < sizeof text; i += 2)
		text[i] = ',';
	text[sizeof text - 1] = '\0';
	struct cpulist set;
	struct error err = {0};
	assert_int_equal(cpulist_parse(text, &set, &err), -1);
	assert_contains(err.msg, "character 4097: expected a CPU number at the end");
}

TEST(the_longest_list_fits_the_buffer)
{
	/* Twice the size, so that a list that is too long fails the test and does not crash it. */
	static char text[2 * CPULIST_TEXT_MAX];
	/* The sets with the longest text repeat a few CPUs in a row and a gap of one. */
	for (unsigned run = 1; run <= 4; run++) {
		struct cpulist set = {0};
		for (unsigned cpu = 0; cpu < CPULIST_MAX; cpu++)
			if ((CPULIST_MAX - 1 - cpu) % (run + 1) != run)
				cpulist_add(&set, cpu);
		assert_in_range(strlen(cpulist_format(&set, text)), 1, CPULIST_TEXT_MAX - 1);
		struct cpulist again = parsed(text);
		assert_memory_equal(&again, &set, sizeof set);
	}
}

TEST(the_empty_set_has_no_text_and_no_member)
{
	struct cpulist none = {0};
	assert_set(&none, "");
	assert_true(cpulist_empty(&none));
	assert_int_equal(cpulist_count(&none), 0);
	assert_int_equal(cpulist_next(&none, 0), CPULIST_MAX);
	assert_true(cpulist_within(&none, &none));
}

TEST(a_set_that_has_lost_cpus_is_the_same_as_one_that_never_had_them)
{
	struct cpulist few = parsed("0,63");
	struct cpulist many = parsed("0,63-64,4096,8191");
	struct cpulist high = parsed("64,4096,8191");
	struct cpulist set = many;
	cpulist_subtract(&set, &high);
	assert_memory_equal(&set, &few, sizeof set);
	set = many;
	cpulist_intersect(&set, &few);
	assert_memory_equal(&set, &few, sizeof set);
	const struct cpulist none = {0};
	cpulist_subtract(&set, &many);
	assert_memory_equal(&set, &none, sizeof set);
}

TEST(a_range_is_added_as_far_as_there_are_cpus)
{
	struct cpulist set = {0};
	cpulist_add_range(&set, 62, 65);
	cpulist_add_range(&set, 8190, UINT32_MAX);
	cpulist_add_range(&set, CPULIST_MAX, UINT32_MAX);
	cpulist_add_range(&set, 3, 2);
	assert_set(&set, "62-65,8190-8191");
}

TEST(cpus_out_of_range_are_in_no_set)
{
	struct cpulist set = {0};
	cpulist_add(&set, CPULIST_MAX);
	cpulist_add(&set, UINT32_MAX);
	assert_true(cpulist_empty(&set));
	struct cpulist all = parsed("0-8191");
	assert_true(cpulist_has(&all, CPULIST_MAX - 1));
	assert_false(cpulist_has(&all, CPULIST_MAX));
	assert_false(cpulist_has(&all, UINT32_MAX));
	assert_int_equal(cpulist_next(&all, CPULIST_MAX - 1), CPULIST_MAX - 1);
	assert_int_equal(cpulist_next(&all, CPULIST_MAX), CPULIST_MAX);
	assert_int_equal(cpulist_next(&all, UINT32_MAX), CPULIST_MAX);
}

/* The naive implementation: one boolean per CPU. */
struct naive {
	bool has[CPULIST_MAX];
};

/* A set of random density in a random range: empty, sparse, dense and full sets all occur. */
static void make_random(uint64_t *seed, struct cpulist *set, struct naive *naive)
{
	memset(set, 0, sizeof *set);
	memset(naive, 0, sizeof *naive);
	unsigned first = (unsigned)(unit_random(seed) % CPULIST_MAX);
	unsigned end = first + (unsigned)(unit_random(seed) % (CPULIST_MAX - first)) + 1;
	uint64_t density = unit_random(seed) % 5;
	for (unsigned cpu = first; cpu < end; cpu++) {
		if (unit_random(seed) % 4 >= density)
			continue;
		naive->has[cpu] = true;
		cpulist_add(set, cpu);
	}
}

static void assert_same(const struct cpulist *set, const struct naive *naive)
{
	unsigned count = 0;
	unsigned next = CPULIST_MAX;
	for (unsigned cpu = CPULIST_MAX; cpu-- > 0;) {
		count += naive->has[cpu];
		next = naive->has[cpu] ? cpu : next;
		if (cpulist_has(set, cpu) != naive->has[cpu])
			fail_test("CPU %u should %sbe in the set", cpu,
				naive->has[cpu] ? "" : "not ");
		if (cpulist_next(set, cpu) != next)
			fail_test("after CPU %u: expected %u, got %u", cpu, next,
				cpulist_next(set, cpu));
	}
	assert_int_equal(cpulist_count(set), count);
	assert_int_equal(cpulist_empty(set), count == 0);
}

TEST(the_set_algebra_agrees_with_a_naive_one)
{
	static struct naive a_naive;
	static struct naive b_naive;
	static struct naive expected;
	uint64_t seed = 1;
	for (unsigned round = 0; round < 40; round++) {
		struct cpulist a;
		struct cpulist b;
		make_random(&seed, &a, &a_naive);
		make_random(&seed, &b, &b_naive);
		assert_same(&a, &a_naive);

		struct cpulist set = a;
		cpulist_union(&set, &b);
		for (unsigned cpu = 0; cpu < CPULIST_MAX; cpu++)
			expected.has[cpu] = a_naive.has[cpu] || b_naive.has[cpu];
		assert_same(&set, &expected);
		assert_true(cpulist_within(&a, &set) && cpulist_within(&b, &set));

		set = a;
		cpulist_intersect(&set, &b);
		for (unsigned cpu = 0; cpu < CPULIST_MAX; cpu++)
			expected.has[cpu] = a_naive.has[cpu] && b_naive.has[cpu];
		assert_same(&set, &expected);
		assert_int_equal(cpulist_within(&a, &b), cpulist_count(&set) == cpulist_count(&a));

		set = a;
		cpulist_subtract(&set, &b);
		for (unsigned cpu = 0; cpu < CPULIST_MAX; cpu++)
			expected.has[cpu] = a_naive.has[cpu] && !b_naive.has[cpu];
		assert_same(&set, &expected);
	}
}

TEST(any_set_is_the_same_after_writing_and_reading_it)
{
	static struct naive naive;
	static char text[CPULIST_TEXT_MAX];
	uint64_t seed = 2;
	for (unsigned round = 0; round < 100; round++) {
		struct cpulist set;
		make_random(&seed, &set, &naive);
		if (cpulist_empty(&set))
			continue;
		struct cpulist again = parsed(cpulist_format(&set, text));
		assert_memory_equal(&again, &set, sizeof set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_list_is_written_back_in_its_shortest_form),
		RUN(an_empty_list_is_refused),
		RUN(a_backwards_range_is_refused_with_its_position),
		RUN(a_cpu_beyond_any_kernel_is_refused_with_its_position),
		RUN(a_missing_number_is_refused_with_its_position),
		RUN(junk_between_numbers_is_refused_with_its_position),
		RUN(after_a_range_only_a_comma_is_expected),
		RUN(an_error_in_a_list_longer_than_a_message_still_says_where_and_why),
		RUN(the_longest_list_fits_the_buffer),
		RUN(the_empty_set_has_no_text_and_no_member),
		RUN(a_set_that_has_lost_cpus_is_the_same_as_one_that_never_had_them),
		RUN(a_range_is_added_as_far_as_there_are_cpus),
		RUN(cpus_out_of_range_are_in_no_set),
		RUN(the_set_algebra_agrees_with_a_naive_one),
		RUN(any_set_is_the_same_after_writing_and_reading_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
