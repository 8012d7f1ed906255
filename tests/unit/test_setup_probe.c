/* SPDX-License-Identifier: MIT
 *
 * test_setup_probe: the probes that parse text: a driver on the command line of dockerd, the answer
 * of the daemon, the release of the kernel. Also whether a file can be trusted, and which cgroups a
 * sweep removes.
 */
#include "holder.h"
#include "unit.h"

#include "confine.h"
#include "connector.h"
#include "dockerapi.h"
#include "door.h"
#include "fs.h"
#include "privs.h"
#include "probe.h"
#include "speaker.h"
#include "trusted.h"

#include <limits.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
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

TEST(an_answer_of_the_daemon_is_read_or_refused)
{
	static const struct {
		const char *text;
		const char *driver; /* NULL: refused */
	} table[] = {
		{"HTTP/1.0 200 OK\r\n\r\n{\"CgroupDriver\":\"systemd\"}", "systemd"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{\"CgroupDriver\":\"x\"}   ", "x"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{\"CgroupDriver\":\"x\"}", NULL},
		{"HTTP/1.1 200 OK\r\n\r\n", NULL},
		{"HTTP/1.1 200 OK\r\n\r\n{}", NULL},
		{"HTTP/1.0 404 Not Found\r\n\r\n{\"CgroupDriver\":\"systemd\"}", NULL},
		{"HTTP/1.0 200 OK\r\n", NULL},
		{"SSH-2.0-OpenSSH", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		struct docker_state docker = {0};
		size_t len = strlen(table[i].text);
		int result = dockerapi_info(table[i].text, len, &docker, &err);
		if ((result == 0) != (table[i].driver != NULL))
			fail_test("row %zu: %s", i, err.msg);
		if (result < 0)
			assert_int_equal(err.status, EX_UNAVAILABLE);
		else
			assert_string_equal(docker.driver, table[i].driver);
	}
}

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

TEST(what_the_daemon_has_is_counted)
{
	const char text[] = "HTTP/1.0 200 OK\r\n\r\n{\"CgroupDriver\":\"systemd\",\"Images\":12,"
			    "\"ContainersRunning\":3,\"LiveRestoreEnabled\":true}";
	struct docker_state docker = {0};
	struct error err = {0};
	assert_ok(dockerapi_info(text, sizeof text - 1, &docker, &err), err);
	assert_int_equal(docker.images, 12);
	assert_int_equal(docker.running, 3);
	assert_true(docker.live_restore);
}

/* The Podman of Debian 12, which is too old for jobs, has no quadlet. */
TEST(a_podman_that_jobs_can_use_is_found)
{
	struct host host = HOST_CLOSED;
	struct error err = {0};
	int dir = unit_dir(state);
	make_dirs(dir, "usr/bin");
	make_dirs(dir, "usr/libexec/podman");
	make_dirs(dir, "sys/fs/cgroup");
	assert_ok(host_open_at(dir, &host, &err), err);
	assert_false(probe_has_podman(&host));
	make_file(dir, "usr/bin/podman", "");
	assert_false(probe_has_podman(&host));
	make_file(dir, "usr/libexec/podman/quadlet", "");
	assert_true(probe_has_podman(&host));
	host_close(&host);
}

TEST(who_is_in_the_group_of_dockers_socket_may_use_it)
{
	struct host host = HOST_CLOSED;
	struct policy policy;
	struct error err = {0};
	int dir = unit_dir(state);
	const gid_t groups[] = {getgid() + 1, getgid()};
	struct probe_input input = {.host = &host, .policy = &policy};
	policy_default(&policy);
	make_dirs(dir, "run");
	make_dirs(dir, "sys/fs/cgroup");
	assert_ok(host_open_at(dir, &host, &err), err);
	input.groups = groups;
	input.group_count = 2;
	assert_int_equal(probe_member(&input), ANSWER_UNKNOWN);
	make_file(dir, "run/docker.sock", "");
	assert_int_equal(fchmodat(dir, "run/docker.sock", 0660, 0), 0);
	assert_int_equal(probe_member(&input), ANSWER_YES);
	input.group_count = 1;
	assert_int_equal(probe_member(&input), ANSWER_NO);
	input.group_count = 2;
	assert_int_equal(fchmodat(dir, "run/docker.sock", 0640, 0), 0);
	assert_int_equal(probe_member(&input), ANSWER_NO);
	input.groups = NULL;
	assert_int_equal(probe_member(&input), ANSWER_UNKNOWN);
	host_close(&host);
}

static int listen_at(int dir, const char *path)
{
	const struct timeval patience = {.tv_sec = 10};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

/* Receive a request, which must begin with `request`, and send `answer`. */
static void serve(int listener, const char *request, const char *answer)
{
	char text[512] = "";
	_cleanup_close_ int fd = accept(listener, NULL, NULL);
	assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
	assert_memory_equal(text, request, strlen(request));
	assert_contains(text, "\r\nUser-Agent: oss-crs-setup/");
	assert_int_equal(send(fd, answer, strlen(answer), 0), (ssize_t)strlen(answer));
}

/* The connector of the program, in a child process because confinement cannot be undone. */
static int connect_confined(int dir, int door)
{
	struct host host = HOST_CLOSED;
	struct policy policy;
	struct confined confined = {0};
	struct error err = {0};
	policy_default(&policy);
	struct connector connector = {.host = &host, .policy = &policy};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || host_open_at(dir, &host, &err) < 0 ||
		confine_calls(CONFINE_CONNECTOR, &confined, &err) < 0 ||
		confine_files(NULL, 0, &confined, &err) < 0)
		return 1;
	int status = connector_serve(&connector, door, &err) < 0;
	host_close(&host);
	return status;
}

/* Have the connector ask the daemon, which is this process. */
static void ask_connector(int door, int listener)
{
	const struct door_message request = {.what = DOOR_DOCKER, .number = DOCKER_INFO};
	struct door_message answer;
	struct error err = {0};
	struct docker_state docker = {0};
	_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (geteuid() != 0) {
		assert_int_equal(connector_ask(door, DOCKER_INFO, &files[0], &err), -1);
		assert_contains(err.msg, "/run/docker.sock is not a socket owned by root");
		return;
	}
	assert_ok(door_send(door, &request, NULL, &err), err);
	serve(listener, "GET /info HTTP/1.0\r\n",
		"HTTP/1.0 200 OK\r\n\r\n{\"CgroupDriver\":\"systemd\",\"ContainersRunning\":2}");
	assert_int_equal(door_receive(door, &answer, files, &err), 1);
	assert_int_equal(answer.failed, 0);
	assert_ok(fs_read_fd(files[0], "answer", CONNECTOR_ANSWER_MAX, &text, &len, &err), err);
	assert_ok(dockerapi_info(text, len, &docker, &err), err);
	assert_string_equal(docker.driver, "systemd");
	assert_int_equal(docker.running, 2);
}

TEST(the_confined_connector_asks_the_daemon_on_roots_socket_and_nothing_else)
{
	int dir = unit_dir(state);
	int status = 0;
	int doors[2];
	struct error err = {0};
	make_dirs(dir, "run");
	_cleanup_close_ int listener = listen_at(dir, "run/docker.sock");
	assert_ok(door_make(doors, 10, &err), err);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(doors[0]);
		_exit(connect_confined(dir, doors[1]));
	}
	assert_return_code(close(doors[1]), errno);
	ask_connector(doors[0], listener);
	assert_int_equal(speaker_call(doors[0], BUS_RELOAD, 0, &err), -1);
	assert_contains(err.msg, "not in the table");
	assert_return_code(close(doors[0]), errno);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

TEST(the_speaker_of_a_command_that_changes_nothing_calls_nobody)
{
	int status = 0;
	int doors[2];
	struct error err = {0};
	struct policy policy;
	struct speaker speaker = {.policy = &policy, .changes = false, .uid = 1000};
	policy_default(&policy);
	assert_ok(door_make(doors, 10, &err), err);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		(void)close(doors[0]);
		speaker_connect(&speaker);
		_exit(speaker.bus || speaker_serve(&speaker, doors[1], &err) < 0);
	}
	assert_return_code(close(doors[1]), errno);
	for (int i = 0; i <= BUS_CALLS; i++) {
		assert_int_equal(speaker_call(doors[0], i, 1000, &err), -1);
		assert_contains(err.msg, "not in the table");
	}
	assert_return_code(close(doors[0]), errno);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
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

/* The user can remove it; root, without a capability, cannot. */
TEST(a_cgroup_whose_parent_is_the_users_is_left_to_the_user)
{
	int dir = unit_dir(state);
	if (geteuid() != 0) {
		print_message("SKIPPED: only root can give a directory to another user\n");
		skip();
	}
	make_cgroup(dir, "dead", false);
	make_cgroup(dir, "dead/a", false);
	make_cgroup(dir, "dead/a/docker", false);
	make_cgroup(dir, "dead/a/docker/inner", false);
	assert_return_code(fchownat(dir, OURS, 1000, 1000, 0), errno);
	assert_return_code(fchownat(dir, OURS "/dead", 1000, 1000, 0), errno);
	assert_return_code(fchownat(dir, OURS "/dead/a", 1000, 1000, 0), errno);
	_cleanup_free_ char *names = swept(dir, 1000);
	assert_string_equal(names, "dead/a/docker/inner\n");
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

/* ---- reserved CPUs --------------------------------------------------------------------------- */

#define SLICE           "sys/fs/cgroup/user.slice"
#define SYSTEM          "etc/systemd/system"
#define RESERVED_DROPIN "etc/systemd/system/user@1000.service.d"

static void look_at_reserved(int dir, struct facts *ret)
{
	struct error err = {0};
	struct host host = HOST_CLOSED;
	const struct caller user = {.known = true, .uid = 1000, .name = "alice"};
	assert_ok(host_open_at(dir, &host, &err), err);
	const struct probe_input input = {.host = &host, .user = &user};
	facts_clear(ret);
	probe_reserve(&input, NULL, &ret->reserve);
	host_close(&host);
}

TEST(reserved_cpus_are_what_the_kernel_says_of_oss_crs)
{
	int dir = unit_dir(state);
	struct facts facts = {0};
	make_dirs(dir, OURS);
	make_dirs(dir, RESERVED_DROPIN);
	make_dirs(dir, "sys/devices/system/cpu");
	look_at_reserved(dir, &facts);
	assert_contains(facts.reserve.problem.msg, "cpu/online");
	make_file(dir, "sys/devices/system/cpu/online", "0-3\n");
	look_at_reserved(dir, &facts);
	assert_string_equal(facts.reserve.problem.msg, "");
	assert_string_equal(facts.reserve.online, "0-3");
	assert_false(facts.reserve.remote);
	assert_null(facts.reserve.partition);
	assert_null(facts.reserve.dropin);
	make_file(dir, SLICE "/cpuset.cpus.exclusive", "2-3\n");
	make_file(dir, OURS "/cpuset.cpus.partition", "root\n");
	make_file(dir, OURS "/cpuset.cpus.exclusive.effective", "2-3\n");
	make_file(dir, RESERVED_DROPIN "/60-oss-crs-reserve.conf", "[Unit]\n");
	look_at_reserved(dir, &facts);
	assert_string_equal(facts.reserve.problem.msg, "");
	assert_true(facts.reserve.remote);
	assert_string_equal(facts.reserve.partition, "root");
	assert_string_equal(facts.reserve.cpus, "2-3");
	assert_string_equal(facts.reserve.dropin, "[Unit]\n");
	assert_int_equal(facts.reserve.other_count, 0);
	facts_clear(&facts);
}

TEST(cpus_that_other_users_have_reserved_are_known)
{
	int dir = unit_dir(state);
	char text[STEP_DROPIN_MAX];
	struct facts facts = {0};
	make_dirs(dir, OURS);
	make_dirs(dir, "sys/devices/system/cpu");
	make_dirs(dir, SYSTEM "/user@1001.service.d");
	make_dirs(dir, SYSTEM "/user@1002.service.d");
	make_dirs(dir, SYSTEM "/user@1001.service.d.old");
	make_dirs(dir, SYSTEM "/user@.service.d");
	make_file(dir, "sys/devices/system/cpu/online", "0-3\n");
	make_file(dir, SYSTEM "/user@1001.service.d/60-oss-crs-reserve.conf",
		step_reserve_text(1001, "1,3", text, sizeof text));
	look_at_reserved(dir, &facts);
	assert_string_equal(facts.reserve.problem.msg, "");
	assert_int_equal(facts.reserve.other_count, 1);
	assert_int_equal(facts.reserve.others[0].uid, 1001);
	assert_string_equal(facts.reserve.others[0].cpus, "1,3");
	make_file(dir, SYSTEM "/user@1002.service.d/60-oss-crs-reserve.conf", "[Unit]\n");
	look_at_reserved(dir, &facts);
	assert_contains(facts.reserve.problem.msg, "60-oss-crs-reserve.conf names no CPUs");
	facts_clear(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(cpus_that_other_users_have_reserved_are_known),
		RUN_IN_DIR(reserved_cpus_are_what_the_kernel_says_of_oss_crs),
		RUN(a_driver_on_the_command_line_is_found),
		RUN(the_line_that_sets_the_driver_is_found),
		RUN(an_answer_of_the_daemon_is_read_or_refused),
		RUN(what_the_daemon_has_is_counted),
		RUN_IN_DIR(a_podman_that_jobs_can_use_is_found),
		RUN_IN_DIR(who_is_in_the_group_of_dockers_socket_may_use_it),
		RUN_IN_DIR(the_confined_connector_asks_the_daemon_on_roots_socket_and_nothing_else),
		RUN(the_speaker_of_a_command_that_changes_nothing_calls_nobody),
		RUN(which_kernels_need_cap_sys_nice),
		RUN_IN_DIR(a_file_with_two_links_is_not_trusted),
		RUN_IN_DIR(empty_foreign_cgroups_of_dead_runs_are_swept_children_first),
		RUN_IN_DIR(a_cgroup_whose_parent_is_the_users_is_left_to_the_user),
		RUN_IN_DIR(populated_cgroups_and_those_of_live_runs_stay),
		RUN_IN_DIR(without_oss_crs_there_is_nothing_to_sweep),
	};
	return cmocka_run_group_tests_name("setup_probe", tests, NULL, NULL);
}
