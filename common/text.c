/* SPDX-License-Identifier: MIT
 *
 * text: decodes UTF-8 strictly (RFC 3629: no surrogates, no overlong forms), one character at a
 * time, and looks each character up in the table of those that cannot be seen.
 */
#include "text.h"

#include "cleanup.h"

#include <stdint.h>

#define NO_CHARACTER UINT32_MAX
#define LINE_SHORT   1024 /* bytes of a line that needs no memory of its own */

/* The characters that are escaped, in order. */
static const struct range {
	uint32_t first, last;
} invisible[] = {
	{0x0000, 0x001f},   /* C0 */
	{0x007f, 0x009f},   /* DEL and C1 */
	{0x00ad, 0x00ad},   /* soft hyphen */
	{0x034f, 0x034f},   /* combining grapheme joiner */
	{0x061c, 0x061c},   /* Arabic letter mark */
	{0x115f, 0x1160},   /* Hangul fillers */
	{0x17b4, 0x17b5},   /* Khmer inherent vowels */
	{0x180b, 0x180f},   /* Mongolian selectors and vowel separator */
	{0x200b, 0x200f},   /* zero-width characters, left-to-right and right-to-left marks */
	{0x2028, 0x202e},   /* line and paragraph separators, bidirectional embeddings */
	{0x2060, 0x206f},   /* word joiner, invisible operators, bidirectional isolates */
	{0x3164, 0x3164},   /* Hangul filler */
	{0xfe00, 0xfe0f},   /* variation selectors */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xffa0, 0xffa0},   /* halfwidth Hangul filler */
	{0xfff0, 0xfffb},   /* unassigned ignorable characters, interlinear annotations */
	{0x1bca0, 0x1bca3}, /* shorthand format controls */
	{0x1d173, 0x1d17a}, /* musical format controls */
	{0xe0000, 0xe0fff}, /* tags, further variation selectors */
};

static bool is_invisible(uint32_t character)
{
	if (character >= ' ' && character < 0x7f)
		return false;
	for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++)
		if (character <= invisible[i].last)
			return character >= invisible[i].first;
	return false;
}

/* Decode the character at a place that is not the end. Returns it with its length in bytes, or
 * NO_CHARACTER with a length of 1 if the bytes there are not valid UTF-8. */
static uint32_t decode(const char *text, size_t *ret_len)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)text;
	size_t len = bytes[0] < 0x80             ? 1
		     : (bytes[0] & 0xe0) == 0xc0 ? 2
		     : (bytes[0] & 0xf0) == 0xe0 ? 3
		     : (bytes[0] & 0xf8) == 0xf0 ? 4
						 : 0;
	uint32_t character = len == 1 ? bytes[0] : bytes[0] & (0x7fU >> len);
	*ret_len = 1;
	/* A NUL is no continuation byte, so nothing past the end is read. */
	for (size_t i = 1; i < len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return NO_CHARACTER;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (len == 0 || character < smallest[len] || character > 0x10ffff ||
		(character >= 0xd800 && character <= 0xdfff))
		return NO_CHARACTER;
	*ret_len = len;
	return character;
}

const char *text_next(const char *text, char piece[static TEXT_PIECE_MAX])
{
	size_t len = 0;
	uint32_t character = decode(text, &len);
	if (character == NO_CHARACTER || (character < 0x80 && is_invisible(character))) {
		(void)snprintf(piece, TEXT_PIECE_MAX, "\\x%02x", (unsigned char)*text);
	} else if (is_invisible(character)) {
		(void)snprintf(piece, TEXT_PIECE_MAX, character > 0xffff ? "\\U%08x" : "\\u%04x",
			character);
	} else {
		memcpy(piece, text, len);
		piece[len] = '\0';
	}
	return text + len;
}

bool text_is_clean(const char *text)
{
	for (size_t len = 0; *text; text += len) {
		uint32_t character = decode(text, &len);
		if (character == NO_CHARACTER || is_invisible(character))
			return false;
	}
	return true;
}

bool text_is_utf8(const char *text)
{
	for (size_t len = 0; *text; text += len)
		if (decode(text, &len) == NO_CHARACTER)
			return false;
	return true;
}

/* The number of characters of ASCII that can be seen at the beginning of a text. */
static size_t plain_length(const char *text)
{
	size_t len = 0;
	while (text[len] >= ' ' && text[len] < 0x7f)
		len++;
	return len;
}

/* text_clean() that also leaves the character `keep` as it is, unless that is 0. */
static char *clean(const char *text, char keep, char *buf, size_t size)
{
	size_t used = 0;
	while (*text) {
		size_t plain = plain_length(text);
		size_t room = size - used - 1;
		size_t len = plain < room ? plain : room;
		memcpy(buf + used, text, len);
		used += len;
		text += plain;
		if (len < plain || !*text)
			break;
		char piece[TEXT_PIECE_MAX] = {*text};
		text = keep && *text == keep ? text + 1 : text_next(text, piece);
		len = strlen(piece);
		if (len >= size - used)
			break;
		memcpy(buf + used, piece, len);
		used += len;
	}
	buf[used] = '\0';
	return buf;
}

char *text_clean(const char *text, char *buf, size_t size)
{
	return clean(text, '\0', buf, size);
}

char *text_cleaned(const char *text)
{
	size_t size = strlen(text) * TEXT_GROWTH + 1;
	char *buf = malloc(size);
	return buf ? text_clean(text, buf, size) : NULL;
}

/* Without memory for a long line, what fits into a short one is printed. */
void text_vline(FILE *to, const char *prefix, const char *fmt, va_list ap)
{
	char raw[LINE_SHORT];
	char line[sizeof raw * TEXT_GROWTH];
	_cleanup_free_ char *long_raw = NULL;
	_cleanup_free_ char *long_line = NULL;
	va_list again;
	va_copy(again, ap);
	int len = vsnprintf(raw, sizeof raw, fmt, ap);
	if (len < 0)
		raw[0] = '\0';
	if (len >= (int)sizeof raw && vasprintf(&long_raw, fmt, again) < 0)
		long_raw = NULL;
	va_end(again);
	size_t size = long_raw ? (size_t)len * TEXT_GROWTH + 1 : 0;
	if (long_raw)
		long_line = malloc(size);
	/* One call, so that the line is one write(2) on a stream without a buffer too. */
	(void)fprintf(to, "%s%s\n", prefix,
		long_line ? clean(long_raw, '\t', long_line, size)
			  : clean(raw, '\t', line, sizeof line));
}

void text_line(FILE *to, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	text_vline(to, "", fmt, ap);
	va_end(ap);
}

bool text_is_in(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

/* Whether an option of this length is in the list. */
static bool is_known_option(const char *option, size_t len, const char *const *known)
{
	const char *value = memchr(option, '=', len);
	size_t compared = value ? (size_t)(value - option) + 1 : len;
	for (; *known; known++)
		if (strlen(*known) == compared && strncmp(option, *known, compared) == 0)
			return true;
	return false;
}

bool text_has_only(const char *text, const char *const *known)
{
	for (size_t len = 0; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		if (len > 0 && !is_known_option(text, len, known))
			return false;
	}
	return true;
}

bool text_has_option(const char *text, const char *option)
{
	for (size_t len = 0; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		if (len == strlen(option) && strncmp(text, option, len) == 0)
			return true;
	}
	return false;
}
