/* SPDX-License-Identifier: MIT
 *
 * dockerapi: sends the requests with the HTTP client of common/ and reads the JSON of the answers.
 * The size of an answer is limited, and so is the time that the daemon may take for its next bytes.
 */
#include "dockerapi.h"

#include "cleanup_json.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define ANSWER_MAX ((size_t)1024 * 1024)
#define NAMES_MAX  ((size_t)10)
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
		return fail_as(err, EX_UNAVAILABLE, "%s is not a socket of root's", path);
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
		.max = ANSWER_MAX,
		.timeout_ms = TIMEOUT_MS};
	if (http_send(&request, ret, err) == 0)
		return 0;
	(void)fail(err, err->code, "connect to %s", socket);
	err->status = err->status == EX_NOPERM ? EX_NOPERM : EX_UNAVAILABLE;
	return -1;
}

int dockerapi_receive(struct http *http, struct error *err)
{
	if (http_finish(http, err) < 0) {
		err->status = EX_UNAVAILABLE;
		return -1;
	}
	return http->status == 200
		       ? 0
		       : fail_as(err, EX_UNAVAILABLE, "the answer's status is %d", http->status);
}

static json_t *get_json(
	const struct host *host, const char *socket, const char *what, struct error *err)
{
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	if (send_request(host, socket, what, &http, err) < 0)
		return NULL;
	if (dockerapi_receive(&http, err) < 0) {
		(void)add_context(err, "%s on %s", what, socket);
		return NULL;
	}
	json_error_t where;
	json_t *json = json_loadb(http.text, http.len, JSON_REJECT_DUPLICATES, &where);
	if (!json)
		(void)fail_as(err, EX_UNAVAILABLE, "%s on %s: %s", what, socket, where.text);
	return json;
}

/* The name of a container without its leading slash, or its id if it has no name. */
static const char *container_name(const json_t *container)
{
	const char *name =
		json_string_value(json_array_get(json_object_get(container, "Names"), 0));
	const char *id = json_string_value(json_object_get(container, "Id"));
	if (name && *name == '/')
		return name + 1;
	return name ? name : id ? id : "?";
}

/* Join the names of the first NAMES_MAX containers with ", ". The caller frees *ret. */
static int list_names(const json_t *containers, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "list containers");
	size_t count = json_array_size(containers);
	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		(void)fprintf(out, "%s%.64s", i ? ", " : "",
			container_name(json_array_get(containers, i)));
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
	_cleanup_json_ json_t *info = get_json(host, socket, "/info", err);
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
		_cleanup_json_ json_t *containers = get_json(host, socket, "/containers/json", err);
		if (!containers || list_names(containers, &state.names, err) < 0)
			return -1;
	}
	*ret = state;
	return 0;
}
