/* SPDX-License-Identifier: MIT
 *
 * test_engine_select: which engine a run gets, and what the error says if it gets none.
 */
#include "unit.h"

#include "engine_select.h"
#include "podman.h"

static const struct error ready = {.msg = ""};
static const struct error no_docker = {
	.status = EX_NOPERM, .msg = "no permission to talk to Docker", .hint = "join group docker"};
static const struct error no_podman = {
	.status = EX_UNAVAILABLE, .msg = "Podman is not installed", .hint = "install it"};

TEST(docker_is_chosen_if_it_is_ready_and_podman_otherwise)
{
	static const struct {
		int wanted;
		const struct error *docker, *podman;
		enum engine_kind kind;
	} table[] = {
		{WANT_ANY_ENGINE, &ready, &ready, ENGINE_DOCKER},
		{WANT_ANY_ENGINE, &ready, &no_podman, ENGINE_DOCKER},
		{WANT_ANY_ENGINE, &no_docker, &ready, ENGINE_PODMAN},
		{WANT_DOCKER, &ready, &no_podman, ENGINE_DOCKER},
		{WANT_PODMAN, &ready, &ready, ENGINE_PODMAN},
		{WANT_PODMAN, &no_docker, &ready, ENGINE_PODMAN},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		enum engine_kind kind = ENGINE_DOCKER;
		assert_ok(engine_select_by_rule(
				  table[i].wanted, table[i].docker, table[i].podman, &kind, &err),
			err);
		assert_int_equal(kind, table[i].kind);
	}
}

TEST(without_an_engine_the_error_says_why_and_what_to_do)
{
	struct error err = {0};
	enum engine_kind kind = ENGINE_DOCKER;
	assert_int_equal(
		engine_select_by_rule(WANT_ANY_ENGINE, &no_docker, &no_podman, &kind, &err), -1);
	assert_int_equal(err.status, EX_NOPERM);
	assert_string_equal(err.msg, "no permission to talk to Docker; Podman is not installed");
	assert_string_equal(err.hint, "join group docker; or, without Docker: install it");
	assert_int_equal(engine_select_by_rule(WANT_DOCKER, &no_docker, &ready, &kind, &err), -1);
	assert_string_equal(err.msg, no_docker.msg);
	assert_int_equal(engine_select_by_rule(WANT_PODMAN, &ready, &no_podman, &kind, &err), -1);
	assert_string_equal(err.msg, no_podman.msg);
	assert_string_equal(err.hint, no_podman.hint);
}

TEST(podman_does_not_stand_in_for_a_docker_whose_settings_cannot_be_read)
{
	static const struct error unreadable = {.status = EX_CONFIG, .msg = "open config.json"};
	static const struct error hopeless = {.status = EX_UNAVAILABLE, .msg = "no Docker"};
	struct error err = {0};
	enum engine_kind kind = ENGINE_DOCKER;
	assert_int_equal(
		engine_select_by_rule(WANT_ANY_ENGINE, &unreadable, &ready, &kind, &err), -1);
	assert_string_equal(err.msg, "open config.json");
	assert_ok(engine_select_by_rule(WANT_PODMAN, &unreadable, &ready, &kind, &err), err);
	assert_int_equal(kind, ENGINE_PODMAN);
	assert_int_equal(
		engine_select_by_rule(WANT_ANY_ENGINE, &hopeless, &no_podman, &kind, &err), -1);
	assert_string_equal(err.hint, "without Docker: install it");
}

TEST(a_podman_older_than_5_is_refused_with_a_hint)
{
	struct error err = {0};
	assert_ok(podman_check_version("5.4.2", &err), err);
	assert_ok(podman_check_version("10.0", &err), err);
	assert_int_equal(podman_check_version("4.3.1", &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "4.3.1");
	assert_contains(err.hint, "Debian 13");
	assert_int_equal(podman_check_version("", &err), -1);
}

TEST(the_choice_is_recorded_for_the_cleanup)
{
	struct error err = {0};
	enum engine_kind kind = ENGINE_DOCKER;
	int dir = unit_dir(state);
	make_dir(dir, "run");
	assert_ok(engine_select_recall(dir, "run", &kind, &err), err);
	assert_int_equal(kind, ENGINE_DOCKER); /* the default where nothing is recorded */
	_cleanup_close_ int run = openat(dir, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_ok(engine_select_record(run, ENGINE_PODMAN, &err), err);
	assert_ok(engine_select_recall(dir, "run", &kind, &err), err);
	assert_int_equal(kind, ENGINE_PODMAN);
	assert_ok(engine_select_record(run, ENGINE_DOCKER, &err), err);
	assert_ok(engine_select_recall(dir, "run", &kind, &err), err);
	assert_int_equal(kind, ENGINE_DOCKER);
}

TEST(the_note_that_podman_was_used_persists)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	assert_int_equal(setenv("XDG_STATE_HOME", dir->path, 1), 0);
	assert_ok(engine_select_noted_podman(&err), err);
	assert_int_equal(engine_select_noted_podman(&err), 0);
	assert_string_equal(err.msg, "");         /* that there is none is no error */
	assert_false(exists(dir->fd, "oss-crs")); /* a query creates no file */
	for (int i = 0; i < 2; i++) {
		assert_ok(engine_select_note_podman(&err), err);
		assert_int_equal(engine_select_noted_podman(&err), 1);
	}
	make_file(dir->fd, "file", "");
	char path[sizeof dir->path + sizeof "/file"];
	(void)snprintf(path, sizeof path, "%s/file", dir->path);
	assert_int_equal(setenv("XDG_STATE_HOME", path, 1), 0);
	assert_int_equal(engine_select_note_podman(&err), -1);
	assert_int_equal(engine_select_noted_podman(&err), -1);
}

/* A host directory with the programs that Podman needs. Sets PATH to it. */
static void make_host(const struct unit_dir *dir, struct host *ret)
{
	static const char *const programs[] = {"bin/newuidmap", "bin/newgidmap"};
	char path[sizeof dir->path + 8];
	struct error err = {0};
	make_dir(dir->fd, "etc");
	make_dir(dir->fd, "bin");
	for (size_t i = 0; i < COUNT(programs); i++) {
		make_file(dir->fd, programs[i], "");
		assert_return_code(fchmodat(dir->fd, programs[i], 0755, 0), errno);
	}
	(void)snprintf(path, sizeof path, "%s/bin", dir->path);
	assert_return_code(setenv("PATH", path, 1), errno);
	assert_ok(host_open_at(dir->fd, ret, &err), err);
}

TEST(a_host_on_which_users_make_no_user_namespaces_has_no_podman)
{
	static const char usual[] = "/usr/bin/podman";
	static const char apparmor[] = "proc/sys/kernel/apparmor_restrict_unprivileged_userns";
	static const struct {
		const char *file, *text, *program, *why; /* NULL: Podman works */
	} table[] = {
		{"proc/sys/user/max_user_namespaces", "63432\n", usual, NULL},
		{"proc/sys/user/max_user_namespaces", "0\n", usual, "max_user_namespaces is 0"},
		{"proc/sys/user/max_user_namespaces", "63432\n", usual, NULL},
		{"proc/sys/kernel/unprivileged_userns_clone", "0\n", usual, "userns_clone is 0"},
		{"proc/sys/kernel/unprivileged_userns_clone", "1\n", usual, NULL},
		{apparmor, "0\n", usual, NULL},
		{apparmor, "1\n", usual, "AppArmor keeps /usr/bin/podman"},
		{"etc/apparmor.d/podman", "profile podman /usr/bin/podman {userns,}\n", usual,
			NULL},
		{"etc/apparmor.d/podman", "", "/usr/local/bin/podman", "AppArmor keeps /usr/local"},
	};
	struct host host = HOST_CLOSED;
	struct error err = {0};
	make_host(*state, &host);
	assert_ok(podman_check_namespaces(&host, usual, &err), err);
	assert_string_equal(err.msg, ""); /* of no setting that is not there */
	static const char *const dirs[] = {
		"proc", "proc/sys", "proc/sys/user", "proc/sys/kernel", "etc/apparmor.d"};
	for (size_t i = 0; i < COUNT(dirs); i++)
		make_dir(unit_dir(state), dirs[i]);
	for (size_t i = 0; i < COUNT(table); i++) {
		make_file(unit_dir(state), table[i].file, table[i].text);
		int result = podman_check_namespaces(&host, table[i].program, &err);
		if (!table[i].why)
			assert_ok(result, err);
		else
			assert_contains(result < 0 ? err.msg : "fine", table[i].why);
	}
	assert_return_code(unlinkat(unit_dir(state), apparmor, 0), errno);
	make_dir(unit_dir(state), apparmor);
	assert_int_equal(podman_check_namespaces(&host, usual, &err), -1);
	host_close(&host);
}

TEST(subordinate_ids_are_looked_up_in_subuid_and_subgid)
{
	static const struct {
		const char *subuid, *subgid, *missing;
	} table[] = {
		{"other:100000:65536\n4294967000:165536:65536\n", "4294967000:165536:65536", NULL},
		{"", "4294967000:1:1", "/etc/subuid"},
		{"4294967000:1:1", "42949670000:1:1\nx4294967000:1:1\n", "/etc/subgid"},
	};
	struct host host = HOST_CLOSED;
	make_host(*state, &host);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		make_file(unit_dir(state), "etc/subuid", table[i].subuid);
		make_file(unit_dir(state), "etc/subgid", table[i].subgid);
		int result = podman_check_ids(&host, 4294967000U, &err);
		assert_int_equal(result, table[i].missing ? -1 : 0);
		if (table[i].missing)
			assert_contains(err.msg, table[i].missing);
	}
	struct error err = {0};
	make_file(unit_dir(state), "etc/subuid", "");
	assert_int_equal(podman_check_ids(&host, 4294967000U, &err), -1);
	assert_contains(err.hint, "--add-subuids 100000-165535 ");
	/* The user's own id must not be among them. */
	assert_int_equal(podman_check_ids(&host, 100123, &err), -1);
	assert_contains(err.hint, "--add-subuids 300000-365535 ");
	make_file(unit_dir(state), "etc/nsswitch.conf", "passwd: files\nsubid: sss\n");
	assert_ok(podman_check_ids(&host, 4294967000U, &err), err);
	assert_return_code(unlinkat(unit_dir(state), "bin/newgidmap", 0), errno);
	assert_int_equal(podman_check_ids(&host, 4294967000U, &err), -1);
	assert_contains(err.hint, "uidmap");
	host_close(&host);
}

TEST(each_docker_that_cannot_hold_a_run_has_its_own_remedy)
{
	static const struct {
		struct engine_info info;
		const char *msg, *hint;
	} table[] = {
		{{.driver = "cgroupfs", .rootless = true}, "is rootless", "--engine podman"},
		{{.driver = "none", .rootless = true}, "is rootless", "--engine podman"},
		{{.driver = "systemd"}, "uses the systemd cgroup driver", "oss-crs-setup docker"},
		{{.driver = "systemd", .snap = true}, "uses the systemd cgroup driver",
			"/var/snap/docker/current/config/daemon.json"},
	};
	static char endpoint[] = "unix:///run/docker.sock";
	const struct engine engine = {.kind = ENGINE_DOCKER, .endpoint = endpoint};
	const struct engine_info good = {.driver = "cgroupfs", .snap = true};
	struct error err = {0};
	(void)state;
	assert_ok(engine_check_driver(&engine, &good, &err), err);
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_int_equal(engine_check_driver(&engine, &table[i].info, &err), -1);
		assert_int_equal(err.status, EX_UNAVAILABLE);
		assert_contains(err.msg, table[i].msg);
		assert_contains(err.hint, table[i].hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(docker_is_chosen_if_it_is_ready_and_podman_otherwise),
		RUN(without_an_engine_the_error_says_why_and_what_to_do),
		RUN(podman_does_not_stand_in_for_a_docker_whose_settings_cannot_be_read),
		RUN(a_podman_older_than_5_is_refused_with_a_hint),
		RUN_IN_DIR(the_choice_is_recorded_for_the_cleanup),
		RUN_IN_DIR(the_note_that_podman_was_used_persists),
		RUN_IN_DIR(a_host_on_which_users_make_no_user_namespaces_has_no_podman),
		RUN_IN_DIR(subordinate_ids_are_looked_up_in_subuid_and_subgid),
		RUN(each_docker_that_cannot_hold_a_run_has_its_own_remedy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
