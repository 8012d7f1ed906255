/* SPDX-License-Identifier: MIT
 *
 * test_engine_ids: the Engine API as a fake engine sees it, which answers over a real socket: what
 * is not an id never gets into a request, an event that is not understood is not lost, and an
 * answer that does not fit is an error.
 */
#include "unit.h"

#include "container_id.h"
#include "engine.h"
#include "events.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define HEX12 "0123456789ab"
#define HEX60 HEX12 HEX12 HEX12 HEX12 HEX12
#define HEX64 HEX60 "cdef"

/* How the fake engine answers a request that begins so. An answer is JSON; "@" in it is replaced
 * by the path of the request. */
struct reply {
	const char *request, *json;
};

struct fake {
	struct engine engine;
	pid_t pid;
	int log; /* the requests' first lines come out here */
};

static void answer_request(int fd, int log, const struct reply *replies)
{
	char request[4096] = "";
	ssize_t n = recv(fd, request, sizeof request - 1, 0);
	request[n > 0 ? n : 0] = '\0';
	request[strcspn(request, "\r")] = '\0';
	(void)dprintf(log, "%s\n", request);
	for (; replies->request; replies++) {
		if (strncmp(request, replies->request, strlen(replies->request)) != 0)
			continue;
		const char *path = strchr(request, ' ') + 1;
		const char *at = strchr(replies->json, '@');
		int before = at ? (int)(at - replies->json) : (int)strlen(replies->json);
		(void)dprintf(fd, "HTTP/1.0 200 OK\r\n\r\n%.*s%.*s%s", before, replies->json,
			at ? (int)strcspn(path, " ") : 0, path, at ? at + 1 : "");
		return;
	}
	(void)dprintf(fd, "HTTP/1.0 404 Not Found\r\n\r\n{}");
}

/* Start a fake engine in the test's directory. */
static void fake_start(void **state, const struct reply *replies, struct fake *ret)
{
	char endpoint[96];
	int ends[2];
	struct error err = {0};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(
		endpoint, sizeof endpoint, "unix:///proc/self/fd/%d/socket", unit_dir(state));
	(void)snprintf(
		address.sun_path, sizeof address.sun_path, "%s", endpoint + strlen("unix://"));
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			_exit(1);
		for (;;) {
			_cleanup_close_ int fd = accept(listener, NULL, NULL);
			answer_request(fd, ends[1], replies);
		}
	}
	(void)close(ends[1]);
	*ret = (struct fake){.pid = pid, .log = ends[0]};
	assert_ok(engine_open_at(ENGINE_PODMAN, endpoint, &ret->engine, &err), err);
}

/* All requests since the last call, a line each. Each is logged before it is answered. */
static const char *take_requests(const struct fake *fake, char *buf, size_t size)
{
	ssize_t n = read(fake->log, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static void fake_end(struct fake *fake)
{
	assert_int_equal(kill(fake->pid, SIGKILL), 0);
	assert_int_equal(waitpid(fake->pid, NULL, 0), fake->pid);
	(void)close(fake->log);
	engine_close(&fake->engine);
}

TEST(an_id_is_found_in_the_names_of_both_engines_cgroups)
{
	static const struct {
		const char *name, *id;
	} table[] = {
		{HEX64, HEX64},
		{HEX12, HEX12},
		{"libpod-" HEX64, HEX64},
		{"libpod-" HEX64 ".scope", HEX64},
		{"", NULL},
		{"libpod-", NULL},
		{"0123456789a", NULL},
		{HEX64 "0", NULL},
		{HEX64 HEX64, NULL},
		{"libpod-" HEX64 "0.scope", NULL},
		{HEX64 ".scope", NULL},
		{"libpod-" HEX64 ".slice", NULL},
		{"libpod-conmon-" HEX64, NULL},
		{"libpod-libpod-" HEX64, NULL},
		{"0123456789AB", NULL},
		{"0123456789a/", NULL},
		{HEX12 "/../../info", NULL},
		{HEX12 "?x=", NULL},
		{HEX12 " HTTP/1.0\r\n", NULL},
		{" " HEX12, NULL},
		{"..", NULL},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char id[CONTAINER_ID_MAX + 1] = "before";
		assert_int_equal(container_id_of(table[i].name, id), table[i].id != NULL);
		assert_string_equal(id, table[i].id ? table[i].id : "before");
	}
}

TEST(a_name_that_has_no_id_is_refused_without_a_request)
{
	static const struct reply replies[] = {
		{"GET /containers/", "{\"Id\":\"" HEX64 "\",\"Name\":\"@\"}"}, {NULL, NULL}};
	static const char *const names[] = {"..", "../../v1.41/info", "a", "init.scope", "user",
		HEX12 "/../x", HEX64 "/json", HEX64 HEX12, "x y", ""};
	char requests[4096];
	struct fake fake;
	fake_start(state, replies, &fake);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct container container = {.name = NULL};
		struct error err = {0};
		assert_int_equal(engine_container(&fake.engine, names[i], &container, &err), -1);
		assert_int_equal(err.code, EINVAL);
		assert_contains(err.msg, "is not a valid id of Podman");
	}
	assert_string_equal(take_requests(&fake, requests, sizeof requests), "");
	_cleanup_(container_free) struct container container = {.name = NULL};
	struct error err = {0};
	assert_ok(engine_container(&fake.engine, "libpod-" HEX64 ".scope", &container, &err), err);
	assert_string_equal(container.name, "containers/" HEX64 "/json");
	fake_end(&fake);
}

/* A pid is a number of this host's: 4294967297 would be process 1. */
TEST(an_answer_without_an_id_or_with_a_strange_pid_is_refused)
{
	static const struct {
		const char *json, *message;
	} table[] = {
		{"{}", "'' is not a valid id"},
		{"{\"Id\":\"../x\"}", "'../x' is not a valid id"},
		{"{\"Id\":\"" HEX64 "\",\"State\":{\"Pid\":4294967297}}", "is process 4294967297"},
		{"{\"Id\":\"" HEX64 "\",\"State\":{\"Pid\":-1}}", "is process -1"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct reply replies[] = {{"GET /", table[i].json}, {NULL, NULL}};
		struct container container = {.name = NULL};
		struct error err = {0};
		struct fake fake;
		fake_start(state, replies, &fake);
		assert_int_equal(engine_container(&fake.engine, HEX64, &container, &err), -1);
		assert_int_equal(err.status, EX_UNAVAILABLE);
		assert_contains(err.msg, table[i].message);
		fake_end(&fake);
		assert_int_equal(unlinkat(unit_dir(state), "socket", 0), 0);
	}
}

#define RESTARTED(policy, status, count)                                                      \
	"{\"Id\":\"" HEX64 "\",\"State\":{\"ExitCode\":" #status "},\"RestartCount\":" #count \
	",\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"" policy "\",\"MaximumRetryCount\":3}}}"

TEST(podman_may_start_a_container_again_if_its_policy_says_so_and_docker_tells)
{
	static const struct {
		const char *json;
		bool podman;
	} table[] = {
		{RESTARTED("", 1, 0), false},
		{RESTARTED("no", 1, 0), false},
		{RESTARTED("always", 0, 9), true},
		{RESTARTED("unless-stopped", 1, 9), true},
		{RESTARTED("on-failure", 0, 0), false},
		{RESTARTED("on-failure", 1, 2), true},
		{RESTARTED("on-failure", 1, 3), false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct reply replies[] = {{"GET /", table[i].json}, {NULL, NULL}};
		struct container container = {.name = NULL};
		struct error err = {0};
		struct fake fake;
		fake_start(state, replies, &fake);
		for (int docker = 0; docker < 2; docker++) {
			fake.engine.kind = docker ? ENGINE_DOCKER : ENGINE_PODMAN;
			assert_ok(engine_container(&fake.engine, HEX64, &container, &err), err);
			assert_int_equal(container.may_restart, !docker && table[i].podman);
			container_free(&container);
		}
		fake_end(&fake);
		assert_int_equal(unlinkat(unit_dir(state), "socket", 0), 0);
	}
}

TEST(an_engine_that_lists_no_ids_gets_no_request_with_them)
{
	static const struct {
		struct reply replies[4];
		const char *id;
	} table[] = {
		{{{"GET /containers/json", "[{\"Id\":\"../networks/x\"}]"}}, "../networks/x"},
		{{{"GET /containers/json", "[]"}, {"GET /networks", "[{\"Id\":\"..\"}]"}}, ".."},
		{{{"GET /containers/json", "[]"}, {"GET /networks", "[]"},
			 {"GET /volumes", "{\"Volumes\":[{\"Name\":\"p_/../a\"}]}"}},
			"p_/../a"},
	};
	char requests[4096];
	for (size_t i = 0; i < COUNT(table); i++) {
		struct fake fake;
		struct error err = {0};
		fake_start(state, table[i].replies, &fake);
		assert_int_equal(engine_remove_project(&fake.engine, "p", &err), -1);
		assert_contains(err.msg, table[i].id);
		assert_contains(err.msg, "is not a valid id of Podman");
		assert_null(strstr(take_requests(&fake, requests, sizeof requests), "DELETE"));
		fake_end(&fake);
		assert_int_equal(unlinkat(unit_dir(state), "socket", 0), 0);
	}
}

TEST(ids_of_every_kind_are_removed)
{
	/* The ids of Docker's swarm networks have letters beyond f. */
	static const struct reply replies[] = {{"GET /containers/json", "[{\"Id\":\"" HEX64 "\"}]"},
		{"GET /networks", "[{\"Id\":\"x7zn2f0tpqy1kr3u8w5vmo4ls\"}]"},
		{"GET /volumes", "{\"Volumes\":[{\"Name\":\"p_data.1-x\"},{\"Name\":\"other\"}]}"},
		{NULL, NULL}};
	char requests[4096];
	struct fake fake;
	struct error err = {0};
	fake_start(state, replies, &fake);
	assert_ok(engine_remove_project(&fake.engine, "p", &err), err);
	(void)take_requests(&fake, requests, sizeof requests);
	assert_contains(requests, "DELETE /containers/" HEX64 "?force=1&v=1 ");
	assert_contains(requests, "DELETE /networks/x7zn2f0tpqy1kr3u8w5vmo4ls ");
	assert_contains(requests, "DELETE /volumes/p_data.1-x ");
	assert_null(strstr(requests, "other"));
	fake_end(&fake);
}

/* A container that starts must not escape its check because its event is strange. */
TEST(an_event_that_is_not_understood_is_a_start_without_an_id)
{
	static const struct {
		const char *line, *id;
		bool started;
	} table[] = {
		{"{\"Action\":\"start\",\"Actor\":{\"ID\":\"" HEX64 "\"}}", HEX64, true},
		{"{\"Action\":\"die\",\"Actor\":{\"ID\":\"" HEX64 "\"}}", HEX64, false},
		{"{\"Action\":\"died\",\"Actor\":{\"ID\":\"" HEX64 "\"}}", HEX64, false},
		{"{\"Action\":\"start\",\"Actor\":{\"ID\":\"" HEX64 "0\"}}", "", true},
		{"{\"Action\":\"start\",\"Actor\":{\"ID\":\"../x\"}}", "", true},
		{"{\"Action\":\"start\",\"Actor\":{}}", "", true},
		{"{\"Actor\":{\"ID\":\"" HEX64 "\"}}", HEX64, true},
		{"[]", "", true},
		{"{\"Action\":", "", true},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct container_event event;
		events_parse(table[i].line, strlen(table[i].line), &event);
		assert_string_equal(event.id, table[i].id);
		assert_int_equal(event.started, table[i].started);
	}
}

TEST(an_answer_without_a_list_is_not_an_empty_list)
{
	static const struct {
		const char *containers, *volumes;
		int expected;
	} table[] = {
		{"[]", "{\"Volumes\":[]}", 0},
		{"[]", "{\"Volumes\":null}", 0},
		{"", "{\"Volumes\":[]}", -1},
		{"{}", "{\"Volumes\":[]}", -1},
		{"[]", "", -1},
		{"[]", "{}", -1},
		{"[]", "[]", -1},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct reply replies[] = {{"GET /containers/", table[i].containers},
			{"GET /networks", "[]"}, {"GET /volumes", table[i].volumes}, {NULL, NULL}};
		struct error err = {0};
		struct fake fake;
		struct containers containers = CONTAINERS_NONE;
		fake_start(state, replies, &fake);
		assert_int_equal(engine_remove_project(&fake.engine, "p", &err), table[i].expected);
		if (table[i].expected < 0)
			assert_contains(err.msg, "is not a list");
		bool listed = table[i].containers[0] == '[';
		assert_int_equal(
			engine_containers(&fake.engine, "p", &containers, &err), listed ? 0 : -1);
		assert_int_equal(containers.count, 0);
		containers_free(&containers);
		fake_end(&fake);
		assert_return_code(unlinkat(unit_dir(state), "socket", 0), errno);
	}
}

/* oss-crs-setup changes the system's Docker, which is another one. */
TEST(rootless_docker_is_named_as_such_and_oss_crs_setup_is_no_remedy)
{
	static const struct reply replies[] = {
		{"GET /info",
			"{\"CgroupVersion\":\"2\",\"CgroupDriver\":\"systemd\",\"SecurityOptions\":"
			"[\"name=seccomp,profile=builtin\",\"name=rootless\"]}"},
		{NULL, NULL}};
	struct error err = {0};
	struct fake fake;
	struct engine_info info = {0};
	fake_start(state, replies, &fake);
	fake.engine.kind = ENGINE_DOCKER;
	assert_ok(engine_info(&fake.engine, &info, &err), err);
	assert_int_equal(engine_check_driver(&fake.engine, &info, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "is rootless");
	assert_contains(err.hint, "--engine podman");
	assert_null(strstr(err.hint, "oss-crs-setup"));
	info.rootless = false;
	assert_int_equal(engine_check_driver(&fake.engine, &info, &err), -1);
	assert_contains(err.hint, "oss-crs-setup docker");
	(void)snprintf(info.driver, sizeof info.driver, "cgroupfs");
	info.rootless = true;
	assert_int_equal(engine_check_driver(&fake.engine, &info, &err), -1);
	fake.engine.kind = ENGINE_PODMAN; /* always rootless here */
	assert_ok(engine_check_driver(&fake.engine, &info, &err), err);
	fake_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(an_id_is_found_in_the_names_of_both_engines_cgroups),
		RUN_IN_DIR(
			podman_may_start_a_container_again_if_its_policy_says_so_and_docker_tells),
		RUN_IN_DIR(a_name_that_has_no_id_is_refused_without_a_request),
		RUN_IN_DIR(an_answer_without_an_id_or_with_a_strange_pid_is_refused),
		RUN_IN_DIR(an_engine_that_lists_no_ids_gets_no_request_with_them),
		RUN_IN_DIR(ids_of_every_kind_are_removed),
		RUN(an_event_that_is_not_understood_is_a_start_without_an_id),
		RUN_IN_DIR(rootless_docker_is_named_as_such_and_oss_crs_setup_is_no_remedy),
		RUN_IN_DIR(an_answer_without_a_list_is_not_an_empty_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
