/* SPDX-License-Identifier: MIT
 *
 * test_statistics: the values are those of SciPy 1.10.1: numpy.percentile(v, [0, 25, 50, 75, 100]),
 * and scipy.stats.mannwhitneyu(a, b, alternative="two-sided") with method="exact" where no values
 * are equal, else method="asymptotic". A12 is its statistic divided by the number of pairs.
 */
#include "unit.h"

#include "statistics.h"

#include <math.h>

static void assert_close(double is, double wanted)
{
	if (fabs(is - wanted) > 1e-12 * fmax(1, fabs(wanted)))
		fail_test("%.17g is not %.17g", is, wanted);
}

TEST(quartiles_are_those_of_numpy)
{
	static const struct {
		double values[8];
		size_t count;
		struct five_numbers five;
	} table[] = {
		{{4, 1, 3, 2}, 4, {1, 1.75, 2.5, 3.25, 4}},
		{{7}, 1, {7, 7, 7, 7, 7}},
		{{1, 2}, 2, {1, 1.25, 1.5, 1.75, 2}},
		{{2.5, 3.5, 1, 9, 10, 4, 4, 8}, 8, {1, 3.25, 4, 8.25, 10}},
		{{10, 20, 30, 40, 50, 60, 70}, 7, {10, 25, 40, 55, 70}},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		double values[8];
		memcpy(values, table[i].values, sizeof values);
		struct five_numbers five = statistics_five(values, table[i].count);
		assert_close(five.min, table[i].five.min);
		assert_close(five.q1, table[i].five.q1);
		assert_close(five.median, table[i].five.median);
		assert_close(five.q3, table[i].five.q3);
		assert_close(five.max, table[i].five.max);
	}
}

TEST(u_p_and_a12_are_those_of_scipy)
{
	static const struct {
		double a[12], b[10];
		size_t count_a, count_b;
		double u, p, a12;
		bool exact;
	} table[] = {
		{{19, 22, 16, 29, 24}, {20, 11, 17, 12}, 5, 4, 17, 0.1111111111111111, 0.85, true},
		{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, 10, 10,
			0, 1.082508822446903e-05, 0, true},
		{{0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
			{1.15, 0.88, 0.9, 0.74, 1.21}, 10, 5, 35, 0.2544122544122544, 0.7, true},
		{{2}, {1}, 1, 1, 1, 1, 1, true},
		{{3, 3, 5, 7, 7, 7, 9, 10, 2, 4}, {1, 3, 3, 4, 5, 5, 7, 0, 2, 2}, 10, 10, 76,
			0.051297306314433924, 0.76, false},
		{{5, 5, 5}, {5, 5, 5}, 3, 3, 4.5, 1, 0.5, false},
		{{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}, {2, 2, 2, 3, 3, 3}, 12, 6, 48,
			0.27029086450734863, 0.66666666666666663, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		double a[12];
		double b[10];
		memcpy(a, table[i].a, sizeof a);
		memcpy(b, table[i].b, sizeof b);
		struct mann_whitney found =
			statistics_compare(a, table[i].count_a, b, table[i].count_b);
		assert_close(found.u, table[i].u);
		assert_close(found.p, table[i].p);
		assert_close(found.a12, table[i].a12);
		assert_int_equal(found.exact, table[i].exact);
	}
}

TEST(large_samples_have_an_exact_p_up_to_thirty_and_an_approximate_one_beyond)
{
	double a[40];
	double b[40];
	for (int i = 0; i < 30; i++) {
		a[i] = i * 2;
		b[i] = i * 1.5 + 0.25;
	}
	struct mann_whitney found = statistics_compare(a, 30, b, 30);
	assert_true(found.exact);
	assert_close(found.u, 555);
	assert_close(found.p, 0.12294460877997145);
	for (int i = 0; i < 40; i++)
		a[i] = i * 7919 % 1009 / 10.0;
	for (int i = 0; i < 35; i++)
		b[i] = i * 104729 % 997 / 10.0 + 5.05;
	found = statistics_compare(a, 40, b, 35);
	assert_false(found.exact);
	assert_close(found.u, 756);
	assert_close(found.p, 0.5555905548334015);
}

TEST(the_other_way_round_u_is_the_rest_and_p_is_the_same)
{
	double a[] = {3, 1, 4, 1, 5};
	double b[] = {9, 2, 6};
	struct mann_whitney one = statistics_compare(a, 5, b, 3);
	struct mann_whitney other = statistics_compare(b, 3, a, 5);
	assert_close(one.u + other.u, 15);
	assert_close(one.a12 + other.a12, 1);
	assert_close(one.p, other.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(quartiles_are_those_of_numpy),
		RUN(u_p_and_a12_are_those_of_scipy),
		RUN(large_samples_have_an_exact_p_up_to_thirty_and_an_approximate_one_beyond),
		RUN(the_other_way_round_u_is_the_rest_and_p_is_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
