/* SPDX-License-Identifier: MIT
 *
 * engine: which engine it is and whether it can serve runs, its containers and its volumes. What
 * belongs to a project is always found by its labels.
 */
#include "engine.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "container_id.h"
#include "endpoint.h"
#include "engine_request.h"
#include "http.h"
#include "job.h"
#include "podman.h"

#include <errno.h>
#include <sys/utsname.h>

#define SNAP_ROOT     "/var/snap/" /* the data of all snaps */
#define SERVICE_LABEL "com.docker.compose.service"

const char *engine_name(enum engine_kind kind)
{
	static const char *const names[ENGINE_KINDS] = {
		[ENGINE_DOCKER] = "Docker", [ENGINE_PODMAN] = "Podman"};
	return names[kind];
}

int engine_open_at(
	enum engine_kind kind, const char *endpoint, struct engine *ret, struct error *err)
{
	const char *socket = NULL;
	_cleanup_free_ char *copy = strdup(endpoint);
	if (!copy)
		return fail(err, ENOMEM, "%s", endpoint);
	if (endpoint_socket(copy, &socket, err) < 0)
		return -1;
	*ret = (struct engine){.kind = kind, .endpoint = steal_ptr(copy), .socket = socket};
	return 0;
}

int engine_open(struct engine *ret, struct error *err)
{
	_cleanup_free_ char *endpoint = NULL;
	return endpoint_find(&endpoint, err) < 0
		       ? -1
		       : engine_open_at(ENGINE_DOCKER, endpoint, ret, err);
}

void engine_close(struct engine *engine)
{
	free(engine->endpoint);
	*engine = (struct engine)ENGINE_NONE;
}

/* The API has "name=rootless" among the security options of a rootless daemon. */
static bool has_rootless(const json_t *json)
{
	const json_t *options = json_object_get(json, "SecurityOptions");
	for (size_t i = 0; i < json_array_size(options); i++) {
		const char *option = json_string_value(json_array_get(options, i));
		if (option && strcmp(option, "name=rootless") == 0)
			return true;
	}
	return false;
}

int engine_info(struct engine *engine, struct engine_info *ret, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (engine_request(engine, "GET", "/info", &json, err) < 0)
		return -1;
	engine_copy_text(ret->name, sizeof ret->name, json, "Name");
	engine_copy_text(ret->kernel, sizeof ret->kernel, json, "KernelVersion");
	engine_copy_text(ret->version, sizeof ret->version, json, "ServerVersion");
	engine_copy_text(ret->driver, sizeof ret->driver, json, "CgroupDriver");
	engine_copy_text(ret->cgroup_version, sizeof ret->cgroup_version, json, "CgroupVersion");
	ret->images = (long)json_integer_value(json_object_get(json, "Images"));
	ret->rootless = has_rootless(json);
	ret->snap = strncmp(engine_text(json, "DockerRootDir"), SNAP_ROOT, strlen(SNAP_ROOT)) == 0;
	return 0;
}

int engine_check_local(
	const struct engine *engine, const struct engine_info *info, struct error *err)
{
	struct utsname self;
	if (uname(&self) < 0)
		return fail(err, errno, "uname");
	if (strcmp(self.nodename, info->name) == 0 && strcmp(self.release, info->kernel) == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "%s at %s runs on another machine: %s with kernel %s",
		engine_name(engine->kind), engine->endpoint, info->name, info->kernel);
	return add_hint(
		err, "the socket leads to another host; oss-crs-run needs the daemon of this host");
}

int engine_check_version(
	const struct engine *engine, const struct engine_info *info, struct error *err)
{
	if (strcmp(info->cgroup_version, "2") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "%s uses cgroup v%s", engine_name(engine->kind),
		*info->cgroup_version ? info->cgroup_version : "1");
	return add_hint(err, "oss-crs-run needs Docker 20.10 or later on a host with cgroup v2");
}

int engine_check_driver(
	const struct engine *engine, const struct engine_info *info, struct error *err)
{
	if (engine->kind == ENGINE_DOCKER && info->rootless) {
		(void)fail_as(err, EX_UNAVAILABLE,
			"Docker at %s is rootless and cannot put containers into the cgroups of a "
			"run",
			engine->endpoint);
		return add_hint(err,
			"use --engine podman, or switch to the system's Docker: unset DOCKER_HOST, "
			"or run: docker context use default");
	}
	if (strcmp(info->driver, "cgroupfs") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"%s uses the %s cgroup driver; oss-crs-run needs the cgroupfs driver",
		engine_name(engine->kind), info->driver);
	if (info->snap)
		return add_hint(err,
			"this Docker is a snap: add \"exec-opts\": "
			"[\"native.cgroupdriver=cgroupfs\"] to "
			"/var/snap/docker/current/config/daemon.json, then run: sudo snap restart "
			"docker");
	return add_hint(err, "run once: sudo oss-crs-setup docker");
}

int engine_check(struct engine *engine, struct error *err)
{
	struct engine_info info = {0};
	if (engine_info(engine, &info, err) < 0 || engine_check_local(engine, &info, err) < 0 ||
		engine_check_version(engine, &info, err) < 0)
		return -1;
	if (engine->kind == ENGINE_PODMAN && podman_check_version(info.version, err) < 0)
		return -1;
	return engine_check_driver(engine, &info, err);
}

int engine_open_docker(struct engine *ret, struct error *err)
{
	struct engine engine = ENGINE_NONE;
	if (engine_open(&engine, err) < 0)
		return -1;
	if (engine_check(&engine, err) < 0) {
		engine_close(&engine);
		return -1;
	}
	*ret = engine;
	return 0;
}

/* The container that a mode of a namespace names: "container:ID". Empty for other modes. */
static const char *shared_with(const char *mode)
{
	static const char prefix[] = "container:";
	return strncmp(mode, prefix, sizeof prefix - 1) == 0 ? mode + sizeof prefix - 1 : "";
}

/* Whether the restart policy of a container that has ended has it started again, unless somebody
 * has stopped it. */
static bool is_to_restart(const json_t *container)
{
	const json_t *host_config = json_object_get(container, "HostConfig");
	const json_t *policy = json_object_get(host_config, "RestartPolicy");
	const json_t *state = json_object_get(container, "State");
	const char *name = engine_text(policy, "Name");
	json_int_t max = json_integer_value(json_object_get(policy, "MaximumRetryCount"));
	if (strcmp(name, "on-failure") != 0)
		return strcmp(name, "always") == 0 || strcmp(name, "unless-stopped") == 0;
	return json_integer_value(json_object_get(state, "ExitCode")) != 0 &&
	       (max == 0 || json_integer_value(json_object_get(container, "RestartCount")) < max);
}

int engine_container(
	struct engine *engine, const char *id, struct container *ret, struct error *err)
{
	char path[128];
	char bare[CONTAINER_ID_MAX + 1];
	if (!container_id_of(id, bare))
		return engine_fail_id(engine, id, err);
	(void)snprintf(path, sizeof path, "/containers/%s/json", bare);
	_cleanup_json_ json_t *json = NULL;
	if (engine_request(engine, "GET", path, &json, err) < 0)
		return -1;
	const char *full = engine_text(json, "Id");
	if (!container_id_is(full))
		return engine_fail_id(engine, full, err);
	const json_t *state = json_object_get(json, "State");
	json_int_t pid = json_integer_value(json_object_get(state, "Pid"));
	if (pid < 0 || pid > INT_MAX)
		return fail_as(err, EX_UNAVAILABLE,
			"%s reports that %s is process %" JSON_INTEGER_FORMAT,
			engine_name(engine->kind), bare, pid);
	const json_t *labels = json_object_get(json_object_get(json, "Config"), "Labels");
	const char *finished = engine_text(state, "FinishedAt");
	const char *name = engine_text(json, "Name");
	const json_t *host_config = json_object_get(json, "HostConfig");
	_cleanup_(container_free) struct container container = {
		.name = strdup(name + (*name == '/')),
		.service = strdup(engine_text(labels, SERVICE_LABEL)),
		.cgroup_parent = strdup(engine_text(host_config, "CgroupParent")),
		.pid_owner = strdup(shared_with(engine_text(host_config, "PidMode"))),
		.guard = strdup(*engine_text(labels, SERVICE_LABEL)
					? ""
					: engine_text(labels, ENGINE_GUARD_LABEL)),
		.exit_code = (int)json_integer_value(json_object_get(state, "ExitCode")),
		.pid = (pid_t)pid,
		/* The API writes Go's zero time, in the year 1, for "never". */
		.restarting = json_is_true(json_object_get(state, "Restarting")),
		/* Podman never says that a container is restarting. */
		.may_restart = engine->kind == ENGINE_PODMAN && is_to_restart(json),
		.started = strncmp(engine_text(state, "StartedAt"), "0001", 4) != 0,
	};
	if (!container.name || !container.service || !container.cgroup_parent ||
		!container.pid_owner || !container.guard)
		return fail(err, ENOMEM, "containers");
	(void)snprintf(container.id, sizeof container.id, "%s", full);
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
	free(container->pid_owner);
	free(container->guard);
	*container = (struct container){.name = NULL};
}

int engine_containers(
	struct engine *engine, const char *project, struct containers *ret, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (engine_list(engine, "/containers/json?all=1", NULL, ENGINE_PROJECT_LABEL, project,
		    &json, err) < 0)
		return -1;
	size_t count = json_array_size(json);
	_cleanup_(containers_free) struct containers found = {
		.list = calloc(count + 1, sizeof *found.list)};
	if (!found.list)
		return fail(err, ENOMEM, "containers");
	for (size_t i = 0; i < count; i++) {
		const char *id = engine_text(json_array_get(json, i), "Id");
		if (engine_container(engine, id, &found.list[found.count], err) == 0)
			found.count++;
		else if (err->code != ENOENT) /* removed since it was listed */
			return -1;
	}
	*ret = found;
	found = (struct containers)CONTAINERS_NONE;
	return 0;
}

int engine_check_project(struct engine *engine, const char *project, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (engine_list(engine, "/containers/json?all=1", NULL, ENGINE_PROJECT_LABEL, project,
		    &json, err) < 0)
		return -1;
	if (json_array_size(json) == 0)
		return 0;
	const json_t *first = json_array_get(json, 0);
	const char *run = engine_text(json_object_get(first, "Labels"), ENGINE_RUN_LABEL);
	const char *name = json_string_value(json_array_get(json_object_get(first, "Names"), 0));
	name = name ? name + (*name == '/') : engine_text(first, "Id");
	(void)fail_as(err, EX_TEMPFAIL, "Compose project '%s' has containers: '%.128s'%s%.128s%s",
		project, name, *run ? ", of run " : "", run,
		json_array_size(json) > 1 ? ", and more" : "");
	return add_hint(err, "wait for it to end or remove it, or choose another --project-name");
}

/* Compare two times in RFC 3339. The engine omits the trailing zeros of a fraction, so that
 * "…12.3Z" comes before "…12.34Z"; all other fields have a fixed width. */
static int compare_times(const char *a, const char *b)
{
	size_t i = 0;
	while (a[i] && a[i] == b[i])
		i++;
	int left = a[i] == 'Z' || !a[i] ? 0 : a[i];
	int right = b[i] == 'Z' || !b[i] ? 0 : b[i];
	return left - right;
}

bool containers_ended_before(const struct container *a, const struct container *b)
{
	return compare_times(a->finished, b->finished) < 0;
}

void containers_free(struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++)
		container_free(&containers->list[i]);
	free(containers->list);
	*containers = (struct containers)CONTAINERS_NONE;
}

int engine_volume(struct engine *engine, const char *name, char **ret, struct error *err)
{
	char escaped[1024];
	char path[1200];
	_cleanup_json_ json_t *json = NULL;
	if (http_escape(name, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/volumes/%s", escaped);
	if (engine_request(engine, "GET", path, &json, err) < 0)
		return -1;
	const char *driver = engine_text(json, "Driver");
	const json_t *options = json_object_get(json, "Options");
	if (!*driver)
		return fail_as(err, EX_UNAVAILABLE, "%s does not describe volume %s",
			engine_name(engine->kind), name);
	_cleanup_json_ json_t *volume =
		json_pack("{s:s, s:O?}", "driver", driver, "driver_opts", options);
	char *text = volume ? json_dumps(volume, 0) : NULL;
	if (!text)
		return fail(err, ENOMEM, "volume %s", name);
	*ret = text;
	return 0;
}
