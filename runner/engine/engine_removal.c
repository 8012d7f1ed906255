/* SPDX-License-Identifier: MIT
 *
 * engine_removal: what runs have in the engine, always found by its labels, and its removal.
 */
#include "cleanup.h"
#include "cleanup_json.h"
#include "clock.h"
#include "container_id.h"
#include "engine_request.h"
#include "http.h"
#include "job.h"

#include <errno.h>

/* How long to wait for requests without a client while there is nothing to remove. */
#define SETTLE_USEC UINT64_C(10000000)

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

static int add_engine_run(struct engine_runs *runs, const json_t *labels, struct error *err)
{
	const char *name = engine_text(labels, ENGINE_RUN_LABEL);
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
	engine_copy_text(run->name, sizeof run->name, labels, ENGINE_RUN_LABEL);
	engine_copy_text(run->owner, sizeof run->owner, labels, ENGINE_OWNER_LABEL);
	return 0;
}

int engine_runs(struct engine *engine, uid_t uid, struct engine_runs *ret, struct error *err)
{
	_cleanup_(engine_runs_free) struct engine_runs runs = ENGINE_RUNS_NONE;
	char value[16];
	(void)snprintf(value, sizeof value, "%u", (unsigned)uid);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		_cleanup_json_ json_t *list = NULL;
		if (engine_list(engine, kinds[k].list, kinds[k].array, ENGINE_UID_LABEL, value,
			    &list, err) < 0)
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
		return engine_fail_id(engine, id, err);
	if (http_escape(id, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/%s/%s%s", kind->name, escaped, more);
	return engine_request(engine, method, path, &json, err);
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

/* What to remove: all that has a label of this value. */
struct removal {
	const char *label, *value;
	const char *project; /* NULL: the label is only on what the run made */
};

/* Whether to remove it with the project. A volume with a name that the user chose stays. */
static bool belongs_to_project(const struct kind *kind, const char *id, const char *project)
{
	size_t len = project ? strlen(project) : 0;
	return !project || !kind->array || (strncmp(id, project, len) == 0 && id[len] == '_');
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
static int remove_kind(struct engine *engine, const struct kind *kind,
	const struct removal *removal, struct removal_round *round, struct error *err)
{
	_cleanup_json_ json_t *list = NULL;
	if (engine_list(engine, kind->list, kind->array, removal->label, removal->value, &list,
		    err) < 0)
		return -1;
	*round = (struct removal_round){.removed = 0};
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = engine_text(json_array_get(list, i), kind->id);
		if (!belongs_to_project(kind, id, removal->project))
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

/* Whether the tag of an image is the name that Compose gave it: "PROJECT-SERVICE", with `_` for `-`
 * from docker-compose 1.29, after the registry that Podman puts before it. */
static bool is_built_name(const char *tag, const char *built_as)
{
	const char *slash = strrchr(tag, '/');
	const char *name = slash ? slash + 1 : tag;
	size_t len = strlen(built_as);
	for (size_t i = 0; i < len; i++)
		if (name[i] != built_as[i] && !(name[i] == '_' && built_as[i] == '-'))
			return false;
	return len > 0 && strcmp(name + len, ":latest") == 0;
}

/* Remove one name of an image, and the image with its last. Returns 1, or 0 if it was gone. */
static int untag_image(struct engine *engine, const char *tag, struct error *err)
{
	char escaped[1024];
	char path[1200];
	_cleanup_json_ json_t *json = NULL;
	if (http_escape(tag, escaped, sizeof escaped, err) < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/images/%s", escaped);
	if (engine_request(engine, "DELETE", path, &json, err) == 0)
		return 1;
	return err->code == ENOENT ? 0 : -1;
}

int engine_remove_images(struct engine *engine, const char *run, struct error *err)
{
	int count = 0;
	size_t kept = 0;
	struct error first = {0};
	_cleanup_json_ json_t *list = NULL;
	if (engine_list(engine, "/images/json", NULL, ENGINE_BUILT_BY_LABEL, run, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *image = json_array_get(list, i);
		const json_t *tags = json_object_get(image, "RepoTags");
		const char *built_as =
			engine_text(json_object_get(image, "Labels"), ENGINE_BUILT_AS_LABEL);
		for (size_t j = 0; j < json_array_size(tags); j++) {
			const char *tag = json_string_value(json_array_get(tags, j));
			if (!tag || !is_built_name(tag, built_as))
				continue;
			int removed = untag_image(engine, tag, err);
			if (removed < 0 && !engine_answered(err))
				return -1;
			if (removed < 0 && kept++ == 0)
				first = *err;
			count += removed > 0;
		}
	}
	if (kept == 0)
		return count;
	(void)fail_as(err, EX_UNAVAILABLE,
		"cannot remove %zu of the images that the run built; first: %s", kept, first.msg);
	err->code = first.code;
	return add_hint(err, "see what keeps it: %s ps -a",
		engine->kind == ENGINE_PODMAN ? "podman" : "docker");
}

void engine_note_unfinished(struct engine *engine)
{
	struct error ignored;
	engine->settles = true;
	if (unfinished_look(engine->socket, &engine->before, &ignored) < 0)
		engine->before = (struct unfinished){.count = 0};
}

/* Whether the engine still works on a request whose client is gone and that could be one of the
 * run's: `open` has those from the first look on, less what is done by now. Where the kernel does
 * not say, there is no such request. */
static bool is_working(const struct engine *engine, struct unfinished *open)
{
	struct unfinished now;
	struct error ignored;
	if (unfinished_look(engine->socket, &now, &ignored) < 0)
		return false;
	if (open->waiting) {
		/* Those that were waiting have been accepted since, or still wait. */
		unfinished_without(&now, &engine->before);
		*open = now;
	} else {
		unfinished_within(open, &now);
	}
	return open->count > 0 || open->waiting;
}

/* Go through all kinds once. */
static int remove_once(struct engine *engine, const struct removal *removal,
	struct removal_round *ret, struct error *err)
{
	*ret = (struct removal_round){.removed = 0};
	for (size_t k = 0; k < KIND_COUNT; k++) {
		struct removal_round round = {.removed = 0};
		if (remove_kind(engine, &kinds[k], removal, &round, err) < 0)
			return -1;
		if (ret->kept == 0)
			ret->first = round.first;
		ret->kept += round.kept;
		ret->removed += round.removed;
	}
	return 0;
}

static int remove_all(struct engine *engine, const struct removal *removal, struct error *err)
{
	int count = 0;
	bool working = false;
	struct removal_round round;
	struct unfinished open = {.waiting = true};
	uint64_t end = clock_usec() + SETTLE_USEC;
	do {
		/* Looked at first: what a request that is done by now has made is in the list. */
		working = engine->settles && is_working(engine, &open);
		if (remove_once(engine, removal, &round, err) < 0)
			return -1;
		count += round.removed;
		if (round.removed > 0)
			end = clock_usec() + SETTLE_USEC;
	} while (round.removed > 0 || (working && round.kept == 0 && clock_usec() < end));
	engine->unsettled = working && round.kept == 0;
	if (round.kept == 0)
		return count;
	(void)fail_as(err, EX_UNAVAILABLE,
		"cannot remove %zu of the run's containers, networks and volumes; first: %s",
		round.kept, round.first.msg);
	err->code = round.first.code;
	return add_hint(err, "to see what uses it, run: %s ps -a --filter label=%s=%s",
		engine->kind == ENGINE_PODMAN ? "podman" : "docker", removal->label,
		removal->value);
}

int engine_remove_project(struct engine *engine, const char *project, struct error *err)
{
	const struct removal removal = {
		.label = ENGINE_PROJECT_LABEL, .value = project, .project = project};
	return remove_all(engine, &removal, err);
}

int engine_remove_run(struct engine *engine, const char *run, struct error *err)
{
	const struct removal removal = {.label = ENGINE_RUN_LABEL, .value = run};
	return remove_all(engine, &removal, err);
}

int engine_count_project(struct engine *engine, const char *project, struct error *err)
{
	int count = 0;
	for (size_t k = 0; k < KIND_COUNT; k++) {
		_cleanup_json_ json_t *list = NULL;
		if (engine_list(engine, kinds[k].list, kinds[k].array, ENGINE_PROJECT_LABEL,
			    project, &list, err) < 0)
			return -1;
		for (size_t i = 0; i < json_array_size(list); i++)
			count += belongs_to_project(&kinds[k],
				engine_text(json_array_get(list, i), kinds[k].id), project);
	}
	return count;
}
