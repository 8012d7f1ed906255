/* SPDX-License-Identifier: MIT
 *
 * dockerapi: see dockerapi.h. HTTP/1.0, so that the daemon neither chunks nor keeps the connection: the answer is what
 * comes until it closes. Bounded in size and in time.
 */
#include "dockerapi.h"

#include "cleanup_json.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#define ANSWER_MAX ((size_t)1024 * 1024)
#define NAMES_MAX  ((size_t)10)
#define TIMEOUT_S  20

/* Connect to the very socket that was looked at, through its descriptor. */
static int connect_to(const struct host *host, const char *path, struct error *err)
{
	_cleanup_close_ int at = fs_open(host->root, path + 1, O_PATH, 0, err);
	if (at < 0) {
		err->status = err->code == ENOENT ? EX_UNAVAILABLE : err->status;
		return -1;
	}
	struct stat st;
	if (fstat(at, &st) < 0)
		return fail(err, errno, "stat %s", path);
	if (!S_ISSOCK(st.st_mode) || st.st_uid != 0)
		return fail_as(err, EX_UNAVAILABLE, "%s is not a socket of root's", path);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(err, errno, "socket");
	struct timeval timeout = {.tv_sec = TIMEOUT_S};
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0)
		return fail(err, errno, "set the timeout of a socket");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", at);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		(void)fail(err, errno, "connect to %s", path);
		err->status = err->status == EX_NOPERM ? EX_NOPERM : EX_UNAVAILABLE;
		return -1;
	}
	return steal_fd(&fd);
}

const char *dockerapi_body(const char *text, struct error *err)
{
	int status = 0;
	if (sscanf(text, "HTTP/1.%*1[01] %3d", &status) !=
		1) { // NOLINT(cert-err34-c): three digits at most
		(void)fail_as(err, EX_UNAVAILABLE, "the answer is not HTTP");
		return NULL;
	}
	const char *body = strstr(text, "\r\n\r\n");
	if (status != 200 || !body) {
		(void)fail_as(err, EX_UNAVAILABLE, "the answer's status is %d", status);
		return NULL;
	}
	return body + 4;
}

static json_t *get(const struct host *host, const char *socket, const char *what, struct error *err)
{
	_cleanup_close_ int fd = connect_to(host, socket, err);
	if (fd < 0)
		return NULL;
	char request[128];
	int n = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: docker\r\n\r\n", what);
	if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n) {
		(void)fail(err, errno, "ask %s on %s", what, socket);
		return NULL;
	}
	_cleanup_free_ char *answer = NULL;
	size_t len = 0;
	if (fs_read_fd(fd, socket, ANSWER_MAX, &answer, &len, err) < 0) {
		err->status = EX_UNAVAILABLE;
		return NULL;
	}
	const char *body = dockerapi_body(answer, err);
	if (!body) {
		(void)add_context(err, "%s on %s", what, socket);
		return NULL;
	}
	json_error_t where;
	json_t *json =
		json_loadb(body, len - (size_t)(body - answer), JSON_REJECT_DUPLICATES, &where);
	if (!json)
		(void)fail_as(err, EX_UNAVAILABLE, "%s on %s: %s", what, socket, where.text);
	return json;
}

/* A container as people know it: its name without the slash, else the start of its id. */
static const char *name_of(const json_t *container)
{
	const char *name =
		json_string_value(json_array_get(json_object_get(container, "Names"), 0));
	const char *id = json_string_value(json_object_get(container, "Id"));
	if (name && *name == '/')
		return name + 1;
	return name ? name : id ? id : "?";
}

static int list_names(const json_t *containers, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "list containers");
	size_t count = json_array_size(containers);
	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		(void)fprintf(
			out, "%s%.64s", i ? ", " : "", name_of(json_array_get(containers, i)));
	if (count > NAMES_MAX)
		(void)fprintf(out, " and %zu more", count - NAMES_MAX);
	if (fclose(out) != 0)
		return fail(err, errno, "list containers");
	*ret = steal_ptr(text);
	return 0;
}

int dockerapi_state(
	const struct host *host, const char *socket, struct docker_state *ret, struct error *err)
{
	_cleanup_json_ json_t *info = get(host, socket, "/info", err);
	if (!info)
		return -1;
	const char *driver = json_string_value(json_object_get(info, "CgroupDriver"));
	if (!driver)
		return fail_as(err, EX_UNAVAILABLE, "/info on %s names no CgroupDriver", socket);
	struct docker_state state = {
		.running = json_integer_value(json_object_get(info, "ContainersRunning")),
		.live_restore = json_is_true(json_object_get(info, "LiveRestoreEnabled")),
	};
	(void)snprintf(state.driver, sizeof state.driver, "%s", driver);
	if (state.running > 0) {
		_cleanup_json_ json_t *containers = get(host, socket, "/containers/json", err);
		if (!containers || list_names(containers, &state.names, err) < 0)
			return -1;
	}
	*ret = state;
	return 0;
}
