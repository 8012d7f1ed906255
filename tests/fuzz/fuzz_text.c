/* SPDX-License-Identifier: MIT
 *
 * fuzz_text: clean the input as a text, into a buffer of the size that its first byte says, and
 * print it as a line.
 *
 * Invariants: what is printed is UTF-8 without control characters, bidirectional controls and other
 * invisible characters, by the C library's judgement and a list of this file's own; it is not
 * longer than promised; cleaning it again changes nothing; a clean text is not changed; a short
 * buffer has the first part of the whole.
 */
#include "fuzz.h"

#include <locale.h>
#include <wchar.h>
#include <wctype.h>

static bool is_hidden(wchar_t c)
{
	return iswcntrl((wint_t)c) || (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x61c ||
	       c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

/* Check a text of len bytes that has no character to hide, except for tabs where they may stay. */
static void check_shown(const char *text, size_t len, bool tabs)
{
	mbstate_t state = {0};
	for (size_t used = 0; used < len;) {
		wchar_t c = 0;
		size_t n = mbrtowc(&c, text + used, len - used, &state);
		CHECK(n > 0 && n <= len - used);
		CHECK((c < 0xd800 || c > 0xdfff) && c <= 0x10ffff);
		CHECK((tabs && c == L'\t') || !is_hidden(c));
		used += n;
	}
}

static void check_cut(const char *text, const char *whole, size_t size)
{
	_cleanup_free_ char *cut = malloc(size);
	CHECK(cut && text_clean(text, cut, size) == cut);
	size_t len = strlen(cut);
	CHECK(len < size && strncmp(cut, whole, len) == 0);
	CHECK(text_is_clean(cut));
	/* Only a whole piece is left out. */
	CHECK(len == strlen(whole) || len + TEXT_PIECE_MAX > size);
}

static void check_line(const char *text)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);
	CHECK(out);
	text_line(out, "%s", text);
	CHECK(fclose(out) == 0);
	CHECK(size > 0 && line[size - 1] == '\n' && size <= strlen(text) * TEXT_GROWTH + 1);
	check_shown(line, size - 1, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_free_ char *whole = text_cleaned(text);
	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	CHECK(whole && strlen(whole) <= strlen(text) * TEXT_GROWTH);
	check_shown(whole, strlen(whole), false);
	_cleanup_free_ char *again = text_cleaned(whole);
	CHECK(again && strcmp(again, whole) == 0 && text_is_clean(whole));
	CHECK(text_is_clean(text) == (strcmp(text, whole) == 0));
	check_cut(text, whole, size > 0 ? data[0] + 1U : 1);
	check_line(text);
	return 0;
}
