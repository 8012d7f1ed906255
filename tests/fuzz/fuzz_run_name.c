/* SPDX-License-Identifier: MIT
 *
 * fuzz_run_name: use the input as the name of a run, and as a run id.
 *
 * Invariants: what is parsed is written again as the same name, but for zeros before the timestamp;
 * a name that is made of any run id can be a file's, is parsed again, and has the same parts.
 */
#include "fuzz.h"

#include "run_name.h"

static void check_file_name(const char *name)
{
	CHECK(*name && *name != '.' && !strchr(name, '/') && strlen(name) <= NAME_MAX);
	CHECK(!strpbrk(name, "\n\t\033 $`'\"\\"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	char written[NAME_MAX + 1];
	struct run_name name = {.phase = PHASE_RUN};
	struct run_name again;
	struct error err = {0};
	if (run_name_parse(text, &name)) {
		check_file_name(text);
		CHECK(run_name_format(&name, written, &err) == 0);
		CHECK(run_name_parse(written, &again) && again.timestamp == name.timestamp);
		CHECK(strlen(written) <= strlen(text) && strcmp(again.worker, name.worker) == 0);
	}
	struct run_name made = {.phase = PHASE_EXEC, .timestamp = 1, .random = 2};
	if (run_name_set(&made, text, "local", &err) < 0 ||
		run_name_format(&made, written, &err) < 0) {
		check_error(&err, EX_USAGE);
		return 0;
	}
	check_file_name(written);
	CHECK(!*text || run_name_parse(written, &again));
	return 0;
}
