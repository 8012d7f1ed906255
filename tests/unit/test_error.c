/* SPDX-License-Identifier: MIT
 *
 * test_error: an error says in one line what failed, why, and what to do, however long its parts
 * are.
 */
#include "unit.h"

#include "text.h"

TEST(a_failed_call_is_reported_with_its_reason)
{
	struct error err = {0};
	assert_int_equal(fail(&err, ENOENT, "open %s", "a/b"), -1);
	assert_string_equal(err.msg, "open a/b: No such file or directory");
	assert_int_equal(err.code, ENOENT);
	assert_int_equal(err.status, EX_SOFTWARE);
}

TEST(eperm_and_eacces_have_the_status_ex_noperm)
{
	static const int forbidden[] = {EPERM, EACCES};
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		struct error err = {0};
		(void)fail(&err, forbidden[i], "write");
		assert_int_equal(err.status, EX_NOPERM);
	}
}

TEST(an_unknown_errno_still_gives_a_message)
{
	struct error err = {0};
	(void)fail(&err, 99999, "call");
	assert_string_equal(err.msg, "call: unknown error");
}

TEST(fail_as_sets_the_given_status_and_no_errno)
{
	struct error err = {.code = EIO};
	assert_int_equal(fail_as(&err, EX_CONFIG, "%d workers", 0), -1);
	assert_string_equal(err.msg, "0 workers");
	assert_int_equal(err.code, 0);
	assert_int_equal(err.status, EX_CONFIG);
}

TEST(a_new_error_does_not_keep_the_old_hint)
{
	struct error err = {0};
	(void)fail_as(&err, EX_USAGE, "first");
	assert_int_equal(add_hint(&err, "try %d", 2), -1);
	assert_string_equal(err.hint, "try 2");
	(void)fail_as(&err, EX_USAGE, "second");
	assert_string_equal(err.hint, "");
	(void)add_hint(&err, "try again");
	(void)fail(&err, EIO, "third");
	assert_string_equal(err.hint, "");
}

TEST(context_goes_before_the_message_and_the_rest_stays)
{
	struct error err = {0};
	(void)fail(&err, EACCES, "open x");
	(void)add_hint(&err, "log in again");
	assert_int_equal(add_context(&err, "%s:%d", "a.yaml", 3), -1);
	assert_string_equal(err.msg, "a.yaml:3: open x: Permission denied");
	assert_int_equal(err.code, EACCES);
	assert_int_equal(err.status, EX_NOPERM);
	assert_string_equal(err.hint, "log in again");
}

TEST(a_message_that_is_too_long_is_truncated)
{
	char text[4096];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	struct error err = {0};

	(void)fail(&err, EIO, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	(void)fail_as(&err, EX_CONFIG, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	(void)add_hint(&err, "%s", text);
	assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
	(void)add_context(&err, "a.yaml:3");
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
	assert_memory_equal(err.msg, "a.yaml:3: xxx", 13);
	(void)add_context(&err, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

/* Messages quote text from configs and daemons, which must not reach the terminal as control
 * sequences or line breaks. */
TEST(control_characters_are_replaced)
{
	struct error err = {0};
	(void)fail_as(&err, EX_CONFIG, "name '%s'", "a\nb\033[2Jc\177");
	assert_string_equal(err.msg, "name 'a\\x0ab\\x1b[2Jc\\x7f'");
	(void)fail(&err, ENOENT, "open %s", "a\rb");
	assert_string_equal(err.msg, "open a\\x0db: No such file or directory");
	(void)add_context(&err, "x\ty.yaml");
	assert_string_equal(err.msg, "x\\x09y.yaml: open a\\x0db: No such file or directory");
	(void)add_hint(&err, "rename %s", "\033c");
	assert_string_equal(err.hint, "rename \\x1bc");
}

TEST(text_in_other_languages_is_unchanged)
{
	struct error err = {0};
	(void)fail_as(&err, EX_CONFIG, "%s", "Größe '4 Gö'");
	assert_string_equal(err.msg, "Größe '4 Gö'");
}

/* --json writes every message, and JSON is UTF-8. */
TEST(bytes_that_are_not_utf_8_are_replaced)
{
	struct error err = {0};
	(void)fail(&err, ENOENT, "open caf\xe9");
	assert_string_equal(err.msg, "open caf\\xe9: No such file or directory");
	(void)add_context(&err, "%s", "\xff");
	assert_string_equal(err.msg, "\\xff: open caf\\xe9: No such file or directory");
	(void)add_hint(&err, "rename %.2s…", "xß");
	assert_string_equal(err.hint, "rename x\\xc3…");
	(void)fail_as(&err, EX_CONFIG, "%s\xc3", "ü");
	assert_string_equal(err.msg, "ü\\xc3");
}

/* However many bytes the buffer cuts off a character, and also where an escape makes the text
 * longer. */
TEST(a_message_is_truncated_at_the_end_of_a_character)
{
	for (size_t before = 1016; before <= 1024; before++) {
		char text[2048] = "";
		memset(text, 'x', before);
		(void)snprintf(text + before, sizeof text - before, "\U0001f600\U0001f600");
		struct error err = {0};
		(void)fail_as(&err, EX_CONFIG, "%s", text);
		assert_true(text_is_utf8(err.msg));
		assert_null(strchr(err.msg, '\\'));
		assert_true(strlen(err.msg) >= (before < 1020 ? before : 1020));
		(void)fail(&err, EIO, "%s", text);
		assert_true(text_is_utf8(err.msg));
		text[0] = '\xff';
		(void)fail_as(&err, EX_CONFIG, "%s", text);
		assert_true(text_is_utf8(err.msg));
		assert_true(strlen(err.msg) >= 1019);
		(void)add_hint(&err, "%s", text + before - 505);
		assert_true(text_is_utf8(err.hint));
		(void)add_context(&err, "é%s", text + 1000);
		assert_true(text_is_utf8(err.msg));
	}
}

TEST(an_error_of_another_process_is_cleaned_by_the_one_that_takes_it)
{
	struct error made = {0};
	struct error taken = {0};
	error_leave_raw(true);
	(void)fail(&made, ENOENT, "open a\033b");
	(void)add_hint(&made, "look at c\nd");
	error_leave_raw(false);
	assert_string_equal(made.msg, "open a\033b: No such file or directory");
	error_take(&taken, &made);
	assert_string_equal(taken.msg, "open a\\x1bb: No such file or directory");
	assert_string_equal(taken.hint, "look at c\\x0ad");
	assert_int_equal(taken.code, ENOENT);
	/* It need not have an end. */
	memset(made.msg, 'x', sizeof made.msg);
	memset(made.hint, 'x', sizeof made.hint);
	error_take(&taken, &made);
	assert_int_equal(strlen(taken.msg), sizeof taken.msg - 1);
	assert_int_equal(strlen(taken.hint), sizeof taken.hint - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_failed_call_is_reported_with_its_reason),
		RUN(eperm_and_eacces_have_the_status_ex_noperm),
		RUN(an_unknown_errno_still_gives_a_message),
		RUN(fail_as_sets_the_given_status_and_no_errno),
		RUN(a_new_error_does_not_keep_the_old_hint),
		RUN(context_goes_before_the_message_and_the_rest_stays),
		RUN(a_message_that_is_too_long_is_truncated),
		RUN(control_characters_are_replaced),
		RUN(text_in_other_languages_is_unchanged),
		RUN(bytes_that_are_not_utf_8_are_replaced),
		RUN(a_message_is_truncated_at_the_end_of_a_character),
		RUN(an_error_of_another_process_is_cleaned_by_the_one_that_takes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
