/* SPDX-License-Identifier: MIT
 *
 * hold_line: makes the line of JSON (docs/json.md), or the lines of text, and flushes them: the
 * caller waits for them.
 */
#include "hold_line.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "json_build.h"
#include "store.h"
#include "text.h"

#include <errno.h>
#include <jansson.h>

/* Where the report will be: --report, else the store; null if neither keeps it. */
static json_t *report_place(const struct hold_line *line)
{
	const struct options *options = &line->context->options;
	_cleanup_(store_close) struct store store = STORE_CLOSED;
	struct error ignored = {0};
	if (options->report)
		return json_string(options->report);
	_cleanup_free_ char *path = NULL;
	if (options->keep_reports && store_open(true, &store, &ignored) == 0)
		path = store_file(&store, line->plan->name);
	return path ? json_string(path) : json_null();
}

static json_t *parents_to_json(struct json_build *build, const struct run_plan *plan)
{
	json_t *object = json_object();
	for (size_t i = 0; i < plan->crs_count; i++) {
		char parent[CGROUP_PATH_MAX + JOB_NAME_MAX + 2];
		(void)snprintf(
			parent, sizeof parent, "%s/%s", plan->cgroup_parent, plan->crs[i].name);
		json_build_set(build, object, plan->crs[i].name, json_string(parent));
	}
	return object;
}

/* The path of the socket of each CRS; null without a guard. */
static json_t *sockets_to_json(struct json_build *build, const struct guarded *guarded)
{
	if (!guarded)
		return json_null();
	json_t *object = json_object();
	for (size_t i = 0; i < guarded->scopes.count; i++)
		json_build_set(build, object, guarded->scopes.list[i].crs,
			json_string(guarded->scopes.list[i].socket));
	return object;
}

int hold_line_print(const struct hold_line *line, struct error *err)
{
	const struct run_plan *plan = line->plan;
	struct json_build whole = JSON_BUILD_NONE;
	_cleanup_json_ json_t *root = NULL;
	char path[CGROUP_PATH_MAX + sizeof HOST_CGROUP_MOUNT];
	if (!line->context->options.json) {
		for (size_t i = 0; i < plan->crs_count; i++)
			text_line(stdout, "%s %s/%s", plan->crs[i].name, plan->cgroup_parent,
				plan->crs[i].name);
		return fflush(stdout) == 0 ? 0 : fail(err, errno, "write standard output");
	}
	(void)snprintf(path, sizeof path, "%s%s", HOST_CGROUP_MOUNT, plan->cgroup_parent);
	json_t *object =
		json_build_pack(&whole, "{s:i, s:s, s:s, s:o, s:o, s:o, s:o}", "version", 1, "name",
			plan->name, "path", path, "cgroup_parents", parents_to_json(&whole, plan),
			"engine_sockets", sockets_to_json(&whole, line->guarded), "docker_host",
			line->engine ? json_string(line->engine->endpoint) : json_null(), "report",
			report_place(line));
	if (json_build_end(&whole, object, &root, err) < 0)
		return add_context(err, "cgroup_parents");
	_cleanup_free_ char *text = json_dumps(root, JSON_COMPACT);
	if (!text)
		return fail(err, ENOMEM, "cgroup_parents");
	return puts(text) == EOF || fflush(stdout) != 0 ? fail(err, errno, "write standard output")
							: 0;
}
