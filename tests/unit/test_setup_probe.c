/* SPDX-License-Identifier: MIT
 *
 * test_setup_probe: the probes that parse text: a driver on the command line of dockerd, the answer
 * of the daemon, the release of the kernel. Also whether a file can be trusted, and which cgroups a
 * sweep removes.
 */
#include "holder.h"
#include "unit.h"

#include "dockerapi.h"
#include "privs.h"
#include "probe.h"
#include "trusted.h"

#include <limits.h>
#include <unistd.h>

TEST(a_driver_on_the_command_line_is_found)
{
	static const struct {
		const char *exec;
		const char *environment;
		const char *driver; /* NULL: none */
	} table[] = {
		{"/usr/bin/dockerd\n-H\nfd://\n", "", NULL},
		{"dockerd\n--exec-opt\nnative.cgroupdriver=systemd\n", "", "systemd"},
		{"dockerd\n--exec-opt=native.cgroupdriver=cgroupfs\n-D\n", "", "cgroupfs"},
		{"dockerd\n--exec-opt=\"native.cgroupdriver=cgroupfs\"\n", "", "cgroupfs"},
		{"dockerd\n$DOCKER_OPTS\n", "", NULL},
		{"dockerd\n$DOCKER_OPTS\n",
			"DOCKER_OPTS=--exec-opt native.cgroupdriver=systemd -D\n", "systemd"},
		{"dockerd\n${DOCKER_OPTS}\n",
			"A=b\n  DOCKER_OPTS=\"--exec-opt native.cgroupdriver=x\"", "x"},
		{"dockerd\n$DOCKER_OPTS\n", "#DOCKER_OPTS=--exec-opt native.cgroupdriver=systemd\n",
			NULL},
		{"dockerd\n$DOCKER_OPTS\n", "; DOCKER_OPTS=native.cgroupdriver=systemd\n", NULL},
		{"dockerd\n$OTHER\n", "DOCKER_OPTS=--exec-opt native.cgroupdriver=systemd\n", NULL},
		{"dockerd\n$DOCKER_OPTS_2\n",
			"DOCKER_OPTS=--exec-opt native.cgroupdriver=systemd\n", NULL},
		{"dockerd\n$DOCKER_OPTS\n", "DOCKER_OPTS=-D\nOTHER=native.cgroupdriver=systemd\n",
			NULL},
		{"dockerd\n$DOCKER_OPTS\n", "junk\n\n=\nDOCKER_OPTS=native.cgroupdriver=", ""},
		{"dockerd\n$\n", "\n", NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char driver[32] = "";
		bool found =
			probe_find_flag(table[i].exec, table[i].environment, driver, sizeof driver);
		if (found != (table[i].driver != NULL) ||
			(found && strcmp(driver, table[i].driver) != 0))
			fail_test("row %zu: %d '%s'", i, found, driver);
	}
}

TEST(the_line_that_sets_the_driver_is_found)
{
	assert_int_equal(probe_flag_line(""), 0);
	assert_int_equal(
		probe_flag_line("[Service]\n# native.cgroupdriver=systemd\nExecStart=\n"), 0);
	assert_int_equal(probe_flag_line("[Service]\nExecStart=\nExecStart=dockerd --exec-opt "
					 "native.cgroupdriver=systemd\n"),
		3);
	assert_int_equal(probe_flag_line("x native.cgroupdriver=systemd"), 1);
}

TEST(the_body_of_an_answer_of_the_daemon_is_found)
{
	static const struct {
		const char *text;
		const char *body; /* NULL: refused */
	} table[] = {
		{"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}", "{}"},
		{"HTTP/1.1 200 OK\r\n\r\n", ""},
		{"HTTP/1.0 404 Not Found\r\n\r\n{}", NULL},
		{"HTTP/1.0 500 x\r\n\r\n", NULL},
		{"HTTP/1.0 200 OK\r\n", NULL},
		{"SSH-2.0-OpenSSH", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		const char *body = dockerapi_body(table[i].text, &err);
		if (!table[i].body) {
			assert_null(body);
			assert_int_equal(err.status, EX_UNAVAILABLE);
		} else {
			assert_non_null(body);
			assert_string_equal(body, table[i].body);
		}
	}
}

TEST(which_kernels_need_cap_sys_nice)
{
	static const struct {
		const char *release;
		int before;
	} table[] = {{"6.1.0-56-cloud-amd64", 1}, {"6.5.99", 1}, {"6.6.0", 0},
		{"6.12.117+deb13-cloud-amd64", 0}, {"5.19.0", 1}, {"7.0", 0}, {"", 1}, {"x.y", 1},
		{"6", 1}};
	for (size_t i = 0; i < COUNT(table); i++)
		if (privs_kernel_before(table[i].release, 6, 6) != table[i].before)
			fail_test("'%s'", table[i].release);
}

TEST(a_file_with_two_links_is_not_trusted)
{
	int dir = unit_dir(state);
	struct error err = {0};
	mode_t mode = 0;
	make_file(dir, "a", "");
	_cleanup_close_ int fd = openat(dir, "a", O_RDONLY | O_CLOEXEC);
	if (geteuid() == 0) {
		assert_ok(trusted_file(fd, "a", &mode, &err), err);
		assert_int_equal(mode, 0644);
	}
	assert_int_equal(linkat(dir, "a", dir, "b", 0), 0);
	assert_int_equal(trusted_file(fd, "a", &mode, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_int_equal(trusted_directory(fd, "a", &err), -1);
	assert_contains(err.msg, "not a directory");
}

/* ---- sweep ----------------------------------------------------------------------------------- */

#define OURS "sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/oss-crs"

static void make_dirs(int dir, const char *path)
{
	char part[PATH_MAX];
	for (size_t i = 1; path[i - 1]; i++) {
		if (path[i] && path[i] != '/')
			continue;
		(void)snprintf(part, sizeof part, "%.*s", (int)i, path);
		assert_true(mkdirat(dir, part, 0755) == 0 || errno == EEXIST);
	}
}

static void make_cgroup(int dir, const char *path, bool populated)
{
	char full[512];
	char file[sizeof full + 32];
	(void)snprintf(full, sizeof full, OURS "/%s", path);
	make_dirs(dir, full);
	(void)snprintf(file, sizeof file, "%s/cgroup.events", full);
	make_file(dir, file, populated ? "populated 1\nfrozen 0\n" : "populated 0\nfrozen 0\n");
	(void)snprintf(file, sizeof file, "%s/cgroup.max.depth", full);
	make_file(dir, file, "max\n");
}

/* A process that owns the run until holder_end(). */
static pid_t hold_run_lock(int dir, const char *run)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, OURS "/%s/cgroup.max.depth", run);
	return holder_start(dir, path);
}

/* What a sweep for user `uid` would remove, which the caller frees. The files belong to the user
 * who runs the test. */
static char *swept(int dir, uid_t uid)
{
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct sweep_facts facts = {.names = NULL};
	const struct caller user = {.known = true, .uid = uid};
	const struct probe_input input = {.host = &host, .user = &user};
	assert_ok(host_open_at(dir, &host, &err), err);
	assert_ok(probe_sweep(&input, &facts, &err), err);
	host_close(&host);
	return facts.names;
}

TEST(empty_foreign_cgroups_of_dead_runs_are_swept_children_first)
{
	int dir = unit_dir(state);
	make_cgroup(dir, "dead", false);
	make_cgroup(dir, "dead/a", false);
	make_cgroup(dir, "dead/a/docker", false);
	make_cgroup(dir, "dead/a/docker/inner", false);
	/* The cgroups belong to the user who runs the test. If that is user 1000, they are not
	 * another user's and there is nothing to test. */
	uid_t other = getuid() == 1000 ? 1001 : 1000;
	if (other == 1000) {
		_cleanup_free_ char *names = swept(dir, 1000);
		assert_string_equal(names, "dead/a/docker/inner\ndead/a/docker\ndead/a\ndead\n");
	}
}

TEST(populated_cgroups_and_those_of_live_runs_stay)
{
	int dir = unit_dir(state);
	make_cgroup(dir, "alive", false);
	make_cgroup(dir, "alive/a", false);
	make_cgroup(dir, "busy", true);
	make_cgroup(dir, "busy/a", true);
	pid_t owner = hold_run_lock(dir, "alive");
	_cleanup_free_ char *names = swept(dir, 1000);
	assert_string_equal(names, "");
	holder_end(owner);
}

TEST(without_oss_crs_there_is_nothing_to_sweep)
{
	int dir = unit_dir(state);
	make_dirs(dir, "sys/fs/cgroup");
	_cleanup_free_ char *names = swept(dir, 1000);
	assert_true(!names || !*names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_driver_on_the_command_line_is_found),
		RUN(the_line_that_sets_the_driver_is_found),
		RUN(the_body_of_an_answer_of_the_daemon_is_found),
		RUN(which_kernels_need_cap_sys_nice),
		RUN_IN_DIR(a_file_with_two_links_is_not_trusted),
		RUN_IN_DIR(empty_foreign_cgroups_of_dead_runs_are_swept_children_first),
		RUN_IN_DIR(populated_cgroups_and_those_of_live_runs_stay),
		RUN_IN_DIR(without_oss_crs_there_is_nothing_to_sweep),
	};
	return cmocka_run_group_tests_name("setup_probe", tests, NULL, NULL);
}
