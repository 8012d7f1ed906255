/* SPDX-License-Identifier: MIT
 *
 * fuzz_engine: use the input as the engine's answer to every request. A thread is the engine, on a
 * real socket.
 *
 * Invariants: each question is answered or fails with an error that is safe to print; a container's
 * id is one; the stream of events ends, and each event has an id that is one or empty.
 */
#include "fuzz_dir.h"

#include "container_id.h"
#include "engine.h"
#include "events.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct {
	const uint8_t *data;
	size_t size;
	unsigned requests; /* to go on answering in this round */
} answer;

static void *serve(void *data)
{
	const int *listener = data;
	static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
	for (;;) {
		char request[4096];
		_cleanup_close_ int fd = accept(*listener, NULL, NULL);
		if (fd < 0 || recv(fd, request, sizeof request, 0) < 0)
			continue;
		if (answer.requests && answer.requests--) {
			(void)send(fd, head, sizeof head - 1, MSG_NOSIGNAL);
			(void)send(fd, answer.data, answer.size, MSG_NOSIGNAL);
		}
	}
	return NULL;
}

static void open_engine(struct engine *ret)
{
	static int listener = -1;
	static char endpoint[sizeof fuzz_path + sizeof "unix:///socket"];
	struct error err = {0};
	if (listener < 0) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		pthread_t thread;
		(void)fuzz_dir();
		(void)snprintf(endpoint, sizeof endpoint, "unix://%s/socket", fuzz_path);
		(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", fuzz_path);
		listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK(bind(listener, (const struct sockaddr *)&address, sizeof address) == 0);
		CHECK(listen(listener, 16) == 0);
		CHECK(pthread_create(&thread, NULL, serve, &listener) == 0);
	}
	CHECK(engine_open_at(ENGINE_DOCKER, endpoint, ret, &err) == 0);
}

static void ask_engine(struct engine *engine)
{
	struct error err = {0};
	struct engine_info info = {0};
	if (engine_info(engine, &info, &err) < 0 || engine_check_driver(engine, &info, &err) < 0 ||
		engine_check_version(engine, &info, &err) < 0 ||
		engine_check_local(engine, &info, &err) < 0)
		check_any_error(&err);
}

static void ask_containers(struct engine *engine)
{
	struct error err = {0};
	struct container container = {.name = NULL};
	struct containers containers = CONTAINERS_NONE;
	if (engine_container(engine, "0123456789ab", &container, &err) == 0) {
		CHECK(container.name && container.service && container.cgroup_parent);
		CHECK(container_id_is(container.id));
		CHECK(container.pid >= 0);
		container_free(&container);
	} else {
		check_any_error(&err);
	}
	if (engine_containers(engine, "p", &containers, &err) == 0)
		containers_free(&containers);
	else
		check_any_error(&err);
}

static void ask_runs(struct engine *engine)
{
	struct error err = {0};
	struct engine_runs runs = ENGINE_RUNS_NONE;
	if (engine_runs(engine, 1000, &runs, &err) < 0) {
		check_any_error(&err);
		return;
	}
	for (size_t i = 0; i < runs.count; i++)
		CHECK(*runs.list[i].name);
	engine_runs_free(&runs);
}

static void read_events(const struct engine *engine)
{
	struct error err = {0};
	struct events *events = NULL;
	struct container_event event;
	int result = events_open(engine, "p", &events, &err);
	if (result < 0) {
		check_any_error(&err);
		return;
	}
	while ((result = events_next(events, &event, &err)) >= 0) {
		struct pollfd fd = {.fd = events_fd(events), .events = POLLIN};
		CHECK(result == 0 || !*event.id || container_id_is(event.id));
		CHECK(result == 1 || poll(&fd, 1, -1) == 1);
	}
	check_any_error(&err);
	events_close(events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct engine engine = ENGINE_NONE;
	open_engine(&engine);
	answer.data = data;
	answer.size = size;
	/* A list of containers would be asked about one by one, and a project that never gets empty
	 * for ever: the engine hangs up after some requests. */
	answer.requests = 12;
	ask_engine(&engine);
	ask_containers(&engine);
	answer.requests = 12;
	ask_runs(&engine);
	read_events(&engine);
	struct error err = {0};
	if (engine_remove_project(&engine, "p", &err) < 0)
		check_any_error(&err);
	answer.requests = 12;
	if (engine_remove_images(&engine, "run", &err) < 0)
		check_any_error(&err);
	if (engine_check_project(&engine, "p", &err) < 0)
		check_any_error(&err);
	engine_close(&engine);
	return 0;
}
