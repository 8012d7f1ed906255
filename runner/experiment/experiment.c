/* SPDX-License-Identifier: MIT
 *
 * experiment: reads the file with the reader of the configs (doc.h). Every key is known or refused.
 * A table says which function reads which key, and each of them names the line and column of what
 * it does not accept.
 */
#include "experiment.h"

#include "cleanup.h"
#include "duration.h"
#include "formats.h"
#include "fs.h"
#include "slurm.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>

#define TRIALS_MAX 100000

/* ---- values -------------------------------------------------------------------------------- */

static int refuse(const struct experiment *experiment, const struct doc_node *node,
	struct error *err, const char *what)
{
	return fail_at(err, experiment->doc.name, doc_mark(node), "%s", what);
}

/* Text for people and file names: a scalar that is not empty, in one line without control
 * characters. */
static int read_text(const struct experiment *experiment, const struct doc_node *node,
	const char *what, struct experiment_text *ret, struct error *err)
{
	const char *text = doc_text(node);
	if (!text || !*text || doc_is_null(node))
		return fail_at(
			err, experiment->doc.name, doc_mark(node), "%s must be a text", what);
	if (!text_is_clean(text))
		return fail_at(err, experiment->doc.name, doc_mark(node),
			"%s has a control character or is not UTF-8", what);
	*ret = (struct experiment_text){.text = text, .at = doc_mark(node)};
	return 0;
}

/* A name becomes part of the names of files, units and jobs. */
static int read_name(const struct experiment *experiment, const struct doc_node *node,
	const char *what, const char **ret, struct error *err)
{
	struct experiment_text name = {.text = ""};
	if (read_text(experiment, node, what, &name, err) < 0)
		return -1;
	if (!job_is_name(name.text) || strlen(name.text) > EXPERIMENT_NAME_MAX) {
		(void)fail_at(err, experiment->doc.name, name.at, "'%.80s' cannot be %s", name.text,
			what);
		return add_hint(err,
			"start with a letter or digit; then use only letters, digits, '.', '_' and "
			"'-', %d in all",
			EXPERIMENT_NAME_MAX);
	}
	*ret = name.text;
	return 0;
}

static int read_number(const struct experiment *experiment, const struct doc_node *node,
	const char *what, unsigned max, unsigned *ret, struct error *err)
{
	const char *text = doc_text(node);
	unsigned value = 0;
	const char *p = text ? text : "";
	for (; *p >= '0' && *p <= '9' && value <= max; p++)
		value = value * 10 + (unsigned)(*p - '0');
	if (!text || p == text || *p || value < 1 || value > max)
		return fail_at(err, experiment->doc.name, doc_mark(node),
			"%s must be a number from 1 to %u", what, max);
	*ret = value;
	return 0;
}

static size_t count_items(struct doc *doc, const struct doc_node *list)
{
	struct doc_node *item = NULL;
	size_t count = 0;
	while (doc_item(doc, list, count, &item))
		count++;
	return count;
}

static int read_texts(struct experiment *experiment, const struct doc_node *list, const char *what,
	struct experiment_texts *ret, struct error *err)
{
	struct doc_node *item = NULL;
	if (!doc_is_list(list))
		return fail_at(
			err, experiment->doc.name, doc_mark(list), "%s must be a list", what);
	ret->list = calloc(count_items(&experiment->doc, list) + 1, sizeof *ret->list);
	if (!ret->list)
		return fail(err, ENOMEM, "%s", experiment->doc.name);
	for (; doc_item(&experiment->doc, list, ret->count, &item); ret->count++)
		if (read_text(experiment, item, what, &ret->list[ret->count], err) < 0)
			return -1;
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	const struct experiment_text *left = a;
	const struct experiment_text *right = b;
	int order = strcmp(left->text, right->text);
	return order ? order : (left->at.line > right->at.line) - (left->at.line < right->at.line);
}

static int refuse_twice(const struct experiment *experiment, const struct experiment_text *texts,
	size_t count, const char *what, struct error *err)
{
	_cleanup_free_ struct experiment_text *sorted = calloc(count + 1, sizeof *sorted);
	if (!sorted)
		return fail(err, ENOMEM, "%s", experiment->doc.name);
	if (count)
		memcpy(sorted, texts, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_texts);
	for (size_t i = 1; i < count; i++)
		if (strcmp(sorted[i - 1].text, sorted[i].text) == 0)
			return fail_at(err, experiment->doc.name, sorted[i].at,
				"%s '%.80s' is there twice (line %u)", what, sorted[i].text,
				sorted[i - 1].at.line);
	return 0;
}

/* ---- the keys ------------------------------------------------------------------------------ */

typedef int key_reader(
	struct experiment *experiment, const struct doc_node *value, struct error *err);

static int read_experiment_name(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_name(experiment, value, "the name of an experiment", &experiment->name, err);
}

/* A text whose place in the file no later error needs. */
static int read_plain(struct experiment *experiment, const struct doc_node *value, const char *what,
	const char **ret, struct error *err)
{
	struct experiment_text text = {.text = NULL};
	int result = read_text(experiment, value, what, &text, err);
	*ret = text.text;
	return result;
}

static int read_output(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_plain(experiment, value, "output", &experiment->output, err);
}

static int read_directory(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_plain(experiment, value, "directory", &experiment->directory, err);
}

static int read_config(struct experiment *experiment, const struct doc_node *key,
	const struct doc_node *value, struct experiment_config *ret, struct error *err)
{
	static const char *const known[] = {"path", "worker", NULL};
	struct doc *doc = &experiment->doc;
	struct experiment_text path = {.text = NULL};
	const struct doc_node *node = doc_is_map(value) ? doc_get(doc, value, "path") : value;
	const struct doc_node *worker = doc_get(doc, value, "worker");
	if (read_name(experiment, key, "the name of a config", &ret->name, err) < 0 ||
		(doc_is_map(value) && keys_check_all(doc, value, known, err) < 0))
		return -1;
	if (!node)
		return refuse(experiment, key, err, "a config needs a `path`");
	if (read_text(experiment, node, "the path of a config", &path, err) < 0)
		return -1;
	ret->path = path.text;
	ret->at = path.at;
	ret->worker = "local";
	return worker ? read_name(experiment, worker, "the name of a worker", &ret->worker, err)
		      : 0;
}

/* An array with an element of zeros for each pair of a mapping. NULL with an error for an empty
 * mapping or another node: what it must be. The caller frees it. */
static void *array_for(struct experiment *experiment, const struct doc_node *map, size_t size,
	const char *must_be, struct error *err)
{
	struct doc_node *key = NULL, *value = NULL;
	size_t count = 0;
	while (doc_pair(&experiment->doc, map, count, &key, &value))
		count++;
	if (!count)
		(void)refuse(experiment, map, err, must_be);
	void *array = count ? calloc(count, size) : NULL;
	if (count && !array)
		(void)fail(err, ENOMEM, "%s", experiment->doc.name);
	return array;
}

static int read_configs(
	struct experiment *experiment, const struct doc_node *map, struct error *err)
{
	struct doc_node *key = NULL, *value = NULL;
	experiment->configs = array_for(experiment, map, sizeof *experiment->configs,
		"`configs` must be a mapping of names to configs, such as {duo: ./duo}", err);
	if (!experiment->configs)
		return -1;
	for (; doc_pair(&experiment->doc, map, experiment->config_count, &key, &value);
		experiment->config_count++)
		if (read_config(experiment, key, value,
			    &experiment->configs[experiment->config_count], err) < 0)
			return -1;
	return 0;
}

static int read_target(struct experiment *experiment, const struct doc_node *body,
	struct experiment_target *ret, struct error *err)
{
	static const char *const known[] = {"project", "harnesses", NULL};
	struct doc *doc = &experiment->doc;
	const struct doc_node *project = doc_get(doc, body, "project");
	const struct doc_node *harnesses = doc_get(doc, body, "harnesses");
	if (!doc_is_map(body))
		return refuse(experiment, body, err,
			"a target must be a mapping, such as {project: json-c, harnesses: [h1]}");
	if (keys_check_all(doc, body, known, err) < 0)
		return -1;
	if (!project || !harnesses)
		return refuse(experiment, body, err,
			project ? "a target needs `harnesses`" : "a target needs a `project`");
	if (read_text(experiment, project, "a project", &ret->project, err) < 0 ||
		read_texts(experiment, harnesses, "`harnesses`", &ret->harnesses, err) < 0)
		return -1;
	if (!ret->harnesses.count)
		return refuse(experiment, harnesses, err, "`harnesses` is empty");
	return refuse_twice(experiment, ret->harnesses.list, ret->harnesses.count, "harness", err);
}

static int read_targets(
	struct experiment *experiment, const struct doc_node *list, struct error *err)
{
	struct doc *doc = &experiment->doc;
	struct doc_node *item = NULL;
	size_t count = count_items(doc, list);
	_cleanup_free_ struct experiment_text *projects = calloc(count + 1, sizeof *projects);
	if (!doc_is_list(list) || !count)
		return refuse(experiment, list, err, "`targets` must be a list of targets");
	experiment->targets = calloc(count, sizeof *experiment->targets);
	if (!experiment->targets || !projects)
		return fail(err, ENOMEM, "%s", doc->name);
	for (size_t i = 0; doc_item(doc, list, i, &item); i++) {
		/* Counted first, so that experiment_free() frees what a failure leaves. */
		experiment->target_count++;
		if (read_target(experiment, item, &experiment->targets[i], err) < 0)
			return -1;
		projects[i] = experiment->targets[i].project;
	}
	return refuse_twice(experiment, projects, count, "project", err);
}

static int read_trials(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_number(experiment, value, "`trials`", TRIALS_MAX, &experiment->trials, err);
}

static int read_timeout(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	const char *text = doc_text(value);
	if (text && duration_parse(text, &experiment->timeout, err) == 0)
		return 0;
	(void)refuse(experiment, value, err, "`timeout` must be a duration");
	return add_hint(err, "write a duration as 90, 90s, 5m, 2h or 1d");
}

static int read_prepare(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_plain(experiment, value, "`prepare`", &experiment->prepare, err);
}

static int read_metrics(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	struct experiment_text text = {.text = NULL};
	int result = read_text(experiment, value, "`metrics`", &text, err);
	experiment->metrics = text.text;
	experiment->metrics_at = text.at;
	return result;
}

/* ---- the place ----------------------------------------------------------------------------- */

const char *experiment_engine_name(enum experiment_engine engine)
{
	static const char *const names[] = {[EXPERIMENT_LOCAL] = "local",
		[EXPERIMENT_SLURM] = "slurm",
		[EXPERIMENT_SSH] = "ssh"};
	return names[engine];
}

static int read_engine(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	const char *text = doc_text(value);
	for (enum experiment_engine engine = 0; text && engine < EXPERIMENT_ENGINES; engine++) {
		if (strcmp(text, experiment_engine_name(engine)) != 0)
			continue;
		experiment->place.engine = engine;
		return 0;
	}
	(void)fail_at(err, experiment->doc.name, doc_mark(value), "unknown engine '%.40s'",
		text ? text : "");
	return add_hint(err, "the engines are local, slurm and ssh");
}

static int read_share(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	const char *text = doc_text(value);
	experiment->place.whole_node = text && strcmp(text, "node") == 0;
	return experiment->place.whole_node || (text && strcmp(text, "cores") == 0)
		       ? 0
		       : refuse(experiment, value, err, "`share` must be `cores` or `node`");
}

static int read_limit(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_number(
		experiment, value, "`limit`", EXPERIMENT_RUNS_MAX, &experiment->place.limit, err);
}

static int read_slurm_options(struct experiment *experiment, const struct doc_node *list,
	struct experiment_texts *ret, struct error *err)
{
	if (read_texts(experiment, list, "`options`", ret, err) < 0)
		return -1;
	for (size_t i = 0; i < ret->count; i++)
		if (slurm_is_elsewhere(ret->list[i].text))
			return fail_at(err, experiment->doc.name, ret->list[i].at,
				"'%.80s': submit on a host of that cluster instead",
				ret->list[i].text);
	return 0;
}

static int read_options(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	return read_slurm_options(experiment, value, &experiment->place.options, err);
}

static int read_hosts(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	struct experiment_texts *hosts = &experiment->place.hosts;
	if (read_texts(experiment, value, "`hosts`", hosts, err) < 0)
		return -1;
	if (!hosts->count || hosts->count > EXPERIMENT_HOSTS_MAX)
		return fail_at(err, experiment->doc.name, doc_mark(value),
			"`hosts` must have from 1 to %d hosts", EXPERIMENT_HOSTS_MAX);
	for (size_t i = 0; i < hosts->count; i++) {
		if (experiment_is_host(hosts->list[i].text))
			continue;
		(void)fail_at(err, experiment->doc.name, hosts->list[i].at,
			"'%.80s' cannot be the name of a host", hosts->list[i].text);
		return add_hint(
			err, "write HOST or USER@HOST; ssh_config(5) has ports and the rest");
	}
	return refuse_twice(experiment, hosts->list, hosts->count, "host", err);
}

static int read_workers(
	struct experiment *experiment, const struct doc_node *map, struct error *err)
{
	static const char *const known[] = {"options", NULL};
	struct doc *doc = &experiment->doc;
	struct experiment_place *place = &experiment->place;
	struct doc_node *key = NULL, *value = NULL;
	place->workers = array_for(experiment, map, sizeof *place->workers,
		"`workers` must be a mapping, such as {big: {options: [...]}}", err);
	if (!place->workers)
		return -1;
	for (size_t i = 0; doc_pair(doc, map, i, &key, &value); i++) {
		struct experiment_worker *worker = &place->workers[place->worker_count++];
		const struct doc_node *options = doc_get(doc, value, "options");
		if (read_name(experiment, key, "the name of a worker", &worker->name, err) < 0)
			return -1;
		if (!options)
			return refuse(experiment, key, err, "a worker needs `options`");
		if (keys_check_all(doc, value, known, err) < 0 ||
			read_slurm_options(experiment, options, &worker->options, err) < 0)
			return -1;
	}
	return 0;
}

struct key {
	const char *name;
	key_reader *read;
	bool needed;
};

#define KEYS_MAX 16

/* Read a mapping by a table of its keys, which ends with an empty row. */
static int read_keys(struct experiment *experiment, const struct doc_node *body,
	const struct key *keys, struct error *err)
{
	const char *known[KEYS_MAX] = {NULL};
	for (size_t i = 0; keys[i].name; i++)
		known[i] = keys[i].name;
	if (keys_check_all(&experiment->doc, body, known, err) < 0)
		return -1;
	for (size_t i = 0; keys[i].name; i++) {
		const struct doc_node *value = doc_get(&experiment->doc, body, keys[i].name);
		if (!value && keys[i].needed)
			return fail_at(err, experiment->doc.name, doc_mark(body),
				"the key `%s` is missing", keys[i].name);
		if (value && keys[i].read(experiment, value, err) < 0)
			return -1;
	}
	return 0;
}

static int read_place(
	struct experiment *experiment, const struct doc_node *value, struct error *err)
{
	static const struct key keys[] = {{"engine", read_engine, false},
		{"share", read_share, false}, {"limit", read_limit, false},
		{"options", read_options, false}, {"workers", read_workers, false},
		{"hosts", read_hosts, false}, {NULL, NULL, false}};
	static const struct {
		const char *key;
		enum experiment_engine engine;
	} owned[] = {{"share", EXPERIMENT_SLURM}, {"options", EXPERIMENT_SLURM},
		{"workers", EXPERIMENT_SLURM}, {"hosts", EXPERIMENT_SSH}};
	struct doc_node *item = NULL;
	if (!doc_is_map(value))
		return refuse(experiment, value, err, "`place` must be a mapping");
	if (read_keys(experiment, value, keys, err) < 0)
		return -1;
	enum experiment_engine engine = experiment->place.engine;
	for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) {
		item = doc_get(&experiment->doc, value, owned[i].key);
		if (item && owned[i].engine != engine)
			return fail_at(err, experiment->doc.name, doc_mark(item),
				"`%s` is for the engine %s; this one is %s", owned[i].key,
				experiment_engine_name(owned[i].engine),
				experiment_engine_name(engine));
	}
	return engine == EXPERIMENT_SSH && !experiment->place.hosts.count
		       ? refuse(experiment, value, err, "the engine ssh needs `hosts`")
		       : 0;
}

static const struct key top_keys[] = {{"name", read_experiment_name, true},
	{"configs", read_configs, true}, {"targets", read_targets, true},
	{"trials", read_trials, true}, {"timeout", read_timeout, true},
	{"prepare", read_prepare, false}, {"metrics", read_metrics, false},
	{"output", read_output, false}, {"directory", read_directory, false},
	{"place", read_place, false}, {NULL, NULL, false}};

int experiment_parse(
	const char *name, const char *text, size_t len, struct experiment *ret, struct error *err)
{
	_cleanup_(experiment_free) struct experiment experiment = EXPERIMENT_NONE;
	if (doc_load(name, text, len, &experiment.doc, err) < 0)
		return -1;
	const struct doc_node *root = doc_root(&experiment.doc);
	if (!doc_is_map(root))
		return refuse(&experiment, root, err, "an experiment must be a mapping");
	if (read_keys(&experiment, root, top_keys, err) < 0)
		return -1;
	if (experiment_runs(&experiment) > EXPERIMENT_RUNS_MAX)
		return fail_at(err, name, doc_mark(root), "more than %d runs", EXPERIMENT_RUNS_MAX);
	*ret = experiment;
	experiment = (struct experiment)EXPERIMENT_NONE;
	return 0;
}

void experiment_free(struct experiment *experiment)
{
	for (size_t i = 0; i < experiment->target_count; i++)
		free(experiment->targets[i].harnesses.list);
	for (size_t i = 0; i < experiment->place.worker_count; i++)
		free(experiment->place.workers[i].options.list);
	free(experiment->place.workers);
	free(experiment->place.options.list);
	free(experiment->place.hosts.list);
	free(experiment->targets);
	free(experiment->configs);
	free(experiment->dir);
	doc_free(&experiment->doc);
	*experiment = (struct experiment)EXPERIMENT_NONE;
}
