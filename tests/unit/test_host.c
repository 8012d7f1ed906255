/* SPDX-License-Identifier: MIT
 *
 * test_host: a directory can stand in for the machine, no symbolic link in it is followed, and each
 * wrong kind of cgroup mount has its own message.
 */
#include "unit.h"

#include "host.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#define _cleanup_host_ _cleanup_(host_close)

static void make_cgroup_mount(int dir)
{
	make_dir(dir, "sys");
	make_dir(dir, "sys/fs");
	make_dir(dir, "sys/fs/cgroup");
}

TEST(a_machine_without_cgroups_opens_but_fails_the_cgroup_check)
{
	_cleanup_host_ struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_ok(host_open_at(unit_dir(state), &host, &err), err);
	assert_true(host.root >= 0);
	assert_int_equal(host.cgroup, -1);
	assert_int_equal(host_cgroup2(&host, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_string_equal(err.msg, "/sys/fs/cgroup does not exist: this host has no cgroups");
	assert_contains(err.hint, "systemd");
}

TEST(a_recorded_machine_is_read_below_its_directory)
{
	int dir = unit_dir(state);
	make_cgroup_mount(dir);
	make_file(dir, "sys/fs/cgroup/cgroup.controllers", "cpuset memory\n");
	_cleanup_host_ struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_ok(host_open_at(dir, &host, &err), err);
	assert_file(host.cgroup, "cgroup.controllers", "cpuset memory\n");
	assert_false(host.real);
	assert_ok(host_cgroup2(&host, &err), err);
	assert_int_equal(
		fcntl(host.root, F_GETFD) & fcntl(host.cgroup, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(the_caller_keeps_its_directory_descriptor)
{
	struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_ok(host_open_at(unit_dir(state), &host, &err), err);
	int root = host.root;
	assert_int_not_equal(root, unit_dir(state));
	host_close(&host);
	assert_int_equal(host.root, -1);
	assert_int_equal(host.cgroup, -1);
	assert_int_equal(fcntl(root, F_GETFD), -1);
	assert_return_code(fcntl(unit_dir(state), F_GETFD), errno);
	/* A second close must not close a descriptor that somebody else has opened since. */
	host_close(&host);
}

TEST(a_link_on_the_path_to_the_cgroup_mount_is_refused)
{
	static const struct {
		const char *dirs[2];
		const char *link;
		const char *to;
	} table[] = {
		{{NULL}, "sys", "/sys"},
		{{"sys"}, "sys/fs", "../../../.."},
		{{"sys", "sys/fs"}, "sys/fs/cgroup", "/"},
	};
	int dir = unit_dir(state);
	for (size_t i = 0; i < COUNT(table); i++) {
		for (size_t j = 0; j < COUNT(table[i].dirs) && table[i].dirs[j]; j++)
			if (!exists(dir, table[i].dirs[j]))
				make_dir(dir, table[i].dirs[j]);
		assert_return_code(symlinkat(table[i].to, dir, table[i].link), errno);
		struct host host = HOST_CLOSED;
		struct error err = {0};
		assert_errno(host_open_at(dir, &host, &err), ELOOP, err);
		assert_int_equal(host.root, -1);
		assert_return_code(unlinkat(dir, table[i].link, 0), errno);
	}
}

TEST(a_file_instead_of_the_cgroup_mount_is_an_error)
{
	int dir = unit_dir(state);
	make_dir(dir, "sys");
	make_dir(dir, "sys/fs");
	make_file(dir, "sys/fs/cgroup", "");
	struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_errno(host_open_at(dir, &host, &err), ENOTDIR, err);
	assert_int_equal(host.root, -1);
}

TEST(another_directory_can_stand_in_for_the_cgroup_mount)
{
	int dir = unit_dir(state);
	const struct unit_dir *own = *state;
	make_cgroup_mount(dir);
	make_file(dir, "here", "");
	_cleanup_host_ struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_ok(host_open_at(dir, &host, &err), err);
	assert_errno(host_set_cgroup(&host, "/nowhere/at/all", &err), ENOENT, err);
	assert_false(exists(host.cgroup, "here"));
	host.real = 1;
	int before = host.cgroup;
	assert_ok(host_set_cgroup(&host, own->path, &err), err);
	assert_true(exists(host.cgroup, "here"));
	assert_int_equal(fcntl(before, F_GETFD), -1);
	/* The mount is not the machine's own, so any file system will do. */
	assert_ok(host_cgroup2(&host, &err), err);
}

TEST(the_real_machine_opens)
{
	_cleanup_host_ struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_ok(host_open(&host, &err), err);
	assert_true(host.real);
	assert_true(exists(host.root, "proc/self"));
	/* The test machine may have any kind of cgroup mount, but a refusal must say what to do. */
	if (host_cgroup2(&host, &err) < 0)
		assert_true(err.status == EX_UNAVAILABLE && err.hint[0]);
}

/* A host whose cgroup mount is of another kind is refused with this message and hint. */
static void assert_wrong_mount(const char *path, const char *msg, const char *hint)
{
	_cleanup_host_ struct host host = HOST_CLOSED;
	struct error err = {0};
	assert_ok(host_set_cgroup(&host, path, &err), err);
	host.real = 1;
	assert_int_equal(host_cgroup2(&host, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, msg);
	assert_contains(err.hint, hint);
}

TEST(cgroup_v1_is_distinguished_from_other_mounts)
{
	assert_wrong_mount(
		"/proc", "is not a cgroup v2 mount (file system type 0x9fa0)", "findmnt");
	struct statfs st;
	if (statfs("/dev/shm", &st) == 0 && st.f_type == TMPFS_MAGIC)
		assert_wrong_mount("/dev/shm", "is cgroup v1 or hybrid", "kernel command line");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_machine_without_cgroups_opens_but_fails_the_cgroup_check),
		RUN_IN_DIR(a_recorded_machine_is_read_below_its_directory),
		RUN_IN_DIR(the_caller_keeps_its_directory_descriptor),
		RUN_IN_DIR(a_link_on_the_path_to_the_cgroup_mount_is_refused),
		RUN_IN_DIR(a_file_instead_of_the_cgroup_mount_is_an_error),
		RUN_IN_DIR(another_directory_can_stand_in_for_the_cgroup_mount),
		RUN(the_real_machine_opens),
		RUN(cgroup_v1_is_distinguished_from_other_mounts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
