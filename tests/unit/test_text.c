/* SPDX-License-Identifier: MIT
 *
 * test_text: text from elsewhere is shown as it is, or each of its characters that cannot be seen
 * is replaced by an escape.
 */
#include "unit.h"

#include "text.h"

static const struct {
	const char *text, *shown;
} table[] = {
	{"", NULL},
	{"plain text, with 'quotes' and \\ a backslash", NULL},
	/* C0 and DEL */
	{"\033[2J\033]0;title\007", "\\x1b[2J\\x1b]0;title\\x07"},
	{"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
	{"\001\037\177", "\\x01\\x1f\\x7f"},
	/* C1: U+009B is CSI, U+0085 a new line. */
	{"\302\2332J", "\\u009b2J"},
	{"\302\200\302\205\302\237", "\\u0080\\u0085\\u009f"},
	{"\302\240", NULL},
	/* what is no UTF-8: a lone continuation byte, a raw C1 byte, an overlong slash and NUL,
	 * surrogates, beyond U+10FFFF, a character that is cut, bytes that never occur */
	{"\200x\233", "\\x80x\\x9b"},
	{"\300\257\340\200\200", "\\xc0\\xaf\\xe0\\x80\\x80"},
	{"\355\240\200\355\277\277", "\\xed\\xa0\\x80\\xed\\xbf\\xbf"},
	{"\364\220\200\200", "\\xf4\\x90\\x80\\x80"},
	{"\342\202", "\\xe2\\x82"},
	{"\342\202\302\251", "\\xe2\\x82\302\251"},
	{"\370\376\377", "\\xf8\\xfe\\xff"},
	/* bidirectional controls */
	{"\330\234", "\\u061c"},
	{"\342\200\216\342\200\217", "\\u200e\\u200f"},
	{"a\342\200\252\342\200\253\342\200\254\342\200\255\342\200\256b",
		"a\\u202a\\u202b\\u202c\\u202d\\u202eb"},
	{"\342\201\246\342\201\247\342\201\250\342\201\251", "\\u2066\\u2067\\u2068\\u2069"},
	/* line and paragraph separators, zero-width characters, soft hyphen, byte order mark */
	{"\342\200\250\342\200\251", "\\u2028\\u2029"},
	{"a\342\200\213b\342\200\215\302\255\357\273\277", "a\\u200bb\\u200d\\u00ad\\ufeff"},
	/* a Hangul filler, a variation selector, a tag */
	{"\343\205\244\357\270\217\363\240\201\201", "\\u3164\\ufe0f\\U000e0041"},
	/* text in other languages, with their neighbours of the characters above */
	{"Gr\303\266\303\237e, \327\251\327\234\327\225\327\235, \346\227\245\346\234\254", NULL},
	{"\342\200\220\342\200\252", "\342\200\220\\u202a"},
	{"\360\237\230\200\360\220\200\200\364\217\277\275", NULL},
};

static const char *expected(size_t i)
{
	return table[i].shown ? table[i].shown : table[i].text;
}

TEST(what_cannot_be_seen_is_replaced_by_an_escape)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		char shown[128];
		assert_string_equal(text_clean(table[i].text, shown, sizeof shown), expected(i));
		assert_int_equal(text_is_clean(table[i].text), !table[i].shown);
		_cleanup_free_ char *copy = text_cleaned(table[i].text);
		assert_non_null(copy);
		assert_string_equal(copy, expected(i));
	}
}

TEST(utf_8_is_what_rfc_3629_says)
{
	static const struct {
		const char *text;
		bool valid;
	} forms[] = {
		{"", true},
		{"a", true},
		{"\x7f", true},
		{"\xc2\x80", true},
		{"\xdf\xbf", true},
		{"\xe0\xa0\x80", true},
		{"\xed\x9f\xbf", true},
		{"\xef\xbf\xbf", true},
		{"\xf0\x90\x80\x80", true},
		{"\xf4\x8f\xbf\xbf", true},
		/* a continuation byte, and bytes that never occur */
		{"\x80", false},
		{"\xbf", false},
		{"\xc0\x80", false},
		{"\xc1\xbf", false},
		{"\xf5\x80\x80\x80", false},
		{"\xff", false},
		/* overlong forms, surrogates, above U+10FFFF */
		{"\xe0\x9f\xbf", false},
		{"\xf0\x8f\xbf\xbf", false},
		{"\xed\xa0\x80", false},
		{"\xf4\x90\x80\x80", false},
		/* cut off */
		{"\xc3", false},
		{"\xe2\x82", false},
		{"\xf0\x9f\x98", false},
		{"\xe2\x82z", false},
	};
	for (size_t i = 0; i < COUNT(forms); i++)
		if (text_is_utf8(forms[i].text) != forms[i].valid)
			fail_test("row %zu", i);
}

TEST(a_clean_text_is_not_changed_again)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		char shown[128];
		assert_true(text_is_clean(expected(i)));
		assert_string_equal(text_clean(expected(i), shown, sizeof shown), expected(i));
	}
}

TEST(a_text_is_cut_between_characters_and_escapes)
{
	static const char *const cuts[] = {
		"", "a", "a", "a", "a", "a\\x1b", "a\\x1b", "a\\x1b\303\266", "a\\x1b\303\266z"};
	for (size_t i = 0; i < COUNT(cuts); i++) {
		char shown[16];
		memset(shown, 'x', sizeof shown);
		assert_string_equal(text_clean("a\033\303\266z", shown, i + 1), cuts[i]);
		for (size_t j = i + 1; j < sizeof shown; j++)
			assert_int_equal(shown[j], 'x');
	}
}

static void assert_line(const char *text, const char *line)
{
	_cleanup_free_ char *printed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&printed, &size);
	assert_non_null(out);
	text_line(out, "%s of %d", text, 7);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(printed, line);
}

TEST(a_line_stays_one_line_and_keeps_its_tabs)
{
	assert_line("a\tb", "a\tb of 7\n");
	assert_line("a\nroot: done\r\033[1A", "a\\x0aroot: done\\x0d\\x1b[1A of 7\n");
}

TEST(a_line_may_be_long)
{
	static char text[5000];
	static char line[sizeof text * TEXT_GROWTH];
	for (size_t len = 1000; len < 1050; len++) {
		memset(text, '\033', len);
		text[len] = '\0';
		line[0] = '\0';
		for (size_t i = 0; i < len; i++)
			memcpy(line + 4 * i, "\\x1b", 5);
		memcpy(line + 4 * len, " of 7\n", sizeof " of 7\n");
		assert_line(text, line);
	}
	memset(text, 'x', sizeof text - 1);
	memcpy(line, text, sizeof text - 1);
	memcpy(line + sizeof text - 1, " of 7\n", sizeof " of 7\n");
	assert_line(text, line);
}

TEST(options_are_known_in_whole_and_with_a_value_only_where_they_take_one)
{
	static const char *const known[] = {"ro", "size=", "z", NULL};
	static const struct {
		const char *text;
		bool known;
	} cases[] = {
		{"", true},
		{"ro", true},
		{"ro,z", true},
		{"z,size=1m,ro", true},
		{"size=", true},
		{"size", false},
		{"ro=1", false},
		{"z,ro=0", false},
		{"rok", false},
		{"r", false},
		{"RO", false},
		{"ro,shared", false},
		{"shared,ro", false},
		{"resize=1", false},
		{"size=1 ,ro", true},
		{" ro", false},
		{"ro,,z", true},
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		if (text_has_only(cases[i].text, known) != cases[i].known)
			fail_test("'%s': %d", cases[i].text, !cases[i].known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(what_cannot_be_seen_is_replaced_by_an_escape),
		RUN(utf_8_is_what_rfc_3629_says),
		RUN(a_clean_text_is_not_changed_again),
		RUN(a_text_is_cut_between_characters_and_escapes),
		RUN(a_line_stays_one_line_and_keeps_its_tabs),
		RUN(a_line_may_be_long),
		RUN(options_are_known_in_whole_and_with_a_value_only_where_they_take_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
