/* SPDX-License-Identifier: MIT
 *
 * engine: requests to the engine over its unix socket, and its JSON answers. Every question is
 * one HTTP request on a connection of its own (http.h). What belongs to a run or a project is
 * always found by its labels.
 */
#include "engine.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "container_id.h"
#include "endpoint.h"
#include "http.h"
#include "job.h"
#include "podman.h"
#include "program.h"

#include <errno.h>
#include <sys/utsname.h>

#define ANSWER_MAX    (64U << 20)
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

static int fail_connect(const struct engine *engine, struct error *err)
{
	if (err->code == EACCES) {
		(void)fail_as(
			err, EX_NOPERM, "no permission to talk to Docker at %s", engine->endpoint);
		return add_hint(err,
			"be in the group that may, which is root on this host, from the next "
			"login on: sudo usermod -aG docker $USER");
	}
	char why[sizeof err->msg];
	(void)snprintf(why, sizeof why, "%s", err->msg);
	(void)fail_as(err, EX_UNAVAILABLE, "%s does not answer at %s: %s",
		engine_name(engine->kind), engine->endpoint, why);
	if (engine->kind == ENGINE_PODMAN)
		return add_hint(err, "see what it says: journalctl --user -e");
	return add_hint(err, is_docker_installed() ? "start it: sudo systemctl start docker"
						   : "on Debian: sudo apt-get install docker.io");
}

/* Make one request. *ret is the answer's JSON, or NULL if the answer is empty. A status from 400
 * on is an error; 404 and 409 have ENOENT and EBUSY in err->code, all others EIO. */
static int request(struct engine *engine, const char *method, const char *path, json_t **ret,
	struct error *err)
{
	const struct http_request request = {.socket = engine->socket,
		.method = method,
		.target = path,
		.agent = "oss-crs-run",
		.max = ANSWER_MAX};
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	if (http_send(&request, &http, err) < 0 || http_finish(&http, err) < 0)
		return fail_connect(engine, err);
	_cleanup_json_ json_t *json = http.len ? json_loadb(http.text, http.len, 0, NULL) : NULL;
	if (http.status >= 400) {
		const char *message = json_string_value(json_object_get(json, "message"));
		(void)fail_as(err, EX_UNAVAILABLE, "%s answers %d to %s %s: %s",
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

bool engine_answered(const struct error *err)
{
	return err->code == ENOENT || err->code == EBUSY || err->code == EIO;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static void copy_json_text(char *to, size_t size, const json_t *object, const char *key)
{
	(void)snprintf(to, size, "%s", text_of(object, key));
}

int engine_info(struct engine *engine, struct engine_info *ret, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (request(engine, "GET", "/info", &json, err) < 0)
		return -1;
	copy_json_text(ret->name, sizeof ret->name, json, "Name");
	copy_json_text(ret->kernel, sizeof ret->kernel, json, "KernelVersion");
	copy_json_text(ret->version, sizeof ret->version, json, "ServerVersion");
	copy_json_text(ret->driver, sizeof ret->driver, json, "CgroupDriver");
	copy_json_text(ret->cgroup_version, sizeof ret->cgroup_version, json, "CgroupVersion");
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
	return add_hint(err,
		"the socket leads out of this host; a run needs the daemon whose cgroups are here");
}

int engine_check_version(
	const struct engine *engine, const struct engine_info *info, struct error *err)
{
	if (strcmp(info->cgroup_version, "2") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "%s uses cgroup v%s", engine_name(engine->kind),
		*info->cgroup_version ? info->cgroup_version : "1");
	return add_hint(err, "it needs Docker 20.10 or later on a host with cgroup v2");
}

int engine_check_driver(
	const struct engine *engine, const struct engine_info *info, struct error *err)
{
	if (strcmp(info->driver, "cgroupfs") == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"%s uses the %s cgroup driver; a cgroup of ours needs cgroupfs",
		engine_name(engine->kind), info->driver);
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

/* The list at the path `what`, filtered to what has this label with this value. */
static int get_list(struct engine *engine, const char *what, const char *label, const char *value,
	json_t **ret, struct error *err)
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
	return request(engine, "GET", path, ret, err);
}

/* Refuse, before there is a request, what cannot be an id. err->code is EINVAL. */
static int fail_id(const struct engine *engine, const char *id, struct error *err)
{
	(void)fail_as(err, EX_UNAVAILABLE, "'%.64s' cannot be an id of %s", id,
		engine_name(engine->kind));
	err->code = EINVAL;
	return -1;
}

int engine_container(
	struct engine *engine, const char *id, struct container *ret, struct error *err)
{
	char path[128];
	char bare[CONTAINER_ID_MAX + 1];
	if (!container_id_of(id, bare))
		return fail_id(engine, id, err);
	(void)snprintf(path, sizeof path, "/containers/%s/json", bare);
	_cleanup_json_ json_t *json = NULL;
	if (request(engine, "GET", path, &json, err) < 0)
		return -1;
	const char *full = text_of(json, "Id");
	if (!container_id_is(full))
		return fail_id(engine, full, err);
	const json_t *state = json_object_get(json, "State");
	json_int_t pid = json_integer_value(json_object_get(state, "Pid"));
	if (pid < 0 || pid > INT_MAX)
		return fail_as(err, EX_UNAVAILABLE,
			"%s says that %s is process %" JSON_INTEGER_FORMAT,
			engine_name(engine->kind), bare, pid);
	const json_t *labels = json_object_get(json_object_get(json, "Config"), "Labels");
	const char *finished = text_of(state, "FinishedAt");
	const char *name = text_of(json, "Name");
	_cleanup_(container_free) struct container container = {
		.name = strdup(name + (*name == '/')),
		.service = strdup(text_of(labels, SERVICE_LABEL)),
		.cgroup_parent =
			strdup(text_of(json_object_get(json, "HostConfig"), "CgroupParent")),
		.exit_code = (int)json_integer_value(json_object_get(state, "ExitCode")),
		.pid = (pid_t)pid,
		/* The API writes Go's zero time, in the year 1, for "never". */
		.started = strncmp(text_of(state, "StartedAt"), "0001", 4) != 0,
	};
	if (!container.name || !container.service || !container.cgroup_parent)
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
	*container = (struct container){.name = NULL};
}

int engine_containers(
	struct engine *engine, const char *project, struct containers *ret, struct error *err)
{
	_cleanup_json_ json_t *json = NULL;
	if (get_list(engine, "/containers/json?all=1", ENGINE_PROJECT_LABEL, project, &json, err) <
		0)
		return -1;
	size_t count = json_array_size(json);
	_cleanup_(containers_free) struct containers found = {
		.list = calloc(count + 1, sizeof *found.list)};
	if (!found.list)
		return fail(err, ENOMEM, "containers");
	for (size_t i = 0; i < count; i++) {
		const char *id = text_of(json_array_get(json, i), "Id");
		if (engine_container(engine, id, &found.list[found.count], err) == 0)
			found.count++;
		else if (err->code != ENOENT) /* removed since it was listed */
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

int engine_volume(struct engine *engine, const char *name, char **ret, struct error *err)
{
	char escaped[1024];
	char path[1200];
	_cleanup_json_ json_t *json = NULL;
	if (http_escape(name, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/volumes/%s", escaped);
	if (request(engine, "GET", path, &json, err) < 0)
		return -1;
	const char *driver = text_of(json, "Driver");
	const json_t *options = json_object_get(json, "Options");
	if (!*driver)
		return fail_as(err, EX_UNAVAILABLE, "%s does not say what volume %s is",
			engine_name(engine->kind), name);
	_cleanup_json_ json_t *volume =
		json_pack("{s:s, s:O?}", "driver", driver, "driver_opts", options);
	char *text = volume ? json_dumps(volume, 0) : NULL;
	if (!text)
		return fail(err, ENOMEM, "volume %s", name);
	*ret = text;
	return 0;
}

/* ---- what runs have, and its removal ----------------------------------------------------- */

/* The kinds of things, in the order in which they can be removed. */
static const struct kind {
	const char *list, *name;
	const char *query; /* of the DELETE request */
	/* Waits for the end of a removal; NULL: the API cannot wait for this kind. */
	const char *wait;
	/* The key of the list in the answer; NULL: the answer is the list. */
	const char *array;
	const char *id;
	/* Whether a text can be such an id; only then it goes into a path. The ids of Docker's
	 * swarm networks have other letters than hexadecimal digits. */
	bool (*is_id)(const char *text);
} kinds[] = {
	{"/containers/json?all=1", "containers", "?force=1&v=1", "/wait?condition=removed", NULL,
		"Id", container_id_is},
	{"/networks", "networks", "", NULL, NULL, "Id", job_is_name},
	{"/volumes", "volumes", "", NULL, "Volumes", "Name", job_is_name},
};

#define KIND_COUNT (sizeof kinds / sizeof *kinds)

static int get_kind(struct engine *engine, const struct kind *kind, const char *label,
	const char *value, json_t **ret, struct error *err)
{
	_cleanup_json_ json_t *answer = NULL;
	if (get_list(engine, kind->list, label, value, &answer, err) < 0)
		return -1;
	*ret = json_incref(kind->array ? json_object_get(answer, kind->array) : answer);
	return 0;
}

static int add_engine_run(struct engine_runs *runs, const json_t *labels, struct error *err)
{
	const char *name = text_of(labels, ENGINE_RUN_LABEL);
	if (!*name || strlen(name) > NAME_MAX)
		return 0;
	for (size_t i = 0; i < runs->count; i++)
		if (strcmp(runs->list[i].name, name) == 0)
			return 0;
	struct engine_run *larger = reallocarray(runs->list, runs->count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "runs");
	runs->list = larger;
	struct engine_run *run = &larger[runs->count++];
	*run = (struct engine_run){.keep = json_object_get(labels, ENGINE_KEEP_LABEL) != NULL};
	copy_json_text(run->name, sizeof run->name, labels, ENGINE_RUN_LABEL);
	copy_json_text(run->owner, sizeof run->owner, labels, ENGINE_OWNER_LABEL);
	return 0;
}

int engine_runs(struct engine *engine, uid_t uid, struct engine_runs *ret, struct error *err)
{
	_cleanup_(engine_runs_free) struct engine_runs runs = ENGINE_RUNS_NONE;
	char value[16];
	(void)snprintf(value, sizeof value, "%u", (unsigned)uid);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		_cleanup_json_ json_t *list = NULL;
		if (get_kind(engine, &kinds[k], ENGINE_UID_LABEL, value, &list, err) < 0)
			return -1;
		for (size_t i = 0; i < json_array_size(list); i++)
			if (add_engine_run(&runs,
				    json_object_get(json_array_get(list, i), "Labels"), err) < 0)
				return -1;
	}
	*ret = runs;
	runs = (struct engine_runs)ENGINE_RUNS_NONE;
	return 0;
}

void engine_runs_free(struct engine_runs *runs)
{
	free(runs->list);
	*runs = (struct engine_runs)ENGINE_RUNS_NONE;
}

/* Make one request about one thing. `more` is what follows the thing in the path. */
static int request_object(struct engine *engine, const char *method, const struct kind *kind,
	const char *id, const char *more, struct error *err)
{
	char escaped[1024];
	char path[2048];
	_cleanup_json_ json_t *json = NULL;
	if (!kind->is_id(id))
		return fail_id(engine, id, err);
	if (http_escape(id, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/%s/%s%s", kind->name, escaped, more);
	return request(engine, method, path, &json, err);
}

/* Delete one thing, or wait until it is gone if another client is already removing it. Returns
 * 1; 0 if it was already gone; -1 with an error. */
static int delete_object(
	struct engine *engine, const struct kind *kind, const char *id, struct error *err)
{
	if (request_object(engine, "DELETE", kind, id, kind->query, err) == 0)
		return 1;
	if (err->code == EBUSY && kind->wait &&
		request_object(engine, "POST", kind, id, kind->wait, err) == 0)
		return 1;
	return err->code == ENOENT ? 0 : -1;
}

/* Whether to remove it with the project. A volume with a name that the user chose stays. */
static bool belongs_to_project(const struct kind *kind, const char *id, const char *project)
{
	size_t len = strlen(project);
	return !kind->array || (strncmp(id, project, len) == 0 && id[len] == '_');
}

/* One pass over what the engine lists of one kind. */
struct removal_round {
	int removed;
	size_t kept;        /* what the engine did not remove */
	struct error first; /* why, for the first of them */
};

/* Remove what the engine now lists of one kind, going on after what it does not remove: that may
 * have to wait for others, as with Podman's containers that share a namespace. Fails only if the
 * engine does not answer, or not with a list. */
static int remove_kind(struct engine *engine, const struct kind *kind, const char *project,
	struct removal_round *round, struct error *err)
{
	_cleanup_json_ json_t *list = NULL;
	if (get_kind(engine, kind, ENGINE_PROJECT_LABEL, project, &list, err) < 0)
		return -1;
	*round = (struct removal_round){.removed = 0};
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = text_of(json_array_get(list, i), kind->id);
		if (!belongs_to_project(kind, id, project))
			continue;
		int removed = delete_object(engine, kind, id, err);
		if (removed < 0 && !engine_answered(err))
			return -1;
		if (removed < 0 && round->kept++ == 0)
			round->first = *err;
		round->removed += removed > 0;
	}
	return 0;
}

int engine_remove_project(struct engine *engine, const char *project, struct error *err)
{
	int count = 0;
	size_t kept = 0;
	struct error first = {0};
	for (size_t k = 0; k < KIND_COUNT; k++) {
		struct removal_round round = {.removed = 0};
		do {
			if (remove_kind(engine, &kinds[k], project, &round, err) < 0)
				return -1;
			count += round.removed;
		} while (round.removed > 0);
		if (kept == 0)
			first = round.first;
		kept += round.kept;
	}
	if (kept == 0)
		return count;
	(void)fail_as(err, EX_UNAVAILABLE,
		"%zu of the run's containers, networks and volumes stay; the first: %s", kept,
		first.msg);
	err->code = first.code;
	return add_hint(err, "see what keeps it: %s ps -a --filter label=%s=%s",
		engine->kind == ENGINE_PODMAN ? "podman" : "docker", ENGINE_PROJECT_LABEL, project);
}
