/* SPDX-License-Identifier: MIT
 *
 * events: the stream of the engine's events. The answer to GET /events does not end; the run's
 * one loop waits on its socket. The engine writes one JSON object per line, and a line is read
 * when all of it has come.
 */
#include "events.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "container_id.h"
#include "http.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct events {
	const char *engine; /* the engine's name */
	struct http http;
};

/* Wait until the answer begins. */
static int begin(struct events *events, struct error *err)
{
	struct http *http = &events->http;
	while (!http->status)
		if (http_receive(http, true, err) < 0)
			return add_context(err, "%s's events", events->engine);
	if (http->status != 200 || http->ended)
		return fail_as(err, EX_UNAVAILABLE, "%s does not report events (status %d)",
			events->engine, http->status);
	return 0;
}

static int write_target(const char *project, char *buf, size_t size, struct error *err)
{
	char filter[512];
	char escaped[1024];
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int n = snprintf(filter, sizeof filter,
		"{\"type\":[\"container\"],\"event\":[\"start\",\"die\"],\"label\":[\"%s=%s\"]}",
		ENGINE_PROJECT_LABEL, project);
	if (n < 0 || (size_t)n >= sizeof filter)
		return fail(err, ENAMETOOLONG, "project %s", project);
	if (http_escape(filter, escaped, sizeof escaped, err) < 0)
		return -1;
	/* Events from now on, and not only from when the engine reads the request. */
	n = snprintf(buf, size, "/events?since=%" PRIdMAX ".%09ld&filters=%s", (intmax_t)now.tv_sec,
		now.tv_nsec, escaped);
	return n > 0 && (size_t)n < size ? 0 : fail(err, ENAMETOOLONG, "project %s", project);
}

static void close_stream(struct events **events)
{
	events_close(*events);
}

int events_open(
	const struct engine *engine, const char *project, struct events **ret, struct error *err)
{
	char target[2048];
	if (write_target(project, target, sizeof target, err) < 0)
		return -1;
	_cleanup_(close_stream) struct events *events = malloc(sizeof *events);
	if (!events)
		return fail(err, ENOMEM, "events");
	*events = (struct events){.engine = engine_name(engine->kind), .http = HTTP_CLOSED};
	const struct http_request request = {.socket = engine->socket,
		.method = "GET",
		.target = target,
		.agent = "oss-crs-run",
		.max = LINE_MAX_BYTES};
	if (http_send(&request, &events->http, err) < 0 || begin(events, err) < 0)
		return -1;
	*ret = steal_ptr(events);
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	http_close(&events->http);
	free(events);
}

int events_fd(const struct events *events)
{
	return events->http.fd;
}

void events_parse(const char *line, size_t len, struct container_event *ret)
{
	_cleanup_json_ json_t *json = json_loadb(line, len, 0, NULL);
	const char *id = json_string_value(json_object_get(json_object_get(json, "Actor"), "ID"));
	const char *action = json_string_value(json_object_get(json, "Action"));
	bool known = id && container_id_is(id);
	(void)snprintf(ret->id, sizeof ret->id, "%s", known ? id : "");
	/* Podman's own name for the end of a container is `died`. */
	ret->started = !action || (strcmp(action, "die") != 0 && strcmp(action, "died") != 0);
}

/* Take whole lines out of the buffer, up to and including the first that is not blank. */
static bool take_event(struct events *events, struct container_event *ret)
{
	struct http *http = &events->http;
	const char *end = NULL;
	while (http->len && (end = memchr(http->text, '\n', http->len))) {
		size_t len = (size_t)(end - http->text);
		bool blank = strspn(http->text, " \t\r") >= len;
		if (!blank)
			events_parse(http->text, len, ret);
		http_take(http, len + 1);
		if (!blank)
			return true;
	}
	return false;
}

int events_next(struct events *events, struct container_event *ret, struct error *err)
{
	for (;;) {
		if (take_event(events, ret))
			return 1;
		if (events->http.ended)
			return fail_as(err, EX_UNAVAILABLE,
				"%s stopped reporting events: it was shut down", events->engine);
		int came = http_receive(&events->http, false, err);
		if (came <= 0)
			return came < 0 ? add_context(err, "%s's events", events->engine) : 0;
	}
}
