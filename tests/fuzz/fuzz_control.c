/* SPDX-License-Identifier: MIT
 *
 * fuzz_control: where a config on standard input ends does not depend on how it arrives. The first
 * byte says where the text is cut in two.
 *
 * Invariants: cut or whole, the same line is found; it is at the beginning of a line, and has three
 * dots.
 */
#include "control.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t whole = 0;
	size_t parts = 0;
	if (size == 0)
		return 0;
	size_t len = size - 1;
	char *text = fuzz_text(data + 1, len);
	size_t cut = len * data[0] / UINT8_MAX;
	bool found = control_find_end(text, len, true, &whole);
	bool again = control_find_end(text, cut, false, &parts) ||
		     control_find_end(text, len, true, &parts);
	CHECK(found == again && whole == parts && whole <= len);
	CHECK(whole == 0 || text[whole - 1] == '\n');
	CHECK(!found || memcmp(text + whole, "...", 3) == 0);
	free(text);
	return 0;
}
