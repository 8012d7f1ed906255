/* SPDX-License-Identifier: MIT
 *
 * fuzz_setup_journal: use the input as the file of a journal record. Invariant: record_parse()
 * returns a complete record, or an error.
 */
#include "fuzz.h"

#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal_record record = {0};
	struct error err = {0};
	_cleanup_free_ char *text = fuzz_text(data, size);
	if (journal_record_parse(text, size, &record, &err) < 0) {
		check_error(&err, EX_CONFIG);
		CHECK(!record.target);
		return 0;
	}
	CHECK(record.step && record.target && record.mode <= 0777);
	journal_record_clear(&record);
	return 0;
}
