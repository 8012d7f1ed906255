/* SPDX-License-Identifier: MIT
 *
 * events: see events.h. libcurl's multi interface does not wait by itself: the run's one loop does, on its socket. The
 * engine writes one JSON object per line.
 */
#include "events.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "endpoint.h"
#include "http.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#define LINE_MAX_BYTES    ((size_t)1 << 20)
#define ANSWER_TIMEOUT_MS 60000

struct events {
	CURLM *multi;
	CURL *easy;
	struct http_text come; /* and not taken in yet */
	bool ended;
};

static int perform(struct events *events, struct error *err)
{
	int running = 0;
	CURLMcode code = curl_multi_perform(events->multi, &running);
	if (code != CURLM_OK)
		return fail_as(err, EX_UNAVAILABLE, "Docker's events: %s", curl_multi_strerror(code));
	events->ended = running == 0;
	return 0;
}

/* Send the request and wait until the answer begins. */
static int begin(struct events *events, struct error *err)
{
	for (;;) {
		long status = 0;
		int ready = 0;
		if (perform(events, err) < 0)
			return -1;
		(void)curl_easy_getinfo(events->easy, CURLINFO_RESPONSE_CODE, &status);
		if (status == 200 && !events->ended)
			return 0;
		if (events->ended)
			return fail_as(
				err, EX_UNAVAILABLE, "Docker does not tell its events (status %ld)", status);
		if (curl_multi_poll(events->multi, NULL, 0, ANSWER_TIMEOUT_MS, &ready) != CURLM_OK ||
			ready == 0)
			return fail_as(err, EX_UNAVAILABLE, "Docker does not answer: no events");
	}
}

static int set_url(const struct events *events, const char *project, struct error *err)
{
	char filter[512];
	char url[1024];
	struct timespec now = {0};
	(void)clock_gettime(CLOCK_REALTIME, &now);
	int n = snprintf(filter, sizeof filter,
		"{\"type\":[\"container\"],\"event\":[\"start\",\"die\"],\"label\":[\"%s=%s\"]}",
		ENGINE_PROJECT_LABEL, project);
	if (n < 0 || (size_t)n >= sizeof filter)
		return fail(err, ENAMETOOLONG, "project %s", project);
	char *escaped = curl_easy_escape(events->easy, filter, n);
	if (!escaped)
		return fail(err, ENOMEM, "events");
	/* From this moment on, not from when the engine has read the request. */
	n = snprintf(url, sizeof url, "http://localhost/events?since=%" PRIdMAX ".%09ld&filters=%s",
		(intmax_t)now.tv_sec, now.tv_nsec, escaped);
	curl_free(escaped);
	if (n < 0 || (size_t)n >= sizeof url)
		return fail(err, ENAMETOOLONG, "project %s", project);
	return curl_easy_setopt(events->easy, CURLOPT_URL, url) == CURLE_OK ? 0 : fail(err, ENOMEM, "events");
}

static void close_one(struct events **events)
{
	events_close(*events);
}

int events_open(const struct engine *engine, const char *project, struct events **ret, struct error *err)
{
	_cleanup_(close_one) struct events *events = calloc(1, sizeof *events);
	const char *path = NULL;
	if (!events)
		return fail(err, ENOMEM, "events");
	if (endpoint_socket(engine->endpoint, &path, err) < 0)
		return -1;
	events->multi = curl_multi_init();
	events->easy = http_handle(path);
	if (!events->multi || !events->easy)
		return fail(err, ENOMEM, "libcurl");
	events->come.max = LINE_MAX_BYTES;
	http_into(events->easy, &events->come);
	if (set_url(events, project, err) < 0)
		return -1;
	if (curl_multi_add_handle(events->multi, events->easy) != CURLM_OK)
		return fail(err, ENOMEM, "libcurl");
	if (begin(events, err) < 0)
		return -1;
	*ret = steal_ptr(events);
	return 0;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	if (events->multi && events->easy)
		(void)curl_multi_remove_handle(events->multi, events->easy);
	curl_easy_cleanup(events->easy);
	(void)curl_multi_cleanup(events->multi);
	free(events->come.text);
	free(events);
}

int events_fd(const struct events *events)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	(void)curl_easy_getinfo(events->easy, CURLINFO_ACTIVESOCKET, &fd);
	return fd;
}

/* {"Action": "start", "Actor": {"ID": "…"}, …} */
static bool parse(const char *text, size_t len, struct container_event *ret)
{
	_cleanup_json_ json_t *json = json_loadb(text, len, 0, NULL);
	const char *id = json_string_value(json_object_get(json_object_get(json, "Actor"), "ID"));
	const char *action = json_string_value(json_object_get(json, "Action"));
	if (!id || !action || strlen(id) >= EVENTS_ID_MAX)
		return false;
	(void)snprintf(ret->id, sizeof ret->id, "%s", id);
	ret->started = strcmp(action, "start") == 0;
	return true;
}

/* Take whole lines out of the buffer, up to the first that is an event. */
static bool take_line(struct events *events, struct container_event *ret)
{
	struct http_text *come = &events->come;
	const char *end = NULL;
	while (come->len && (end = memchr(come->text, '\n', come->len))) {
		size_t len = (size_t)(end - come->text) + 1;
		bool found = parse(come->text, len, ret);
		http_take(come, len);
		if (found)
			return true;
	}
	return false;
}

int events_next(struct events *events, struct container_event *ret, struct error *err)
{
	if (take_line(events, ret))
		return 1;
	if (perform(events, err) < 0)
		return -1;
	if (take_line(events, ret))
		return 1;
	return events->ended ? fail_as(err, EX_UNAVAILABLE, "Docker's events have ended: it was stopped") : 0;
}
