/* SPDX-License-Identifier: MIT
 *
 * test_http: requests over a real Unix socket, and answers of servers that arrive whole, in pieces
 * or malformed.
 */
#include "unit.h"

#include "http.h"

#include <sys/socket.h>
#include <sys/un.h>

#define BODY_MAX 1000

struct exchange {
	int server; /* the server's end of the connection; -1: closed */
	struct http http;
};

static void begin_exchange(struct exchange *x)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*x = (struct exchange){
		.server = pair[1], .http = {.fd = pair[0], .max = BODY_MAX, .left = UINT64_MAX}};
}

static void answer_with(struct exchange *x, const char *text)
{
	assert_int_equal(send(x->server, text, strlen(text), 0), (ssize_t)strlen(text));
}

static void hang_up(struct exchange *x)
{
	cleanup_close(&x->server);
	x->server = -1;
}

static void end_exchange(struct exchange *x)
{
	hang_up(x);
	http_close(&x->http);
}

/* Bind a socket that does not listen yet, and write its path to `path`. The caller closes it. */
static int make_server(void **state, char *path, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(path, size, "/proc/self/fd/%d/socket", unit_dir(state));
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	return listener;
}

TEST(a_body_is_sent_with_its_length)
{
	char path[64];
	char text[512] = "";
	struct error err = {0};
	_cleanup_close_ int listener = make_server(state, path, sizeof path);
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	struct http_request request = {.socket = path,
		.method = "POST",
		.target = "/volumes/create",
		.agent = "some-program",
		.body = "{\"Name\":\"a\"}",
		.max = BODY_MAX};

	assert_int_equal(listen(listener, 1), 0);
	assert_ok(http_send(&request, &http, &err), err);
	_cleanup_close_ int server = accept(listener, NULL, NULL);
	assert_true(recv(server, text, sizeof text - 1, 0) > 0);
	assert_contains(text, "\r\nContent-Type: application/json\r\nContent-Length: 12\r\n");
	assert_contains(text, "\r\n\r\n{\"Name\":\"a\"}");

	char large[8192];
	(void)memset(large, 'a', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	request.body = large;
	assert_errno(http_send(&request, &http, &err), ENAMETOOLONG, err);
}

TEST(an_answer_without_a_length_ends_with_its_connection)
{
	char path[64];
	char text[512] = "";
	struct error err = {0};
	_cleanup_close_ int listener = make_server(state, path, sizeof path);
	struct exchange x = {.server = -1, .http = HTTP_CLOSED};
	const struct http_request request = {.socket = path,
		.method = "GET",
		.target = "/info?a=b",
		.agent = "some-program",
		.max = BODY_MAX};

	assert_int_equal(listen(listener, 1), 0);
	assert_ok(http_send(&request, &x.http, &err), err);
	x.server = accept(listener, NULL, NULL);
	assert_true(recv(x.server, text, sizeof text - 1, 0) > 0);
	assert_true(strncmp(text, "GET /info?a=b HTTP/1.0\r\nHost: localhost\r\n", 41) == 0);
	assert_contains(text, "\r\nUser-Agent: some-program/" OSS_CRS_VERSION "\r\n");
	assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");

	answer_with(&x, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":");
	answer_with(&x, "1}");
	hang_up(&x);
	assert_ok(http_finish(&x.http, &err), err);
	assert_int_equal(x.http.status, 200);
	assert_string_equal(x.http.text, "{\"a\":1}");
	end_exchange(&x);
}

TEST(a_server_that_is_missing_or_silent_is_an_error)
{
	char path[64];
	struct error err = {0};
	_cleanup_close_ int listener = make_server(state, path, sizeof path);
	struct http http = HTTP_CLOSED;
	struct http_request request = {.socket = "/nowhere/socket",
		.method = "GET",
		.target = "/info",
		.agent = "some-program",
		.max = BODY_MAX,
		.timeout_ms = 1};
	assert_errno(http_send(&request, &http, &err), ENOENT, err);
	request.socket = path;
	assert_errno(http_send(&request, &http, &err), ECONNREFUSED, err);
	assert_int_equal(listen(listener, 1), 0);
	assert_ok(http_send(&request, &http, &err), err);
	assert_errno(http_receive(&http, true, &err), ETIMEDOUT, err);
	http_close(&http);
}

TEST(an_answer_with_a_length_ends_there)
{
	struct exchange x;
	struct error err = {0};
	begin_exchange(&x);
	answer_with(&x, "HTTP/1.1 404 Not Found\r\ncontent-length:  5\r\n\r\nabcde");
	assert_ok(http_finish(&x.http, &err), err); /* the connection is still open */
	assert_int_equal(x.http.status, 404);
	assert_string_equal(x.http.text, "abcde");
	end_exchange(&x);

	begin_exchange(&x);
	answer_with(&x, "HTTP/1.0 204 No Content\r\nContent-Length: 0\r\n\r\n");
	assert_ok(http_finish(&x.http, &err), err);
	assert_int_equal(x.http.len, 0);
	end_exchange(&x);

	begin_exchange(&x);
	answer_with(&x, "HTTP/1.1 200 OK\r\n\r\n");
	hang_up(&x);
	assert_ok(http_finish(&x.http, &err), err);
	assert_string_equal(x.http.text, "");
	end_exchange(&x);
}

TEST(a_stream_is_read_as_it_arrives)
{
	struct exchange x;
	struct error err = {0};
	begin_exchange(&x);
	assert_int_equal(http_receive(&x.http, false, &err), 0);
	answer_with(&x, "HTTP/1.0 200");
	assert_int_equal(http_receive(&x.http, false, &err), 1);
	assert_int_equal(x.http.status, 0);
	answer_with(&x, " OK\r\n\r\none\ntw");
	assert_int_equal(http_receive(&x.http, false, &err), 1);
	assert_int_equal(x.http.status, 200);
	http_take(&x.http, 4);
	assert_string_equal(x.http.text, "tw");
	answer_with(&x, "o\n");
	assert_int_equal(http_receive(&x.http, false, &err), 1);
	assert_string_equal(x.http.text, "two\n");
	assert_int_equal(http_receive(&x.http, false, &err), 0);
	assert_false(x.http.ended);
	hang_up(&x);
	assert_int_equal(http_receive(&x.http, false, &err), 1);
	assert_true(x.http.ended);
	end_exchange(&x);
}

TEST(an_invalid_answer_is_refused)
{
	static const char *const table[] = {
		"",
		"HTTP/1.0 200 OK\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.0 20 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\na",
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nabc",
		"HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\na",
		"HTTP/1.0 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
		"HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\na",
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct exchange x;
		struct error err = {0};
		begin_exchange(&x);
		answer_with(&x, table[i]);
		hang_up(&x);
		assert_errno(http_finish(&x.http, &err), EPROTO, err);
		end_exchange(&x);
	}
}

TEST(the_size_of_an_answer_is_bounded)
{
	struct exchange x;
	struct error err = {0};
	char much[BODY_MAX + 1];
	memset(much, 'a', sizeof much - 1);
	much[BODY_MAX] = '\0';
	begin_exchange(&x);
	answer_with(&x, "HTTP/1.0 200 OK\r\n\r\n");
	assert_int_equal(http_receive(&x.http, true, &err), 1);
	answer_with(&x, much);
	assert_int_equal(http_receive(&x.http, true, &err), 1);
	assert_errno(http_receive(&x.http, true, &err), EFBIG, err);
	end_exchange(&x);
}

TEST(a_query_is_escaped)
{
	char text[64];
	struct error err = {0};
	assert_ok(http_escape("{\"a\":[\"b=\303\251\"]}", text, sizeof text, &err), err);
	assert_string_equal(text, "%7B%22a%22%3A%5B%22b%3D%C3%A9%22%5D%7D");
	assert_ok(http_escape("aZ09-._~", text, sizeof text, &err), err);
	assert_string_equal(text, "aZ09-._~");
	assert_errno(http_escape("a b", text, 5, &err), ENAMETOOLONG, err);
	assert_ok(http_escape("a b", text, 6, &err), err);
	assert_string_equal(text, "a%20b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_body_is_sent_with_its_length),
		RUN_IN_DIR(an_answer_without_a_length_ends_with_its_connection),
		RUN_IN_DIR(a_server_that_is_missing_or_silent_is_an_error),
		RUN(an_answer_with_a_length_ends_there),
		RUN(a_stream_is_read_as_it_arrives),
		RUN(an_invalid_answer_is_refused),
		RUN(the_size_of_an_answer_is_bounded),
		RUN(a_query_is_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
