/* SPDX-License-Identifier: MIT
 *
 * test_number: the digits are those that printf(3) writes.
 */
#include "unit.h"

#include "number.h"

#include <inttypes.h>

TEST(a_number_has_the_digits_that_printf_writes)
{
	static const uint64_t numbers[] = {0, 1, 9, 10, 99, 100, 4096, UINT32_MAX,
		(uint64_t)UINT32_MAX + 1, 9999999999, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
	for (size_t i = 0; i < COUNT(numbers); i++) {
		char expected[32];
		char text[NUMBER_TEXT_MAX];
		(void)snprintf(expected, sizeof expected, "%" PRIu64, numbers[i]);
		char *end = number_format(numbers[i], text);
		assert_string_equal(text, expected);
		assert_ptr_equal(end, text + strlen(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_number_has_the_digits_that_printf_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
