/* SPDX-License-Identifier: MIT
 *
 * test_setup_checks: what the root side has a child find out, as far as no other test is about it:
 * the entries of the audit trail, and what Docker says.
 */
#include "unit.h"

#include "audit.h"
#include "checks.h"
#include "door.h"
#include "setup.h"
#include "speaker.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the audit trail ------------------------------------------------------------------------- */

/* What journald gets of a step that is done: a file if the whole entry is too long for a datagram,
 * or if root did not get the entry with the step. Sets *ret_file to whether it was one. */
static void audit(const struct step *step, bool judged, char *buf, size_t size, bool *ret_file)
{
	int ends[2];
	struct error err = {0};
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.room = {0}};
	struct iovec body = {.iov_base = buf, .iov_len = size - 1};
	struct msghdr header = {.msg_iov = &body,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room};
	_cleanup_free_ char *entry = NULL;
	size_t entry_len = 0;
	assert_return_code(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), errno);
	const struct audit trail = {
		.socket = ends[0], .verb = "delegate", .by = "pkexec", .caller = 1000};
	assert_ok(audit_text(&trail, step, AUDIT_DONE, NULL, &entry, &entry_len, &err), err);
	if (judged)
		audit_done(&trail, step, entry, entry_len);
	else
		audit_step(&trail, step, AUDIT_DONE, NULL);
	memset(buf, 0, size);
	ssize_t len = recvmsg(ends[1], &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	assert_return_code(len, errno);
	*ret_file = header.msg_controllen >= CMSG_LEN(sizeof(int));
	if (*ret_file) {
		_cleanup_free_ char *text = NULL;
		size_t text_len = 0;
		int file = -1;
		memcpy(&file, CMSG_DATA(&control.align), sizeof file);
		assert_int_equal(len, 0);
		assert_ok(door_read(file, size - 1, &text, &text_len, &err), err);
		memcpy(buf, text, text_len);
		len = (ssize_t)text_len;
		assert_return_code(close(file), errno);
	}
	assert_int_equal(len, entry_len);
	assert_memory_equal(buf, entry, entry_len);
	/* So that a test can search the whole: the length of a value has NULs. */
	for (ssize_t i = 0; i < len; i++)
		buf[i] = buf[i] ? buf[i] : '0';
	assert_return_code(close(ends[0]), errno);
	assert_return_code(close(ends[1]), errno);
}

TEST(an_entry_that_is_too_long_for_a_datagram_goes_as_a_file)
{
	static char names[1024 * 1024];
	static char buf[2 * sizeof names];
	bool file = false;
	struct step step = make_step(STEP_SWEEP, "oss-crs", names, NULL);
	(void)snprintf(names, sizeof names, "dead");
	audit(&step, true, buf, sizeof buf, &file);
	assert_false(file);
	audit(&step, false, buf, sizeof buf, &file);
	assert_true(file);
	memset(names, 'd', sizeof names - 1);
	audit(&step, true, buf, sizeof buf, &file);
	assert_true(file);
}

TEST(an_entry_names_the_caller_and_no_text_of_a_step_is_taken_for_a_field)
{
	static char evil[] = "x\nOSS_CRS_CALLER_ID=0\nOSS_CRS_BY=root";
	char entry[4096];
	bool file = false;
	const struct step step = make_step(
		STEP_SWEEP, "user.slice/user-1000.slice/user@1000.service/oss-crs", evil, NULL);
	audit(&step, true, entry, sizeof entry, &file);
	assert_contains(entry, "\nOSS_CRS_CALLER_ID=1000\nOSS_CRS_BY=pkexec\n");
	assert_contains(entry, "\nOSS_CRS_RESULT=done\n");
	/* The name of the field, and its length in eight bytes. */
	assert_contains(entry, "\nOSS_CRS_BEFORE\n\x25"
			       "0000000x\nOSS_CRS_CALLER_ID=0\n");
}

TEST(an_entry_has_of_a_daemon_json_only_the_driver)
{
	static char secret[] = "{\"key\": \"hunter2\"}";
	static char with_driver[] = "{\"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}";
	static char broken[] = "{hunter2";
	char entry[4096];
	bool file = false;
	struct step step =
		make_step(STEP_DAEMON_JSON, "/etc/docker/daemon.json", secret, with_driver);
	audit(&step, true, entry, sizeof entry, &file);
	assert_null(strstr(entry, "hunter2"));
	assert_contains(entry, "\nOSS_CRS_BEFORE=no native.cgroupdriver=\n");
	assert_contains(entry, "\nOSS_CRS_AFTER=native.cgroupdriver=cgroupfs\n");
	step.before = broken;
	audit(&step, true, entry, sizeof entry, &file);
	assert_contains(entry, "\nOSS_CRS_BEFORE=(not shown)\n");
}

/* ---- Docker ---------------------------------------------------------------------------------- */

#define HEAD "HTTP/1.0 200 OK\r\n\r\n"

/* A connector whose Docker gives these answers, one after the other. */
static void connect_to(int door, const char *const *answers)
{
	struct error err = {0};
	for (; *answers; answers++) {
		struct door_message request;
		const struct door_message answer = {.what = DOOR_ANSWER};
		_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
		int ends[2];
		if (door_receive(door, &request, files, &err) <= 0 || pipe2(ends, O_CLOEXEC) < 0 ||
			write(ends[1], *answers, strlen(*answers)) != (ssize_t)strlen(*answers))
			_exit(1);
		(void)close(ends[1]);
		const int sent[] = {ends[0], -1};
		if (door_send(door, &answer, sent, &err) < 0)
			_exit(1);
		(void)close(ends[0]);
	}
	_exit(0);
}

/* Start a process of the program behind a door. */
static pid_t start_behind(int ret[2], const char *const *answers)
{
	struct error err = {0};
	struct policy policy;
	struct speaker speaker = {.policy = &policy};
	policy_default(&policy);
	assert_ok(door_make(ret, 10, &err), err);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		(void)close(ret[0]);
		if (answers)
			connect_to(ret[1], answers);
		_exit(speaker_serve(&speaker, ret[1], &err) < 0);
	}
	assert_return_code(close(ret[1]), errno);
	return pid;
}

/* Ask such a Docker whether it is idle, or whether it uses the driver. */
static int ask_docker(const char *const *answers, const char *driver, struct error *err)
{
	struct policy policy;
	int connector[2];
	int speaker[2];
	policy_default(&policy);
	const pid_t pids[] = {start_behind(connector, answers), start_behind(speaker, NULL)};
	int result = checks_docker(speaker[0], connector[0], &policy, !driver, driver, err);
	assert_return_code(close(connector[0]), errno);
	assert_return_code(close(speaker[0]), errno);
	for (size_t i = 0; i < COUNT(pids); i++) {
		int status = 0;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	return result;
}

TEST(docker_is_idle_if_it_says_that_no_container_runs)
{
	struct error err = {0};
	const char *const idle[] = {
		HEAD "{\"CgroupDriver\":\"systemd\",\"ContainersRunning\":0}", HEAD "[]", NULL};
	const char *const busy[] = {HEAD "{\"CgroupDriver\":\"systemd\",\"ContainersRunning\":1}",
		HEAD "[{\"Names\":[\"/web\"]}]", NULL};
	const char *const broken[] = {HEAD "{}", "", NULL};
	assert_ok(ask_docker(idle, NULL, &err), err);
	assert_int_equal(ask_docker(busy, NULL, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "1 container is running: web");
	assert_int_equal(ask_docker(broken, NULL, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
}

TEST(docker_uses_the_driver_that_it_names)
{
	struct error err = {0};
	const char *const answers[] = {HEAD "{\"CgroupDriver\":\"systemd\"}", NULL};
	assert_ok(ask_docker(answers, "systemd", &err), err);
	assert_int_equal(ask_docker(answers, "cgroupfs", &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_string_equal(err.msg, "docker.service still runs with the driver 'systemd'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(an_entry_that_is_too_long_for_a_datagram_goes_as_a_file),
		RUN(an_entry_names_the_caller_and_no_text_of_a_step_is_taken_for_a_field),
		RUN(an_entry_has_of_a_daemon_json_only_the_driver),
		RUN(docker_is_idle_if_it_says_that_no_container_runs),
		RUN(docker_uses_the_driver_that_it_names),
	};
	return cmocka_run_group_tests_name("setup_checks", tests, set_no_new_privs, NULL);
}
