/* SPDX-License-Identifier: MIT
 *
 * http: as much of HTTP as the Engine API on a unix socket needs: requests without a body in HTTP/1.0 (RFC 1945), one per
 * connection. An answer of that version ends with its connection: there are no chunks to put together and nothing is kept
 * alive. It is our own since what a library brings along would cost every command more than all else it does; the figures
 * are in docs/performance.md.
 */
#ifndef OSS_CRS_HTTP_H
#define OSS_CRS_HTTP_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEAD_MAX   65536 /* bytes of status line and headers */
#define HTTP_TIMEOUT_MS 60000

struct http_request {
	const char *socket; /* the path of the server's unix socket */
	const char *method;
	const char *target; /* path and query, already escaped */
	const char *agent;  /* the program that asks, for User-Agent */
	size_t max;         /* bytes of the body that may wait in http.text */
	unsigned
		timeout_ms; /* how long the server may take for the next bytes; 0: HTTP_TIMEOUT_MS */
};

struct http {
	int fd;     /* readable when there is something to receive */
	int status; /* 0 until the head has come */
	bool ended; /* the answer is whole */
	char *text; /* what has come of the body and was not taken yet, with a NUL behind it; NULL: nothing ever */
	size_t len, size, max;
	uint64_t
		left; /* bytes of the body that are to come; UINT64_MAX: until the connection ends */
};

#define HTTP_CLOSED       \
	{                 \
		.fd = -1, \
	}

/* Connect to the server's socket and send a request. The caller ends it by http_close(). A failed connect has
 * connect(2)'s errno in err->code. */
int http_send(const struct http_request *request, struct http *ret, struct error *err);
void http_close(struct http *http);

/* Take in what comes. 1: something did, or the answer has ended; 0: nothing is there, and `wait` was not asked for.
 * EPROTO: it is no answer, or was cut short; ETIMEDOUT: none came; EFBIG: more than max is waiting. */
int http_receive(struct http *http, bool wait, struct error *err);

/* All that is still to come of the answer. */
int http_finish(struct http *http, struct error *err);

/* Take len bytes away from the beginning of the text. */
void http_take(struct http *http, size_t len);

/* Write text so that it can stand in a query: all but unreserved characters as %XX (RFC 3986). Fails with ENAMETOOLONG if
 * it does not fit. */
int http_escape(const char *text, char *buf, size_t size, struct error *err);

#endif
