/* SPDX-License-Identifier: MIT
 *
 * experiment_json: the paths of an experiment, and the copy of it that its directory keeps: the
 * same keys as in the file, with absolute paths. JSON is YAML too, so the copy is read like the
 * file.
 */
#include "experiment.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "fs.h"
#include "json_build.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>

int experiment_load(const char *path, struct experiment *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fs_read_fd(fd, path, DOC_SIZE_MAX, &text, &len, err) < 0) {
		if (fd < 0)
			(void)fail(err, errno, "open %s", path);
		err->status = EX_CONFIG;
		return -1;
	}
	_cleanup_free_ char *real = realpath(path, NULL);
	if (!real)
		return fail(err, errno, "%s", path);
	_cleanup_free_ char *dir = strdup(dirname(real));
	if (!dir)
		return fail(err, ENOMEM, "%s", path);
	if (experiment_parse(path, text, len, ret, err) < 0)
		return -1;
	ret->dir = steal_ptr(dir);
	return 0;
}

size_t experiment_runs(const struct experiment *experiment)
{
	size_t harnesses = 0;
	for (size_t i = 0; i < experiment->target_count; i++)
		harnesses += experiment->targets[i].harnesses.count;
	return experiment->config_count * harnesses * experiment->trials;
}

char *experiment_path(const struct experiment *experiment, const char *path)
{
	char *whole = NULL;
	if (*path == '/')
		return strdup(path);
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	return asprintf(&whole, "%s/%s", experiment->dir, path) < 0 ? NULL : whole;
}

char *experiment_directory(const struct experiment *experiment)
{
	return experiment_path(
		experiment, experiment->output ? experiment->output : experiment->name);
}

const struct experiment_config *experiment_find(
	const struct experiment *experiment, const char *name)
{
	for (size_t i = 0; i < experiment->config_count; i++)
		if (strcmp(experiment->configs[i].name, name) == 0)
			return &experiment->configs[i];
	return NULL;
}

const struct experiment_texts *experiment_worker_options(
	const struct experiment *experiment, const char *worker)
{
	const struct experiment_place *place = &experiment->place;
	for (size_t i = 0; i < place->worker_count; i++)
		if (strcmp(place->workers[i].name, worker) == 0)
			return &place->workers[i].options;
	return NULL;
}

/* ---- to JSON ------------------------------------------------------------------------------- */

static json_t *path_to_json(
	struct json_build *build, const struct experiment *experiment, const char *path)
{
	_cleanup_free_ char *whole = experiment_path(experiment, path);
	return whole ? json_build_text(build, "a path", whole) : NULL;
}

static json_t *texts_to_json(struct json_build *build, const struct experiment_texts *texts)
{
	json_t *list = json_array();
	for (size_t i = 0; i < texts->count; i++)
		json_build_append(
			build, list, json_build_text(build, "a text", texts->list[i].text));
	return list;
}

static json_t *configs_to_json(struct json_build *build, const struct experiment *experiment)
{
	json_t *object = json_object();
	for (size_t i = 0; i < experiment->config_count; i++) {
		const struct experiment_config *config = &experiment->configs[i];
		json_build_set(build, object, config->name,
			json_build_pack(build, "{s:o, s:s}", "path",
				path_to_json(build, experiment, config->path), "worker",
				config->worker));
	}
	return object;
}

static json_t *targets_to_json(struct json_build *build, const struct experiment *experiment)
{
	json_t *list = json_array();
	for (size_t i = 0; i < experiment->target_count; i++) {
		const struct experiment_target *target = &experiment->targets[i];
		json_build_append(build, list,
			json_build_pack(build, "{s:o, s:o}", "project",
				json_build_text(build, "a project", target->project.text),
				"harnesses", texts_to_json(build, &target->harnesses)));
	}
	return list;
}

static json_t *place_to_json(struct json_build *build, const struct experiment_place *place)
{
	json_t *object =
		json_build_pack(build, "{s:s}", "engine", experiment_engine_name(place->engine));
	if (place->limit)
		json_build_set(build, object, "limit", json_integer(place->limit));
	if (place->engine == EXPERIMENT_SSH)
		json_build_set(build, object, "hosts", texts_to_json(build, &place->hosts));
	if (place->engine != EXPERIMENT_SLURM)
		return object;
	json_build_set(build, object, "share", json_string(place->whole_node ? "node" : "cores"));
	json_build_set(build, object, "options", texts_to_json(build, &place->options));
	json_t *workers = json_object();
	for (size_t i = 0; i < place->worker_count; i++)
		json_build_set(build, workers, place->workers[i].name,
			json_build_pack(build, "{s:o}", "options",
				texts_to_json(build, &place->workers[i].options)));
	if (place->worker_count)
		json_build_set(build, object, "workers", workers);
	else
		json_decref(workers);
	return object;
}

int experiment_json(const struct experiment *experiment, json_t **ret, struct error *err)
{
	char seconds[24];
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_free_ char *directory = experiment_directory(experiment);
	if (!directory)
		return fail(err, ENOMEM, "experiment");
	(void)snprintf(seconds, sizeof seconds, "%llus", (unsigned long long)experiment->timeout);
	json_t *root = json_build_pack(&build, "{s:s, s:o, s:o, s:i, s:s, s:o, s:o, s:o}", "name",
		experiment->name, "configs", configs_to_json(&build, experiment), "targets",
		targets_to_json(&build, experiment), "trials", (int)experiment->trials, "timeout",
		seconds, "output", json_build_text(&build, "a path", directory), "directory",
		path_to_json(
			&build, experiment, experiment->directory ? experiment->directory : "."),
		"place", place_to_json(&build, &experiment->place));
	if (experiment->prepare)
		json_build_set(&build, root, "prepare",
			json_build_text(&build, "a command", experiment->prepare));
	if (experiment->metrics)
		json_build_set(&build, root, "metrics",
			json_build_text(&build, "a command", experiment->metrics));
	return json_build_end(&build, root, ret, err);
}

/* ---- what changed -------------------------------------------------------------------------- */

static const char *value_text(const json_t *value, char *buf, size_t size)
{
	_cleanup_free_ char *text =
		value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	(void)snprintf(buf, size, "%.120s", text ? text : "none");
	return buf;
}

const char *experiment_change(const json_t *now, const json_t *before, bool extend,
	char buf[static EXPERIMENT_CHANGE_MAX])
{
	static const char *const keys[] = {"name", "configs", "targets", "trials", "timeout",
		"directory", "prepare", "metrics"};
	char is[128];
	char was[128];
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const json_t *value = json_object_get(now, keys[i]);
		const json_t *old = json_object_get(before, keys[i]);
		bool same = value && old ? json_equal(value, old) : value == old;
		bool more = strcmp(keys[i], "trials") == 0 && extend &&
			    json_integer_value(value) > json_integer_value(old);
		if (same || more)
			continue;
		(void)snprintf(buf, EXPERIMENT_CHANGE_MAX, "%s: %s, was %s", keys[i],
			value_text(value, is, sizeof is), value_text(old, was, sizeof was));
		return buf;
	}
	return NULL;
}
