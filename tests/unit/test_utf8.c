/* SPDX-License-Identifier: MIT
 *
 * test_utf8: what is a character of UTF-8, and what becomes of bytes that are none.
 */
#include "unit.h"

#include "utf8.h"

TEST(a_character_has_the_length_that_rfc_3629_gives_it)
{
	static const struct {
		const char *text;
		size_t length;
	} table[] = {
		{"", 0},
		{"a", 1},
		{"\x7f", 1},
		{"\xc2\x80", 2},
		{"\xdf\xbf", 2},
		{"\xe0\xa0\x80", 3},
		{"\xed\x9f\xbf", 3},
		{"\xef\xbf\xbf", 3},
		{"\xf0\x90\x80\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		/* a continuation, and bytes that never occur */
		{"\x80", 0},
		{"\xbf", 0},
		{"\xc0\x80", 0},
		{"\xc1\xbf", 0},
		{"\xf5\x80\x80\x80", 0},
		{"\xff", 0},
		/* longer than need be, surrogates, above U+10FFFF */
		{"\xe0\x9f\xbf", 0},
		{"\xf0\x8f\xbf\xbf", 0},
		{"\xed\xa0\x80", 0},
		{"\xf4\x90\x80\x80", 0},
		/* cut off */
		{"\xc3", 0},
		{"\xe2\x82", 0},
		{"\xf0\x9f\x98", 0},
		{"\xe2\x82z", 0},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		if (utf8_length(table[i].text) != table[i].length)
			fail_test("row %zu: %zu bytes", i, utf8_length(table[i].text));
}

TEST(valid_text_is_copied_as_it_is)
{
	static const char text[] = "Größe €5 \U0001f600";
	_cleanup_free_ char *clean = utf8_clean(text);
	assert_string_equal(clean, text);
	assert_true(utf8_is_valid(text));
}

TEST(each_byte_of_no_character_is_replaced)
{
	static const char text[] = "a\xff\xc3(\xe2\x82";
	char few[8];
	_cleanup_free_ char *clean = utf8_clean(text);
	assert_false(utf8_is_valid(text));
	assert_string_equal(clean, "a\uFFFD\uFFFD(\uFFFD\uFFFD");
	utf8_copy(few, sizeof few, text);
	assert_string_equal(few, "a\uFFFD\uFFFD");
	utf8_copy(few, 7, text);
	assert_string_equal(few, "a\uFFFD");
}

TEST(only_a_character_without_its_end_is_cut_off)
{
	static const char whole[] = "a\U0001f600";
	for (size_t len = 0; len < sizeof whole; len++) {
		char text[sizeof whole] = "";
		memcpy(text, whole, len);
		utf8_cut(text);
		assert_string_equal(text, len == 0 ? "" : len < sizeof whole - 1 ? "a" : whole);
	}
	char bytes[] = "a\x80\x80\x80";
	utf8_cut(bytes);
	assert_int_equal(strlen(bytes), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_character_has_the_length_that_rfc_3629_gives_it),
		RUN(valid_text_is_copied_as_it_is),
		RUN(each_byte_of_no_character_is_replaced),
		RUN(only_a_character_without_its_end_is_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
