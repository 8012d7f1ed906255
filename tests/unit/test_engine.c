/* SPDX-License-Identifier: MIT
 *
 * test_engine: what of a project is removed, in which order, and what the error says of the rest. A
 * child process answers in the engine's place: it has things that may only go after others, as
 * Podman's containers that share a namespace.
 */
#include "unit.h"

#include "engine.h"
#include "images.h"

#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NEVER "never" /* waits for something that does not go */

/* Ids of containers have the form of the engine's. */
#define ALPHA "aaaaaaaaaaaa"
#define BETA  "bbbbbbbbbbbb"
#define GAMMA "cccccccccccc"

struct thing {
	const char *kind, *id;
	const char *after; /* the engine refuses to remove it before this one; NULL: it does not */
	bool gone;
	const char *tags, *built_as; /* of an image, as JSON */
};

static bool is_there(const struct thing *things, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(things[i].id, id) == 0)
			return !things[i].gone;
	return strcmp(id, NEVER) == 0;
}

/* Answer DELETE /KIND/ID. */
static void answer_delete(FILE *to, struct thing *things, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		const char *found = strstr(path, things[i].id);
		if (!found || things[i].gone)
			continue;
		if (things[i].after && is_there(things, count, things[i].after)) {
			(void)fprintf(to,
				"HTTP/1.0 500 Internal Server Error\r\n\r\n"
				"{\"message\":\"%s has dependents: %s\"}",
				things[i].id, things[i].after);
			return;
		}
		things[i].gone = true;
		(void)fputs("HTTP/1.0 204 No Content\r\n\r\n", to);
		return;
	}
	(void)fputs("HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"no such thing\"}", to);
}

/* Answer GET /KIND with the things of that kind. */
static void answer_list(FILE *to, const struct thing *things, size_t count, const char *path)
{
	bool volumes = strncmp(path, "/volumes", 8) == 0;
	const char *comma = "";
	(void)fputs(
		volumes ? "HTTP/1.0 200 OK\r\n\r\n{\"Volumes\":[" : "HTTP/1.0 200 OK\r\n\r\n[", to);
	for (size_t i = 0; i < count; i++) {
		if (things[i].gone ||
			strncmp(path + 1, things[i].kind, strlen(things[i].kind)) != 0)
			continue;
		(void)fprintf(to, "%s{\"%s\":\"%s\"", comma, volumes ? "Name" : "Id", things[i].id);
		if (things[i].tags)
			(void)fprintf(to, ",\"RepoTags\":%s,\"Labels\":{\"%s\":\"%s\"}",
				things[i].tags, ENGINE_BUILT_AS_LABEL, things[i].built_as);
		(void)fputc('}', to);
		comma = ",";
	}
	(void)fputs(volumes ? "]}" : "]", to);
}

/* Answer GET /images/NAME/json; returns false if the request is not that. */
static bool answer_image(FILE *to, const struct thing *things, size_t count, const char *path)
{
	size_t len = strlen(path);
	if (strncmp(path, "/images/", 8) != 0 || strcmp(path + len - 5, "/json") != 0 || len <= 12)
		return false;
	char id[256];
	(void)snprintf(id, sizeof id, "%.*s", (int)(len - 13), path + 8);
	(void)fputs(is_there(things, count, id)
			    ? "HTTP/1.0 200 OK\r\n\r\n{}"
			    : "HTTP/1.0 404 Not Found\r\n\r\n{\"message\":\"no such image\"}",
		to);
	return true;
}

/* A request to make a thing, which the engine works on while it answers others. */
struct making {
	FILE *client;
	unsigned lists; /* how many lists the engine gives meanwhile; 0: it is never done */
};

/* Begin to make the last thing, after as many lists as the path says. */
static void begin_making(struct making *making, FILE *client, const char *path)
{
	making->client = client;
	making->lists = (unsigned)strtoul(strrchr(path, '/') + 1, NULL, 10);
}

/* One more list has been given: perhaps the thing is made. */
static void go_on_making(struct making *making, struct thing *last)
{
	if (!making->client || making->lists == 0 || --making->lists > 0)
		return;
	last->gone = false;
	(void)fclose(making->client);
	making->client = NULL;
}

static void __attribute__((noreturn)) serve(int listener, struct thing *things, size_t count)
{
	struct making making = {.client = NULL};
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		char line[4096] = "";
		char method[16] = "";
		char path[2048] = "";
		char *rest = NULL;
		FILE *client = fdopen(accept(listener, NULL, NULL), "r+");
		if (!client || !fgets(line, sizeof line, client))
			_exit(1);
		rest = strchr(line, ' ');
		if (!rest)
			_exit(1);
		(void)snprintf(method, sizeof method, "%.*s", (int)(rest - line), line);
		(void)snprintf(path, sizeof path, "%.*s", (int)strcspn(rest + 1, " "), rest + 1);
		while (fgets(line, sizeof line, client) && strcmp(line, "\r\n") != 0)
			;
		(void)fseek(client, 0, SEEK_CUR);
		if (strcmp(method, "POST") == 0) {
			begin_making(&making, client, path);
			continue;
		}
		if (strcmp(method, "DELETE") == 0)
			answer_delete(client, things, count, path);
		else if (!answer_image(client, things, count, path))
			answer_list(client, things, count, path);
		(void)fclose(client);
		if (strcmp(method, "GET") == 0)
			go_on_making(&making, &things[count - 1]);
	}
}

struct server {
	pid_t pid;
	struct engine engine;
};

/* Start an engine that has these things. */
static struct server start_engine(void **state, struct thing *things, size_t count)
{
	char endpoint[128];
	struct error err = {0};
	struct server server = {.engine = ENGINE_NONE};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket",
		unit_dir(state));
	assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 1), 0);
	(void)snprintf(endpoint, sizeof endpoint, "unix://%s", address.sun_path);
	assert_ok(engine_open_at(ENGINE_PODMAN, endpoint, &server.engine, &err), err);
	server.pid = fork();
	assert_return_code(server.pid, errno);
	if (server.pid == 0)
		serve(listener, things, count);
	return server;
}

static void stop_engine(struct server *server)
{
	int status = 0;
	assert_return_code(kill(server->pid, SIGKILL), errno);
	assert_int_equal(waitpid(server->pid, &status, 0), server->pid);
	engine_close(&server->engine);
}

TEST(a_container_goes_after_those_that_need_it)
{
	struct error err = {0};
	struct thing things[] = {
		{.kind = "containers", .id = ALPHA, .after = BETA},
		{.kind = "containers", .id = BETA, .after = GAMMA},
		{.kind = "containers", .id = GAMMA},
		{.kind = "networks", .id = "net", .after = ALPHA},
		{.kind = "volumes", .id = "p_data"},
	};
	struct server server = start_engine(state, things, COUNT(things));
	int removed = engine_remove_project(&server.engine, "p", &err);
	int again = engine_remove_project(&server.engine, "p", &err);
	stop_engine(&server);
	assert_int_equal(removed, 5);
	assert_int_equal(again, 0);
}

TEST(what_the_engine_keeps_is_named_and_all_else_is_removed)
{
	struct error err = {0};
	struct error second = {0};
	struct thing things[] = {
		{.kind = "containers", .id = ALPHA, .after = NEVER},
		{.kind = "containers", .id = BETA},
		{.kind = "networks", .id = "stuck", .after = ALPHA},
		{.kind = "networks", .id = "free"},
		{.kind = "volumes", .id = "p_data"},
		{.kind = "volumes", .id = "chosen"},
	};
	struct server server = start_engine(state, things, COUNT(things));
	int count = engine_count_project(&server.engine, "p", &err);
	int result = engine_remove_project(&server.engine, "p", &err);
	int again = engine_remove_project(&server.engine, "p", &second);
	int stays = engine_count_project(&server.engine, "p", &second);
	stop_engine(&server);
	assert_int_equal(result, -1);
	assert_int_equal(again, -1);
	assert_int_equal(count, 5); /* without the volume that is not the project's own */
	assert_int_equal(stays, 2);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_true(engine_answered(&err));
	assert_contains(err.msg, "cannot remove 2 of the run's containers, networks and volumes");
	assert_contains(err.msg, ALPHA " has dependents: never");
	assert_contains(err.hint, "podman ps -a --filter label=com.docker.compose.project=p");
	assert_string_equal(second.msg, err.msg);
}

/* An image inherits the labels of the one that it was made of. */
TEST(an_image_goes_by_the_name_that_compose_gave_it_and_all_others_stay)
{
	struct thing things[] = {
		{"images", "run-1-build", NULL, false, "[\"run-1-build:latest\"]", "run-1-build"},
		{"images", "run-1_old", NULL, false, "[\"localhost/run-1_old:latest\"]",
			"run-1-old"},
		{"images", "kept", NULL, false, "[\"kept:latest\",\"run-1-two:latest\"]",
			"run-1-no"},
		{"images", "none", NULL, false, "[]", "run-1-none"},
		{"images", "null", NULL, false, "null", ""},
		{"images", "run-1-build2", NULL, false, "[\"run-1-build2:latest\"]", "run-1-build"},
		{"images", "run-1-held", NEVER, false, "[\"run-1-held:latest\"]", "run-1-held"},
	};
	struct server server = start_engine(state, things, COUNT(things) - 1);
	struct error err = {0};
	int removed = engine_remove_images(&server.engine, "run-1", &err);
	int again = engine_remove_images(&server.engine, "run-1", &err);
	stop_engine(&server);
	assert_ok(removed, err);
	assert_int_equal(removed, 2);
	assert_int_equal(again, 0);
	assert_return_code(unlinkat(unit_dir(state), "socket", 0), errno);
	server = start_engine(state, things, COUNT(things));
	assert_int_equal(engine_remove_images(&server.engine, "run-1", &err), -1);
	stop_engine(&server);
	assert_contains(err.msg, "cannot remove 1 of the images that the run built");
	assert_contains(err.msg, "run-1-held has dependents");
}

TEST(an_image_that_only_podman_has_comes_with_the_command_that_copies_it)
{
	struct thing things[] = {{.kind = "images", .id = "busybox"}};
	struct server server = start_engine(state, things, COUNT(things));
	char name[] = "a";
	char busybox[] = "busybox";
	char app[] = "app";
	char other[] = "other";
	struct compose_service services[] = {
		{.name = name}, {.name = name, .image = busybox}, {.name = name, .image = app}};
	const struct compose compose = {.services = services, .service_count = 3};
	const struct unit_dir *dir = *state;
	struct error here = {0};
	struct error there = {0};
	struct error nowhere = {0};
	server.engine.kind = ENGINE_DOCKER;
	/* Podman has what is called "app". */
	make_file(dir->fd, "podman", "#!/bin/sh\n[ \"$1 $2 $3\" = 'image exists app' ]\n");
	assert_int_equal(fchmodat(dir->fd, "podman", 0755, 0), 0);
	assert_int_equal(setenv("PATH", dir->path, 1), 0);
	bool hinted_there = images_hint_missing(&compose, &server.engine, &there);
	services[2].image = other;
	bool hinted_nowhere = images_hint_missing(&compose, &server.engine, &nowhere);
	services[2].image = busybox;
	bool hinted_here = images_hint_missing(&compose, &server.engine, &here);
	stop_engine(&server);
	assert_true(hinted_there);
	assert_string_equal(there.hint, "image 'app' is in Podman, and this run uses Docker: "
					"podman save app | docker load");
	assert_true(hinted_nowhere);
	assert_string_equal(
		nowhere.hint, "Docker has no image 'other', nor has Podman: pull or build it");
	assert_false(hinted_here);
	assert_string_equal(here.hint, "");
}

TEST(an_image_that_only_docker_has_comes_with_it_too)
{
	struct thing things[] = {{.kind = "images", .id = "app"}};
	struct server docker = start_engine(state, things, COUNT(things));
	char app[] = "app";
	struct compose_service services[] = {{.name = app, .image = app}};
	const struct compose compose = {.services = services, .service_count = 1};
	struct error err = {0};
	/* An engine that has nothing, at another path. */
	assert_return_code(renameat(unit_dir(state), "socket", unit_dir(state), "docker"), errno);
	char endpoint[128];
	(void)snprintf(
		endpoint, sizeof endpoint, "unix:///proc/self/fd/%d/docker", unit_dir(state));
	assert_int_equal(setenv("DOCKER_HOST", endpoint, 1), 0);
	struct server podman = start_engine(state, things, 0);
	bool hinted = images_hint_missing(&compose, &podman.engine, &err);
	stop_engine(&podman);
	stop_engine(&docker);
	assert_int_equal(unsetenv("DOCKER_HOST"), 0);
	assert_true(hinted);
	assert_string_equal(err.hint, "image 'app' is in Docker, and this run uses Podman: docker "
				      "save app | podman load");
}

TEST(a_project_with_containers_cannot_be_the_runs)
{
	struct thing things[] = {
		{.kind = "containers", .id = ALPHA}, {.kind = "networks", .id = "n"}};
	struct server server = start_engine(state, things, COUNT(things));
	struct error err = {0};
	int taken = engine_check_project(&server.engine, "p1", &err);
	stop_engine(&server);
	assert_int_equal(taken, -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_contains(err.msg, "Compose project 'p1' has containers: '" ALPHA "'");
	assert_return_code(unlinkat(unit_dir(state), "socket", 0), errno);
	server = start_engine(state, things + 1, 1);
	assert_ok(engine_check_project(&server.engine, "p1", &err), err);
	stop_engine(&server);
}

/* A project of the user's name may have volumes of other runs; only the labels tell them apart. */
TEST(a_run_of_another_project_name_is_removed_by_its_label)
{
	struct thing things[] = {{.kind = "containers", .id = ALPHA, .after = BETA},
		{.kind = "containers", .id = BETA}, {.kind = "volumes", .id = "any_name"}};
	struct server server = start_engine(state, things, COUNT(things));
	struct error err = {0};
	int project = engine_remove_project(&server.engine, "p1", &err);
	int run = engine_remove_run(&server.engine, "run-1", &err);
	stop_engine(&server);
	assert_ok(run, err);
	assert_int_equal(project, 2);
	assert_int_equal(run, 1);
}

/* Ask the engine to make its last thing, which takes as long as it takes to give that many lists,
 * and end before it is made. */
static void ask_and_leave(const struct server *server, unsigned lists)
{
	char request[64];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server->engine.socket);
	(void)snprintf(request, sizeof request, "POST /make/%u HTTP/1.0\r\n\r\n", lists);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(write(fd, request, strlen(request)), strlen(request));
}

/* Compose has ended while the engine made a network. */
TEST(what_the_engine_makes_after_its_client_has_ended_is_removed_too)
{
	struct thing things[] = {{.kind = "containers", .id = ALPHA},
		{.kind = "networks", .id = "late", .gone = true}};
	struct server server = start_engine(state, things, COUNT(things));
	struct error err = {0};
	server.engine.settles = true;
	ask_and_leave(&server, 20);
	int removed = engine_remove_project(&server.engine, "p", &err);
	int stays = engine_count_project(&server.engine, "p", &err);
	stop_engine(&server);
	assert_ok(removed, err);
	assert_int_equal(removed, 2);
	assert_int_equal(stays, 0);
	assert_false(server.engine.unsettled);
}

TEST(requests_from_before_the_run_are_not_waited_for)
{
	struct thing things[] = {{.kind = "networks", .id = "never", .gone = true}};
	struct server server = start_engine(state, things, COUNT(things));
	struct error err = {0};
	server.engine.settles = true;
	ask_and_leave(&server, 0);
	assert_int_equal(engine_count_project(&server.engine, "p", &err), 0); /* it is accepted */
	engine_note_unfinished(&server.engine);
	assert_int_equal(server.engine.before.count, 1);
	int removed = engine_remove_project(&server.engine, "p", &err);
	bool unsettled = server.engine.unsettled;
	stop_engine(&server);
	assert_int_equal(removed, 0);
	assert_false(unsettled);
}

TEST(an_engine_that_is_away_has_not_answered)
{
	struct error err = {0};
	struct thing things[] = {{.kind = "containers", .id = ALPHA}};
	struct server server = start_engine(state, things, COUNT(things));
	assert_return_code(kill(server.pid, SIGKILL), errno);
	assert_int_equal(waitpid(server.pid, NULL, 0), server.pid);
	assert_int_equal(engine_remove_project(&server.engine, "p", &err), -1);
	assert_int_equal(engine_count_project(&server.engine, "p", &err), -1);
	engine_close(&server.engine);
	assert_false(engine_answered(&err));
	assert_contains(err.msg, "Podman does not answer");
}

/* Ask Docker at the test's socket, of this group and mode, as a user who may not connect. Sets the
 * error. */
static void ask_as_user(void **state, gid_t group, mode_t mode, struct error *err)
{
	struct thing none[] = {{.kind = "containers", .id = ALPHA}};
	struct server server = start_engine(state, none, 0);
	struct engine_info info = {0};
	char path[sizeof "/proc/self/fd/" + 16];
	bool root = geteuid() == 0;
	server.engine.kind = ENGINE_DOCKER;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", unit_dir(state));
	assert_return_code(chmod(path, 0755), errno);
	assert_return_code(fchownat(unit_dir(state), "socket", (uid_t)-1, group, 0), errno);
	assert_return_code(fchmodat(unit_dir(state), "socket", mode, 0), errno);
	/* As the user nobody, of none of its groups; who is not root is not let in by the mode. */
	assert_true(
		!root || (setgroups(0, NULL) == 0 && setegid(65534) == 0 && seteuid(65534) == 0));
	int result = engine_info(&server.engine, &info, err);
	assert_true(!root || (seteuid(0) == 0 && setegid(0) == 0));
	stop_engine(&server);
	assert_int_equal(result, -1);
	assert_int_equal(err->status, EX_NOPERM);
	assert_contains(err->msg, "no permission to talk to Docker");
	assert_return_code(unlinkat(unit_dir(state), "socket", 0), errno);
}

TEST(who_may_not_talk_to_docker_is_sent_to_the_group_of_its_socket)
{
	char expected[128];
	struct error err = {0};
	gid_t group = geteuid() == 0 ? 100 : getegid();
	const struct group *entry = getgrgid(group);
	assert_non_null(entry);
	(void)snprintf(expected, sizeof expected, "usermod -aG %s $USER", entry->gr_name);
	ask_as_user(state, group, 0060, &err);
	assert_contains(err.hint, expected);
	ask_as_user(state, group, 0000, &err);
	assert_contains(err.hint, "no group of users");
	if (geteuid() == 0)
		ask_as_user(state, 0, 0660, &err);
	assert_contains(err.hint, "no group of users");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_container_goes_after_those_that_need_it),
		RUN_IN_DIR(what_the_engine_keeps_is_named_and_all_else_is_removed),
		RUN_IN_DIR(an_image_that_only_podman_has_comes_with_the_command_that_copies_it),
		RUN_IN_DIR(an_image_that_only_docker_has_comes_with_it_too),
		RUN_IN_DIR(a_project_with_containers_cannot_be_the_runs),
		RUN_IN_DIR(a_run_of_another_project_name_is_removed_by_its_label),
		RUN_IN_DIR(an_image_goes_by_the_name_that_compose_gave_it_and_all_others_stay),
		RUN_IN_DIR(what_the_engine_makes_after_its_client_has_ended_is_removed_too),
		RUN_IN_DIR(requests_from_before_the_run_are_not_waited_for),
		RUN_IN_DIR(an_engine_that_is_away_has_not_answered),
		RUN_IN_DIR(who_may_not_talk_to_docker_is_sent_to_the_group_of_its_socket),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
