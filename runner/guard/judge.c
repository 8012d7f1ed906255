/* SPDX-License-Identifier: MIT
 *
 * judge: judges a request by its route, and the functions that several routes share: objects by
 * their tables of keys, names, labels, and lists that become lists of what the CRS has made.
 */
#include "judge_parts.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "job.h"

#include <errno.h>
#include <strings.h>

#define SHOWN_MAX 160 /* bytes of a value that a message shows */

/* ---- values ---------------------------------------------------------------------------------- */

bool judge_is_empty(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_INTEGER:
		return json_integer_value(value) == 0;
	case JSON_STRING:
		return json_string_length(value) == 0;
	case JSON_ARRAY:
		return json_array_size(value) == 0;
	case JSON_OBJECT:
		return json_object_size(value) == 0;
	case JSON_TRUE:
	case JSON_REAL:
		return false;
	}
	return false;
}

int judge_refuse(const char *where, const json_t *value, const char *why, struct error *err)
{
	_cleanup_free_ char *shown =
		value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
	return fail_as(err, EX_NOPERM, "%s%s%.*s%s: %s", where, shown ? " " : "", SHOWN_MAX,
		shown ? shown : "", shown && strlen(shown) > SHOWN_MAX ? "..." : "", why);
}

static const struct key_row *find_row(const struct key_rows *rows, const char *key)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->rows[i].key, key) == 0)
			return &rows->rows[i];
	return NULL;
}

static int judge_value(struct judging *judging, const struct key_row *row, const char *where,
	json_t **value, struct error *err)
{
	const char *text = json_string_value(*value);
	if (!row)
		return judge_refuse(where, *value, "not among the keys that the guard knows", err);
	if (row->texts)
		return text && text_is_in(text, row->texts)
			       ? 0
			       : judge_refuse(where, *value, row->why, err);
	return row->judge ? row->judge(judging, where, value, err) : 0;
}

int judge_object(
	struct judging *judging, const struct key_rows *rows, json_t *object, struct error *err)
{
	const char *key = NULL;
	void *next = NULL;
	json_t *value = NULL;
	char where[128];
	if (!json_is_object(object))
		return judge_refuse(
			*rows->where ? rows->where : "the body", object, "not an object", err);
	json_object_foreach_safe(object, next, key, value)
	{
		(void)snprintf(where, sizeof where, "%s%s%.80s", rows->where,
			*rows->where ? "." : "", key);
		if (judge_is_empty(value)) {
			(void)json_object_del(object, key);
			continue;
		}
		json_t *judged = value;
		if (judge_value(judging, find_row(rows, key), where, &judged, err) < 0)
			return -1;
		if (judged != value && json_object_set_new(object, key, judged) < 0)
			return fail(err, ENOMEM, "%s", where);
	}
	return 0;
}

/* ---- names and labels ------------------------------------------------------------------------ */

/* Whether a name begins like those that Compose gives to what is the project's. */
static bool is_of_project(const char *project, const char *name)
{
	size_t len = project ? strlen(project) : 0;
	return len > 0 && strncmp(name, project, len) == 0 && strchr("-_.", name[len]);
}

int judge_name(
	const struct judging *judging, const char *where, const char *name, struct error *err)
{
	if (!job_is_name(name))
		return fail_as(err, EX_NOPERM, "%s '%.64s': not a plain name", where, name);
	bool reserved = is_of_project(judging->scope->project, name);
	for (size_t i = 0; i < judging->scope->reserved_count; i++)
		reserved = reserved || strcasecmp(name, judging->scope->reserved[i]) == 0;
	if (reserved)
		return fail_as(
			err, EX_NOPERM, "%s '%.64s': such names are the run's own", where, name);
	return 0;
}

int judge_labels(struct judging *judging, json_t *object, const char *key, struct error *err)
{
	static const char *const reserved[] = {"oss-crs.", "com.docker.compose."};
	const struct judge_scope *scope = judging->scope;
	json_t *labels = json_object_get(object, key);
	const char *name = NULL;
	json_t *value = NULL;
	if (labels && !json_is_object(labels) && !json_is_null(labels))
		return judge_refuse(key, labels, "not an object", err);
	if (!json_is_object(labels)) {
		labels = json_object();
		if (!labels || json_object_set_new(object, key, labels) < 0)
			return fail(err, ENOMEM, "labels");
	}
	json_object_foreach (labels, name, value) {
		for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
			if (strncmp(name, reserved[i], strlen(reserved[i])) == 0)
				return fail_as(err, EX_NOPERM,
					"label %.80s: such labels are the run's own", name);
		if (!json_is_string(value))
			return judge_refuse(key, value, "not a text", err);
	}
	for (size_t i = 0; i < scope->label_count; i++)
		if (json_object_set_new(
			    labels, scope->labels[i].name, json_string(scope->labels[i].value)) < 0)
			return fail(err, ENOMEM, "labels");
	return 0;
}

/* ---- routes without a body ------------------------------------------------------------------- */

/* Put the container's whole id into the path, so that the engine takes the one that was judged. */
int judge_container(struct judging *judging, struct error *err)
{
	const struct judge_lookup *lookup = judging->lookup;
	if (lookup->container(lookup->data, judging->target->segments[1], judging->id, err) < 0)
		return -1;
	judging->target->segments[1] = judging->id;
	return 0;
}

int judge_rename(struct judging *judging, struct error *err)
{
	const char *name = target_parameter(judging->target, "name");
	return judge_name(judging, "name", name ? name : "", err) < 0
		       ? -1
		       : judge_container(judging, err);
}

int judge_exec(struct judging *judging, struct error *err)
{
	const char *id = judging->target->segments[1];
	if (!container_id_is(id))
		return fail_as(err, EX_NOPERM, "exec '%.64s': not an id", id);
	return judging->lookup->exec(judging->lookup->data, id, err);
}

int judge_volume(struct judging *judging, struct error *err)
{
	return judging->lookup->volume(
		judging->lookup->data, judging->target->segments[1], false, err);
}

/* Append the texts of a filter to a list: of a list, or the keys of an object with the value true,
 * as older clients write it. */
static int add_filter_texts(json_t *value, json_t *list)
{
	const char *key = NULL;
	json_t *item = NULL;
	size_t i = 0;
	json_array_foreach (value, i, item)
		if (!json_is_string(item) || json_array_append(list, item) < 0)
			return -1;
	json_object_foreach (value, key, item)
		if (json_is_true(item) && json_array_append_new(list, json_string(key)) < 0)
			return -1;
	return json_is_array(value) || json_is_object(value) ? 0 : -1;
}

/* All filters in the form of lists. A name with "=" is malformed: Podman would take what is behind
 * it for a value of the name before it. */
static json_t *normal_filters(const char *text)
{
	const char *key = NULL;
	json_t *value = NULL;
	_cleanup_json_ json_t *old =
		json_loads(text && *text ? text : "{}", JSON_REJECT_DUPLICATES, NULL);
	_cleanup_json_ json_t *filters = json_object();
	if (!json_is_object(old) || !filters)
		return NULL;
	json_object_foreach (old, key, value) {
		json_t *list = json_array();
		if (json_object_set_new(filters, key, list) < 0 || strchr(key, '=') ||
			add_filter_texts(value, list) < 0)
			return NULL;
	}
	return json_incref(filters);
}

/* Add the label of what the CRS has made to those of the filter. `alone` refuses others. */
static int filter_own(struct judging *judging, bool alone, struct error *err)
{
	const struct judge_scope *scope = judging->scope;
	_cleanup_json_ json_t *filters =
		normal_filters(target_parameter(judging->target, "filters"));
	if (!filters)
		return fail_as(err, EX_DATAERR, "filters: not an object of lists");
	json_t *labels = json_object_get(filters, "label");
	if (!labels) {
		labels = json_array();
		if (json_object_set_new(filters, "label", labels) < 0)
			return fail(err, ENOMEM, "filters");
	}
	if (alone && json_array_size(labels) > 0)
		return judge_refuse(
			"filters.label", labels, "Podman shows the events that fit any label", err);
	if (json_array_append_new(
		    labels, json_sprintf("%s=%s", scope->labels->name, scope->labels->value)) < 0)
		return fail(err, ENOMEM, "filters");
	judging->filters = json_dumps(filters, JSON_COMPACT);
	return judging->filters ? target_set(judging->target, "filters", judging->filters, err)
				: fail(err, ENOMEM, "filters");
}

/* All labels have to fit, so one more leaves only what the CRS has made. */
int judge_list(struct judging *judging, struct error *err)
{
	return filter_own(judging, false, err);
}

int judge_events(struct judging *judging, struct error *err)
{
	return filter_own(judging, judging->scope->podman, err);
}

/* ---- a request ------------------------------------------------------------------------------- */

static int check_parameters(
	const struct route *route, const struct target *target, struct error *err)
{
	for (size_t i = 0; i < target->query_count; i++)
		if (!text_is_in(target->query[i].name, route->parameters))
			return fail_as(err, EX_NOPERM,
				"parameter %.64s: not among those that the guard knows",
				target->query[i].name);
	return 0;
}

static int load_body(
	const struct route *route, const char *body, size_t len, json_t **ret, struct error *err)
{
	json_error_t problem = {0};
	if (!(route->flags & ROUTE_BODY))
		return 0;
	*ret = json_loadb(len ? body : "{}", len ? len : 2, JSON_REJECT_DUPLICATES, &problem);
	if (!*ret)
		return fail_as(err, EX_DATAERR, "the body is not JSON: %s", problem.text);
	return json_is_object(*ret) ? 0 : fail_as(err, EX_DATAERR, "the body is not an object");
}

static void judging_close(struct judging *judging)
{
	free(judging->filters);
}

int judge_request(const struct route *route, const struct judge_scope *scope,
	const struct judge_lookup *lookup, struct target *target, const char *body, size_t len,
	char **ret_target, char **ret_body, struct error *err)
{
	_cleanup_json_ json_t *object = NULL;
	_cleanup_free_ char *text = NULL;
	if (check_parameters(route, target, err) < 0 ||
		load_body(route, body, len, &object, err) < 0)
		return -1;
	_cleanup_(judging_close) struct judging judging = {
		.scope = scope, .lookup = lookup, .target = target, .body = object};
	if (route->judge && route->judge(&judging, err) < 0)
		return -1;
	if (object && !(text = json_dumps(object, JSON_COMPACT)))
		return fail(err, ENOMEM, "body");
	if (target_format(target, ret_target, err) < 0)
		return -1;
	*ret_body = steal_ptr(text);
	return 0;
}
