/* SPDX-License-Identifier: MIT
 *
 * scopes: collects the mounts and networks of a CRS from its services. The texts are those of the
 * plan and the project, except for paths that only exist here.
 */
#include "scopes.h"

#include "cleanup.h"
#include "compose_guard.h"

#include <errno.h>
#include <limits.h>

/* Whether a path is below a directory, both as they are written. */
static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}

/* The same where the two lead, as far as they exist. */
static bool leads_below(const char *path, const char *dir)
{
	char real_path[PATH_MAX];
	char real_dir[PATH_MAX];
	const char *end = realpath(path, real_path) ? real_path : path;
	return is_below(path, dir) || (realpath(dir, real_dir) && is_below(end, real_dir));
}

/* Whether a service of any CRS can replace what is at a path. */
static bool is_replaceable(const struct compose *compose, const char *path)
{
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_mounts *mounts = &compose->services[i].mounts;
		for (size_t j = 0; j < mounts->count; j++)
			if (mounts->list[j].writable && *mounts->list[j].source == '/' &&
				!mounts->list[j].is_socket &&
				leads_below(path, mounts->list[j].source))
				return true;
	}
	return false;
}

static int add_mounts(const struct compose *compose, const struct compose_service *service,
	struct judge_scope *scope, struct error *err)
{
	size_t count = scope->mount_count + service->mounts.count;
	struct judge_mount *larger = reallocarray(scope->mounts, count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "guard");
	scope->mounts = larger;
	for (size_t i = 0; i < service->mounts.count; i++) {
		const struct compose_mount *mount = &service->mounts.list[i];
		bool path = strchr(mount->source, '/') != NULL;
		if (!mount->is_socket && !(path && is_replaceable(compose, mount->source)))
			larger[scope->mount_count++] = (struct judge_mount){
				.source = mount->source, .writable = mount->writable};
	}
	return 0;
}

static int add_names(
	const struct compose_names *names, const char ***list, size_t *count, struct error *err)
{
	const char **larger = reallocarray(*list, *count + names->count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "guard");
	*list = larger;
	for (size_t i = 0; i < names->count; i++)
		larger[(*count)++] = names->list[i];
	return 0;
}

static int read_services(
	const struct compose *compose, int crs, struct judge_scope *scope, struct error *err)
{
	for (size_t i = 0; i < compose->service_count; i++) {
		const struct compose_service *service = &compose->services[i];
		const struct compose_names name = {.list = (char *[]){service->name}, .count = 1};
		if (add_names(&name, &scope->reserved, &scope->reserved_count, err) < 0)
			return -1;
		if (service->crs == crs && (add_mounts(compose, service, scope, err) < 0 ||
						   add_names(&service->networks, &scope->networks,
							   &scope->network_count, err) < 0))
			return -1;
	}
	return 0;
}

static void add_label(struct judge_scope *scope, const char *name, const char *value)
{
	scope->labels[scope->label_count++] = (struct judge_label){.name = name, .value = value};
}

static int make_scope(const struct compose *compose, const struct run_plan *plan, size_t index,
	const char *dir, struct scopes *scopes, struct error *err)
{
	const struct plan_crs *crs = &plan->crs[index];
	struct judge_scope *scope = &scopes->list[index];
	char name[COMPOSE_GUARD_NAME_MAX];
	struct scope_texts *texts = &scopes->texts[index];
	*scope = (struct judge_scope){.crs = crs->name,
		.cpus = &crs->cpus,
		.memory_max = crs->memory_max,
		.project = compose->project,
		.engine_socket = compose->running_engine->socket,
		.podman = compose->running_engine->kind == ENGINE_PODMAN};
	compose_guard_name(index, name);
	if (asprintf(&texts->parent, "%s/%s", plan->cgroup_parent, crs->name) < 0) {
		texts->parent = NULL;
		return fail(err, ENOMEM, "guard");
	}
	if (asprintf(&texts->socket, "%s/%s", dir, name) < 0) {
		texts->socket = NULL;
		return fail(err, ENOMEM, "guard");
	}
	if (asprintf(&texts->maker, "%s/%s", plan->name, crs->name) < 0) {
		texts->maker = NULL;
		return fail(err, ENOMEM, "guard");
	}
	scope->parent = texts->parent;
	scope->socket = texts->socket;
	/* The first identifies what the CRS has made (judge.h). */
	add_label(scope, ENGINE_MAKER_LABEL, texts->maker);
	add_label(scope, ENGINE_RUN_LABEL, plan->name);
	add_label(scope, ENGINE_GUARD_LABEL, crs->name);
	add_label(scope, ENGINE_PROJECT_LABEL, compose->project);
	add_label(scope, ENGINE_UID_LABEL, scopes->uid);
	add_label(scope, ENGINE_OWNER_LABEL, compose->mark.owner);
	if (compose->mark.keep)
		add_label(scope, ENGINE_KEEP_LABEL, "yes");
	return read_services(compose, (int)index, scope, err);
}

int scopes_make(const struct compose *compose, const struct run_plan *plan, const char *dir,
	struct scopes *ret, struct error *err)
{
	_cleanup_(scopes_free) struct scopes scopes = {
		.list = calloc(plan->crs_count + 1, sizeof *scopes.list),
		.texts = calloc(plan->crs_count + 1, sizeof *scopes.texts)};
	if (!scopes.list || !scopes.texts ||
		asprintf(&scopes.uid, "%u", (unsigned)compose->mark.uid) < 0) {
		scopes.uid = NULL;
		return fail(err, ENOMEM, "guard");
	}
	scopes.count = plan->crs_count;
	for (size_t i = 0; i < plan->crs_count; i++)
		if (make_scope(compose, plan, i, dir, &scopes, err) < 0)
			return -1;
	*ret = scopes;
	scopes = (struct scopes)SCOPES_NONE;
	return 0;
}

void scopes_free(struct scopes *scopes)
{
	for (size_t i = 0; i < scopes->count; i++) {
		struct judge_scope *scope = &scopes->list[i];
		free(scopes->texts[i].parent);
		free(scopes->texts[i].socket);
		free(scopes->texts[i].maker);
		free(scope->mounts);
		free(scope->networks);
		free(scope->reserved);
	}
	free(scopes->list);
	free(scopes->texts);
	free(scopes->uid);
	*scopes = (struct scopes)SCOPES_NONE;
}
