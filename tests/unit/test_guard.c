/* SPDX-License-Identifier: MIT
 *
 * test_guard: a guard in front of an engine that is a process of the test: requests that are
 * refused, passed on and streamed, and the end of the guard. The engine answers each request with
 * the request itself, as it came.
 */
#include "unit.h"

#include "compose_guard.h"
#include "guard.h"
#include "judged.h"

#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define LOG_BYTES ((size_t)32 << 20)

struct setting {
	pid_t engine;
	char engine_socket[64], guard_socket[64];
	struct engine running;
	struct judge_scope scope;
	struct guard guard;
	int written; /* what the engine has seen, in words */
};

/* ---- the engine -------------------------------------------------------------------------- */

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Read a request, as far as its head says. Returns its length. */
static size_t read_request(int fd, char *text, size_t size)
{
	size_t len = 0;
	for (;;) {
		ssize_t n = recv(fd, text + len, size - len - 1, 0);
		if (n <= 0)
			return len;
		len += (size_t)n;
		text[len] = '\0';
		const char *end = strstr(text, "\r\n\r\n");
		const char *length = strstr(text, "Content-Length: ");
		size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
		if (end && len >= (size_t)(end + 4 - text) + body)
			return len;
	}
}

static void answer_with(int fd, const char *status, const char *body)
{
	char head[256];
	(void)snprintf(head, sizeof head,
		"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		status, strlen(body));
	say(fd, head);
	say(fd, body);
}

static void describe(int fd, const char *id, const char *crs)
{
	char body[512];
	(void)snprintf(body, sizeof body,
		"{\"Id\": \"%s\", \"Config\": {\"Labels\": "
		"{\"oss-crs.maker\": \"run/%s\"}}}",
		id, crs);
	answer_with(fd, "200 OK", body);
}

static void send_log(int fd)
{
	static char block[65536];
	(void)memset(block, 'l', sizeof block);
	say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (size_t sent = 0; sent < LOG_BYTES; sent += sizeof block)
		assert_int_equal(send(fd, block, sizeof block, MSG_NOSIGNAL), sizeof block);
}

/* Send back what comes, and say when it has ended. */
static void echo(int fd)
{
	char block[65536];
	ssize_t n = 0;
	say(fd, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
	while ((n = recv(fd, block, sizeof block, 0)) > 0)
		assert_int_equal(send(fd, block, (size_t)n, MSG_NOSIGNAL), n);
	say(fd, "END");
}

/* As an engine that keeps the connection: what comes next is another request. */
static void refuse_stream(int fd, int written)
{
	char next[4096];
	answer_with(fd, "409 Conflict", "{\"message\": \"not running\"}");
	if (read_request(fd, next, sizeof next) > 0)
		(void)!write(written, "smuggled\n", 9);
}

static void serve_request(int fd, int written)
{
	static char text[65536];
	size_t len = read_request(fd, text, sizeof text);
	if (strncmp(text, "GET /containers/mine/json ", 26) == 0)
		describe(fd, JUDGED_OWN, "alpha");
	else if (strncmp(text, "GET /containers/theirs/json ", 28) == 0)
		describe(fd, JUDGED_OTHER, "beta");
	else if (strncmp(text, "GET /volumes/", 13) == 0 && strstr(text, "theirs "))
		answer_with(fd, "200 OK", "{\"Labels\": {\"oss-crs.maker\": \"run/beta\"}}");
	else if (strncmp(text, "GET /volumes/", 13) == 0)
		answer_with(fd, "200 OK", "{\"Labels\": {\"oss-crs.maker\": \"run/alpha\"}}");
	else if (strstr(text, "GET /exec/" JUDGED_EXEC "/json "))
		answer_with(fd, "200 OK", "{\"ContainerID\": \"mine\"}");
	else if (strstr(text, "GET /exec/" JUDGED_OTHER "/json "))
		answer_with(fd, "200 OK", "{\"ContainerID\": \"theirs\"}");
	else if (strstr(text, "/containers/gone/json"))
		answer_with(fd, "404 Not Found", "{\"message\": \"no such container\"}");
	else if (strstr(text, "/logs"))
		send_log(fd);
	else if (strstr(text, "/attach") && strstr(text, "stdin=0"))
		refuse_stream(fd, written);
	else if (strstr(text, "/attach"))
		echo(fd);
	else if (strstr(text, "/wait") && recv(fd, text, 1, 0) <= 0)
		(void)!write(written, "gone\n", 5);
	else if (len > 0 && strstr(text, "name=slow")) {
		(void)!write(written, "received\n", 9);
		(void)poll(NULL, 0, 300); /* an engine that takes its time */
		(void)!write(written, "created\n", 8);
		/* In one piece: the guard is being ended, and may go after the head. */
		say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
	} else if (len > 0)
		answer_with(fd, "200 OK", text);
}

static _Noreturn void be_engine(int listener, int written)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve_request(fd, written);
			_exit(0);
		}
		(void)close(fd);
	}
}

/* ---- the setting ------------------------------------------------------------------------- */

static void begin(void **state, struct setting *setting)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct error err = {0};
	char name[COMPOSE_GUARD_NAME_MAX];
	char endpoint[80];
	int pipe[2];
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct unit_dir *dir = *state;
	*setting = (struct setting){.scope = judged_scope(), .guard = GUARD_NONE};
	compose_guard_name(0, name);
	(void)snprintf(setting->engine_socket, sizeof setting->engine_socket, "%.40s/e", dir->path);
	(void)snprintf(setting->guard_socket, sizeof setting->guard_socket, "%.40s/%.16s",
		dir->path, name);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", setting->engine_socket);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 64), 0);
	assert_int_equal(pipe2(pipe, O_CLOEXEC | O_NONBLOCK), 0);
	setting->engine = fork();
	if (setting->engine == 0)
		be_engine(listener, pipe[1]);
	(void)close(pipe[1]);
	setting->written = pipe[0];
	(void)snprintf(endpoint, sizeof endpoint, "unix://%s", setting->engine_socket);
	assert_ok(engine_open_at(ENGINE_DOCKER, endpoint, &setting->running, &err), err);
	assert_ok(
		guard_start(dir->fd, &setting->running, &setting->scope, 1, &setting->guard, &err),
		err);
}

static void end(struct setting *setting)
{
	guard_close(&setting->guard);
	engine_close(&setting->running);
	assert_int_equal(kill(setting->engine, SIGKILL), 0);
	assert_int_equal(waitpid(setting->engine, NULL, 0), setting->engine);
	cleanup_close(&setting->written);
}

static int connect_guard(const struct setting *setting)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", setting->guard_socket);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* Read until the other side closes. Returns the number of bytes; text has the first of them. */
static size_t read_all(int fd, char *text, size_t size)
{
	static char block[65536];
	size_t len = 0;
	ssize_t n = 0;
	while ((n = recv(fd, block, sizeof block, 0)) > 0) {
		for (size_t i = 0; i < (size_t)n && len + i < size - 1; i++) {
			text[len + i] = block[i];
			text[len + i + 1] = '\0';
		}
		len += (size_t)n;
	}
	return len;
}

/* Send a request, and read the answer until the guard closes. */
static void exchange(const struct setting *setting, const char *request, char *answer, size_t size)
{
	_cleanup_close_ int fd = connect_guard(setting);
	answer[0] = '\0';
	say(fd, request);
	(void)read_all(fd, answer, size);
}

/* ---- tests ------------------------------------------------------------------------------- */

TEST(a_request_is_passed_on_in_the_guards_own_words)
{
	struct setting setting;
	char answer[8192];
	begin(state, &setting);
	exchange(&setting,
		"POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: x\r\nX-Evil: 1\r\n"
		"Content-Length: 43\r\n\r\n{\"HostConfig\": {\"Memory\": 68719476736   }}   "
		"GET /secret HTTP/1.1\r\n\r\n",
		answer, sizeof answer);
	assert_contains(answer, "HTTP/1.1 200 OK\r\n");
	assert_contains(answer, "POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: localhost");
	assert_contains(answer, "\r\nConnection: close\r\n");
	assert_contains(answer, "\"Memory\":1073741824");
	assert_contains(answer, JUDGED_PARENT);
	assert_null(strstr(answer, "X-Evil"));
	assert_null(strstr(answer, "secret"));
	exchange(&setting, "POST /containers/mine/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
		answer, sizeof answer);
	assert_contains(answer, "POST /containers/" JUDGED_OWN "/start HTTP/1.1\r\n");
	assert_contains(answer, "Content-Length: 0\r\n\r\n");
	end(&setting);
}

TEST(a_refusal_is_an_answer_in_json_and_is_told)
{
	static const char *const requests[] = {
		"POST /build HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
		"GET /containers/theirs/json HTTP/1.0\r\n\r\n",
		("POST /containers/create HTTP/1.1\r\nContent-Length: 36\r\n\r\n"
		 "{\"HostConfig\": {\"Privileged\": true}} "),
		"POST /build HTTP/1.1\r\n\r\n",
	};
	struct setting setting;
	char answer[4096];
	begin(state, &setting);
	for (size_t i = 0; i < COUNT(requests); i++) {
		exchange(&setting, requests[i], answer, sizeof answer);
		assert_contains(answer, "HTTP/1.1 403 Forbidden\r\n");
		assert_contains(answer, "\r\n\r\n{\"message\":\"oss-crs guard: ");
	}
	guard_stop(&setting.guard);
	assert_int_equal(setting.guard.seen.total, 4);
	assert_int_equal(setting.guard.seen.count, 3);
	assert_string_equal(setting.guard.seen.list[0].refusal.request, "POST /build");
	assert_int_equal(setting.guard.seen.list[0].count, 2);
	assert_contains(setting.guard.seen.list[1].refusal.what, "container 'theirs'");
	assert_contains(setting.guard.seen.list[2].refusal.what, "HostConfig.Privileged true");
	end(&setting);
}

TEST(a_volume_or_a_command_is_the_crss_own_or_refused)
{
	static const struct {
		const char *request;
		bool own;
	} table[] = {
		{"GET /volumes/ours HTTP/1.1\r\n\r\n", true},
		{"GET /volumes/theirs HTTP/1.1\r\n\r\n", false},
		{"DELETE /volumes/theirs HTTP/1.1\r\n\r\n", false},
		{"POST /volumes/create HTTP/1.1\r\nContent-Length: 18\r\n\r\n"
		 "{\"Name\": \"theirs\"}",
			false},
		{"GET /exec/" JUDGED_EXEC "/json HTTP/1.1\r\n\r\n", true},
		{"GET /exec/" JUDGED_OTHER "/json HTTP/1.1\r\n\r\n", false},
		{"POST /exec/" JUDGED_OTHER "/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
			false},
	};
	struct setting setting;
	char answer[4096];
	begin(state, &setting);
	for (size_t i = 0; i < COUNT(table); i++) {
		exchange(&setting, table[i].request, answer, sizeof answer);
		assert_contains(answer, table[i].own ? " 200 OK" : " 403 Forbidden");
		if (!table[i].own)
			assert_contains(answer, "not one that the CRS has made itself");
	}
	end(&setting);
}

TEST(a_malformed_or_missing_thing_is_no_refusal)
{
	static const struct {
		const char *request, *status;
	} table[] = {
		{"GET /_ping HTTP/1.1\nHost: a\r\n\r\n", "400 Bad Request"},
		{"POST /containers/create HTTP/1.1\r\nContent-Length: 1\r\n\r\n{", "400 Bad"},
		{"POST /containers/create HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n{", NULL},
		{"GET /containers/gone/json HTTP/1.1\r\n\r\n", "404 Not Found"},
	};
	struct setting setting;
	char answer[4096];
	begin(state, &setting);
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_close_ int fd = connect_guard(&setting);
		say(fd, table[i].request);
		(void)shutdown(fd, SHUT_WR);
		answer[0] = '\0';
		(void)read_all(fd, answer, sizeof answer);
		if (table[i].status)
			assert_contains(answer, table[i].status);
		else
			assert_string_equal(answer, "");
	}
	guard_stop(&setting.guard);
	assert_int_equal(setting.guard.seen.total, 0);
	end(&setting);
}

TEST(an_engine_that_is_away_is_said)
{
	struct setting setting;
	char answer[4096];
	begin(state, &setting);
	assert_int_equal(unlink(setting.engine_socket), 0);
	exchange(&setting, "GET /_ping HTTP/1.1\r\n\r\n", answer, sizeof answer);
	assert_contains(answer, "502 Bad Gateway");
	end(&setting);
}

TEST(logs_are_carried_whole)
{
	struct setting setting;
	char answer[256];
	begin(state, &setting);
	_cleanup_close_ int fd = connect_guard(&setting);
	say(fd, "GET /containers/mine/logs?stdout=1 HTTP/1.1\r\n\r\n");
	size_t len = read_all(fd, answer, sizeof answer);
	const char *body = strstr(answer, "\r\n\r\n");
	assert_non_null(body);
	assert_int_equal(len - (size_t)(body + 4 - answer), LOG_BYTES);
	end(&setting);
}

TEST(a_stream_goes_both_ways_and_ends_on_each_side)
{
	struct setting setting;
	char answer[1024];
	begin(state, &setting);
	_cleanup_close_ int fd = connect_guard(&setting);
	/* What is sent ahead of the answer is part of the stream. */
	say(fd, "POST /containers/mine/attach?stdin=1&stream=1 HTTP/1.1\r\n"
		"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\nahead ");
	ssize_t n = recv(fd, answer, sizeof answer - 1, 0);
	assert_true(n > 0);
	answer[n] = '\0';
	assert_contains(answer, "HTTP/1.1 101 UPGRADED\r\n");
	say(fd, "behind");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	(void)read_all(fd, answer + n, sizeof answer - (size_t)n);
	assert_contains(answer, "ahead behindEND");
	end(&setting);
}

/* The engine would take what follows for a request of its own. */
TEST(nothing_follows_a_stream_that_the_engine_refuses)
{
	struct setting setting;
	char answer[1024] = "";
	begin(state, &setting);
	_cleanup_close_ int fd = connect_guard(&setting);
	say(fd, "POST /containers/mine/attach?stdin=0 HTTP/1.1\r\nConnection: Upgrade\r\n"
		"Upgrade: tcp\r\n\r\nPOST /containers/create HTTP/1.1\r\nContent-Length: "
		"2\r\n\r\n{}");
	(void)read_all(fd, answer, sizeof answer);
	assert_contains(answer, "409 Conflict");
	assert_contains(answer, "\r\nConnection: close\r\n");
	assert_contains(answer, "not running");
	end(&setting);
	assert_true(read(setting.written, answer, sizeof answer) <= 0);
}

/* Wait until the engine has seen this. */
static void await_word(const struct setting *setting, const char *word)
{
	char text[64] = "";
	struct pollfd wait = {.fd = setting->written, .events = POLLIN};
	assert_int_equal(poll(&wait, 1, 30000), 1);
	assert_int_equal(read(setting->written, text, strlen(word)), strlen(word));
	assert_string_equal(text, word);
}

TEST(a_client_that_is_gone_ends_its_request)
{
	struct setting setting;
	begin(state, &setting);
	int fd = connect_guard(&setting);
	say(fd, "POST /containers/mine/wait HTTP/1.1\r\n\r\n");
	(void)close(fd);
	await_word(&setting, "gone\n");
	end(&setting);
}

TEST(a_creation_that_has_begun_is_waited_for)
{
	struct setting setting;
	char text[64] = "";
	begin(state, &setting);
	_cleanup_close_ int fd = connect_guard(&setting);
	say(fd, "POST /containers/create?name=slow HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
	await_word(&setting, "received\n");
	guard_stop(&setting.guard);
	assert_int_equal(read(setting.written, text, sizeof text - 1), 8);
	assert_string_equal(text, "created\n");
	end(&setting);
}

TEST(nobody_is_served_after_the_end)
{
	struct setting setting;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	begin(state, &setting);
	_cleanup_close_ int idle = connect_guard(&setting);
	assert_return_code(idle, errno);
	guard_stop(&setting.guard);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", setting.guard_socket);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), -1);
	assert_int_equal(errno, ECONNREFUSED);
	end(&setting);
}

TEST(the_guard_dies_with_the_process_that_started_it)
{
	struct setting setting;
	int ends[2];
	pid_t guard_pid = 0;
	begin(state, &setting);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct guard guard = GUARD_NONE;
		struct error err = {0};
		const struct unit_dir *dir = *state;
		(void)unlink(setting.guard_socket);
		if (guard_start(dir->fd, &setting.running, &setting.scope, 1, &guard, &err) == 0)
			(void)!write(ends[1], &guard.pid, sizeof guard.pid);
		(void)pause();
	}
	assert_int_equal(read(ends[0], &guard_pid, sizeof guard_pid), sizeof guard_pid);
	struct pollfd wait = {.fd = pidfd_open(guard_pid, 0), .events = POLLIN};
	assert_true(wait.fd >= 0);
	assert_int_equal(poll(&wait, 1, 0), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(poll(&wait, 1, 30000), 1);
	(void)close(wait.fd);
	(void)close(ends[0]);
	(void)close(ends[1]);
	end(&setting);
}

TEST(refusals_are_counted_once_of_a_kind_and_bounded)
{
	_cleanup_(refusals_free) struct refusals refusals = REFUSALS_NONE;
	struct refusal refusal = {.crs = 1, .request = "GET /a", .what = "b\033[2J"};
	struct error err = {0};
	assert_int_equal(refusals_add(&refusals, &refusal, &err), 1);
	assert_int_equal(refusals_add(&refusals, &refusal, &err), 0);
	assert_string_equal(refusals.list[0].refusal.what, "b\\x1b[2J");
	for (unsigned i = 0; i < REFUSALS_MAX + 10; i++) {
		(void)snprintf(refusal.what, sizeof refusal.what, "%u", i);
		(void)refusals_add(&refusals, &refusal, &err);
	}
	assert_int_equal(refusals.count, REFUSALS_MAX);
	assert_int_equal(refusals.total, REFUSALS_MAX + 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_request_is_passed_on_in_the_guards_own_words),
		RUN_IN_DIR(a_refusal_is_an_answer_in_json_and_is_told),
		RUN_IN_DIR(a_volume_or_a_command_is_the_crss_own_or_refused),
		RUN_IN_DIR(a_malformed_or_missing_thing_is_no_refusal),
		RUN_IN_DIR(an_engine_that_is_away_is_said),
		RUN_IN_DIR(logs_are_carried_whole),
		RUN_IN_DIR(a_stream_goes_both_ways_and_ends_on_each_side),
		RUN_IN_DIR(nothing_follows_a_stream_that_the_engine_refuses),
		RUN_IN_DIR(a_client_that_is_gone_ends_its_request),
		RUN_IN_DIR(a_creation_that_has_begun_is_waited_for),
		RUN_IN_DIR(nobody_is_served_after_the_end),
		RUN_IN_DIR(the_guard_dies_with_the_process_that_started_it),
		RUN(refusals_are_counted_once_of_a_kind_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
