/* SPDX-License-Identifier: MIT
 *
 * test_compose: which program is Compose, and which files it gets. Compose itself is not started.
 */
#include "unit.h"

#include "compose.h"

/* Make an executable file. */
static void make_program(int dir, const char *name)
{
	make_file(dir, name, "#!/bin/sh\n");
	assert_return_code(fchmodat(dir, name, 0755, 0), errno);
}

static char *path_in(void **state, const char *name)
{
	const struct unit_dir *dir = *state;
	char *path = NULL;
	assert_true(asprintf(&path, "%s/%s", dir->path, name) > 0);
	return path;
}

/* Have only the test's directory hold Docker's plugins. */
static int use_own_plugins(void **state)
{
	if (unit_dir_make(state) < 0)
		return -1;
	const struct unit_dir *dir = *state;
	make_dir(dir->fd, "cli-plugins");
	return setenv("DOCKER_CONFIG", dir->path, 1);
}

TEST(each_template_is_rendered_to_a_file_of_its_own)
{
	int dir = unit_dir(state);
	_cleanup_free_ char *first = path_in(state, "a.yaml.j2");
	_cleanup_free_ char *second = path_in(state, "b.yaml.j2");
	_cleanup_free_ char *third = path_in(state, "c.yaml");
	_cleanup_free_ char *scratch = path_in(state, "scratch");
	make_program(dir, "cli-plugins/docker-compose");
	make_dir(dir, "scratch");
	make_file(dir, "a.yaml.j2", "services: {a: {cgroup_parent: {{ cgroup_parent }}/a}}\n");
	make_file(dir, "b.yaml.j2", "services: {b: {image: i}}\n");
	make_file(dir, "c.yaml", "services: {}\n");
	struct run_plan plan = {.name = "run", .cgroup_parent = "/p"};
	struct variables variables = VARIABLES_NONE;
	const char *const files[] = {first, second, third};
	const struct compose_job job = {.plan = &plan,
		.phase = PHASE_RUN,
		.dir = scratch,
		.files = files,
		.file_count = COUNT(files),
		.scratch = scratch,
		.variables = &variables};
	_cleanup_(compose_free) struct compose compose = COMPOSE_NONE;
	struct error err = {0};
	assert_ok(compose_open(&job, &compose, &err), err);
	assert_int_equal(compose.file_count, 3);
	assert_string_not_equal(compose.files[0], compose.files[1]);
	assert_file(AT_FDCWD, compose.files[0], "services: {a: {cgroup_parent: /p/a}}\n");
	assert_file(AT_FDCWD, compose.files[1], "services: {b: {image: i}}\n");
	assert_string_equal(compose.files[2], third);
}

TEST(the_name_of_a_project_is_one_that_compose_takes)
{
	static const char *const good[] = {"p1", "0", "a_b-c", "r1-run"};
	static const char *const bad[] = {"", "-a", "_a", "A", "a.b", "a b", "a\"", "é"};
	char name[130];
	struct error err = {0};
	for (size_t i = 0; i < COUNT(good); i++)
		assert_ok(compose_check_project(good[i], &err), err);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(compose_check_project(bad[i], &err), -1);
		assert_int_equal(err.status, EX_USAGE);
	}
	memset(name, 'a', 129);
	name[129] = '\0';
	assert_int_equal(compose_check_project(name, &err), -1);
	name[128] = '\0';
	assert_ok(compose_check_project(name, &err), err);
}

/* The words of `up` from the override file on, with a space after each. */
static char *up_words(const struct compose_up *up)
{
	char file[] = "/job/docker-compose.yaml";
	char *files[] = {file};
	struct compose compose = {.tool = file,
		.dir = file,
		.project = file,
		.phase = "run",
		.files = files,
		.file_count = 1};
	const char **argv = NULL;
	char *text = NULL;
	size_t size = 0;
	struct error err = {0};
	assert_ok(compose_up_argv(&compose, up, &argv, &err), err);
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	bool reached = false;
	for (size_t i = 0; argv[i]; i++) {
		reached = reached || strcmp(argv[i], up->override) == 0;
		if (reached)
			(void)fprintf(out, "%s ", argv[i]);
	}
	(void)fclose(out);
	free(argv);
	return text;
}

TEST(compose_writes_no_control_characters_where_there_is_no_terminal)
{
	_cleanup_free_ char *plain = up_words(
		&(struct compose_up){.override = "/o", .until_first = true, .plain = true});
	assert_string_equal(plain, "/o --ansi never up --no-color --abort-on-container-exit ");
	_cleanup_free_ char *coloured = up_words(&(struct compose_up){.override = "/o"});
	assert_string_equal(coloured, "/o up ");
}

TEST(a_plugin_is_an_executable_file)
{
	struct error err = {0};
	_cleanup_free_ char *plugin = path_in(state, "cli-plugins/docker-compose");
	make_dir(unit_dir(state), "cli-plugins/docker-compose");
	_cleanup_free_ char *other = compose_find_tool(&err);
	if (other)
		assert_string_not_equal(other, plugin);
	assert_return_code(rmdir(plugin), errno);
	make_program(unit_dir(state), "cli-plugins/docker-compose");
	_cleanup_free_ char *found = compose_find_tool(&err);
	assert_non_null(found);
	assert_string_equal(found, plugin);
}

TEST(a_compose_that_is_a_snap_is_refused_because_it_cannot_read_a_runs_files)
{
	struct error err = {0};
	_cleanup_free_ char *plugin = path_in(state, "cli-plugins/docker-compose");
	(void)unlink(plugin);
	make_program(unit_dir(state), "snap");
	assert_return_code(symlink("../snap", plugin), errno);
	assert_null(compose_find_tool(&err));
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "is a snap");
	assert_return_code(unlink(plugin), errno);
}

/* The override of one service with these variables of the run. Returns what
 * compose_override() returns. */
static int make_override(
	enum engine_kind kind, bool has_log_driver, const char *args, char **ret, struct error *err)
{
	struct engine engine = {.kind = kind};
	char service[] = "a";
	struct plan_crs crs = {.name = "a"};
	struct run_plan plan = {.name = "run", .cgroup_parent = "/p", .crs = &crs, .crs_count = 1};
	_cleanup_(variables_free) struct variables variables = VARIABLES_NONE;
	struct compose_service services[] = {
		{.name = service, .crs = 0, .has_log_driver = has_log_driver}};
	struct compose compose = {.variables = &variables,
		.services = services,
		.service_count = COUNT(services),
		.running_engine = &engine};
	assert_ok(variables_add(&variables, "OSS_CRS_ARGS", args, err), *err);
	return compose_override(&compose, &plan, ret, err);
}

TEST(the_override_has_the_variables_of_the_run)
{
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	assert_ok(make_override(ENGINE_DOCKER, false, "é $x", &text, &err), err);
	assert_contains(text, "\"OSS_CRS_ARGS\": \"é $$x\"");
	assert_contains(text, "\"cgroup_parent\": \"/p/a\"");
}

TEST(a_variable_that_cannot_be_written_is_an_error_that_names_it)
{
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	assert_int_equal(make_override(ENGINE_DOCKER, false, "caf\xe9", &text, &err), -1);
	assert_null(text);
	assert_contains(err.msg, "OSS_CRS_ARGS is not UTF-8: 'caf\\xe9'");
}

/* Podman refuses to follow the logs of a container with its default driver, journald, when its
 * events are not in the journal. */
TEST(a_service_has_a_log_driver_that_podman_can_follow_unless_it_has_its_own)
{
	_cleanup_free_ char *podman = NULL;
	_cleanup_free_ char *own = NULL;
	_cleanup_free_ char *docker = NULL;
	struct error err = {0};
	assert_ok(make_override(ENGINE_PODMAN, false, "", &podman, &err), err);
	assert_ok(make_override(ENGINE_PODMAN, true, "", &own, &err), err);
	assert_ok(make_override(ENGINE_DOCKER, false, "", &docker, &err), err);
	assert_contains(podman, "\"driver\": \"k8s-file\"");
	assert_null(strstr(own, "logging"));
	assert_null(strstr(docker, "logging"));
}

/* Take this as what Compose's `config` prints; returns what compose_services_parse() returns. The
 * caller releases *ret. */
static int parse_services(const char *text, struct compose *ret, struct error *err)
{
	static struct engine engine = ENGINE_NONE;
	struct plan_crs crs = {.name = "oss_crs_infra"};
	struct run_plan plan = {.cgroup_parent = "/p", .crs = &crs, .crs_count = 1};
	*ret = (struct compose){.project = strdup("p"),
		.dir = strdup("."),
		.phase = "run",
		.running_engine = &engine};
	return compose_services_parse(ret, text, &plan, false, err);
}

TEST(a_service_with_a_restart_policy_is_known)
{
	static const char text[] = "services:\n"
				   "  a: {image: i, restart: \"no\"}\n"
				   "  b: {image: i, restart: on-failure:3}\n"
				   "  c: {image: i, deploy: {restart_policy: {condition: none}}}\n"
				   "  d: {image: i, deploy: {restart_policy: {delay: 5s}}}\n"
				   "  e: {image: i, restart: no, deploy: {restart_policy: {}}}\n"
				   "  f: {image: i}\n";
	static const bool restarted[] = {false, true, false, true, false, false};
	_cleanup_(compose_free) struct compose compose = COMPOSE_NONE;
	struct error err = {0};
	assert_ok(parse_services(text, &compose, &err), err);
	assert_int_equal(compose.service_count, COUNT(restarted));
	for (size_t i = 0; i < COUNT(restarted); i++)
		assert_int_equal(compose.services[i].is_restarted, restarted[i]);
}

TEST(what_others_wait_for_and_what_compose_is_not_attached_to_is_found)
{
	static const char text[] =
		"services:\n"
		"  init: {image: i}\n"
		"  quiet: {image: i, attach: false, logging: {driver: journald}}\n"
		"  ready: {image: i, logging: {options: {}}}\n"
		"  main: {image: i, depends_on: {\n"
		"    init: {condition: service_completed_successfully},\n"
		"    quiet: {condition: service_completed_successfully},\n"
		"    ready: {condition: service_started}}}\n";
	static const struct {
		const char *name;
		bool is_awaited, is_attached, has_log_driver;
	} table[] = {
		{"init", true, true, false},
		{"main", false, true, false},
		{"quiet", true, false, true},
		{"ready", false, true, false},
	};
	_cleanup_(compose_free) struct compose compose = COMPOSE_NONE;
	struct error err = {0};
	assert_ok(parse_services(text, &compose, &err), err);
	assert_int_equal(compose.service_count, COUNT(table));
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct compose_service *service = compose_find(&compose, table[i].name);
		assert_non_null(service);
		assert_string_equal(service->name, table[i].name);
		assert_int_equal(service->is_awaited, table[i].is_awaited);
		assert_int_equal(service->is_attached, table[i].is_attached);
		assert_int_equal(service->has_log_driver, table[i].has_log_driver);
	}
	assert_null(compose_find(&compose, "other"));
}

/* The override of a job of one CRS, with 16 GiB on CPUs 2-3, from what `config` prints. */
static char *override_of(const char *text, bool other_figures)
{
	struct engine engine = ENGINE_NONE;
	struct plan_crs crs = {.name = "a", .memory_max = UINT64_C(16) << 30};
	struct run_plan plan = {
		.name = "run", .run_id = "job", .cgroup_parent = "/p", .crs = &crs, .crs_count = 1};
	struct error err = {0};
	_cleanup_(variables_free) struct variables variables = VARIABLES_NONE;
	const struct run_words words = {.project = "toy"};
	_cleanup_(compose_free) struct compose compose = {.project = strdup("p"),
		.dir = strdup("."),
		.phase = "run",
		.variables = &variables,
		.other_figures = other_figures,
		.running_engine = &engine};
	char *ret = NULL;
	assert_ok(cpulist_parse("2-3", &crs.cpus, &err), err);
	assert_ok(run_variables_add(&variables, &plan, PHASE_RUN, &words, &err), err);
	assert_ok(compose_services_parse(&compose, text, &plan, false, &err), err);
	assert_ok(compose_override(&compose, &plan, &ret, &err), err);
	return ret;
}

TEST(a_service_has_every_variable_under_two_names)
{
	_cleanup_free_ char *text = override_of("services: {a: {image: i}}\n", false);
	assert_contains(text, "\"OSS_CRS_RUN_ID\": \"job\"");
	assert_contains(text, "\"OSS_CRS_HELD_RUN_ID\": \"job\"");
	assert_contains(text, "\"OSS_CRS_HELD_CPUSET\": \"2-3\"");
	assert_contains(text, "\"OSS_CRS_MEMORY_LIMIT\": \"17179869184\"");
	assert_contains(text, "\"OSS_CRS_HELD_MEMORY_LIMIT\": \"17179869184\"");
}

/* The values that the Python OSS-CRS writes into each service; a name without a value is one that
 * the service wants to have. */
static const char own_variables[] = "services:\n"
				    "  a:\n"
				    "    image: i\n"
				    "    environment:\n"
				    "      OSS_CRS_RUN_ID: theirs\n"
				    "      OSS_CRS_CPUSET: 0-1\n"
				    "      OSS_CRS_MEMORY_LIMIT: 8G\n"
				    "      OSS_CRS_HELD_PHASE: forged\n"
				    "      OSS_CRS_PROJECT:\n"
				    "      OSS_CRS_TARGET: theirs\n";

TEST(a_service_keeps_the_variables_that_it_sets_itself)
{
	static const char *const kept[] = {"\"OSS_CRS_RUN_ID\"", "\"OSS_CRS_CPUSET\"",
		"\"OSS_CRS_MEMORY_LIMIT\"", "\"OSS_CRS_TARGET\""};
	_cleanup_free_ char *text = override_of(own_variables, false);
	_cleanup_free_ char *list = override_of(
		"services: {a: {image: i, environment: [OSS_CRS_RUN_ID=theirs, OSS_CRS_NAME]}}\n",
		false);
	for (size_t i = 0; i < COUNT(kept); i++)
		assert_null(strstr(text, kept[i]));
	assert_contains(text, "\"OSS_CRS_HELD_RUN_ID\": \"job\"");
	assert_contains(text, "\"OSS_CRS_HELD_PHASE\": \"run\"");
	assert_contains(text, "\"OSS_CRS_PROJECT\": \"toy\"");
	assert_null(strstr(list, "\"OSS_CRS_RUN_ID\""));
	assert_contains(list, "\"OSS_CRS_NAME\": \"a\"");
}

TEST(other_cpus_and_memory_replace_what_a_service_says_of_them_with_a_unit)
{
	_cleanup_free_ char *text = override_of(own_variables, true);
	assert_contains(text, "\"OSS_CRS_CPUSET\": \"2-3\"");
	assert_contains(text, "\"OSS_CRS_MEMORY_LIMIT\": \"16G\"");
	assert_contains(text, "\"OSS_CRS_HELD_MEMORY_LIMIT\": \"17179869184\"");
	assert_null(strstr(text, "\"OSS_CRS_RUN_ID\""));
}

TEST(an_image_that_compose_builds_and_names_is_marked_with_the_run)
{
	_cleanup_free_ char *built = override_of("services: {a: {build: {context: .}}}\n", false);
	_cleanup_free_ char *named =
		override_of("services: {a: {build: {context: .}, image: i}}\n", false);
	assert_contains(built, "\"oss-crs.built-by\": \"run\"");
	assert_contains(built, "\"oss-crs.built-as\": \"p-a\"");
	assert_null(strstr(named, "oss-crs.built"));
}

/* A network, a volume or a secret that many services use is judged once, and each has its risks. */
TEST(what_two_services_use_is_a_risk_of_both)
{
	static const char text[] = "services:\n"
				   "  a: {image: i, networks: [n], volumes: ['v:/v']}\n"
				   "  b: {image: i, networks: [n], volumes: ['v:/w']}\n"
				   "networks: {n: {driver: host}}\n"
				   "volumes: {v: {driver: nfs, driver_opts: {type: nfs}}}\n";
	static const char *const names[] = {
		"networks.n.driver", "volumes.v.driver", "volumes.v.driver_opts"};
	_cleanup_(compose_free) struct compose compose = COMPOSE_NONE;
	struct error err = {0};
	assert_ok(parse_services(text, &compose, &err), err);
	assert_int_equal(compose.service_count, 2);
	for (size_t i = 0; i < compose.service_count; i++) {
		const struct risks *risks = &compose.services[i].risks;
		assert_int_equal(risks->count, COUNT(names));
		for (size_t j = 0; j < COUNT(names); j++)
			assert_string_equal(risks->list[j].key, names[j]);
	}
}

/* 400 services that use a network of 400 unknown options: a file of 20 KB with 160,000 risks. */
TEST(a_project_with_too_many_risks_is_refused)
{
	_cleanup_(compose_free) struct compose compose = COMPOSE_NONE;
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	(void)fputs("services:\n", out);
	for (int i = 0; i < 400; i++)
		(void)fprintf(out, "  s%d: {networks: {n: null}}\n", i);
	(void)fputs("networks:\n  n:\n    driver_opts:\n", out);
	for (int i = 0; i < 400; i++)
		(void)fprintf(out, "      o%d: x\n", i);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(parse_services(text, &compose, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "more than 100000 things");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(compose_writes_no_control_characters_where_there_is_no_terminal),
		cmocka_unit_test_setup_teardown(each_template_is_rendered_to_a_file_of_its_own,
			use_own_plugins, unit_dir_remove),
		cmocka_unit_test_setup_teardown(
			a_plugin_is_an_executable_file, use_own_plugins, unit_dir_remove),
		cmocka_unit_test_setup_teardown(
			a_compose_that_is_a_snap_is_refused_because_it_cannot_read_a_runs_files,
			use_own_plugins, unit_dir_remove),
		RUN(the_name_of_a_project_is_one_that_compose_takes),
		RUN(the_override_has_the_variables_of_the_run),
		RUN(what_two_services_use_is_a_risk_of_both),
		RUN(a_project_with_too_many_risks_is_refused),
		RUN(a_service_has_every_variable_under_two_names),
		RUN(an_image_that_compose_builds_and_names_is_marked_with_the_run),
		RUN(a_service_keeps_the_variables_that_it_sets_itself),
		RUN(other_cpus_and_memory_replace_what_a_service_says_of_them_with_a_unit),
		RUN(a_service_has_a_log_driver_that_podman_can_follow_unless_it_has_its_own),
		RUN(a_service_with_a_restart_policy_is_known),
		RUN(what_others_wait_for_and_what_compose_is_not_attached_to_is_found),
		RUN(a_variable_that_cannot_be_written_is_an_error_that_names_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
