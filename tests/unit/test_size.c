/* SPDX-License-Identifier: MIT
 *
 * test_size: the sizes that people write, in bytes and back. Text that is no size is refused with
 * the reason.
 */
#include "unit.h"

#include "size.h"
#include "text.h"

#define KIB UINT64_C(1024)
#define MIB SIZE_MIB
#define GIB (UINT64_C(1) << 30)
#define TIB (UINT64_C(1) << 40)

TEST(sizes_are_read_as_people_write_them)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} table[] = {
		{"4G", 4 * GIB},
		{"4g", 4 * GIB},
		{"4GB", 4 * GIB},
		{"4gb", 4 * GIB},
		{"4GiB", 4 * GIB},
		{"4 GiB", 4 * GIB},
		{"1.5G", 1536 * MIB},
		{"0.5g", 512 * MIB},
		{"512M", 512 * MIB},
		{"512MB", 512 * MIB},
		{"64KiB", 64 * KIB},
		{"1024K", MIB},
		{"2T", 2 * TIB},
		{"1P", 1024 * TIB},
		{"7E", 7 * MIB * TIB},
		{"4096B", 4096},
		{"4096b", 4096},
		{"4K", 4096},
		{"007M", 7 * MIB},
		{"1.000000000000000000G", GIB},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		uint64_t bytes = 0;
		assert_ok(size_parse(table[i].text, SIZE_BARE_REFUSED, &bytes, &err), err);
		if (bytes != table[i].bytes)
			fail_test("%s: %llu", table[i].text, (unsigned long long)bytes);
	}
}

TEST(a_size_is_rounded_down_to_whole_pages)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} table[] = {{"4097B", 4096}, {"8191B", 4096}, {"8192B", 8192}, {"5K", 4096},
		{"1.1M", 4 * KIB * 281}, {"0.1G", 4 * KIB * 26214}};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		uint64_t bytes = 0;
		assert_ok(size_parse(table[i].text, SIZE_BARE_REFUSED, &bytes, &err), err);
		assert_int_equal(bytes, table[i].bytes);
	}
}

TEST(a_number_without_a_unit_is_mebibytes_only_where_the_format_says_so)
{
	struct error err = {0};
	uint64_t bytes = 77;
	assert_ok(size_parse("8192", SIZE_BARE_MIB, &bytes, &err), err);
	assert_int_equal(bytes, 8 * GIB);
	assert_ok(size_parse("4G", SIZE_BARE_MIB, &bytes, &err), err);
	assert_int_equal(bytes, 4 * GIB);
	assert_int_equal(size_parse("8192", SIZE_BARE_REFUSED, &bytes, &err), -1);
	assert_string_equal(err.msg, "size '8192': unit is missing");
	assert_int_equal(bytes, 4 * GIB);
}

TEST(an_invalid_size_is_refused_with_the_reason)
{
	static const struct {
		const char *text;
		const char *why;
	} table[] = {
		{"", "expected a number"},
		{"G", "expected a number"},
		{" 4G", "expected a number"},
		{"+4G", "expected a number"},
		{".5G", "expected a number"},
		{"max", "expected a number"},
		{"-4G", "must not be negative"},
		{"4", "unit is missing"},
		{"4X", "unknown unit"},
		{"4Gx", "unknown unit"},
		{"4Gi", "unknown unit"},
		{"4GiBs", "unknown unit"},
		{"4BB", "unknown unit"},
		{"4BiB", "unknown unit"},
		{"4G 4G", "unknown unit"},
		{"1e9B", "unknown unit"},
		{"0x10M", "unknown unit"},
		{"1,5G", "unknown unit"},
		{"4\"", "unknown unit"},
		{"4\xc7", "unknown unit"},
		{"1.G", "expected digits after the point"},
		{"1.", "expected digits after the point"},
		{"1..5G", "expected digits after the point"},
		{"1.5.5G", "unknown unit"},
		{"0", "unit is missing"},
		{"0G", "must be more than zero"},
		{"0.000G", "must be more than zero"},
		{"1B", "less than a page (4096 bytes)"},
		{"4095B", "less than a page (4096 bytes)"},
		{"3.9K", "less than a page (4096 bytes)"},
		{"8E", "too large"},
		{"16E", "too large"},
		{"17179869184G", "too large"},
		{"18446744073709551615B", "too large"},
		{"18446744073709551615E", "too large"},
		{"99999999999999999999999999B", "too many digits"},
		{"1.00000000000000000000000G", "too many digits"},
		{"0.00000000000000000000000001G", "too many digits"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		uint64_t bytes = 77;
		char expected[128];
		char shown[64];
		(void)snprintf(expected, sizeof expected, "size '%s': %s",
			text_clean(table[i].text, shown, sizeof shown), table[i].why);
		assert_int_equal(size_parse(table[i].text, SIZE_BARE_REFUSED, &bytes, &err), -1);
		assert_string_equal(err.msg, expected);
		assert_int_equal(err.status, EX_CONFIG);
		assert_contains(err.hint, "1.5G");
		assert_int_equal(bytes, 77);
	}
}

TEST(a_text_longer_than_a_message_is_still_refused_with_the_reason)
{
	char text[4096];
	memset(text, '0', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	struct error err = {0};
	uint64_t bytes = 0;
	assert_int_equal(size_parse(text, SIZE_BARE_REFUSED, &bytes, &err), -1);
	assert_contains(err.msg, "unit is missing");
}

TEST(sizes_are_written_short)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{0, "0"},
		{1, "1"},
		{1023, "1023"},
		{1024, "1K"},
		{4096, "4K"},
		{5000, "4.9K"},
		{MIB - 4096, "1020K"},
		{MIB, "1M"},
		{512 * MIB, "512M"},
		{1536 * MIB, "1.5G"},
		{4 * GIB, "4G"},
		{1000 * GIB, "1000G"},
		{MIB * 1472 / 10, "147M"},
		{MIB * 999 / 10, "99.9M"},
		{2 * TIB, "2T"},
		{UINT64_MAX, "16E"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char buf[SIZE_TEXT_MAX];
		assert_string_equal(size_format(table[i].bytes, buf), table[i].text);
	}
}

TEST(a_size_just_below_a_unit_is_rounded_up_to_it)
{
	char buf[SIZE_TEXT_MAX];
	assert_string_equal(size_format(GIB - 4096, buf), "1G");
	assert_string_equal(size_format(TIB - MIB, buf), "1T");
	assert_string_equal(size_format(2 * GIB - 1, buf), "2G");
	assert_string_equal(size_format(MIB * 10236 / 10, buf), "1G");
}

TEST(a_size_below_100_units_is_written_as_it_was_read)
{
	static const char suffixes[] = "MGTP";
	for (const char *suffix = suffixes; *suffix; suffix++) {
		for (unsigned tenths = 10; tenths < 1000; tenths++) {
			char text[16];
			char buf[SIZE_TEXT_MAX];
			struct error err = {0};
			uint64_t bytes = 0;
			if (tenths % 10)
				(void)snprintf(text, sizeof text, "%u.%u%c", tenths / 10,
					tenths % 10, *suffix);
			else
				(void)snprintf(text, sizeof text, "%u%c", tenths / 10, *suffix);
			assert_ok(size_parse(text, SIZE_BARE_REFUSED, &bytes, &err), err);
			assert_string_equal(size_format(bytes, buf), text);
		}
	}
}

TEST(exact_sizes_lose_nothing)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{0, "0"},
		{5000, "5000"},
		{4096, "4K"},
		{1280 * MIB, "1280M"},
		{1536 * MIB, "1536M"},
		{4 * GIB, "4G"},
		{GIB - 4096, "1048572K"},
		{INT64_MAX, "9223372036854775807"},
		{UINT64_C(1) << 63, "8E"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char buf[SIZE_TEXT_MAX];
		assert_string_equal(size_format_exact(table[i].bytes, buf), table[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(sizes_are_read_as_people_write_them),
		RUN(a_size_is_rounded_down_to_whole_pages),
		RUN(a_number_without_a_unit_is_mebibytes_only_where_the_format_says_so),
		RUN(an_invalid_size_is_refused_with_the_reason),
		RUN(a_text_longer_than_a_message_is_still_refused_with_the_reason),
		RUN(sizes_are_written_short),
		RUN(a_size_just_below_a_unit_is_rounded_up_to_it),
		RUN(a_size_below_100_units_is_written_as_it_was_read),
		RUN(exact_sizes_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
