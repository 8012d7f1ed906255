/* SPDX-License-Identifier: MIT
 *
 * http: see http.h.
 */
#include "http.h"

#include <stdlib.h>
#include <string.h>

static size_t collect(const char *data, size_t size, size_t count, void *user)
{
	struct http_text *text = user;
	size_t len = size * count;
	if (len > text->max - text->len)
		return 0;
	char *larger = realloc(text->text, text->len + len + 1);
	if (!larger)
		return 0;
	memcpy(larger + text->len, data, len);
	text->text = larger;
	text->len += len;
	text->text[text->len] = '\0';
	return len;
}

CURL *http_handle(const char *socket)
{
	CURL *handle = curl_easy_init();
	if (!handle)
		return NULL;
	(void)curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket);
	(void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(handle, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
	return handle;
}

void http_into(CURL *handle, struct http_text *text)
{
	(void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, text);
}

void http_take(struct http_text *text, size_t len)
{
	text->len -= len;
	memmove(text->text, text->text + len, text->len + 1);
}
