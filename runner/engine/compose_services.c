/* SPDX-License-Identifier: MIT
 *
 * compose_services: the services, networks and volumes of the job's Compose files. The input is
 * what Compose's `config` prints, since Compose itself resolves includes, anchors, variables and
 * profiles; the files themselves are not read here.
 */
#include "compose.h"

#include "cleanup.h"
#include "compose_guard.h"
#include "doc.h"
#include "engine.h"
#include "proc.h"
#include "risks.h"
#include "service_crs.h"
#include "service_limits.h"

#include <errno.h>
#include <limits.h>

#define CONFIG_SIZE_MAX DOC_SIZE_MAX

/* Whether the service belongs to the phase, or, with NULL, to any. `config` of docker-compose 1.29
 * prints the services of all profiles, so the others have to be left out here. */
static bool in_phase(struct doc *doc, const struct doc_node *body, const char *phase)
{
	const struct doc_node *profiles = doc_get(doc, body, "profiles");
	struct doc_node *item = NULL;
	bool any = false;
	for (size_t i = 0; phase && doc_item(doc, profiles, i, &item); i++) {
		any = true;
		if (doc_text(item) && strcmp(doc_text(item), phase) == 0)
			return true;
	}
	return !any;
}

static int add_variable(
	struct compose_names *names, const char *text, size_t len, struct error *err)
{
	size_t prefix = strlen(RUN_VARIABLES_PREFIX);
	if (len < prefix || strncmp(text, RUN_VARIABLES_PREFIX, prefix) != 0)
		return 0;
	_cleanup_free_ char *name = strndup(text, len);
	return name ? compose_add_name(names, name, err) : fail(err, ENOMEM, "Compose");
}

/* Note the OSS_CRS_ variables that a service sets itself. One without a value is to come from
 * outside. */
static int read_variables(
	struct doc *doc, const struct doc_node *body, struct compose_names *ret, struct error *err)
{
	const struct doc_node *environment = doc_get(doc, body, "environment");
	struct doc_node *item = NULL;
	struct doc_node *value = NULL;
	for (size_t i = 0; doc_pair(doc, environment, i, &item, &value); i++)
		if (doc_text(item) && !doc_is_null(value) &&
			add_variable(ret, doc_text(item), strlen(doc_text(item)), err) < 0)
			return -1;
	for (size_t i = 0; doc_item(doc, environment, i, &item); i++) {
		const char *text = doc_text(item);
		const char *equals = text ? strchr(text, '=') : NULL;
		if (equals && add_variable(ret, text, (size_t)(equals - text), err) < 0)
			return -1;
	}
	return 0;
}

/* Whether a service has a restart policy. That of `deploy` counts where there is no `restart`. */
static bool has_restart_policy(struct doc *doc, const struct doc_node *body)
{
	const struct doc_node *deploy =
		doc_get(doc, doc_get(doc, body, "deploy"), "restart_policy");
	const char *policy = doc_text(doc_get(doc, body, "restart"));
	const char *condition = doc_text(doc_get(doc, deploy, "condition"));
	if (policy)
		return strcmp(policy, "no") != 0;
	return deploy && !(condition && strcmp(condition, "none") == 0);
}

static int add_service(struct compose *compose, struct doc *doc, const struct doc_node *key,
	const struct doc_node *body, const struct run_plan *plan, bool allow_unconfined,
	struct error *err)
{
	const char *name = doc_text(key);
	if (!name || !in_phase(doc, body, compose->phase))
		return 0;
	int crs = COMPOSE_UNCONFINED;
	const char *image =
		doc_get(doc, body, "build") ? NULL : doc_text(doc_get(doc, body, "image"));
	const char *attach = doc_text(doc_get(doc, body, "attach"));
	enum crs_source source = CRS_OF_NONE;
	if (service_crs_find(compose, doc, body, name, plan, &crs, &source, err) < 0)
		return -1;
	if (crs == COMPOSE_UNCONFINED && !allow_unconfined) {
		(void)fail_as(err, EX_CONFIG, "service '%s' belongs to no CRS", name);
		return add_hint(err,
			"rename it X_%s for CRS X, use --service-crs %s=X, add %s to the config, "
			"or use --allow-unconfined",
			name, name, JOB_INFRA_CRS);
	}
	struct compose_service *larger =
		reallocarray(compose->services, compose->service_count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "Compose");
	compose->services = larger;
	larger[compose->service_count] = (struct compose_service){.name = strdup(name),
		.image = image ? strdup(image) : NULL,
		.crs = crs,
		.source = source,
		.is_attached = !attach || strcmp(attach, "false") != 0,
		.is_restarted = has_restart_policy(doc, body),
		.is_built = doc_get(doc, body, "build") && !doc_get(doc, body, "image"),
		.has_log_driver = doc_get(doc, doc_get(doc, body, "logging"), "driver"),
		.has_container_name = doc_get(doc, body, "container_name")};
	compose->service_count++;
	if (!larger[compose->service_count - 1].name ||
		(image && !larger[compose->service_count - 1].image))
		return fail(err, ENOMEM, "Compose");
	return read_variables(
		doc, body, &compose->services[compose->service_count - 1].variables, err);
}

/* Whether the project itself creates this network or volume. It does not create what is
 * external. A volume whose name does not begin with `prefix` is left out too: the user chose its
 * name, and it outlives the project. */
static bool is_made_by_project(struct doc *doc, const struct doc_node *body, const char *prefix)
{
	const char *external = doc_text(doc_get(doc, body, "external"));
	const char *name = doc_text(doc_get(doc, body, "name"));
	if (doc_get(doc, body, "external") && !(external && strcmp(external, "false") == 0))
		return false;
	return !prefix || !name || strncmp(name, prefix, strlen(prefix)) == 0;
}

int compose_add_name(struct compose_names *names, const char *name, struct error *err)
{
	char **larger = reallocarray(names->list, names->count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "Compose");
	names->list = larger;
	larger[names->count] = strdup(name);
	return larger[names->count++] ? 0 : fail(err, ENOMEM, "Compose");
}

/* prefix: how the names begin that the user did not choose; NULL: take every name. */
static int read_names(struct doc *doc, const char *section, const char *prefix,
	struct compose_names *ret, struct error *err)
{
	const struct doc_node *map = doc_get(doc, doc_root(doc), section);
	struct doc_node *key = NULL;
	struct doc_node *body = NULL;
	for (size_t i = 0; doc_pair(doc, map, i, &key, &body); i++) {
		if (doc_text(key) && is_made_by_project(doc, body, prefix) &&
			compose_add_name(ret, doc_text(key), err) < 0)
			return -1;
	}
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	const struct compose_service *left = a;
	const struct compose_service *right = b;
	return strcmp(left->name, right->name);
}

static int compare_to_service(const void *name, const void *service)
{
	return strcmp(name, ((const struct compose_service *)service)->name);
}

struct compose_service *compose_find(const struct compose *compose, const char *name)
{
	return compose->service_count ? bsearch(name, compose->services, compose->service_count,
						sizeof *compose->services, compare_to_service)
				      : NULL;
}

/* Mark the services for whose end one of the others waits. */
static void mark_awaited(struct compose *compose, struct doc *doc, const struct doc_node *body)
{
	const struct doc_node *map = doc_get(doc, body, "depends_on");
	struct doc_node *name = NULL;
	struct doc_node *how = NULL;
	for (size_t i = 0; doc_pair(doc, map, i, &name, &how); i++) {
		const char *condition = doc_text(doc_get(doc, how, "condition"));
		const char *other = doc_text(name);
		if (!condition || !other ||
			strcmp(condition, "service_completed_successfully") != 0)
			continue;
		struct compose_service *awaited = compose_find(compose, other);
		if (awaited)
			awaited->is_awaited = true;
	}
}

/* Judge the services, once all are known: what one may share with another depends on both. */
static int judge_services(
	struct compose *compose, struct doc *doc, const struct run_plan *plan, struct error *err)
{
	char project_dir[PATH_MAX];
	char home[PATH_MAX];
	const struct doc_node *bodies = doc_get(doc, doc_root(doc), "services");
	_cleanup_(risk_memory_free) struct risk_memory memory = {.definitions = NULL};
	struct risk_scope scope = {
		.doc = doc,
		.compose = compose,
		.user = {.project_dir = realpath(compose->dir, project_dir),
			.home = getenv("HOME") ? realpath(getenv("HOME"), home) : NULL,
			.engine_socket =
				compose->running_engine ? compose->running_engine->socket : NULL,
			.uid = getuid()},
		.memory = &memory,
	};
	for (size_t i = 0; i < compose->service_count; i++) {
		struct compose_service *service = &compose->services[i];
		const struct doc_node *body = doc_get(doc, bodies, service->name);
		scope.crs = service->crs;
		mark_awaited(compose, doc, body);
		if (compose_guard_read(compose, doc, body, service, err) < 0)
			return -1;
		if (risks_find(&scope, body, &service->risks, err) < 0)
			return -1;
		if (service->crs != COMPOSE_UNCONFINED &&
			service_limits_compare(doc, body, service->name, &plan->crs[service->crs],
				&compose->warnings, err) < 0)
			return -1;
	}
	return risks_locate(compose, err);
}

int compose_services_parse(struct compose *compose, const char *text, const struct run_plan *plan,
	bool allow_unconfined, struct error *err)
{
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	if (doc_load("Compose's config", text, strlen(text), &doc, err) < 0)
		return -1;
	const char *schema = doc_text(doc_get(&doc, doc_root(&doc), "version"));
	if (schema && !(compose->schema = strdup(schema)))
		return fail(err, ENOMEM, "Compose");
	const struct doc_node *services = doc_get(&doc, doc_root(&doc), "services");
	struct doc_node *key = NULL;
	struct doc_node *body = NULL;
	for (size_t i = 0; doc_pair(&doc, services, i, &key, &body); i++)
		if (add_service(compose, &doc, key, body, plan, allow_unconfined, err) < 0)
			return -1;
	if (compose->service_count)
		qsort(compose->services, compose->service_count, sizeof *compose->services,
			compare_services);
	if (service_crs_check(compose, err) < 0 || judge_services(compose, &doc, plan, err) < 0)
		return -1;
	/* The default network exists even where `config` does not list it, as with
	 * docker-compose 1.29. */
	bool has_default = doc_get(&doc, doc_get(&doc, doc_root(&doc), "networks"), "default");
	if ((!has_default && compose_add_name(&compose->networks, "default", err) < 0) ||
		read_names(&doc, "networks", NULL, &compose->networks, err) < 0 ||
		read_names(&doc, "volumes", compose->project, &compose->volumes, err) < 0)
		return -1;
	if (compose->service_count > 0)
		return 0;
	if (!compose->phase)
		return fail_as(err, EX_CONFIG, "%s: no services", compose->files[0]);
	(void)fail_as(err, EX_CONFIG, "%s: no service belongs to the %s phase", compose->files[0],
		compose->phase);
	return add_hint(err,
		"add `profiles: [%s]` to its services; a service without profiles runs in both "
		"phases",
		compose->phase);
}

int compose_services(struct compose *compose, const struct run_plan *plan, bool allow_unconfined,
	struct error *err)
{
	_cleanup_free_ const char **argv = NULL;
	if (compose_argv(compose, (const char *const[]){"config", NULL}, &argv, err) < 0)
		return -1;
	struct spawn spawn = SPAWN(argv);
	spawn.env = compose->environment;
	_cleanup_free_ char *text = NULL;
	int status = 0;
	if (proc_capture(&spawn, CONFIG_SIZE_MAX, &text, &status, err) < 0)
		return -1;
	if (status != 0)
		return fail_as(err, EX_CONFIG, "%s: Compose rejected this file (see above)",
			compose->files[0]);
	return compose_services_parse(compose, text, plan, allow_unconfined, err);
}

bool compose_builds(const struct compose *compose)
{
	for (size_t i = 0; i < compose->service_count && !compose->mark.keep_images; i++)
		if (compose->services[i].is_built)
			return true;
	return false;
}

bool compose_is_attached(const struct compose *compose, const char *service)
{
	const struct compose_service *found = compose_find(compose, service);
	return !found || found->is_attached;
}

int compose_crs(const struct compose *compose, const char *service)
{
	const struct compose_service *found = compose_find(compose, service);
	return found ? found->crs : COMPOSE_UNCONFINED;
}
