/* SPDX-License-Identifier: MIT
 *
 * dockerapi: reads the JSON of the answers, with jansson.
 */
#include "dockerapi.h"

#include "cleanup_json.h"
#include "http.h"

#include <errno.h>

#define NAMES_MAX ((size_t)10)

static json_t *read_json(const char *text, size_t len, struct error *err)
{
	_cleanup_(http_close) struct http http = HTTP_CLOSED;
	if (http_parse(text, len, &http, err) < 0) {
		err->status = EX_UNAVAILABLE;
		return NULL;
	}
	if (http.status != 200) {
		(void)fail_as(err, EX_UNAVAILABLE, "the answer's status is %d", http.status);
		return NULL;
	}
	json_error_t where;
	json_t *json = json_loadb(http.text, http.len, JSON_REJECT_DUPLICATES, &where);
	if (!json)
		(void)fail_as(err, EX_UNAVAILABLE, "%s", where.text);
	return json;
}

/* The name of a container without its leading slash, or its id if it has no name. */
static const char *container_name(const json_t *container)
{
	const char *name =
		json_string_value(json_array_get(json_object_get(container, "Names"), 0));
	const char *id = json_string_value(json_object_get(container, "Id"));
	if (name && *name == '/')
		return name + 1;
	return name ? name : id ? id : "?";
}

/* Join the names of the first NAMES_MAX containers with ", ". The caller frees *ret. */
static int list_names(const json_t *containers, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "list containers");
	size_t count = json_array_size(containers);
	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		(void)fprintf(out, "%s%.64s", i ? ", " : "",
			container_name(json_array_get(containers, i)));
	if (count > NAMES_MAX)
		(void)fprintf(out, " and %zu more", count - NAMES_MAX);
	if (fclose(out) != 0)
		return fail(err, errno, "list containers");
	*ret = steal_ptr(text);
	return 0;
}

int dockerapi_info(const char *text, size_t len, struct docker_state *ret, struct error *err)
{
	_cleanup_json_ json_t *info = read_json(text, len, err);
	if (!info)
		return -1;
	const char *driver = json_string_value(json_object_get(info, "CgroupDriver"));
	if (!driver)
		return fail_as(err, EX_UNAVAILABLE, "Docker names no CgroupDriver");
	struct docker_state state = {
		.running = json_integer_value(json_object_get(info, "ContainersRunning")),
		.images = json_integer_value(json_object_get(info, "Images")),
		.live_restore = json_is_true(json_object_get(info, "LiveRestoreEnabled")),
	};
	(void)snprintf(state.driver, sizeof state.driver, "%s", driver);
	*ret = state;
	return 0;
}

int dockerapi_names(const char *text, size_t len, char **ret, struct error *err)
{
	_cleanup_json_ json_t *containers = read_json(text, len, err);
	return containers ? list_names(containers, ret, err) : -1;
}
