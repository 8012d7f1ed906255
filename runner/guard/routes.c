/* SPDX-License-Identifier: MIT
 *
 * routes: the requests that the guard passes, a row per method and path, each with the parameters
 * that it may have; and why the best known of the others are refused.
 */
#include "judge_parts.h"

#include <string.h>

#define PARAMETERS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Of a container, named by the second segment. */
#define CONTAINER(m, p, f, ...)                                                      \
	{                                                                            \
		(m), "containers/?" p, (f), PARAMETERS(__VA_ARGS__), judge_container \
	}
#define ROUTE(m, p, f, j, ...)                              \
	{                                                   \
		(m), (p), (f), PARAMETERS(__VA_ARGS__), (j) \
	}

/* The first parameter of a row that has none of its own. */
#define NONE NULL

static const struct route routes[] = {
	ROUTE("GET", "_ping", 0, NULL, NONE),
	ROUTE("HEAD", "_ping", 0, NULL, NONE),
	ROUTE("GET", "version", 0, NULL, NONE),
	ROUTE("GET", "events", 0, judge_events, "since", "until", "filters"),
	ROUTE("GET", "containers/json", 0, judge_list, "all", "limit", "size", "trunc_cmd", "since",
		"before", "filters"),
	ROUTE("POST", "containers/create", ROUTE_BODY | ROUTE_STARTS, judge_create, "name",
		"platform"),
	ROUTE("POST", "containers/?/exec", ROUTE_BODY, judge_exec_create, NONE),
	ROUTE("POST", "containers/?/update", ROUTE_BODY, judge_update, NONE),
	ROUTE("POST", "containers/?/rename", 0, judge_rename, "name"),
	CONTAINER("DELETE", "", 0, "v", "force", "link"),
	CONTAINER("GET", "/json", 0, "size"),
	CONTAINER("GET", "/logs", 0, "follow", "stdout", "stderr", "since", "until", "timestamps",
		"tail", "details"),
	CONTAINER("GET", "/stats", 0, "stream", "one-shot"),
	CONTAINER("GET", "/top", 0, NONE),
	CONTAINER("POST", "/attach", ROUTE_HIJACK, "detachKeys", "logs", "stream", "stdin",
		"stdout", "stderr"),
	CONTAINER("POST", "/kill", 0, "signal"),
	CONTAINER("POST", "/pause", 0, NONE),
	CONTAINER("POST", "/resize", 0, "h", "w"),
	CONTAINER("POST", "/restart", ROUTE_STARTS, "t", "signal"),
	CONTAINER("POST", "/start", ROUTE_STARTS, "detachKeys"),
	CONTAINER("POST", "/stop", 0, "t", "signal"),
	CONTAINER("POST", "/unpause", 0, NONE),
	CONTAINER("POST", "/wait", 0, "condition"),
	ROUTE("GET", "exec/?/json", 0, judge_exec, NONE),
	ROUTE("POST", "exec/?/resize", 0, judge_exec, "h", "w"),
	ROUTE("POST", "exec/?/start", ROUTE_BODY | ROUTE_HIJACK | ROUTE_STARTS, judge_exec_start,
		NONE),
	/* Whatever image there is, a container may be made of it. */
	ROUTE("GET", "images/json", 0, NULL, "all", "filters", "digests"),
	ROUTE("GET", "images/*/json", 0, NULL, NONE),
	ROUTE("GET", "images/*/history", 0, NULL, NONE),
	ROUTE("GET", "volumes", 0, judge_list, "filters"),
	ROUTE("POST", "volumes/create", ROUTE_BODY, judge_volume_create, NONE),
	ROUTE("GET", "volumes/?", 0, judge_volume, NONE),
	ROUTE("DELETE", "volumes/?", 0, judge_volume, "force"),
};

/* Why others are refused, by how their path begins. */
static const struct {
	const char *first, *last; /* segments; NULL: any */
	const char *why;
} reasons[] = {
	{"build", NULL, "the engine builds outside every CRS; build the image before the run"},
	{"session", NULL, "the engine builds outside every CRS; build the image before the run"},
	{"grpc", NULL, "the engine builds outside every CRS; build the image before the run"},
	{"images", "create", "the engine pulls outside every CRS; pull the image before the run"},
	{"images", NULL, "images are shared by all runs; change them before the run"},
	{"commit", NULL, "the engine makes images outside every CRS"},
	{"containers", "archive", "the engine copies outside every CRS; use exec and tar"},
	{"containers", "export", "the engine copies outside every CRS; use exec and tar"},
	{"networks", NULL, "networks are made by the run; use those of the CRS's services"},
	{NULL, "prune", "it would remove what others made; remove containers one by one"},
	{"libpod", NULL, "the guard passes requests of Docker's API only"},
};

/* The others. */
#define NOT_LISTED "not among the requests that the guard passes (docs/guard.md)"

static int refuse_route(const char *method, const struct target *target, struct error *err)
{
	const char *first = target->segments[0];
	const char *last = target->segments[target->segment_count - 1];
	const char *why = NOT_LISTED;
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if ((reasons[i].first && strcmp(first, reasons[i].first) != 0) ||
			(reasons[i].last && strcmp(last, reasons[i].last) != 0))
			continue;
		why = reasons[i].why;
		break;
	}
	return fail_as(err, EX_NOPERM, "%s /%s: %s", method, first, why);
}

const struct route *judge_route(const char *method, const struct target *target, struct error *err)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (strcmp(routes[i].method, method) == 0 &&
			target_matches(target, routes[i].pattern))
			return &routes[i];
	(void)refuse_route(method, target, err);
	return NULL;
}

bool judge_hijacks(const struct route *route)
{
	return route->flags & ROUTE_HIJACK;
}

bool judge_starts(const struct route *route)
{
	return route->flags & ROUTE_STARTS;
}
