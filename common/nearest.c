/* SPDX-License-Identifier: MIT
 *
 * nearest: find the word closest to a misspelled one, by dynamic programming.
 *
 * cost[i][j] is the distance between the first i letters of one word and the first j letters of
 * the other.
 */
#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;
	return least < c ? least : c;
}

unsigned nearest_distance(const char *a, const char *b)
{
	size_t rows = strlen(a);
	size_t columns = strlen(b);
	unsigned cost[NEAREST_WORD_MAX + 1][NEAREST_WORD_MAX + 1];
	if (rows > NEAREST_WORD_MAX || columns > NEAREST_WORD_MAX)
		return NEAREST_WORD_MAX;
	for (size_t i = 0; i <= rows; i++) {
		for (size_t j = 0; j <= columns; j++) {
			if (i == 0 || j == 0) {
				cost[i][j] = (unsigned)(i + j);
				continue;
			}
			int left = tolower((unsigned char)a[i - 1]);
			int right = tolower((unsigned char)b[j - 1]);
			cost[i][j] = min3(cost[i - 1][j] + 1, cost[i][j - 1] + 1,
				cost[i - 1][j - 1] + (left == right ? 0 : 1));
			bool swapped = i > 1 && j > 1 && left == tolower((unsigned char)b[j - 2]) &&
				       right == tolower((unsigned char)a[i - 2]);
			if (swapped && cost[i - 2][j - 2] + 1 < cost[i][j])
				cost[i][j] = cost[i - 2][j - 2] + 1;
		}
	}
	return cost[rows][columns];
}

const char *nearest_word(const char *text, const char *const *words)
{
	const char *nearest = words[0];
	for (const char *const *word = words; *word; word++)
		if (nearest_distance(text, *word) < nearest_distance(text, nearest))
			nearest = *word;
	return nearest;
}

const char *nearest_meant(const char *text, const char *const *words)
{
	const char *nearest = nearest_word(text, words);
	size_t limit = strlen(nearest) / 3 < 2 ? strlen(nearest) / 3 : 2;
	return nearest_distance(text, nearest) <= limit ? nearest : NULL;
}
