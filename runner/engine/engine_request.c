/* SPDX-License-Identifier: MIT
 *
 * engine_request: one request to the engine over its unix socket, and its JSON answer. Every
 * request is one HTTP request on a connection of its own (http.h).
 */
#include "engine_request.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "http.h"
#include "program.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#define ANSWER_MAX (64U << 20)
#define GROUPS_MAX 256

/* Whether a Docker daemon is installed, where Debian's packages or Docker's own put it. */
static bool is_docker_installed(void)
{
	static const char *const places[] = {
		"/usr/sbin/dockerd", "/usr/bin/dockerd", "/usr/local/bin/dockerd"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (program_is_at(places[i]))
			return true;
	return false;
}

/* The user database has the groups that a login gets; a process has those of the login it is
 * from. */
bool engine_awaits_login(const struct engine *engine)
{
	struct stat status;
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;
	if (!engine->endpoint || stat(engine->socket, &status) < 0 || !(status.st_mode & S_IWGRP) ||
		access(engine->socket, W_OK) == 0)
		return false;
	const struct passwd *user = getpwuid(getuid());
	if (!user || getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (groups[i] == status.st_gid)
			return true;
	return false;
}

/* Say how this user gets to talk to Docker: by the group of its socket, which daemon.json, a unit
 * or a snap decides. */
static int hint_group(const struct engine *engine, struct error *err)
{
	struct stat status;
	if (engine_awaits_login(engine))
		return add_hint(err, "you are in the group of the socket from your next login on: "
				     "log out and in again");
	if (stat(engine->socket, &status) < 0)
		return add_hint(err, "the directory of the socket is closed to you, as that of "
				     "another user's rootless Docker is; unset DOCKER_HOST");
	const struct group *group = status.st_gid ? getgrgid(status.st_gid) : NULL;
	if (!group || !(status.st_mode & S_IWGRP))
		return add_hint(err, "the socket has no group of users; to give it one (which "
				     "grants root on this host), run: sudo groupadd --system "
				     "docker, and restart Docker");
	return add_hint(err,
		"add yourself to group %.64s and log in again (this grants root on this host): "
		"sudo usermod -aG %.64s $USER",
		group->gr_name, group->gr_name);
}

static int fail_connect(const struct engine *engine, struct error *err)
{
	if (err->code == EACCES) {
		(void)fail_as(
			err, EX_NOPERM, "no permission to talk to Docker at %s", engine->endpoint);
		return hint_group(engine, err);
	}
	char why[sizeof err->msg];
	(void)snprintf(why, sizeof why, "%s", err->msg);
	(void)fail_as(err, EX_UNAVAILABLE, "%s does not answer at %s: %s",
		engine_name(engine->kind), engine->endpoint, why);
	if (engine->kind == ENGINE_PODMAN)
		return add_hint(err, "see: journalctl --user -e");
	return add_hint(err, is_docker_installed() ? "start it with: sudo systemctl start docker"
			     : program_is_at("/snap/bin/docker")
				     ? "start it with: sudo snap start docker"
				     : "on Debian, run: sudo apt-get install docker.io");
}

static int ask_engine(struct engine *engine, const char *method, const char *path, const char *body,
	json_t **ret, struct error *err)
{
	const struct http_request request = {.socket = engine->socket,
		.method = method,
		.target = path,
		.body = body,
		.agent = "oss-crs-run",
		.max = ANSWER_MAX};
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	if (http_send(&request, &http, err) < 0 || http_finish(&http, err) < 0)
		return fail_connect(engine, err);
	_cleanup_json_ json_t *json = http.len ? json_loadb(http.text, http.len, 0, NULL) : NULL;
	if (http.status >= 400) {
		const char *message = json_string_value(json_object_get(json, "message"));
		(void)fail_as(err, EX_UNAVAILABLE, "%s answered %d to %s %s: %s",
			engine_name(engine->kind), http.status, method, path,
			message ? message : "no reason given");
		err->code = http.status == 404 ? ENOENT : http.status == 409 ? EBUSY : EIO;
		return -1;
	}
	if (http.len && !json)
		return fail_as(err, EX_UNAVAILABLE, "%s's answer to %s %s is not JSON",
			engine_name(engine->kind), method, path);
	*ret = steal_ptr(json);
	return 0;
}

int engine_request(struct engine *engine, const char *method, const char *path, json_t **ret,
	struct error *err)
{
	return ask_engine(engine, method, path, NULL, ret, err);
}

int engine_post(
	struct engine *engine, const char *path, const char *body, json_t **ret, struct error *err)
{
	return ask_engine(engine, "POST", path, body, ret, err);
}

bool engine_answered(const struct error *err)
{
	return err->code == ENOENT || err->code == EBUSY || err->code == EIO;
}

int engine_fail_id(const struct engine *engine, const char *id, struct error *err)
{
	(void)fail_as(err, EX_UNAVAILABLE, "'%.64s' is not a valid id of %s", id,
		engine_name(engine->kind));
	err->code = EINVAL;
	return -1;
}

const char *engine_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

void engine_copy_text(char *to, size_t size, const json_t *object, const char *key)
{
	(void)snprintf(to, size, "%s", engine_text(object, key));
}

int engine_list(struct engine *engine, const char *what, const char *key, const char *label,
	const char *value, json_t **ret, struct error *err)
{
	char filter[512];
	char escaped[1024];
	char path[2048];
	int n = snprintf(filter, sizeof filter, "{\"label\":[\"%s=%s\"]}", label, value);
	if (n < 0 || (size_t)n >= sizeof filter)
		return fail(err, ENAMETOOLONG, "%s %s", label, value);
	if (http_escape(filter, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(
		path, sizeof path, "%s%sfilters=%s", what, strchr(what, '?') ? "&" : "?", escaped);
	_cleanup_json_ json_t *answer = NULL;
	if (engine_request(engine, "GET", path, &answer, err) < 0)
		return -1;
	json_t *list = key ? json_object_get(answer, key) : answer;
	/* Docker can write null for a list that is empty, as Go does. */
	if (key && json_is_null(list)) {
		*ret = json_array();
		return *ret ? 0 : fail(err, ENOMEM, "%s", what);
	}
	if (!json_is_array(list)) {
		(void)fail_as(err, EX_UNAVAILABLE, "%s's answer to GET %s is not a list",
			engine_name(engine->kind), path);
		err->code = EPROTO;
		return -1;
	}
	*ret = json_incref(list);
	return 0;
}
