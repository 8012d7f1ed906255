/* SPDX-License-Identifier: MIT
 *
 * doc_text: looks at the characters of a document before libyaml does. Inside one token, and among
 * the directives before a document, libyaml gives no event at which a bound could end the work,
 * and two shapes make it quadratic there: a scalar with a long run of blanks and many words after
 * it (each word clears the buffer that the run has made large), and many %TAG directives (each is
 * compared with all before it). Both are refused here.
 */
#include "doc_parts.h"

#include <string.h>

enum encoding {
	UTF8,
	UTF16_LITTLE,
	UTF16_BIG,
};

#define LINE_BREAK '\n'
#define OTHER      0x80 /* any character that is neither ASCII nor a line break */

/* YAML's line breaks beyond ASCII: NEL, LS and PS. */
static bool is_wide_break(unsigned c)
{
	return c == 0x85 || c == 0x2028 || c == 0x2029;
}

static enum encoding find_encoding(const unsigned char *text, size_t len)
{
	if (len >= 2 && text[0] == 0xff && text[1] == 0xfe)
		return UTF16_LITTLE;
	return len >= 2 && text[0] == 0xfe && text[1] == 0xff ? UTF16_BIG : UTF8;
}

/* Decode what can be a line break beyond ASCII; OTHER for every other byte. */
static unsigned next_utf8(const unsigned char *text, size_t len, size_t *at)
{
	const unsigned char *p = text + *at;
	size_t left = len - *at;
	unsigned c = OTHER;
	if (p[0] < 0x80)
		c = p[0];
	else if (left >= 2 && p[0] == 0xc2)
		c = p[1] == 0x85 ? 0x85 : OTHER;
	else if (left >= 3 && p[0] == 0xe2 && p[1] == 0x80)
		c = 0x2000 | (p[2] & 0x3f);
	*at += is_wide_break(c) ? (c == 0x85 ? 2 : 3) : 1;
	return c;
}

static unsigned next_utf16(const unsigned char *text, size_t len, bool big, size_t *at)
{
	const unsigned char *p = text + *at;
	unsigned c = OTHER;
	if (len - *at >= 2)
		c = big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
	*at += len - *at >= 2 ? 2 : 1;
	return c;
}

/* The next character: ASCII, LINE_BREAK for each of YAML's line breaks, or OTHER. */
static unsigned next_char(const unsigned char *text, size_t len, enum encoding encoding, size_t *at)
{
	unsigned c = encoding == UTF8 ? next_utf8(text, len, at)
				      : next_utf16(text, len, encoding == UTF16_BIG, at);
	if (c == '\r' || is_wide_break(c))
		return LINE_BREAK;
	return c < 0x80 ? c : OTHER;
}

static size_t mark_length(const unsigned char *text, size_t len, enum encoding encoding)
{
	if (encoding != UTF8)
		return 2;
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The end of the ASCII characters other than blanks and line breaks that begin at a place. */
static size_t skip_word(const unsigned char *text, size_t len, size_t at)
{
	while (at < len && text[at] > ' ' && text[at] < 0x7f)
		at++;
	return at;
}

int doc_text_check(const char *name, const char *text, size_t len, struct error *err)
{
	static const char directive[] = "%TAG";
	const unsigned char *bytes = (const unsigned char *)text;
	enum encoding encoding = find_encoding(bytes, len);
	size_t at = mark_length(bytes, len, encoding);
	unsigned blanks = 0;
	unsigned column = 0;  /* of the character in its line, from 0 */
	unsigned matched = 0; /* so many characters of `directive` begin the line */
	while (at < len) {
		size_t begin = at;
		unsigned c = next_char(bytes, len, encoding, &at);
		blanks = c == ' ' || c == '\t' || c == LINE_BREAK ? blanks + 1 : 0;
		if (blanks > DOC_BLANKS_MAX)
			return fail_as(err, EX_CONFIG,
				"%s: byte %zu: more than %d consecutive blanks and line breaks",
				name, begin, DOC_BLANKS_MAX);
		if (c == LINE_BREAK) {
			column = matched = 0;
			continue;
		}
		if (column++ == matched && c == (unsigned char)directive[matched])
			matched++;
		if (matched == sizeof directive - 1)
			return fail_as(err, EX_CONFIG,
				"%s: byte %zu: %%TAG directives are not supported", name, begin);
		/* Most of a config: words in a line that begins with something else. */
		if (column > matched && blanks == 0 && encoding == UTF8)
			at = skip_word(bytes, len, at);
	}
	return 0;
}
