/* SPDX-License-Identifier: MIT
 *
 * test_nearest: a typo finds the word that was meant, an unrelated word finds none.
 */
#include "unit.h"

#include "nearest.h"

static const char *const words[] = {
	"build", "run", "exec", "plan", "check", "status", "timeout", NULL};

TEST(a_typo_finds_its_word)
{
	static const char *const slips[][2] = {{"rnu", "run"}, {"biuld", "build"},
		{"stauts", "status"}, {"STATUS", "status"}, {"tmeout", "timeout"}, {"exe", "exec"},
		{"timeouts", "timeout"}};
	for (size_t i = 0; i < COUNT(slips); i++)
		assert_string_equal(nearest_meant(slips[i][0], words), slips[i][1]);
}

TEST(an_unrelated_word_finds_none)
{
	static const char *const others[] = {"", "frob", "x", "help", "rm", "statistics",
		"a-word-that-is-much-longer-than-any-of-ours-is"};
	for (size_t i = 0; i < COUNT(others); i++)
		assert_null(nearest_meant(others[i], words));
}

TEST(the_distance_counts_a_swap_once_and_ignores_case)
{
	assert_int_equal(nearest_distance("abcd", "abdc"), 1);
	assert_int_equal(nearest_distance("ABC", "abc"), 0);
	assert_int_equal(nearest_distance("abc", ""), 3);
	assert_int_equal(nearest_distance("abc", "this is a text of more than thirty-two bytes"),
		NEAREST_WORD_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_typo_finds_its_word),
		RUN(an_unrelated_word_finds_none),
		RUN(the_distance_counts_a_swap_once_and_ignores_case),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
