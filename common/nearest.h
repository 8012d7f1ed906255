/* SPDX-License-Identifier: MIT
 *
 * nearest: the known word that a user meant by a misspelled one.
 */
#ifndef OSS_CRS_NEAREST_H
#define OSS_CRS_NEAREST_H

#include <stddef.h>

/* How many letters to insert, delete, replace or swap with their neighbour to turn one word into
 * the other, ignoring case (the optimal string alignment distance). A word longer than
 * NEAREST_WORD_MAX bytes is NEAREST_WORD_MAX away from every other word. */
#define NEAREST_WORD_MAX 32
unsigned nearest_distance(const char *a, const char *b);

/* The word closest to text, and the first of several equally close ones. `words` ends with NULL
 * and has at least one word. */
const char *nearest_word(const char *text, const char *const *words);

/* The same if it is close enough to be a typing error: at most one letter in three of the word,
 * and two in all, may differ. Otherwise NULL. */
const char *nearest_meant(const char *text, const char *const *words);

#endif
