/* SPDX-License-Identifier: MIT
 *
 * test_foreign: cgroups below oss-crs that are not the runner's, as the Python OSS-CRS and people
 * make them: what they count for in the ledger.
 */
#include "unit.h"

#include "lease.h"
#include "runs.h"

#define GIB (UINT64_C(1) << 30)

static struct cpulist cpus(const char *text)
{
	struct error err = {0};
	struct cpulist set = {0};
	assert_ok(cpulist_parse(text, &set, &err), err);
	return set;
}

static struct ledger read_ledger(const struct unit_dir *dir)
{
	_cleanup_(host_close) struct host host = HOST_CLOSED;
	struct ledger ledger = LEDGER_NONE;
	struct error err = {0};
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_ok(ledger_read(&host, 0, &ledger, &err), err);
	return ledger;
}

static void put_foreign_file(
	const struct unit_dir *dir, const char *name, const char *file, const char *text)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, OURS "/%s/%s", name, file);
	put_text_file(dir, path, text);
}

static void put_foreign(const struct unit_dir *dir, const char *name, const char *cpus_text,
	const char *memory, const char *current)
{
	put_foreign_file(dir, name, "cgroup.events", "populated 1\nfrozen 0\n");
	put_foreign_file(dir, name, "cpuset.cpus", cpus_text);
	put_foreign_file(dir, name, "memory.max", memory);
	put_foreign_file(dir, name, "memory.current", current);
}

/* What the Python OSS-CRS makes: limits of the CRSs only, and a name that is none of a run. */
TEST(a_foreign_cgroup_with_processes_has_what_is_below_it)
{
	static const char name[] = "r1-abc123-run-1764000000-0a1b2c3d";
	const struct unit_dir *dir = *state;
	char text[LEASE_FOREIGN_MAX];
	put_foreign(dir, name, "\n", "max\n", "4096\n");
	put_foreign(dir, "r1-abc123-run-1764000000-0a1b2c3d/finder", "1\n", "1073741824\n", "0\n");
	put_foreign(dir, "r1-abc123-run-1764000000-0a1b2c3d/fixer", "2-3\n", "max\n", "1048576\n");
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.hidden, 0);
	assert_int_equal(ledger.count, 1);
	assert_int_equal(ledger.list[0].state, LEASE_FOREIGN);
	assert_string_equal(cpulist_format(&ledger.list[0].cpus, text), "1-3");
	assert_true(ledger.list[0].memory == GIB + (1 << 20));
	assert_contains(lease_describe_foreign(&ledger.list[0], text),
		"which oss-crs-run did not create, has CPUs 1-3 and 1G of memory");
	struct lease_claim claim = {.cpus = cpus("3-4"), .memory = GIB, .host_memory = 16 * GIB};
	struct lease_view view = lease_judge(&ledger, &claim);
	assert_false(view.fits);
	assert_string_equal(cpulist_format(&view.taken, text), "3");
	assert_contains(lease_describe(&ledger, &claim, &view, text, sizeof text),
		"foreign cgroup r1-abc123-run-1764000000-0a1b2c3d of ");
	claim.cpus = cpus("4");
	assert_true(lease_judge(&ledger, &claim).fits);
}

TEST(a_foreign_cgroup_has_its_own_limits_else_what_it_uses)
{
	const struct unit_dir *dir = *state;
	char text[LEASE_FOREIGN_MAX];
	put_foreign(dir, "limited", "5\n", "2097152\n", "4096\n");
	put_foreign(dir, "limited/below", "0-7\n", "max\n", "4096\n");
	put_foreign(dir, ".free", "\n", "max\n", "8192\n");
	put_foreign(dir, "idle", "6\n", "max\n", "0\n");
	put_foreign_file(dir, "idle", "cgroup.events", "populated 0\nfrozen 0\n");
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.count, 2);
	const struct lease *limited = &ledger.list[strcmp(ledger.list[0].name, "limited") != 0];
	const struct lease *free_one = &ledger.list[limited == &ledger.list[0]];
	assert_string_equal(cpulist_format(&limited->cpus, text), "5");
	assert_int_equal(limited->memory, 2097152);
	assert_true(cpulist_empty(&free_one->cpus));
	assert_int_equal(free_one->memory, 8192);
	assert_contains(lease_describe_foreign(free_one, text), "has any CPUs and 8K of memory");
}

/* One whose oss-crs does not hand the controllers down, as where it was made by hand. */
TEST(a_foreign_cgroup_without_controllers_is_seen)
{
	const struct unit_dir *dir = *state;
	char text[LEASE_FOREIGN_MAX];
	put_foreign_file(dir, "byhand", "cgroup.events", "populated 1\nfrozen 0\n");
	put_foreign_file(dir, "byhand/below", "cgroup.events", "populated 1\nfrozen 0\n");
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.hidden, 0);
	assert_int_equal(ledger.count, 1);
	assert_contains(lease_describe_foreign(&ledger.list[0], text), "has any CPUs");
}

TEST(a_foreign_cgroup_with_a_limit_of_one_kind_has_of_the_other_what_is_below)
{
	const struct unit_dir *dir = *state;
	char text[LEASE_FOREIGN_MAX];
	put_foreign(dir, "cpus", "5\n", "max\n", "4096\n");
	put_foreign(dir, "cpus/below", "0-7\n", "1073741824\n", "0\n");
	put_foreign(dir, "memory", "\n", "2097152\n", "4096\n");
	put_foreign(dir, "memory/below", "6-7\n", "1073741824\n", "0\n");
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.count, 2);
	const struct lease *cpus_only = &ledger.list[strcmp(ledger.list[0].name, "cpus") != 0];
	const struct lease *memory_only = &ledger.list[cpus_only == &ledger.list[0]];
	assert_string_equal(cpulist_format(&cpus_only->cpus, text), "5");
	assert_true(cpus_only->memory == GIB);
	assert_string_equal(cpulist_format(&memory_only->cpus, text), "6-7");
	assert_int_equal(memory_only->memory, 2097152);
}

TEST(a_foreign_cgroup_that_cannot_be_read_is_hidden_and_not_without_limits)
{
	static const char *const files[] = {"cpuset.cpus", "memory.max", "below/cpuset.cpus",
		"below/memory.max", "below/memory.current"};
	const struct unit_dir *dir = *state;
	for (size_t i = 0; i < COUNT(files); i++) {
		char name[32];
		char path[PATH_MAX];
		(void)snprintf(name, sizeof name, "foreign%zu", i);
		put_foreign(dir, name, "\n", "max\n", "4096\n");
		(void)snprintf(path, sizeof path, "%s/below", name);
		put_foreign(dir, path, "1\n", "max\n", "4096\n");
		/* No read of it works, and it does not lack. */
		(void)snprintf(path, sizeof path, OURS "/%s/%s", name, files[i]);
		assert_return_code(unlinkat(dir->fd, path, 0), errno);
		make_dir(dir->fd, path);
	}
	_cleanup_(ledger_free) struct ledger ledger = read_ledger(dir);
	assert_int_equal(ledger.count, 0);
	assert_int_equal(ledger.hidden, COUNT(files));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_foreign_cgroup_with_processes_has_what_is_below_it),
		RUN_IN_DIR(a_foreign_cgroup_has_its_own_limits_else_what_it_uses),
		RUN_IN_DIR(a_foreign_cgroup_without_controllers_is_seen),
		RUN_IN_DIR(a_foreign_cgroup_that_cannot_be_read_is_hidden_and_not_without_limits),
		RUN_IN_DIR(
			a_foreign_cgroup_with_a_limit_of_one_kind_has_of_the_other_what_is_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
