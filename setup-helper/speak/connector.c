/* SPDX-License-Identifier: MIT
 *
 * connector: connects to the socket through a descriptor of its file, whose owner is checked, and
 * sends the request.
 */
#include "connector.h"

#include "cleanup.h"
#include "door.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define TIMEOUT_S 20

const char *const docker_targets[DOCKER_QUESTIONS] = {
	[DOCKER_INFO] = "/info",
	[DOCKER_CONTAINERS] = "/containers/json",
};

/* Open the file of the socket with O_PATH and check that root owns it. Returns a descriptor that
 * the caller closes, or -1. */
static int open_socket(const struct host *host, const char *path, struct error *err)
{
	struct stat st;
	_cleanup_close_ int file = fs_open(host->root, path + 1, O_PATH, 0, err);
	if (file < 0) {
		err->status = err->code == ENOENT ? EX_UNAVAILABLE : err->status;
		return -1;
	}
	if (fstat(file, &st) < 0)
		return fail(err, errno, "stat %s", path);
	if (!S_ISSOCK(st.st_mode) || st.st_uid != 0)
		return fail_as(err, EX_UNAVAILABLE, "%s is not a socket owned by root", path);
	return steal_fd(&file);
}

static int ask_docker(
	const struct host *host, const char *path, const char *target, int *ret, struct error *err)
{
	const struct timeval patience = {.tv_sec = TIMEOUT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char request[128];
	_cleanup_close_ int file = open_socket(host, path, err);
	if (file < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
	int len = snprintf(request, sizeof request,
		"GET %s HTTP/1.0\r\nHost: localhost\r\nUser-Agent: oss-crs-setup/" OSS_CRS_VERSION
		"\r\n\r\n",
		target);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
		connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
		send(fd, request, (size_t)len, MSG_NOSIGNAL) != len) {
		(void)fail(err, errno, "connect to %s", path);
		err->status = err->status == EX_NOPERM ? EX_NOPERM : EX_UNAVAILABLE;
		return -1;
	}
	*ret = steal_fd(&fd);
	return 0;
}

static int answer_question(void *arg, struct door_incoming *in, struct error *err)
{
	const struct connector *connector = arg;
	if (in->message->what != DOOR_DOCKER || in->message->number >= DOCKER_QUESTIONS)
		return fail_as(err, EX_SOFTWARE, "a request that is not in the table");
	return ask_docker(connector->host, connector->policy->socket,
		docker_targets[in->message->number], &in->file, err);
}

int connector_serve(struct connector *connector, int door, struct error *err)
{
	return door_serve(door, NULL, answer_question, connector, err);
}

int connector_ask(int door, enum docker_question question, int *ret_file, struct error *err)
{
	const struct door_message request = {.what = DOOR_DOCKER, .number = question};
	return door_ask(door, &request, NULL, NULL, ret_file, err);
}
