/* SPDX-License-Identifier: MIT
 *
 * engine: requests over the unix socket, answers by jansson.
 */
#include "engine.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "endpoint.h"
#include "http.h"

#include <errno.h>
#include <sys/utsname.h>

#define ANSWER_MAX    (64U << 20)
#define SERVICE_LABEL "com.docker.compose.service"

int engine_open(struct engine *ret, struct error *err)
{
	_cleanup_free_ char *endpoint = NULL;
	const char *socket = NULL;
	if (endpoint_find(&endpoint, err) < 0 || endpoint_socket(endpoint, &socket, err) < 0)
		return -1;
	*ret = (struct engine){.endpoint = steal_ptr(endpoint), .socket = socket};
	return 0;
}

void engine_close(struct engine *engine)
{
	free(engine->endpoint);
	*engine = (struct engine)ENGINE_NONE;
}

static int fail_connect(const struct engine *engine, struct error *err)
{
	if (err->code == EACCES) {
		(void)fail_as(err, EX_NOPERM, "no permission to talk to Docker at %s", engine->endpoint);
		return add_hint(err, "join the group that may (it is root on this host): sudo usermod -aG "
				     "docker $USER, then log in again");
	}
	char why[sizeof err->msg];
	(void)snprintf(why, sizeof why, "%s", err->msg);
	(void)fail_as(err, EX_UNAVAILABLE, "Docker does not answer at %s: %s", engine->endpoint, why);
	return add_hint(err, "is it installed and running? sudo systemctl start docker");
}

/* One request. The answer's JSON, or NULL for an empty one, goes to *ret; a status from 400 on is an error. 404 and
 * 409 keep their meaning in err->code as ENOENT and EBUSY. */
static int request(
	struct engine *engine, const char *method, const char *path, json_t **ret, struct error *err)
{
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	if (http_send(engine->socket, method, path, ANSWER_MAX, &http, err) < 0 ||
		http_finish(&http, err) < 0)
		return fail_connect(engine, err);
	_cleanup_json_ json_t *json = http.len ? json_loadb(http.text, http.len, 0, NULL) : NULL;
	if (http.status >= 400) {
		const char *message = json_string_value(json_object_get(json, "message"));
		(void)fail_as(err, EX_UNAVAILABLE, "Docker answers %d to %s %s: %s", http.status, method,
			path, message ? message : "no reason given");
		err->code = http.status == 404 ? ENOENT : http.status == 409 ? EBUSY : EIO;
		return -1;
	}
	if (http.len && !json)
		return fail_as(err, EX_UNAVAILABLE, "Docker's answer to %s %s is not JSON", method, path);
	*ret = steal_ptr(json);
	return 0;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void copy_text(char *to, size_t size, const json_t *object, const char *key)
{
	(void)snprintf(to, size, "%s", text_of(object, key));
}

int engine_info(struct engine *engine, struct engine_info *ret, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (request(engine, "GET", "/info", &json, err) < 0)
		return -1;
	copy_text(ret->name, sizeof ret->name, json, "Name");
	copy_text(ret->kernel, sizeof ret->kernel, json, "KernelVersion");
	copy_text(ret->version, sizeof ret->version, json, "ServerVersion");
	copy_text(ret->driver, sizeof ret->driver, json, "CgroupDriver");
	copy_text(ret->cgroup_version, sizeof ret->cgroup_version, json, "CgroupVersion");
	return 0;
}

int engine_check_local(const struct engine *engine, const struct engine_info *info, struct error *err)
{
	struct utsname self;
	if (uname(&self) < 0)
		return fail(err, errno, "uname");
	if (strcmp(self.nodename, info->name) == 0 && strcmp(self.release, info->kernel) == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "Docker at %s runs on another machine: %s with kernel %s",
		engine->endpoint, info->name, info->kernel);
	return add_hint(
		err, "the socket leads out of this host; a run needs the daemon whose cgroups are here");
}

int engine_check_version(const struct engine_info *info, struct error *err)
{
	if (strcmp(info->cgroup_version, "2") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "Docker uses cgroup v%s",
		*info->cgroup_version ? info->cgroup_version : "1");
	return add_hint(err, "it needs Docker 20.10 or later on a host with cgroup v2");
}

int engine_check_driver(const struct engine_info *info, struct error *err)
{
	if (strcmp(info->driver, "cgroupfs") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"Docker uses the %s cgroup driver; a cgroup of ours needs cgroupfs", info->driver);
	return add_hint(err, "run once: sudo oss-crs-setup docker");
}

static int get_list(
	struct engine *engine, const char *what, const char *project, json_t **ret, struct error *err)
{
	char filter[512];
	char escaped[1024];
	char path[2048];
	int n = snprintf(filter, sizeof filter, "{\"label\":[\"%s=%s\"]}", ENGINE_PROJECT_LABEL, project);
	if (n < 0 || (size_t)n >= sizeof filter)
		return fail(err, ENAMETOOLONG, "project %s", project);
	if (http_escape(filter, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "%s%sfilters=%s", what, strchr(what, '?') ? "&" : "?", escaped);
	return request(engine, "GET", path, ret, err);
}

int engine_container(struct engine *engine, const char *id, struct container *ret, struct error *err)
{
	char path[128];
	(void)snprintf(path, sizeof path, "/containers/%.64s/json", id);
	_cleanup_json_ json_t *json = NULL;
	if (request(engine, "GET", path, &json, err) < 0)
		return -1;
	const json_t *state = json_object_get(json, "State");
	const json_t *labels = json_object_get(json_object_get(json, "Config"), "Labels");
	const char *finished = text_of(state, "FinishedAt");
	const char *name = text_of(json, "Name");
	_cleanup_(container_free) struct container container = {
		.name = strdup(name + (*name == '/')),
		.service = strdup(text_of(labels, SERVICE_LABEL)),
		.cgroup_parent = strdup(text_of(json_object_get(json, "HostConfig"), "CgroupParent")),
		.exit_code = (int)json_integer_value(json_object_get(state, "ExitCode")),
		.pid = (pid_t)json_integer_value(json_object_get(state, "Pid")),
		/* Year 1 is how Go writes "never". */
		.started = strncmp(text_of(state, "StartedAt"), "0001", 4) != 0,
	};
	if (!container.name || !container.service || !container.cgroup_parent)
		return fail(err, ENOMEM, "containers");
	(void)snprintf(container.id, sizeof container.id, "%s", text_of(json, "Id"));
	if (strncmp(finished, "0001", 4) != 0)
		(void)snprintf(container.finished, sizeof container.finished, "%s", finished);
	*ret = container;
	container = (struct container){.name = NULL};
	return 0;
}

void container_free(struct container *container)
{
	free(container->name);
	free(container->service);
	free(container->cgroup_parent);
	*container = (struct container){.name = NULL};
}

int engine_containers(struct engine *engine, const char *project, struct containers *ret, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (get_list(engine, "/containers/json?all=1", project, &json, err) < 0)
		return -1;
	size_t count = json_array_size(json);
	_cleanup_(containers_free) struct containers found = {.list = calloc(count + 1, sizeof *found.list)};
	if (!found.list)
		return fail(err, ENOMEM, "containers");
	for (size_t i = 0; i < count; i++) {
		const char *id = text_of(json_array_get(json, i), "Id");
		if (engine_container(engine, id, &found.list[found.count], err) == 0)
			found.count++;
		else if (err->code != ENOENT) /* gone between the list and the look */
			return -1;
	}
	*ret = found;
	found = (struct containers)CONTAINERS_NONE;
	return 0;
}

void containers_free(struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++)
		container_free(&containers->list[i]);
	free(containers->list);
	*containers = (struct containers)CONTAINERS_NONE;
}

/* DELETE one object; that it is gone already is fine. */
static int delete_object(
	struct engine *engine, const char *kind, const char *id, const char *query, struct error *err)
{
	char escaped[1024];
	char path[2048];
	if (http_escape(id, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/%s/%s%s", kind, escaped, query);
	_cleanup_json_ json_t *json = NULL;
	return request(engine, "DELETE", path, &json, err) == 0 || err->code == ENOENT ? 0 : -1;
}

static int delete_volumes(struct engine *engine, const char *project, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (get_list(engine, "/volumes", project, &json, err) < 0)
		return -1;
	const json_t *list = json_object_get(json, "Volumes");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = text_of(json_array_get(list, i), "Name");
		size_t len = strlen(project);
		if (strncmp(name, project, len) == 0 && name[len] == '_' &&
			delete_object(engine, "volumes", name, "", err) < 0)
			return -1;
	}
	return 0;
}

int engine_remove_project(struct engine *engine, const char *project, struct error *err)
{
	static const struct {
		const char *list, *kind, *query;
	} kinds[] = {
		{"/containers/json?all=1", "containers", "?force=1&v=1"},
		{"/networks", "networks", ""},
	};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		_cleanup_json_ json_t *json = NULL;
		if (get_list(engine, kinds[k].list, project, &json, err) < 0)
			return -1;
		for (size_t i = 0; i < json_array_size(json); i++)
			if (delete_object(engine, kinds[k].kind, text_of(json_array_get(json, i), "Id"),
				    kinds[k].query, err) < 0)
				return -1;
	}
	return delete_volumes(engine, project, err);
}
