/* SPDX-License-Identifier: MIT
 *
 * test_setup_bus: what the speaker says to systemd, and whom it believes that a job has ended. The
 * other end of the connection is a process of the test, which answers as systemd and the bus do.
 */
#include "unit.h"

#include "bus_calls.h"
#include "bus_message.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#define SYSTEMD_NAME ":1.1"
#define JOB          "/org/freedesktop/systemd1/job/7"

static int say_end_of_job(sd_bus *bus, const char *sender, const char *job, const char *result)
{
	_cleanup_message_ sd_bus_message *m = NULL;
	int r = sd_bus_message_new_signal(bus, &m, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved");
	if (r >= 0)
		r = sd_bus_message_append(m, "uoss", 7, job, "any.service", result);
	if (r >= 0)
		r = sd_bus_message_set_sender(m, sender);
	return r < 0 ? r : sd_bus_send(bus, m, NULL);
}

/* Answer a call. A job of bad.service fails; the end of another one, and one that another user of
 * the bus makes up, come first. */
static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	sd_bus *bus = sd_bus_message_get_bus(call);
	bool queues = sd_bus_message_is_method_call(call, SYSTEMD_MANAGER, "StartUnit") > 0 ||
		      sd_bus_message_is_method_call(call, SYSTEMD_MANAGER, "RestartUnit") > 0;
	const char *unit = "";
	const char *mode = "";
	(void)userdata;
	(void)error;
	if (sd_bus_message_is_signal(call, NULL, NULL) > 0)
		return 0;
	int r = sd_bus_message_new_method_return(call, &reply);
	if (r >= 0 && queues)
		r = sd_bus_message_read(call, "ss", &unit, &mode);
	if (r >= 0 && queues)
		r = sd_bus_message_append(reply, "o", JOB);
	if (r >= 0)
		r = sd_bus_message_set_sender(reply, SYSTEMD_NAME);
	if (r >= 0)
		r = sd_bus_send(bus, reply, NULL);
	if (r < 0 || !queues)
		return r < 0 ? r : 1;
	bool bad = strcmp(unit, "bad.service") == 0;
	if (say_end_of_job(bus, SYSTEMD_NAME, "/job/6", bad ? "done" : "failed") < 0 ||
		say_end_of_job(bus, ":1.99", JOB, bad ? "done" : "failed") < 0 ||
		say_end_of_job(bus, SYSTEMD_NAME, JOB, bad ? "failed" : "done") < 0)
		return -EIO;
	return 1;
}

static int serve(int fd)
{
	sd_bus *bus = NULL;
	sd_id128_t id;
	if (sd_id128_randomize(&id) < 0 || sd_bus_new(&bus) < 0 || sd_bus_set_fd(bus, fd, fd) < 0 ||
		sd_bus_set_server(bus, 1, id) < 0 ||
		sd_bus_add_filter(bus, NULL, on_call, NULL) < 0 || sd_bus_start(bus) < 0)
		return 1;
	int r = 0;
	while ((r = sd_bus_process(bus, NULL)) >= 0)
		if (r == 0)
			(void)sd_bus_wait(bus, UINT64_MAX);
	(void)sd_bus_flush_close_unref(bus);
	return r == -ENOTCONN || r == -ECONNRESET ? 0 : 1;
}

/* Make each call about this unit, on a new connection. */
static int call_about(const char *unit, enum bus_call call, struct error *err)
{
	int ends[2];
	int status = 0;
	sd_bus *bus = NULL;
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), errno);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		(void)close(ends[0]);
		_exit(serve(ends[1]));
	}
	assert_return_code(close(ends[1]), errno);
	assert_return_code(sd_bus_new(&bus), errno);
	assert_return_code(sd_bus_set_fd(bus, ends[0], ends[0]), errno);
	assert_return_code(sd_bus_start(bus), errno);
	assert_ok(bus_watch_jobs(bus, err), *err);
	int result = bus_calls[call].call(bus, unit, 1000, err);
	(void)sd_bus_flush_close_unref(bus);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return result;
}

TEST(each_call_is_one_that_systemd_takes)
{
	for (int call = 0; call < BUS_CALLS; call++) {
		struct error err = {0};
		assert_ok(call_about("good.service", call, &err), err);
	}
}

TEST(the_end_of_a_job_is_taken_only_from_who_queued_it)
{
	struct error err = {0};
	assert_ok(call_about("good.service", BUS_START_MANAGER, &err), err);
	assert_int_equal(call_about("bad.service", BUS_START_MANAGER, &err), -1);
	assert_string_equal(err.msg, "StartUnit bad.service: the job ended as 'failed'");
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_int_equal(call_about("bad.service", BUS_RESTART_DOCKER, &err), -1);
	assert_string_equal(err.msg, "RestartUnit bad.service: the job ended as 'failed'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(each_call_is_one_that_systemd_takes),
		RUN(the_end_of_a_job_is_taken_only_from_who_queued_it),
	};
	return cmocka_run_group_tests_name("setup_bus", tests, NULL, NULL);
}
