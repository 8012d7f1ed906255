/* SPDX-License-Identifier: MIT
 *
 * owned: asks the engine for one thing by its name or id, and compares the first label of the
 * scope, which names the run and the CRS.
 */
#include "owned.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "engine_request.h"
#include "job.h"

#include <errno.h>

static bool is_own(const struct judge_scope *scope, const json_t *labels)
{
	return strcmp(engine_text(labels, scope->labels->name), scope->labels->value) == 0;
}

static int refuse_foreign(const char *what, const char *name, struct error *err)
{
	return fail_as(
		err, EX_NOPERM, "%s '%.64s': not one that the CRS has made itself", what, name);
}

/* One thing of a kind, as the engine describes it. */
static int ask(struct engine *engine, const char *kind, const char *name, const char *more,
	json_t **ret, struct error *err)
{
	char path[512];
	/* The name is put into the path as it is. */
	if (!job_is_name(name)) {
		(void)fail_as(err, EX_NOPERM, "%s '%.64s': not a plain name", kind, name);
		return -1;
	}
	int n = snprintf(path, sizeof path, "/%s/%s%s", kind, name, more);
	if (n < 0 || (size_t)n >= sizeof path)
		return fail(err, ENAMETOOLONG, "%s", kind);
	if (engine_request(engine, "GET", path, ret, err) == 0)
		return *ret ? 0 : fail(err, EPROTO, "%s '%.64s'", kind, name);
	if (err->code == ENOENT) {
		(void)fail_as(
			err, EX_UNAVAILABLE, "no such thing among the %s: %.128s", kind, name);
		err->code = ENOENT;
	}
	if (err->status == EX_NOPERM) /* ours, and not the CRS's */
		err->status = EX_UNAVAILABLE;
	return -1;
}

static int find_container(
	void *data, const char *name, char ret[CONTAINER_ID_MAX + 1], struct error *err)
{
	const struct owned *owned = data;
	_cleanup_json_ json_t *json = NULL;
	if (ask(owned->engine, "containers", name, "/json", &json, err) < 0)
		return -1;
	const char *id = engine_text(json, "Id");
	if (!is_own(owned->scope, json_object_get(json_object_get(json, "Config"), "Labels")))
		return refuse_foreign("container", name, err);
	if (!container_id_is(id))
		return engine_fail_id(owned->engine, id, err);
	(void)snprintf(ret, CONTAINER_ID_MAX + 1, "%s", id);
	return 0;
}

static int check_exec(void *data, const char *id, struct error *err)
{
	const struct owned *owned = data;
	char container[CONTAINER_ID_MAX + 1];
	_cleanup_json_ json_t *json = NULL;
	if (ask(owned->engine, "exec", id, "/json", &json, err) < 0)
		return -1;
	return find_container(data, engine_text(json, "ContainerID"), container, err);
}

/* The engine answers with the volume of that name, old or new. */
static int make_volume(const struct owned *owned, const char *name, json_t **ret, struct error *err)
{
	_cleanup_json_ json_t *labels = json_object();
	for (size_t i = 0; i < owned->scope->label_count; i++)
		if (json_object_set_new(labels, owned->scope->labels[i].name,
			    json_string(owned->scope->labels[i].value)) < 0)
			return fail(err, ENOMEM, "volume");
	_cleanup_json_ json_t *body = json_pack("{s:s, s:O}", "Name", name, "Labels", labels);
	_cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	if (!text)
		return fail(err, ENOMEM, "volume");
	return engine_post(owned->engine, "/volumes/create", text, ret, err);
}

static int check_volume(void *data, const char *name, bool make, struct error *err)
{
	const struct owned *owned = data;
	_cleanup_json_ json_t *json = NULL;
	int result = ask(owned->engine, "volumes", name, "", &json, err);
	if (result < 0 && err->code == ENOENT && make)
		result = make_volume(owned, name, &json, err);
	if (result < 0)
		return -1;
	return is_own(owned->scope, json_object_get(json, "Labels"))
		       ? 0
		       : refuse_foreign("volume", name, err);
}

struct judge_lookup owned_lookup(struct owned *owned)
{
	return (struct judge_lookup){.container = find_container,
		.exec = check_exec,
		.volume = check_volume,
		.data = owned};
}
