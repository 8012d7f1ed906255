/* SPDX-License-Identifier: MIT
 *
 * statistics: U is counted on the two sorted samples, side by side. The exact distribution of U is
 * the number of ways to choose positions for the first sample, by the recurrence of Mann and
 * Whitney (1947): with n and m values, U = u arises from n - 1 and m with u - m, or from n and m -
 * 1 with u.
 */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_values(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;
	return (left > right) - (left < right);
}

static double quantile(const double *sorted, size_t count, double part)
{
	double place = (double)(count - 1) * part;
	size_t below = (size_t)place;
	double rest = place - (double)below;
	return below + 1 < count ? sorted[below] + rest * (sorted[below + 1] - sorted[below])
				 : sorted[below];
}

struct five_numbers statistics_five(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare_values);
	return (struct five_numbers){
		.min = values[0],
		.q1 = quantile(values, count, 0.25),
		.median = quantile(values, count, 0.5),
		.q3 = quantile(values, count, 0.75),
		.max = values[count - 1],
	};
}

/* U of a; both are sorted. *ret_ties is the sum of t^3 - t over the groups of t equal values. */
static double count_u(
	const double *a, size_t count_a, const double *b, size_t count_b, double *ret_ties)
{
	double u = 0;
	double ties = 0;
	size_t i = 0;
	size_t j = 0;
	while (i < count_a || j < count_b) {
		double value = j == count_b || (i < count_a && a[i] < b[j]) ? a[i] : b[j];
		size_t of_a = i;
		size_t of_b = j;
		while (i < count_a && a[i] <= value)
			i++;
		while (j < count_b && b[j] <= value)
			j++;
		double equal = (double)(i - of_a) + (double)(j - of_b);
		/* Those of a at this value are larger than every b before it. */
		u += (double)(i - of_a) * ((double)of_b + (double)(j - of_b) / 2);
		ties += equal * equal * equal - equal;
	}
	*ret_ties = ties;
	return u;
}

/* The part of all orders in which U is at most `most`. ways[m][u] is for the n values that have
 * been taken so far. The numbers of ways are exact in a double up to 2^53, and close beyond. */
static double exact_below(size_t count_a, size_t count_b, size_t most)
{
	enum { U_MAX = STATISTICS_EXACT_MAX * STATISTICS_EXACT_MAX + 1 };
	static double ways[STATISTICS_EXACT_MAX + 1][U_MAX];
	memset(ways, 0, sizeof ways);
	for (size_t m = 0; m <= count_b; m++)
		ways[m][0] = 1;
	for (size_t n = 1; n <= count_a; n++)
		for (size_t m = 1; m <= count_b; m++)
			for (size_t u = n * m + 1; u-- > 0;) {
				double fewer_a = u >= m ? ways[m][u - m] : 0;
				ways[m][u] = fewer_a + ways[m - 1][u];
			}
	double below = 0;
	double all = 0;
	for (size_t u = 0; u <= count_a * count_b; u++) {
		all += ways[count_b][u];
		below += u <= most ? ways[count_b][u] : 0;
	}
	return below / all;
}

static double approximate_p(double u, size_t count_a, size_t count_b, double ties)
{
	double a = (double)count_a;
	double b = (double)count_b;
	double all = a + b;
	double variance = a * b / 12 * (all + 1 - ties / (all * (all - 1)));
	double distance = fabs(u - a * b / 2) - 0.5;
	/* All values are equal. */
	if (variance <= 0)
		return 1;
	double p = erfc((distance > 0 ? distance : 0) / sqrt(variance) / sqrt(2.0));
	return p < 1 ? p : 1;
}

struct mann_whitney statistics_compare(double *a, size_t count_a, double *b, size_t count_b)
{
	double ties = 0;
	qsort(a, count_a, sizeof *a, compare_values);
	qsort(b, count_b, sizeof *b, compare_values);
	double u = count_u(a, count_a, b, count_b, &ties);
	double pairs = (double)count_a * (double)count_b;
	struct mann_whitney result = {.u = u, .a12 = u / pairs};
	result.exact =
		ties <= 0 && count_a <= STATISTICS_EXACT_MAX && count_b <= STATISTICS_EXACT_MAX;
	if (result.exact) {
		double least = u < pairs - u ? u : pairs - u;
		double p = 2 * exact_below(count_a, count_b, (size_t)least);
		result.p = p < 1 ? p : 1;
	} else {
		result.p = approximate_p(u, count_a, count_b, ties);
	}
	return result;
}
