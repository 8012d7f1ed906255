/* SPDX-License-Identifier: MIT
 *
 * docker_socket: sends the request with the HTTP client of common/. The size of an answer is
 * limited, and so is the time that the daemon may take for its next bytes.
 */
#include "docker_socket.h"

#include "cleanup.h"
#include "door.h"
#include "fs.h"
#include "http.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#define TIMEOUT_MS 20000

/* Open the socket with O_PATH and check that root owns it. Returns a descriptor that the caller
 * closes, or -1. */
static int open_socket(const struct host *host, const char *path, struct error *err)
{
	struct stat st;
	_cleanup_close_ int fd = fs_open(host->root, path + 1, O_PATH, 0, err);
	if (fd < 0) {
		err->status = err->code == ENOENT ? EX_UNAVAILABLE : err->status;
		return -1;
	}
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "stat %s", path);
	if (!S_ISSOCK(st.st_mode) || st.st_uid != 0)
		return fail_as(err, EX_UNAVAILABLE, "%s is not a socket owned by root", path);
	return steal_fd(&fd);
}

/* Connect to the socket that open_socket() checked, through its descriptor in /proc/self/fd, and
 * send the request. */
static int send_request(const struct host *host, const char *socket, const char *what,
	struct http *ret, struct error *err)
{
	_cleanup_close_ int fd = open_socket(host, socket, err);
	if (fd < 0)
		return -1;
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	const struct http_request request = {.socket = path,
		.method = "GET",
		.target = what,
		.agent = "oss-crs-setup",
		.timeout_ms = TIMEOUT_MS};
	if (http_send(&request, ret, err) == 0)
		return 0;
	(void)fail(err, err->code, "connect to %s", socket);
	err->status = err->status == EX_NOPERM ? EX_NOPERM : EX_UNAVAILABLE;
	return -1;
}

/* Receive until the daemon closes the connection, as a server of HTTP/1.0 does. Returns the number
 * of bytes, or -1. */
static ssize_t receive_answer(int fd, char *buf, size_t size, struct error *err)
{
	size_t len = 0;
	for (;;) {
		ssize_t n = recv(fd, buf + len, size - len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, errno == EAGAIN ? ETIMEDOUT : errno, "no answer");
		if (n == 0)
			return (ssize_t)len;
		len += (size_t)n;
		if (len == size)
			return fail(err, EFBIG, "answer");
	}
}

int docker_socket_get(const struct host *host, const char *socket, const char *target, size_t max,
	int *ret, struct error *err)
{
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	if (send_request(host, socket, target, &http, err) < 0)
		return -1;
	_cleanup_free_ char *buf = malloc(max);
	if (!buf)
		return fail(err, ENOMEM, "%s on %s", target, socket);
	ssize_t len = receive_answer(http.fd, buf, max, err);
	if (len < 0) {
		err->status = EX_UNAVAILABLE;
		return add_context(err, "%s on %s", target, socket);
	}
	*ret = door_file(buf, (size_t)len, err);
	return *ret < 0 ? -1 : 0;
}
