/* SPDX-License-Identifier: MIT
 *
 * utf8: recognise the characters of UTF-8 by the table of well-formed byte sequences of RFC 3629,
 * section 4, and repair text that has anything else in it.
 */
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* A range of first bytes, the range of the second byte, and the length. Further bytes are 80 to
 * BF. */
static const struct {
	unsigned char first, last, second_min, second_max, length;
} sequences[] = {
	{0xc2, 0xdf, 0x80, 0xbf, 2},
	{0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3},
	{0xed, 0xed, 0x80, 0x9f, 3}, /* no surrogates */
	{0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4},
	{0xf1, 0xf3, 0x80, 0xbf, 4},
	{0xf4, 0xf4, 0x80, 0x8f, 4},
};

#define SEQUENCE_COUNT (sizeof sequences / sizeof *sequences)

static bool is_continuation(unsigned char byte)
{
	return byte >= 0x80 && byte <= 0xbf;
}

/* The row of a first byte; SEQUENCE_COUNT if there is none. */
static size_t find_sequence(unsigned char first)
{
	size_t i = 0;
	while (i < SEQUENCE_COUNT && (first < sequences[i].first || first > sequences[i].last))
		i++;
	return i;
}

size_t utf8_length(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	if (first < 0x80)
		return first ? 1 : 0;
	size_t i = find_sequence(first);
	if (i == SEQUENCE_COUNT)
		return 0;
	unsigned char second = (unsigned char)text[1];
	if (second < sequences[i].second_min || second > sequences[i].second_max)
		return 0;
	/* The NUL at the end of the text is no continuation, so nothing behind it is read. */
	for (size_t n = 2; n < sequences[i].length; n++)
		if (!is_continuation((unsigned char)text[n]))
			return 0;
	return sequences[i].length;
}

bool utf8_is_valid(const char *text)
{
	while (*text) {
		size_t length = utf8_length(text);
		if (!length)
			return false;
		text += length;
	}
	return true;
}

void utf8_copy(char *buf, size_t size, const char *text)
{
	size_t used = 0;
	while (*text) {
		size_t length = utf8_length(text);
		const char *from = length ? text : REPLACEMENT;
		size_t count = length ? length : sizeof REPLACEMENT - 1;
		if (used + count >= size)
			break;
		memcpy(buf + used, from, count);
		used += count;
		text += length ? length : 1;
	}
	buf[used] = '\0';
}

char *utf8_clean(const char *text)
{
	size_t size = strlen(text) * (sizeof REPLACEMENT - 1) + 1;
	char *clean = malloc(size);
	if (clean)
		utf8_copy(clean, size, text);
	return clean;
}

void utf8_cut(char *text)
{
	size_t len = strlen(text);
	for (size_t back = 1; back <= len && back < 4; back++) {
		unsigned char byte = (unsigned char)text[len - back];
		if (is_continuation(byte))
			continue;
		size_t i = find_sequence(byte);
		if (i < SEQUENCE_COUNT && sequences[i].length > back)
			text[len - back] = '\0';
		return;
	}
}
