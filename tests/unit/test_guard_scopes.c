/* SPDX-License-Identifier: MIT
 *
 * test_guard_scopes: which services get a guarded socket, in which places, and what their CRS may
 * mount. The configs are in the formats of docker-compose 1.29 and of `docker compose config`.
 */
#include "unit.h"

#include "compose_guard.h"
#include "container_crs.h"
#include "scopes.h"

#define SOCKETS "/run/user/1000/oss-crs/run"

struct project {
	struct engine engine;
	struct plan_crs crs[2];
	struct run_plan plan;
	struct variables variables;
	struct compose compose;
};

static void project_free(struct project *job)
{
	compose_free(&job->compose);
}

/* A job of the CRSs a and b with these services, as Compose's `config` prints them. */
static void make_project(const char *text, enum compose_guard guard, struct project *job)
{
	static char endpoint[] = "unix:///run/docker.sock";
	struct error err = {0};
	*job = (struct project){
		.engine = {.endpoint = endpoint, .socket = "/run/docker.sock"},
		.crs = {{.name = "a", .memory_max = 4096}, {.name = "b", .memory_max = 8192}},
		.plan = {.name = "run", .cgroup_parent = "/p", .crs_count = 2},
	};
	job->plan.crs = job->crs;
	job->compose = (struct compose){.project = strdup("p"),
		.dir = strdup("."),
		.phase = "run",
		.variables = &job->variables,
		.running_engine = &job->engine,
		.guard = guard,
		.guard_dir = SOCKETS};
	assert_ok(compose_services_parse(&job->compose, text, &job->plan, true, &err), err);
}

static const struct compose_service *service_of(const struct project *job, const char *name)
{
	const struct compose_service *service = compose_find(&job->compose, name);
	assert_non_null(service);
	return service;
}

static const char with_socket[] =
	"services:\n"
	"  a: {image: i, volumes: [{type: bind, source: /var/run/docker.sock, target: /d.sock}]}\n"
	"  a_old: {image: i, volumes: ['/srv/x/docker.sock:/var/run/docker.sock:ro']}\n"
	"  b: {image: i}\n"
	"  free: {image: i, volumes: ['/var/run/docker.sock:/d']}\n";

TEST(the_engines_socket_is_no_risk_where_the_guards_replaces_it)
{
	static const struct {
		enum compose_guard guard;
		bool a, a_old, b;
		size_t risks;
	} table[] = {
		{COMPOSE_GUARD_NONE, false, false, false, 1},
		{COMPOSE_GUARD_SOCKETS, true, true, false, 0},
		{COMPOSE_GUARD_ALL, true, true, true, 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(project_free) struct project job;
		make_project(with_socket, table[i].guard, &job);
		assert_int_equal(service_of(&job, "a")->guarded, table[i].a);
		assert_int_equal(service_of(&job, "a_old")->guarded, table[i].a_old);
		assert_int_equal(service_of(&job, "b")->guarded, table[i].b);
		assert_int_equal(compose_guard_any(&job.compose), table[i].a);
		assert_int_equal(service_of(&job, "a")->risks.count, table[i].risks);
		assert_int_equal(service_of(&job, "a_old")->risks.count, table[i].risks);
		/* A service of no CRS has no guard. */
		assert_false(service_of(&job, "free")->guarded);
		assert_int_equal(service_of(&job, "free")->risks.count, 1);
	}
}

/* Nothing replaces these, and so they stay risks. */
TEST(what_only_leads_to_the_engines_socket_is_a_risk_with_a_guard_too)
{
	static const char *const bodies[] = {"{image: i, volumes: ['/run:/run']}",
		"{image: i, volumes: ['/run/containerd/containerd.sock:/c.sock']}",
		"{image: i, use_api_socket: true}",
		"{image: i, volumes: [{type: bind, source: /, target: /host}]}",
		"{image: i, secrets: [s]}"};
	for (size_t i = 0; i < COUNT(bodies); i++) {
		_cleanup_(project_free) struct project job;
		char text[256];
		(void)snprintf(text, sizeof text,
			"services: {a: %s}\nsecrets: {s: {file: /run/docker.sock}}\n", bodies[i]);
		make_project(text, COMPOSE_GUARD_ALL, &job);
		if (service_of(&job, "a")->risks.count == 0)
			fail_test("no risk: %s", bodies[i]);
	}
}

/* The socket of a CRS that has mounted it is that CRS's. */
TEST(what_another_crs_has_mounted_is_a_risk_with_a_guard)
{
	static const char text[] = "services:\n"
				   "  a: {image: i, volumes: ['/var/run/docker.sock:/d.sock']}\n"
				   "  a_2: {image: i, volumes_from: ['a:ro']}\n"
				   "  b: {image: i, volumes_from: [a]}\n"
				   "  free: {image: i, volumes_from: [a]}\n";
	_cleanup_(project_free) struct project none;
	make_project(text, COMPOSE_GUARD_NONE, &none);
	assert_int_equal(service_of(&none, "b")->risks.count, 0);
	_cleanup_(project_free) struct project job;
	make_project(text, COMPOSE_GUARD_SOCKETS, &job);
	assert_int_equal(service_of(&job, "a_2")->risks.count, 0);
	assert_int_equal(service_of(&job, "b")->risks.count, 1);
	assert_string_equal(service_of(&job, "b")->risks.list[0].name, "volumes_from");
	assert_int_equal(service_of(&job, "free")->risks.count, 1);
}

TEST(the_override_mounts_the_guards_socket_and_names_it)
{
	_cleanup_(project_free) struct project job;
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	make_project(with_socket, COMPOSE_GUARD_SOCKETS, &job);
	assert_ok(compose_override(&job.compose, &job.plan, &text, &err), err);
	assert_contains(text, "\"" SOCKETS "/engine-0.sock:/d.sock\"");
	assert_contains(text, "\"" SOCKETS "/engine-0.sock:/var/run/docker.sock\"");
	assert_contains(text, "\"" SOCKETS "/engine-0.sock:" COMPOSE_GUARD_TARGET "\"");
	assert_contains(text, "\"OSS_CRS_ENGINE_SOCKET\": \"" COMPOSE_GUARD_TARGET "\"");
	assert_null(strstr(text, "engine-1.sock"));
}

TEST(the_override_mounts_the_socket_for_every_crs_or_for_none)
{
	struct error err = {0};
	_cleanup_(project_free) struct project all;
	_cleanup_free_ char *other = NULL;
	make_project(with_socket, COMPOSE_GUARD_ALL, &all);
	assert_ok(compose_override(&all.compose, &all.plan, &other, &err), err);
	assert_contains(other, "\"" SOCKETS "/engine-1.sock:" COMPOSE_GUARD_TARGET "\"");
	_cleanup_(project_free) struct project none;
	_cleanup_free_ char *plain = NULL;
	make_project(with_socket, COMPOSE_GUARD_NONE, &none);
	assert_ok(compose_override(&none.compose, &none.plan, &plain, &err), err);
	assert_null(strstr(plain, "engine-"));
	assert_null(strstr(plain, "ENGINE_SOCKET"));
}

static const struct judge_mount *find_mount(const struct judge_scope *scope, const char *source)
{
	for (size_t i = 0; i < scope->mount_count; i++)
		if (strcmp(scope->mounts[i].source, source) == 0)
			return &scope->mounts[i];
	return NULL;
}

TEST(a_crs_may_mount_what_its_own_services_have)
{
	static const char text[] =
		"services:\n"
		"  a: {image: i, networks: [x, default], volumes: [/srv/out:/out, /srv/in:/in:ro,\n"
		"     data:/data, named:/n, ext:/e:ro, /var/run/docker.sock:/d, /anonymous]}\n"
		"  a_2: {image: i, network_mode: none, volumes: [\n"
		"     {type: bind, source: /srv/two, target: /t, read_only: true},\n"
		"     {type: volume, source: data, target: /d}, {type: tmpfs, target: /x}]}\n"
		"  b: {image: i, networks: {y: {}}, volumes: [/srv/b:/b, /srv/shared:/s]}\n"
		"  b_2: {image: i, volumes: [/srv/shared/deep:/s]}\n"
		"volumes: {data: {}, named: {name: my-volume}, ext: {external: true}}\n"
		"networks: {x: {}, y: {name: why}}\n";
	_cleanup_(project_free) struct project job;
	_cleanup_(scopes_free) struct scopes scopes = SCOPES_NONE;
	struct error err = {0};
	make_project(text, COMPOSE_GUARD_ALL, &job);
	(void)snprintf(job.compose.mark.owner, sizeof job.compose.mark.owner, "me");
	job.compose.mark.uid = 7;
	assert_ok(scopes_make(&job.compose, &job.plan, SOCKETS, &scopes, &err), err);
	assert_int_equal(scopes.count, 2);
	const struct judge_scope *a = &scopes.list[0];
	const struct judge_scope *b = &scopes.list[1];
	assert_string_equal(a->crs, "a");
	assert_string_equal(a->parent, "/p/a");
	assert_string_equal(a->socket, SOCKETS "/engine-0.sock");
	assert_string_equal(b->socket, SOCKETS "/engine-1.sock");
	assert_int_equal(b->memory_max, 8192);
	static const struct {
		const char *source;
		bool writable;
	} mounts[] = {{"/srv/out", true}, {"/srv/in", false}, {"p_data", true}, {"my-volume", true},
		{"ext", false}, {"/srv/two", false}};
	for (size_t i = 0; i < COUNT(mounts); i++) {
		const struct judge_mount *mount = find_mount(a, mounts[i].source);
		if (!mount || mount->writable != mounts[i].writable)
			fail_test("%s", mounts[i].source);
	}
	assert_null(find_mount(a, "/var/run/docker.sock"));
	assert_null(find_mount(a, "/srv/b"));
	/* The other service of the CRS can put a link there. */
	assert_non_null(find_mount(b, "/srv/shared"));
	assert_null(find_mount(b, "/srv/shared/deep"));
	assert_int_equal(a->network_count, 2);
	assert_string_equal(a->networks[0], "p_x");
	assert_string_equal(a->networks[1], "p_default");
	assert_int_equal(b->network_count, 2);
	assert_string_equal(b->networks[0], "why");
	assert_int_equal(a->reserved_count, 4);
	assert_int_equal(a->label_count, 6);
	assert_string_equal(a->labels[0].value, "run/a");
	assert_string_equal(a->labels[1].value, "run");
	assert_string_equal(a->labels[2].value, "a");
	assert_string_equal(a->labels[4].value, "7");
}

/* As the paths are written, none is below another. */
TEST(a_path_that_leads_below_what_a_crs_can_write_is_not_mounted)
{
	const struct unit_dir *dir = *state;
	char text[512];
	char deep[96];
	char link[96];
	_cleanup_(project_free) struct project job;
	_cleanup_(scopes_free) struct scopes scopes = SCOPES_NONE;
	struct error err = {0};
	make_dir(dir->fd, "out");
	make_dir(dir->fd, "out/deep");
	(void)snprintf(deep, sizeof deep, "%s/out/deep", dir->path);
	(void)snprintf(link, sizeof link, "%s/link", dir->path);
	assert_return_code(symlinkat(deep, dir->fd, "link"), errno);
	(void)snprintf(text, sizeof text,
		"services:\n  a: {image: i, volumes: ['%s/out/:/o', '/srv/x/:/x']}\n"
		"  b: {image: i, volumes: ['%s:/l', '%s:/d', '/srv/x/y:/y', '/srv/xy:/z']}\n",
		dir->path, link, deep);
	make_project(text, COMPOSE_GUARD_ALL, &job);
	assert_ok(scopes_make(&job.compose, &job.plan, SOCKETS, &scopes, &err), err);
	const struct judge_scope *b = &scopes.list[1];
	assert_null(find_mount(b, link));
	assert_null(find_mount(b, deep));
	assert_null(find_mount(b, "/srv/x/y"));
	assert_non_null(find_mount(b, "/srv/xy"));
}

TEST(a_scope_says_whether_its_engine_is_podman)
{
	static const char text[] = "services: {a: {image: i}}\n";
	static const enum engine_kind kinds[] = {ENGINE_DOCKER, ENGINE_PODMAN};
	for (size_t i = 0; i < COUNT(kinds); i++) {
		_cleanup_(project_free) struct project job;
		_cleanup_(scopes_free) struct scopes scopes = SCOPES_NONE;
		struct error err = {0};
		make_project(text, COMPOSE_GUARD_ALL, &job);
		job.engine.kind = kinds[i];
		assert_ok(scopes_make(&job.compose, &job.plan, SOCKETS, &scopes, &err), err);
		for (size_t j = 0; j < scopes.count; j++)
			assert_int_equal(scopes.list[j].podman, kinds[i] == ENGINE_PODMAN);
	}
}

TEST(a_directory_is_no_socket)
{
	const struct unit_dir *dir = *state;
	char path[128];
	char link[128];
	make_dir(dir->fd, "docker.sock");
	(void)snprintf(path, sizeof path, "%s/docker.sock", dir->path);
	assert_false(compose_guard_is_socket(path, NULL));
	assert_true(compose_guard_is_socket("/nonexistent/docker.sock", NULL));
	assert_true(compose_guard_is_socket("/nonexistent/e", "/nonexistent/e"));
	assert_false(compose_guard_is_socket("/nonexistent/f", "/nonexistent/e"));
	assert_false(compose_guard_is_socket("docker.sock", NULL));
	(void)snprintf(link, sizeof link, "%s/link", dir->path);
	assert_int_equal(symlink("/nonexistent/docker.sock", link), 0);
	assert_false(compose_guard_is_socket(link, "/nonexistent/docker.sock"));
	assert_int_equal(unlink(link), 0);
}

TEST(a_container_that_a_crs_has_started_is_the_crss)
{
	_cleanup_(project_free) struct project job;
	char none[] = "";
	char crs[] = "b";
	char other[] = "c";
	struct container container = {.service = none, .guard = crs, .cgroup_parent = none};
	make_project(with_socket, COMPOSE_GUARD_ALL, &job);
	assert_int_equal(container_crs(&job.compose, &job.plan, &container), 1);
	container.guard = other;
	assert_int_equal(container_crs(&job.compose, &job.plan, &container), COMPOSE_UNCONFINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_engines_socket_is_no_risk_where_the_guards_replaces_it),
		RUN(what_only_leads_to_the_engines_socket_is_a_risk_with_a_guard_too),
		RUN(what_another_crs_has_mounted_is_a_risk_with_a_guard),
		RUN(the_override_mounts_the_guards_socket_and_names_it),
		RUN(the_override_mounts_the_socket_for_every_crs_or_for_none),
		RUN(a_crs_may_mount_what_its_own_services_have),
		RUN_IN_DIR(a_path_that_leads_below_what_a_crs_can_write_is_not_mounted),
		RUN(a_scope_says_whether_its_engine_is_podman),
		RUN_IN_DIR(a_directory_is_no_socket),
		RUN(a_container_that_a_crs_has_started_is_the_crss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
