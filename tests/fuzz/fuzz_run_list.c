/* SPDX-License-Identifier: MIT
 *
 * fuzz_run_list: use the input as runs.tsv.
 *
 * Invariants: runs_parse() returns runs whose ids are safe as names of files and whose figures are
 * within their bounds, or an error of EX_DATAERR.
 */
#include "fuzz.h"

#include "cpulist.h"
#include "run_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct runs runs = RUNS_NONE;
	struct error err = {0};
	_cleanup_free_ char *text = fuzz_text(data, size);
	if (runs_parse("runs.tsv", text, size, &runs, &err) < 0) {
		check_error(&err, EX_DATAERR);
		return 0;
	}
	CHECK(runs.count > 0);
	for (size_t i = 0; i < runs.count; i++) {
		const struct run_entry *run = &runs.list[i];
		CHECK(*run->id && *run->id != '.' && !strchr(run->id, '/') &&
			strlen(run->id) <= RUNS_ID_MAX);
		CHECK(run->trial >= 1 && run->cpus >= 1 && run->cpus <= CPULIST_MAX);
		CHECK(run->memory_max >= 1 && run->memory_max <= INT64_MAX);
		CHECK(text_is_clean(run->project) && *run->project && text_is_clean(run->harness));
	}
	runs_free(&runs);
	return 0;
}
