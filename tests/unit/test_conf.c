/* SPDX-License-Identifier: MIT
 *
 * test_conf: which INI files conf_parse() accepts, whichever program reads them. test_setup_policy
 * and test_options test the meaning of the keys.
 */
#include "unit.h"

#include "conf.h"

struct seen {
	char text[256]; /* "section.name=value;" for each key */
	int count;
};

/* Keys are named k0, k1, ... The value "bad" is refused. */
static int note_key(
	void *data, const char *section, const char *name, const char *value, struct error *err)
{
	struct seen *seen = data;
	size_t used = strlen(seen->text);
	(void)snprintf(
		seen->text + used, sizeof seen->text - used, "%s.%s=%s;", section, name, value);
	seen->count++;
	if (strcmp(value, "bad") == 0)
		return fail_as(err, EX_USAGE, "refused");
	return name[1] - '0';
}

static int parse_ini(const char *text, struct seen *seen, struct error *err)
{
	*seen = (struct seen){.count = 0};
	return conf_parse("FILE", text, strlen(text), note_key, seen, err);
}

TEST(keys_come_with_their_section_and_comments_are_skipped)
{
	struct seen seen;
	struct error err = {0};
	assert_ok(
		parse_ini("; c\n# c\n[a]\nk0 = one two \n\n[b]\r\nk1=x ; c\r\n", &seen, &err), err);
	assert_string_equal(seen.text, "a.k0=one two;b.k1=x;");
	assert_ok(parse_ini("", &seen, &err), err);
	assert_int_equal(seen.count, 0);
	assert_ok(parse_ini("[a]\nk0=no newline at the end", &seen, &err), err);
	assert_string_equal(seen.text, "a.k0=no newline at the end;");
}

TEST(an_error_names_the_file_and_the_line)
{
	static const struct {
		const char *text, *msg;
		int calls;
	} table[] = {
		{"[a]\nk0=1\nk1=bad\nk2=2\n", "FILE:3: refused", 2},
		{"[a]\nk0=1\nk0=2\n", "FILE:3: [a] k0 is set twice", 2},
		/* inih joins an indented line to the one before it. */
		{"[a]\nk0=1\n  2\n", "FILE:3: [a] k0 is set twice", 2},
		{"[a]\nk0\nk1=bad\n", "FILE:2: expected [section], key = value or a comment", 1},
		{"[a\nk0=1\n", "FILE:1: expected [section]", 1},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct seen seen;
		struct error err = {0};
		assert_int_equal(parse_ini(table[i].text, &seen, &err), -1);
		assert_int_equal(err.status, EX_CONFIG);
		assert_contains(err.msg, table[i].msg);
		assert_int_equal(seen.count, table[i].calls);
	}
}

TEST(a_line_that_inih_would_truncate_is_refused)
{
	char text[512] = "[a]\n";
	struct seen seen;
	struct error err = {0};
	memset(text + 4, '#', 300);
	(void)snprintf(text + 304, sizeof text - 304, "\nk0=1\n");
	assert_int_equal(parse_ini(text, &seen, &err), -1);
	assert_contains(err.msg, "FILE:2: line is longer than");
	assert_int_equal(seen.count, 0);
}

TEST(a_nul_byte_is_refused)
{
	static const char text[] = "[a]\n\0k0=1\n";
	struct seen seen = {.count = 0};
	struct error err = {0};
	assert_int_equal(conf_parse("FILE", text, sizeof text - 1, note_key, &seen, &err), -1);
	assert_string_equal(err.msg, "FILE: contains a NUL byte");
	assert_int_equal(seen.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN(keys_come_with_their_section_and_comments_are_skipped),
		RUN(an_error_names_the_file_and_the_line),
		RUN(a_line_that_inih_would_truncate_is_refused),
		RUN(a_nul_byte_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
