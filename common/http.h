/* SPDX-License-Identifier: MIT
 *
 * http: as much of HTTP as the Engine API on a Unix socket needs: HTTP/1.0 requests (RFC 1945), one
 * per connection. The server neither sends chunks nor keeps the connection open.
 * Both programs have this client because loading a library would cost every command more than all
 * its other work; docs/performance.md has the figures.
 */
#ifndef OSS_CRS_HTTP_H
#define OSS_CRS_HTTP_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX   65536 /* bytes of status line and headers */
#define HTTP_TIMEOUT_MS 60000 /* unless the request says otherwise */

struct http_request {
	const char *socket; /* the path of the server's Unix socket */
	const char *method;
	const char *target; /* path and query, escaped */
	const char *agent;  /* the name of the program, for User-Agent */
	const char *body;   /* JSON, short: the request has at most 4 KiB; NULL: none */
	size_t max;         /* how many bytes of the body may wait in http.text */
	/* how long to wait for the server to take or send the next bytes; 0: HTTP_TIMEOUT_MS */
	unsigned timeout_ms;
};

struct http {
	int fd;     /* the connection; poll it for POLLIN */
	int status; /* 0 until the head is complete */
	bool ended; /* the answer is complete */
	/* the part of the body that has arrived and was not taken yet, with a NUL after its len
	 * bytes; NULL if nothing has ever arrived */
	char *text;
	size_t len, size, max;
	/* bytes of the body that are still to come; UINT64_MAX: until the connection ends */
	uint64_t left;
};

#define HTTP_CLOSED       \
	{                 \
		.fd = -1, \
	}

/* Connect to a server's Unix socket. timeout_ms is as in struct http_request. Fails as http_send()
 * does. Returns a descriptor that the caller closes. */
int http_connect(const char *path, unsigned timeout_ms, struct error *err);

/* Connect to the server's socket and send a request. The caller releases *ret with http_close().
 * If connect(2) fails, err->code is its errno; a server that is too busy is ETIMEDOUT. */
int http_send(const struct http_request *request, struct http *ret, struct error *err);
void http_close(struct http *http);

/* Receive more of the answer. Returns 1 if something arrived or the answer is complete, 0 if
 * nothing is there and `wait` is false. EPROTO: not an HTTP answer, or one that is cut short;
 * ETIMEDOUT: nothing arrived in time; EFBIG: the caller has to take some of the text first. */
int http_receive(struct http *http, bool wait, struct error *err);

/* Receive the rest of the answer. Fails as http_receive() does. */
int http_finish(struct http *http, struct error *err);

/* Read a whole answer that is in memory already; the body is then in ret->text. EPROTO as above.
 * The caller releases *ret with http_close(). */
int http_parse(const char *text, size_t len, struct http *ret, struct error *err);

/* Remove len bytes from the beginning of the text. */
void http_take(struct http *http, size_t len);

/* Escape text for a query: every character that is not unreserved becomes %XX (RFC 3986).
 * ENAMETOOLONG if it does not fit into buf. */
int http_escape(const char *text, char *buf, size_t size, struct error *err);

#endif
