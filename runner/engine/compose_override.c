/* SPDX-License-Identifier: MIT
 *
 * compose_override: the override file, which puts each service into the cgroup of its CRS, gives it
 * the run's variables, and labels whatever Compose creates. It is JSON, which Compose reads as
 * YAML.
 */
#include "compose.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "compose_guard.h"
#include "engine.h"
#include "json_build.h"

#include <errno.h>

/* The text as a JSON string with every '$' doubled, since Compose expands '$' in values; `what` is
 * its name in errors. */
static json_t *literal_string(struct json_build *build, const char *what, const char *text)
{
	_cleanup_free_ char *escaped = calloc(2, strlen(text) + 1);
	if (!escaped)
		return NULL;
	char *to = escaped;
	for (; *text; text++) {
		if (*text == '$')
			*to++ = '$';
		*to++ = *text;
	}
	return json_build_text(build, what, escaped);
}

static bool sets_variable(const struct compose_service *service, const char *name)
{
	for (size_t i = 0; i < service->variables.count; i++)
		if (strcmp(service->variables.list[i], name) == 0)
			return true;
	return false;
}

/* Whether a service keeps its own value of a variable. */
static bool keeps_variable(
	const struct compose *compose, const struct compose_service *service, const char *name)
{
	bool held =
		strncmp(name, RUN_VARIABLES_HELD_PREFIX, strlen(RUN_VARIABLES_HELD_PREFIX)) == 0;
	bool figure =
		strcmp(name, RUN_VARIABLES_CPUSET) == 0 || strcmp(name, RUN_VARIABLES_MEMORY) == 0;
	return !held && !(figure && compose->other_figures) && sets_variable(service, name);
}

static json_t *environment_to_json(struct json_build *build, const struct compose *compose,
	const struct compose_service *service, const struct variables *crs)
{
	json_t *environment = json_object();
	const struct variables *const lists[] = {compose->variables, crs};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		for (size_t j = 0; j < lists[i]->count; j++) {
			const char *entry = lists[i]->list[j];
			const char *value = strchr(entry, '=');
			_cleanup_free_ char *name =
				value ? strndup(entry, (size_t)(value - entry)) : NULL;
			if (value && !(name && keeps_variable(compose, service, name)))
				json_build_set(build, environment, name ? name : "",
					name ? literal_string(build, name, value + 1) : NULL);
		}
	}
	return environment;
}

/* The labels by which a run's containers, networks and volumes are found and judged when nothing
 * else is left of the run. */
static json_t *labels_of(
	struct json_build *build, const struct compose *compose, const struct run_plan *plan)
{
	char uid[16];
	(void)snprintf(uid, sizeof uid, "%u", (unsigned)compose->mark.uid);
	json_t *labels = json_object();
	json_build_set(build, labels, ENGINE_RUN_LABEL,
		literal_string(build, ENGINE_RUN_LABEL, plan->name));
	json_build_set(
		build, labels, ENGINE_UID_LABEL, literal_string(build, ENGINE_UID_LABEL, uid));
	json_build_set(build, labels, ENGINE_OWNER_LABEL,
		literal_string(build, ENGINE_OWNER_LABEL, compose->mark.owner));
	if (compose->mark.keep)
		json_build_set(build, labels, ENGINE_KEEP_LABEL,
			literal_string(build, ENGINE_KEEP_LABEL, "yes"));
	return labels;
}

/* Version 2.0 of the file format allows no labels on networks, volumes and images. */
static bool has_old_schema(const struct compose *compose)
{
	return compose->schema &&
	       (strcmp(compose->schema, "2") == 0 || strcmp(compose->schema, "2.0") == 0);
}

/* {"NAME": {"labels": …}, …} */
static json_t *labelled_section(struct json_build *build, const struct compose *compose,
	const struct run_plan *plan, const struct compose_names *names)
{
	json_t *section = json_object();
	for (size_t i = 0; i < names->count; i++)
		json_build_set(build, section, names->list[i],
			json_build_pack(build, "{s:o}", "labels", labels_of(build, compose, plan)));
	return section;
}

/* The run's Podman writes its events to a file (podman.c). So it refuses to follow the logs of a
 * container with the driver journald, Debian's default. Compose follows those of a service in the
 * namespace of another. */
static void set_log_driver(struct json_build *build, json_t *body, const struct compose *compose,
	const struct compose_service *service)
{
	if (compose->running_engine->kind == ENGINE_PODMAN && !service->has_log_driver)
		json_build_set(build, body, "logging",
			json_build_pack(build, "{s:s}", "driver", "k8s-file"));
}

/* Mark the image that Compose builds for a service, so that it can be removed with the run. */
static void mark_image(struct json_build *build, json_t *body, const struct compose *compose,
	const struct run_plan *plan, const struct compose_service *service)
{
	if (!service->is_built || compose->mark.keep_images || has_old_schema(compose))
		return;
	_cleanup_free_ char *name = NULL;
	if (asprintf(&name, "%s-%s", compose->project, service->name) < 0)
		name = NULL;
	json_build_set(build, body, "build",
		json_build_pack(build, "{s:{s:o, s:o}}", "labels", ENGINE_BUILT_BY_LABEL,
			literal_string(build, ENGINE_BUILT_BY_LABEL, plan->name),
			ENGINE_BUILT_AS_LABEL,
			name ? literal_string(build, ENGINE_BUILT_AS_LABEL, name) : NULL));
}

/* Mount the guarded socket of a CRS: where the service looks for it, and in place of the engine's
 * own. Compose takes the last mount of a target. */
static void mount_socket(struct json_build *build, json_t *body, const struct compose *compose,
	const struct compose_service *service)
{
	char name[COMPOSE_GUARD_NAME_MAX];
	json_t *volumes = json_array();
	compose_guard_name((size_t)service->crs, name);
	for (size_t i = 0; i <= service->mounts.count; i++) {
		bool own = i == service->mounts.count;
		_cleanup_free_ char *mount = NULL;
		if (!own && !service->mounts.list[i].is_socket)
			continue;
		if (asprintf(&mount, "%s/%s:%s", compose->guard_dir, name,
			    own ? COMPOSE_GUARD_TARGET : service->mounts.list[i].target) < 0)
			mount = NULL;
		json_build_append(
			build, volumes, mount ? literal_string(build, "volumes", mount) : NULL);
	}
	json_build_set(build, body, "volumes", volumes);
}

static int service_override(struct json_build *build, const struct compose *compose,
	const struct run_plan *plan, const struct compose_service *service, json_t **ret,
	struct error *err)
{
	const struct plan_crs *crs = service->crs >= 0 ? &plan->crs[service->crs] : NULL;
	_cleanup_(variables_free) struct variables own = VARIABLES_NONE;
	bool with_unit = compose->other_figures && sets_variable(service, RUN_VARIABLES_MEMORY);
	if (crs && run_variables_add_crs(&own, crs, with_unit, err) < 0)
		return -1;
	if (service->guarded &&
		variables_add(&own, COMPOSE_GUARD_VARIABLE, COMPOSE_GUARD_TARGET, err) < 0)
		return -1;
	json_t *body = json_object();
	json_build_set(
		build, body, "environment", environment_to_json(build, compose, service, &own));
	json_build_set(build, body, "labels", labels_of(build, compose, plan));
	set_log_driver(build, body, compose, service);
	mark_image(build, body, compose, plan, service);
	if (service->guarded)
		mount_socket(build, body, compose, service);
	*ret = body;
	if (!crs)
		return 0;
	char parent[CGROUP_PATH_MAX + JOB_NAME_MAX + 2];
	(void)snprintf(parent, sizeof parent, "%s/%s", plan->cgroup_parent, crs->name);
	json_build_set(
		build, body, "cgroup_parent", literal_string(build, "cgroup_parent", parent));
	return 0;
}

/* Put {"NAME": {…}} of each service into the object. */
static int add_service_overrides(struct json_build *build, const struct compose *compose,
	const struct run_plan *plan, json_t *services, struct error *err)
{
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		json_t *body = NULL;
		if (service_override(build, compose, plan, service, &body, err) < 0)
			return -1;
		json_build_set(build, services, service->name, body);
	}
	return 0;
}

int compose_override(
	const struct compose *compose, const struct run_plan *plan, char **ret, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_json_ json_t *services = json_object();
	_cleanup_json_ json_t *whole = NULL;
	if (add_service_overrides(&build, compose, plan, services, err) < 0)
		return -1;
	json_t *root = json_build_pack(&build, "{s:O}", "services", services);
	if (compose->schema)
		json_build_set(&build, root, "version",
			literal_string(&build, "version", compose->schema));
	if (!has_old_schema(compose)) {
		json_build_set(&build, root, "networks",
			labelled_section(&build, compose, plan, &compose->networks));
		json_build_set(&build, root, "volumes",
			labelled_section(&build, compose, plan, &compose->volumes));
	}
	if (json_build_end(&build, root, &whole, err) < 0)
		return add_context(err, "Compose override");
	/* JSON is valid YAML, so Compose reads it. */
	char *text = json_dumps(whole, JSON_INDENT(2));
	if (!text)
		return fail(err, ENOMEM, "Compose override");
	*ret = text;
	return 0;
}
