/* SPDX-License-Identifier: MIT
 *
 * fuzz_cgroup_stat: use the input as the files of a cgroup that figures are read from, and as any
 * flat keyed file.
 *
 * Invariants: an error that is safe to print, or figures in their ranges; a key is found only where
 * a line begins with it and a number follows.
 */
#include "fuzz_dir.h"

#include "cgroup_stat.h"

static const char *const paths[] = {"c/cpu.stat", "c/memory.current", "c/memory.events",
	"c/cpu.pressure", "c/memory.pressure", "c/io.pressure", "c/memory.peak",
	"c/memory.swap.max", "c/memory.max", "c/pids.current", "c/cpuset.cpus",
	"c/cpuset.cpus.effective", NULL};

static void check_key(const char *text)
{
	uint64_t value = 0;
	if (cgroup_find_key(text, "oom_kill", &value) < 0)
		return;
	const char *at = strstr(text, "oom_kill ");
	CHECK(at);
	while (at != text && at[-1] != '\n' && (at = strstr(at + 1, "oom_kill ")))
		;
	CHECK(at && at[9] >= '0' && at[9] <= '9');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct cgroup_stat figures;
	uint64_t value = 0;
	struct error err = {0};
	check_key(text);
	(void)cgroup_has(text, "cpuset memory");
	fuzz_make_dirs(paths[0]);
	fuzz_put_parts(paths, data, size);
	if (cgroup_stat_read_at(fuzz_dir(), "c", (1U << CGROUP_STAT_ALL) - 1, &figures, &err) < 0) {
		check_any_error(&err);
	} else {
		for (size_t i = 0; i < PRESSURE_KINDS; i++)
			CHECK(figures.pressure[i].avg10 <= 100 * 100);
	}
	if (cgroup_get_key(fuzz_dir(), "c", "memory.events", "oom", &value, &err) < 0)
		check_any_error(&err);
	if (cgroup_get_u64(fuzz_dir(), "c", "memory.max", &value, &err) < 0)
		check_any_error(&err);
	return 0;
}
