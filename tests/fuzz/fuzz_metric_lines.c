/* SPDX-License-Identifier: MIT
 *
 * fuzz_metric_lines: use the input as what the program of `metrics` prints.
 *
 * Invariants: metric_lines_parse() returns figures that are finite and have a name, each once per
 * CRS, or an error of EX_DATAERR.
 */
#include "fuzz.h"

#include "metric_lines.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct metric_lines lines = METRIC_LINES_NONE;
	struct error err = {0};
	_cleanup_free_ char *text = fuzz_text(data, size);
	if (metric_lines_parse("m", text, size, &lines, &err) < 0) {
		check_error(&err, EX_DATAERR);
		return 0;
	}
	for (size_t i = 0; i < lines.count; i++) {
		CHECK(isfinite(lines.list[i].value) && *lines.list[i].name);
		for (size_t j = 0; j < i && j < 64; j++)
			CHECK(strcmp(lines.list[i].name, lines.list[j].name) != 0 ||
				strcmp(lines.list[i].crs, lines.list[j].crs) != 0);
	}
	metric_lines_free(&lines);
	return 0;
}
