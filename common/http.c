/* SPDX-License-Identifier: MIT
 *
 * http: the HTTP/1.0 client. An answer arrives in the one buffer http.text: first the head, which
 * read_head() removes once it is complete, then the body, which the caller takes from the front.
 */
#include "http.h"

#include "cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HTTP_ROOM 16384 /* the least room for one read, in bytes */

int http_connect(const char *path, unsigned timeout_ms, struct error *err)
{
	const long ms = timeout_ms ? timeout_ms : HTTP_TIMEOUT_MS;
	const struct timeval patience = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return fail(err, ENAMETOOLONG, "%s", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0)
		return fail(err, errno, "socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return fail(err, errno == EAGAIN ? ETIMEDOUT : errno, "connect");
	return steal_fd(&fd);
}

int http_send(const struct http_request *request, struct http *ret, struct error *err)
{
	char text[4096];
	char length[96] = "";
	if (request->body)
		(void)snprintf(length, sizeof length,
			"Content-Type: application/json\r\nContent-Length: %zu\r\n",
			strlen(request->body));
	int n = snprintf(text, sizeof text,
		"%s %s HTTP/1.0\r\nHost: localhost\r\nUser-Agent: %s/" OSS_CRS_VERSION
		"\r\n%s\r\n%s",
		request->method, request->target, request->agent, length,
		request->body ? request->body : "");
	if (n < 0 || (size_t)n >= sizeof text)
		return fail(err, ENAMETOOLONG, "%s", request->target);
	_cleanup_close_ int fd = http_connect(request->socket, request->timeout_ms, err);
	if (fd < 0)
		return -1;
	ssize_t sent = send(fd, text, (size_t)n, MSG_NOSIGNAL);
	if (sent != n)
		return fail(err, sent < 0 ? errno : EIO, "send");
	*ret = (struct http){.fd = steal_fd(&fd), .max = request->max, .left = UINT64_MAX};
	return 0;
}

void http_close(struct http *http)
{
	cleanup_close(&http->fd);
	free(http->text);
	*http = (struct http)HTTP_CLOSED;
}

void http_take(struct http *http, size_t len)
{
	http->len -= len;
	memmove(http->text, http->text + len, http->len + 1);
}

/* Parse one header line. Only those that say where the body ends count. */
static int read_header(struct http *http, const char *line, struct error *err)
{
	static const char length[] = "Content-Length:";
	static const char encoding[] = "Transfer-Encoding:";
	if (strncasecmp(line, encoding, sizeof encoding - 1) == 0)
		return fail(err, EPROTO, "unsupported transfer encoding");
	if (strncasecmp(line, length, sizeof length - 1) != 0)
		return 0;
	const char *value = line + sizeof length - 1;
	value += strspn(value, " \t");
	char *end = NULL;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || errno || *end != '\r')
		return fail(err, EPROTO, "answer with an invalid length");
	http->left = number;
	return 0;
}

/* Parse and remove the head: a line such as "HTTP/1.0 200 OK", headers, an empty line. Returns 1,
 * or 0 if it is not complete yet. */
static int read_head(struct http *http, struct error *err)
{
	const char *end = http->text ? strstr(http->text, "\r\n\r\n") : NULL;
	if (!end && http->len <= HTTP_HEAD_MAX)
		return 0;
	int status = 0;
	if (!end || sscanf(http->text, "HTTP/1.%*1[01] %3d", &status) != 1 || status < 100)
		return fail(err, EPROTO, "answer is not HTTP");
	for (const char *line = strstr(http->text, "\r\n") + 2; line < end;
		line = strstr(line, "\r\n") + 2)
		if (read_header(http, line, err) < 0)
			return -1;
	http->status = status;
	http_take(http, (size_t)(end - http->text) + 4);
	return 1;
}

/* Account for the last len bytes of the text: they belong to the head or to the body. */
static int feed(struct http *http, size_t len, struct error *err)
{
	if (!http->status) {
		int head = read_head(http, err);
		if (head <= 0)
			return head;
		len = http->len;
	}
	if (http->left == UINT64_MAX)
		return 0;
	if (len > http->left)
		return fail(err, EPROTO, "answer is longer than announced");
	http->left -= len;
	http->ended = http->left == 0;
	return 0;
}

/* Make room for the next read and a NUL. EFBIG if http.max bytes are waiting already. */
static int make_room(struct http *http, struct error *err)
{
	if (http->len >= http->max)
		return fail(err, EFBIG, "answer");
	if (http->size - http->len > HTTP_ROOM)
		return 0;
	size_t size = (http->size + HTTP_ROOM) * 2;
	char *larger = realloc(http->text, size);
	if (!larger)
		return fail(err, ENOMEM, "answer");
	http->text = larger;
	http->size = size;
	return 0;
}

int http_receive(struct http *http, bool wait, struct error *err)
{
	if (http->ended)
		return 1;
	if (make_room(http, err) < 0)
		return -1;
	ssize_t n = 0;
	do
		n = recv(http->fd, http->text + http->len, http->size - http->len - 1,
			wait ? 0 : MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return wait ? fail(err, ETIMEDOUT, "no answer") : 0;
	if (n < 0)
		return fail(err, errno, "no answer");
	if (n == 0) {
		http->ended = true;
		return http->status && http->left == UINT64_MAX
			       ? 1
			       : fail(err, EPROTO, "truncated answer");
	}
	http->len += (size_t)n;
	http->text[http->len] = '\0';
	return feed(http, (size_t)n, err) < 0 ? -1 : 1;
}

int http_finish(struct http *http, struct error *err)
{
	while (!http->ended)
		if (http_receive(http, true, err) < 0)
			return -1;
	return 0;
}

int http_parse(const char *text, size_t len, struct http *ret, struct error *err)
{
	_cleanup_(http_close) struct http http = {.fd = -1, .left = UINT64_MAX, .len = len};
	http.text = malloc(len + 1);
	if (!http.text)
		return fail(err, ENOMEM, "answer");
	memcpy(http.text, text, len);
	http.text[len] = '\0';
	if (feed(&http, len, err) < 0)
		return -1;
	if (!http.ended && !(http.status && http.left == UINT64_MAX))
		return fail(err, EPROTO, "answer cut short");
	*ret = http;
	http = (struct http)HTTP_CLOSED;
	return 0;
}

int http_escape(const char *text, char *buf, size_t size, struct error *err)
{
	static const char unreserved[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~";
	size_t used = 0;
	for (const char *c = text; *c; c++) {
		int n = snprintf(buf + used, size - used, strchr(unreserved, *c) ? "%c" : "%%%02X",
			(unsigned char)*c);
		if (n < 0 || (size_t)n >= size - used)
			return fail(err, ENAMETOOLONG, "%s", text);
		used += (size_t)n;
	}
	buf[used] = '\0';
	return 0;
}
