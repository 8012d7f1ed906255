/* SPDX-License-Identifier: MIT
 *
 * fuzz_setup_docker: use the input as the command line of docker.service and as its environment
 * and unit files. Invariants: a driver that is found is in the text, fits, and is one word; the
 * line that sets it is one of the file's.
 */
#include "fuzz_dir.h"

#include "daemon_json.h"
#include "facts.h"
#include "probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = 0;
	const uint8_t *part = fuzz_take(&data, &size, &len);
	_cleanup_free_ char *exec = fuzz_text(part, len);
	_cleanup_free_ char *environment = fuzz_text(data, size);
	char driver[FACTS_DRIVER_MAX] = "";
	if (probe_find_flag(exec, environment, driver, sizeof driver)) {
		CHECK(strlen(driver) < sizeof driver && !strpbrk(driver, " \t\n\"'"));
		CHECK(strstr(exec, driver) || strstr(environment, driver));
		CHECK(strstr(exec, DRIVER_OPTION) || strchr(exec, '$'));
	}
	unsigned line = probe_flag_line(environment);
	unsigned lines = 1;
	for (const char *c = environment; *c; c++)
		lines += *c == '\n';
	CHECK(line <= lines && (line == 0 || strstr(environment, DRIVER_OPTION)));
	return 0;
}
