/* SPDX-License-Identifier: MIT
 *
 * nearest: which of some words was meant by one that is none of them.
 */
#ifndef OSS_CRS_NEAREST_H
#define OSS_CRS_NEAREST_H

#include <stddef.h>

/* Letters to insert, delete, replace or swap with their neighbour to get from one to the other, in any case (the optimal
 * string alignment distance). Words of more than NEAREST_WORD_MAX bytes are NEAREST_WORD_MAX apart from any other. */
#define NEAREST_WORD_MAX 32
unsigned nearest_distance(const char *a, const char *b);

/* Which of the words, NULL at the end and at least one, is written most like text; the first of equals. */
const char *nearest_word(const char *text, const char *const *words);

/* The same if it is near enough to be a slip of the hand: one letter in three may be wrong, two at most. Else NULL. */
const char *nearest_meant(const char *text, const char *const *words);

#endif
