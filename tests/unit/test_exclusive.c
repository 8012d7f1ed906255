/* SPDX-License-Identifier: MIT
 *
 * test_exclusive: what may use the CPUs of an exclusive run, from files that imitate those of
 * /proc.
 */
#include "planned.h"

#include "exclusive.h"
#include "fs.h"

/* A thread that may run on these CPUs. The first thread of a process has the PID of the process. */
static void put_thread(int dir, int pid, int tid, const char *cpus)
{
	char path[64];
	char text[256];
	(void)snprintf(path, sizeof path, "proc/%d", tid);
	if (!exists(dir, path))
		make_dir(dir, path);
	(void)snprintf(path, sizeof path, "proc/%d/status", tid);
	(void)snprintf(text, sizeof text, "Name:\tx\nCpus_allowed_list:\t%s\n", cpus);
	make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "proc/%d/stat", tid);
	(void)snprintf(text, sizeof text, "%d (x) S 1 %d 0 0\n", tid, pid);
	if (tid != pid)
		make_file(dir, path, text);
	(void)snprintf(path, sizeof path, "proc/%d/task", pid);
	if (!exists(dir, path))
		make_dir(dir, path);
	(void)snprintf(path, sizeof path, "proc/%d/task/%d", pid, tid);
	make_dir(dir, path);
}

static void put_task(int dir, int pid, int parent, const char *name, const char *cpus)
{
	put_process(dir, pid, parent, name, "/", "1");
	put_thread(dir, pid, pid, cpus);
}

static void put_interrupt(int dir, const char *irq, const char *cpus, const char *device)
{
	char path[64];
	(void)snprintf(path, sizeof path, "proc/irq/%s", irq);
	make_dir(dir, path);
	(void)snprintf(path, sizeof path, "proc/irq/%s/effective_affinity_list", irq);
	make_file(dir, path, cpus);
	(void)snprintf(path, sizeof path, "proc/irq/%s/%s", irq, device);
	if (*device)
		make_dir(dir, path);
}

/* A run on CPUs 0-3 of a host where nothing else may use them but what has to. */
static void make_exclusive(int dir, struct fixture *fixture)
{
	make_fixture(dir, fixture);
	fixture->tree.partition = PARTITION_ROOT;
	put_task(dir, 1, 0, "systemd", "4-7");
	put_task(dir, 2, 0, "kthreadd", "4-7");
	put_task(dir, 10, 2, "migration/3", "3");
	put_task(dir, 11, 2, "kworker/u8:0", "0-7");
	put_task(dir, 12, 2, "migration/4", "4");
	put_task(dir, 20, 1, "sshd", "4-7");
	make_dir(dir, "proc/irq");
	put_interrupt(dir, "24", "3\n", "virtio0-input.0");
	put_interrupt(dir, "25", "5\n", "virtio0-output.0");
	put_interrupt(dir, "9", "0-1\n", "");
}

TEST(kernel_threads_and_interrupts_of_the_cpus_are_counted_and_named)
{
	struct fixture fixture;
	struct exclusive found;
	struct error err = {0};
	int dir = unit_dir(state);
	make_exclusive(dir, &fixture);
	assert_ok(exclusive_look(&fixture.host, &fixture.tree, &found, &err), err);
	assert_string_equal(found.unknown.msg, "");
	assert_int_equal(found.partition, PARTITION_ROOT);
	assert_int_equal(found.per_cpu, 1);
	assert_int_equal(found.others, 1);
	assert_int_equal(found.name_count, 2);
	assert_string_equal(found.names[0], "migration/3");
	assert_string_equal(found.names[1], "kworker/u8:0");
	assert_contains(found.interrupts, "24 virtio0-input.0\n");
	assert_contains(found.interrupts, "9\n");
	assert_null(strstr(found.interrupts, "25"));
	exclusive_free(&found);
	free_fixture(dir, &fixture);
}

TEST(a_thread_of_somebody_else_is_refused_and_one_that_has_ended_is_not)
{
	struct fixture fixture;
	struct exclusive found;
	struct error err = {0};
	int dir = unit_dir(state);
	make_exclusive(dir, &fixture);
	put_thread(dir, 20, 21, "3-7");
	assert_int_equal(exclusive_look(&fixture.host, &fixture.tree, &found, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "process 20 (sshd) may use CPUs 3-7");
	make_file(dir, "proc/21/stat", "21 (x) Z 1 20 0 0\n");
	assert_ok(exclusive_look(&fixture.host, &fixture.tree, &found, &err), err);
	exclusive_free(&found);
	make_file(dir, "proc/21/stat", "21 (Z) X) X 1 20 0 0\n");
	assert_ok(exclusive_look(&fixture.host, &fixture.tree, &found, &err), err);
	exclusive_free(&found);
	free_fixture(dir, &fixture);
}

TEST(what_cannot_be_looked_at_is_unknown)
{
	static const struct {
		const char *file, *text, *reason;
	} table[] = {
		{"proc/20/status", "Name:\tx\n", "Cpus_allowed_list in /proc/20/status"},
		{"proc/2/comm", "bash\n", "does not show the threads of the kernel"},
		{"proc/irq/24/effective_affinity_list", "x\n", "/proc/irq/24"},
	};
	struct fixture fixture;
	struct exclusive found;
	struct error err = {0};
	int dir = unit_dir(state);
	make_exclusive(dir, &fixture);
	for (size_t i = 0; i < COUNT(table); i++) {
		char before[512];
		char line[sizeof before + 1];
		assert_ok(fs_read_attr(dir, table[i].file, before, sizeof before, &err), err);
		(void)snprintf(line, sizeof line, "%s\n", before);
		make_file(dir, table[i].file, table[i].text);
		assert_ok(exclusive_look(&fixture.host, &fixture.tree, &found, &err), err);
		assert_contains(found.unknown.msg, table[i].reason);
		exclusive_free(&found);
		make_file(dir, table[i].file, line);
	}
	free_fixture(dir, &fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(kernel_threads_and_interrupts_of_the_cpus_are_counted_and_named),
		RUN_IN_DIR(a_thread_of_somebody_else_is_refused_and_one_that_has_ended_is_not),
		RUN_IN_DIR(what_cannot_be_looked_at_is_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
