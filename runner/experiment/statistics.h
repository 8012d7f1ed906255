/* SPDX-License-Identifier: MIT
 *
 * statistics: what papers on fuzzing are asked to report of a few trials: the median and the
 * quartiles, the Mann-Whitney U test, and the effect size A12 of Vargha and Delaney. Pure.
 */
#ifndef OSS_CRS_STATISTICS_H
#define OSS_CRS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

struct five_numbers {
	double min, q1, median, q3, max;
};

/* Find them; sorts the values, of which there is at least one. A quartile between two values is
 * interpolated (type 7 of Hyndman and Fan, the default of R and NumPy). */
struct five_numbers statistics_five(double *values, size_t count);

struct mann_whitney {
	double u;   /* of a: pairs in which a is larger, and half of those that are equal */
	double a12; /* u divided by the number of pairs: 0.5 is no difference */
	double p;   /* two-sided */
	bool exact; /* p is exact; else by the normal approximation */
};

/* Both samples of at most this size, without ties, have an exact p. */
#define STATISTICS_EXACT_MAX 30

/* Compare two samples; sorts them. Neither is empty. The approximation corrects for ties and for
 * continuity, as wilcox.test() of R does. */
struct mann_whitney statistics_compare(double *a, size_t count_a, double *b, size_t count_b);

#endif
