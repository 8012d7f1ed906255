/* SPDX-License-Identifier: MIT
 *
 * fuzz_http: use the input as an answer of the engine, sent in two pieces.
 *
 * Invariant: http_receive() accepts the answer within its limits, or fails with an error.
 */
#include "fuzz.h"

#include "http.h"

#include <errno.h>
#include <sys/socket.h>

#define BODY_MAX 512

/* Receive everything that the socket holds. Returns 0, or -1 after an error. */
static int receive(struct http *http)
{
	struct error err = {0};
	while (!http->ended) {
		int came = http_receive(http, false, &err);
		if (came < 0)
			check_error(&err, EX_SOFTWARE);
		if (came <= 0)
			return came;
		CHECK(http->text[http->len] == '\0' && http->len < BODY_MAX + HTTP_HEAD_MAX);
		CHECK(!http->status || (http->status >= 100 && http->status <= 999));
	}
	CHECK(http->status);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int pair[2];
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	struct http http = {.fd = pair[0], .max = BODY_MAX, .left = UINT64_MAX};
	size_t first = size / 2;
	CHECK(send(pair[1], data, first, 0) == (ssize_t)first);
	bool good = receive(&http) == 0;
	CHECK(send(pair[1], data + first, size - first, 0) == (ssize_t)(size - first));
	(void)close(pair[1]);
	if (good)
		(void)receive(&http);
	http_close(&http);
	return 0;
}
