/* SPDX-License-Identifier: MIT
 *
 * http: what every request to the engine's socket has in common: a handle of libcurl that talks to one unix socket and to
 * nothing else, and a text that grows with the answer.
 */
#ifndef OSS_CRS_HTTP_H
#define OSS_CRS_HTTP_H

#include "error.h"

#include <curl/curl.h>
#include <stddef.h>

struct http_text {
	char *text; /* with a NUL behind it; NULL as long as it is empty */
	size_t len;
	size_t max; /* bytes; more is an error of the transfer */
};

/* A handle for the socket at that path: no proxy, no signal handlers. NULL for want of memory. Caller cleans up. */
CURL *http_handle(const char *socket);

/* Where the handle's next answer goes to, at its end. The text outlives the transfer. */
void http_into(CURL *handle, struct http_text *text);

/* Take len bytes away from its beginning. */
void http_take(struct http_text *text, size_t len);

#endif
