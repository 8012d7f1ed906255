/* SPDX-License-Identifier: MIT
 *
 * test_guard_message: heads and bodies of HTTP messages, plain ones and those that two readers
 * could understand differently; and targets.
 */
#include "unit.h"

#include "message.h"
#include "target.h"

static int read_request(const char *text, struct message *ret, struct error *err)
{
	return message_read_head(MESSAGE_REQUEST, text, strlen(text), ret, err);
}

TEST(a_head_is_read_with_its_headers)
{
	_cleanup_(message_free) struct message message = MESSAGE_NONE;
	struct error err = {0};
	assert_ok(read_request("POST /v1.41/containers/create?name=a HTTP/1.1\r\nHost: docker\r\n"
			       "X-Empty:\r\ncontent-LENGTH: 5\r\n\r\n",
			  &message, &err),
		err);
	assert_string_equal(message.method, "POST");
	assert_string_equal(message.target, "/v1.41/containers/create?name=a");
	assert_int_equal(message.minor, 1);
	assert_int_equal(message.header_count, 3);
	assert_string_equal(message_header(&message, "host"), "docker");
	assert_string_equal(message_header(&message, "x-empty"), "");
	assert_string_equal(message_header(&message, "Content-Length"), "5");
	assert_null(message_header(&message, "Upgrade"));
	assert_false(message.complete);
}

TEST(a_head_without_a_body_is_a_whole_message)
{
	static const char *const heads[] = {"GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n",
		"HEAD /_ping HTTP/1.0\r\n\r\n",
		"POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
		"POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n"};
	for (size_t i = 0; i < COUNT(heads); i++) {
		_cleanup_(message_free) struct message message = MESSAGE_NONE;
		struct error err = {0};
		assert_ok(read_request(heads[i], &message, &err), err);
		assert_true(message.complete);
	}
}

/* Each of these could hide a second request from one of two readers. */
TEST(an_ambiguous_head_is_refused)
{
	static const char *const heads[] = {
		"GET / HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/1.1\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: 1\n\r\n\r\n",
		"GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
		"GET / HTTP/1.1\r\nX: a\001\r\n\r\n",
		"GET / HTTP/1.1\r\nX : a\r\n\r\n",
		"GET / HTTP/1.1\r\n\rX: a\r\n\r\n",
		"\r\nGET / HTTP/1.1\r\n\r\n",
		"get / HTTP/1.1\r\n\r\n",
		"GET  / HTTP/1.1\r\n\r\n",
		"GET /\r\n\r\n",
		"GET / HTTP/2.0\r\n\r\n",
		"GET / HTTP/1.2\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n"),
		"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
		"NONSENSE / HTTP/1.1\r\n\r\n",
		"\r\n\r\n",
	};
	for (size_t i = 0; i < COUNT(heads); i++) {
		struct message message = MESSAGE_NONE;
		struct error err = {0};
		if (read_request(heads[i], &message, &err) == 0)
			fail_test("accepted: %s", heads[i]);
		assert_int_equal(err.status, EX_DATAERR);
		assert_null(message.text);
	}
}

TEST(a_head_with_too_many_headers_is_refused)
{
	char text[8192] = "GET / HTTP/1.1\r\n";
	size_t len = strlen(text);
	struct message message = MESSAGE_NONE;
	struct error err = {0};
	for (unsigned i = 0; i <= MESSAGE_HEADERS_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "A: b\r\n");
	(void)snprintf(text + len, sizeof text - len, "\r\n");
	assert_int_equal(read_request(text, &message, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
}

TEST(the_head_ends_with_its_empty_line)
{
	assert_int_equal(message_head_length("GET / HTTP/1.1\r\n\r\nrest", 22), 18);
	assert_int_equal(message_head_length("GET / HTTP/1.1\r\n\r", 17), 0);
	assert_int_equal(message_head_length(NULL, 0), 0);
}

TEST(a_body_of_a_length_ends_where_the_head_says)
{
	_cleanup_(message_free) struct message message = MESSAGE_NONE;
	struct error err = {0};
	size_t used = 0;
	assert_ok(read_request("POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
			       "Content-Length: 4\r\n\r\n",
			  &message, &err),
		err);
	assert_ok(message_read_body(&message, "{\"", 2, 100, &used, &err), err);
	assert_int_equal(used, 2);
	assert_false(message.complete);
	assert_ok(message_read_body(&message, "a}stream", 8, 100, &used, &err), err);
	assert_int_equal(used, 2);
	assert_true(message.complete);
	assert_string_equal(message.body, "{\"a}");
}

TEST(a_chunked_body_is_decoded)
{
	static const char body[] = "3\r\n{\"a\r\n2;x=y\r\n\"}\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
	_cleanup_(message_free) struct message message = MESSAGE_NONE;
	struct error err = {0};
	size_t used = 0;
	assert_ok(read_request(
			  "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", &message, &err),
		err);
	for (size_t i = 0; i < sizeof body - 1 && !message.complete; i++)
		assert_ok(message_read_body(&message, body + i, 1, 100, &used, &err), err);
	assert_true(message.complete);
	assert_string_equal(message.body, "{\"a\"}");
}

TEST(a_body_is_bounded_and_must_be_well_formed)
{
	static const struct {
		const char *head, *body;
		int code;
	} table[] = {
		{"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n", "123456789", EFBIG},
		{"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "9\r\n123456789\r\n",
			EFBIG},
		{"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "x\r\n1\r\n", 0},
		{"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "-1\r\n1\r\n", 0},
		{"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
			"1\r\n1\r\n0\r\nX-Trailer: a\r\n\r\n", 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(message_free) struct message message = MESSAGE_NONE;
		struct error err = {0};
		size_t used = 0;
		assert_ok(read_request(table[i].head, &message, &err), err);
		if (message_read_body(
			    &message, table[i].body, strlen(table[i].body), 8, &used, &err) == 0)
			fail_test("accepted: %s", table[i].body);
		assert_int_equal(err.code, table[i].code);
	}
}

TEST(the_head_of_an_answer_is_read)
{
	static const char head[] = "HTTP/1.1 101 UPGRADED\r\nContent-Type: a/b\r\n"
				   "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
	_cleanup_(message_free) struct message message = MESSAGE_NONE;
	struct error err = {0};
	assert_ok(message_read_head(MESSAGE_RESPONSE, head, sizeof head - 1, &message, &err), err);
	assert_int_equal(message.status, 101);
	assert_string_equal(message_header(&message, "content-type"), "a/b");
}

/* ---- targets -------------------------------------------------------------------------------- */

TEST(a_target_is_taken_apart_and_put_together)
{
	static const struct {
		const char *text, *again;
		size_t segments, parameters;
	} table[] = {
		{"/_ping", "/_ping", 1, 0},
		{"/v1.41/containers/json?all=1&filters=%7B%7D",
			"/v1.41/containers/json?all=1&filters=%7B%7D", 2, 2},
		{"/images/a/b:1@sha256:c/json?", "/images/a/b:1@sha256:c/json", 4, 0},
		{"/images/a%3A1/json", "/images/a:1/json", 3, 0},
		{"/x?a=b+c&d", "/x?a=b%20c&d=", 1, 2},
		{"/v5.4.2/x", "/v5.4.2/x", 1, 0},
		{"/v5.4.2.1/x", "/v5.4.2.1/x", 2, 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(target_free) struct target target = TARGET_NONE;
		_cleanup_free_ char *text = NULL;
		struct error err = {0};
		assert_ok(target_parse(table[i].text, &target, &err), err);
		assert_int_equal(target.segment_count, table[i].segments);
		assert_int_equal(target.query_count, table[i].parameters);
		assert_ok(target_format(&target, &text, &err), err);
		assert_string_equal(text, table[i].again);
	}
}

TEST(a_target_that_can_be_read_in_two_ways_is_refused)
{
	static const char *const texts[] = {"", "/", "//x", "/x/", "/x//y", "/x/../y", "/./x",
		"/x%2Fy", "/x%00", "/x%", "/x%4", "/x%zz", "/x y", "/x\\y", "/x;y", "/x#y", "x/y",
		"http://host/x", "*", "/x?a=%00", "/x?a=%f", "/x?a=1&a=2", "/x?a=1&%61=2", "/v1.41",
		"/x%3Fy", "/%2e%2e/x"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct target target = TARGET_NONE;
		struct error err = {0};
		if (target_parse(texts[i], &target, &err) == 0)
			fail_test("accepted: %s", texts[i]);
		assert_int_equal(err.status, EX_DATAERR);
	}
}

TEST(a_target_matches_a_pattern)
{
	static const struct {
		const char *text, *pattern;
		bool matches;
	} table[] = {
		{"/containers/json", "containers/json", true},
		{"/v1.41/containers/a/json", "containers/?/json", true},
		{"/containers/json", "containers/?/json", false},
		{"/containers/a/b/json", "containers/?/json", false},
		{"/images/a/b/json", "images/*/json", true},
		{"/images/json", "images/*/json", false},
		{"/images/a/json", "images/*/json", true},
		{"/images/a/b/get", "images/*/json", false},
		{"/a", "a/*", false},
		{"/a/b/c", "a/*", true},
		{"/a/b", "a", false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(target_free) struct target target = TARGET_NONE;
		struct error err = {0};
		assert_ok(target_parse(table[i].text, &target, &err), err);
		if (target_matches(&target, table[i].pattern) != table[i].matches)
			fail_test("%s and %s", table[i].text, table[i].pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_head_is_read_with_its_headers),
		RUN(a_head_without_a_body_is_a_whole_message),
		RUN(an_ambiguous_head_is_refused),
		RUN(a_head_with_too_many_headers_is_refused),
		RUN(the_head_ends_with_its_empty_line),
		RUN(a_body_of_a_length_ends_where_the_head_says),
		RUN(a_chunked_body_is_decoded),
		RUN(a_body_is_bounded_and_must_be_well_formed),
		RUN(the_head_of_an_answer_is_read),
		RUN(a_target_is_taken_apart_and_put_together),
		RUN(a_target_that_can_be_read_in_two_ways_is_refused),
		RUN(a_target_matches_a_pattern),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
