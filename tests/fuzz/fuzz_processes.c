/* SPDX-License-Identifier: MIT
 *
 * fuzz_processes: use the input as stat, status, cgroup and comm of two processes in /proc.
 *
 * Invariants: walks over parents end, whatever they say; a cgroup's path is one line that fits; a
 * process that cannot be read is not found.
 */
#include "fuzz_dir.h"

#include "processes.h"

static const char *const paths[] = {
	"proc/1/stat", "proc/20/stat", "proc/20/status", "proc/20/cgroup", "proc/20/comm", NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host host = HOST_CLOSED;
	struct processes processes = PROCESSES_NONE;
	struct error err = {0};
	char cgroup[64] = "";
	char name[32];
	for (const char *const *path = paths; *path; path++)
		fuzz_make_dirs(*path);
	fuzz_put_parts(paths, data, size);
	CHECK(host_open_at(fuzz_dir(), &host, &err) == 0);
	if (processes_read(&host, &processes, &err) == 0) {
		CHECK(processes.count <= 2);
		CHECK(processes_parent(&processes, 3) == 0);
		(void)processes_below(&processes, 1, 20);
		(void)processes_below(&processes, 20, 20);
	} else {
		check_any_error(&err);
	}
	processes_free(&processes);
	if (process_cgroup(&host, 20, cgroup, sizeof cgroup, &err) == 0)
		CHECK(!strchr(cgroup, '\n') && strlen(cgroup) < sizeof cgroup);
	else
		check_any_error(&err);
	int depth = 0;
	struct cpulist cpus;
	if (process_pid_depth(&host, 20, &depth, &err) == 0)
		CHECK(depth >= 1);
	else
		check_any_error(&err);
	if (process_cpus(&host, 20, &cpus, &err) == 0)
		CHECK(!cpulist_empty(&cpus));
	else
		check_any_error(&err);
	CHECK(strlen(process_name(&host, 20, name, sizeof name)) < sizeof name);
	host_close(&host);
	return 0;
}
