/* SPDX-License-Identifier: MIT
 *
 * fuzz_size: use the input as a size, and its first bytes as a number of bytes.
 *
 * Invariants: an accepted size is a whole number of pages in range; a written size fits into its
 * buffer and reads as nearly the same number; writing that number again gives the same text.
 */
#include "size.h"

#include "fuzz.h"

#define PAGE  UINT64_C(4096)
#define SMALL (UINT64_C(7) << 60) /* a larger size may round up to 8E, which is not valid */

static void check_round_trip(uint64_t bytes)
{
	char text[SIZE_TEXT_MAX];
	char again_text[SIZE_TEXT_MAX];
	uint64_t again = 0;
	struct error err = {0};
	(void)size_format(bytes, text);
	CHECK(strlen(text) < sizeof text);
	if (bytes < PAGE || bytes > SMALL || bytes % PAGE)
		return;
	CHECK(size_parse(text, SIZE_BARE_REFUSED, &again, &err) == 0);
	uint64_t difference = again > bytes ? again - bytes : bytes - again;
	CHECK(difference <= bytes / 20 + PAGE);
	CHECK(strcmp(size_format(again, again_text), text) == 0);
}

static void check_text(const char *text)
{
	struct error err = {0};
	uint64_t with_unit = 77;
	uint64_t bare = 77;
	int with_unit_result = size_parse(text, SIZE_BARE_REFUSED, &with_unit, &err);
	if (with_unit_result < 0) {
		check_error(&err, EX_CONFIG);
		CHECK(err.hint[0] && with_unit == 77);
	}
	if (size_parse(text, SIZE_BARE_MIB, &bare, &err) < 0) {
		/* SIZE_BARE_MIB only adds sizes: what it refuses, SIZE_BARE_REFUSED refuses
		 * too. */
		CHECK(with_unit_result < 0 && bare == 77);
		return;
	}
	CHECK(bare >= SIZE_MIN && bare <= INT64_MAX && bare % PAGE == 0);
	CHECK(with_unit_result < 0 || with_unit == bare);
	check_round_trip(bare);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	check_text(text);
	free(text);
	uint64_t bytes = 0;
	memcpy(&bytes, data, size < sizeof bytes ? size : sizeof bytes);
	check_round_trip(bytes);
	check_round_trip(bytes & ~(PAGE - 1));
	return 0;
}
