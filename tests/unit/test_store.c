/* SPDX-License-Identifier: MIT
 *
 * test_store: reports are kept in the state directory of the user, up to a given number of the
 * newest, and are found again by name or run id.
 */
#include "unit.h"

#include "store.h"

#define REPORTS "oss-crs/reports"

static const char text_format[] =
	"{\"version\": 1, \"name\": \"%s\", \"run_id\": \"job\", \"phase\": \"run\", \"worker\": "
	"\"local\","
	" \"reason\": \"exited\", \"exit_status\": 0, \"crs\": [{\"name\": \"a\", \"cpus\": \"0\", "
	"\"exits\": \"\"}]}";

static struct store open_in(const struct unit_dir *dir)
{
	struct error err = {0};
	struct store store = STORE_CLOSED;
	assert_int_equal(setenv("XDG_STATE_HOME", dir->path, 1), 0);
	assert_ok(store_open(true, &store, &err), err);
	return store;
}

static void run_name(unsigned time, char *buf, size_t size)
{
	(void)snprintf(buf, size, "job-run-%u-0a1b2c3d-local", time);
}

static void put_run(const struct store *store, unsigned time, uint64_t kept)
{
	char name[64];
	char text[512];
	struct error err = {0};
	run_name(time, name, sizeof name);
	(void)snprintf(text, sizeof text, text_format, name);
	assert_ok(store_put(store, name, text, strlen(text), kept, &err), err);
}

TEST(a_report_is_private_to_the_user_and_found_by_its_name)
{
	const struct unit_dir *dir = *state;
	_cleanup_(store_close) struct store store = open_in(dir);
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	struct error err = {0};
	struct stat st;
	char name[64];
	put_run(&store, 1000, 10);
	run_name(1000, name, sizeof name);
	assert_ok(store_get(&store, name, &summary, &err), err);
	assert_string_equal(summary.name, name);
	assert_int_equal(fstatat(dir->fd, REPORTS "/job-run-1000-0a1b2c3d-local.json", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fstatat(dir->fd, REPORTS, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

TEST(the_newest_reports_are_kept_by_the_time_in_their_names)
{
	const struct unit_dir *dir = *state;
	_cleanup_(store_close) struct store store = open_in(dir);
	struct error err = {0};
	char **list = NULL;
	size_t count = 0;
	/* 9 is older than 10: the order is by number, not by character. */
	static const unsigned times[] = {9, 10, 100, 99, 101};
	for (size_t i = 0; i < COUNT(times); i++)
		put_run(&store, times[i], 3);
	assert_ok(store_list(&store, &list, &count, &err), err);
	assert_int_equal(count, 3);
	assert_string_equal(list[0], "job-run-101-0a1b2c3d-local");
	assert_string_equal(list[1], "job-run-100-0a1b2c3d-local");
	assert_string_equal(list[2], "job-run-99-0a1b2c3d-local");
	store_list_free(list, count);
}

TEST(a_long_run_does_not_lose_its_report_to_runs_that_began_later)
{
	const struct unit_dir *dir = *state;
	_cleanup_(store_close) struct store store = open_in(dir);
	put_run(&store, 20, 2);
	put_run(&store, 21, 2);
	put_run(&store, 10, 2);
	assert_true(exists(dir->fd, REPORTS "/job-run-10-0a1b2c3d-local.json"));
	assert_true(exists(dir->fd, REPORTS "/job-run-20-0a1b2c3d-local.json"));
}

TEST(a_run_id_finds_its_newest_run)
{
	const struct unit_dir *dir = *state;
	_cleanup_(store_close) struct store store = open_in(dir);
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	struct error err = {0};
	put_run(&store, 9, 10);
	put_run(&store, 10, 10);
	assert_ok(store_get(&store, "job", &summary, &err), err);
	assert_string_equal(summary.name, "job-run-10-0a1b2c3d-local");
	struct summary none = SUMMARY_NONE;
	assert_int_equal(store_get(&store, "other", &none, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
}

TEST(files_that_are_no_reports_are_left_alone)
{
	const struct unit_dir *dir = *state;
	_cleanup_(store_close) struct store store = open_in(dir);
	make_file(dir->fd, REPORTS "/notes.json", "mine");
	make_file(dir->fd, REPORTS "/job-run-1-0a1b2c3d-local.txt", "mine");
	put_run(&store, 5, 1);
	put_run(&store, 6, 1);
	assert_file(dir->fd, REPORTS "/notes.json", "mine");
	assert_file(dir->fd, REPORTS "/job-run-1-0a1b2c3d-local.txt", "mine");
	assert_false(exists(dir->fd, REPORTS "/job-run-5-0a1b2c3d-local.json"));
	assert_true(exists(dir->fd, REPORTS "/job-run-6-0a1b2c3d-local.json"));
}

TEST(without_a_state_directory_there_is_no_store)
{
	const struct unit_dir *dir = *state;
	struct store store = STORE_CLOSED;
	struct error err = {0};
	char missing[128];
	(void)snprintf(missing, sizeof missing, "%s/missing/deeper", dir->path);
	assert_int_equal(setenv("XDG_STATE_HOME", missing, 1), 0);
	assert_errno(store_open(false, &store, &err), ENOENT, err);
	assert_errno(store_open(true, &store, &err), ENOENT, err);
	assert_int_equal(setenv("XDG_STATE_HOME", "relative", 1), 0);
	assert_int_equal(setenv("HOME", "relative", 1), 0);
	assert_errno(store_open(true, &store, &err), ENOENT, err);
}

TEST(without_xdg_state_home_reports_are_below_home)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	_cleanup_(store_close) struct store store = STORE_CLOSED;
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	assert_int_equal(setenv("HOME", dir->path, 1), 0);
	assert_ok(store_open(true, &store, &err), err);
	assert_true(exists(dir->fd, ".local/state/" REPORTS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_report_is_private_to_the_user_and_found_by_its_name),
		RUN_IN_DIR(the_newest_reports_are_kept_by_the_time_in_their_names),
		RUN_IN_DIR(a_long_run_does_not_lose_its_report_to_runs_that_began_later),
		RUN_IN_DIR(a_run_id_finds_its_newest_run),
		RUN_IN_DIR(files_that_are_no_reports_are_left_alone),
		RUN_IN_DIR(without_a_state_directory_there_is_no_store),
		RUN_IN_DIR(without_xdg_state_home_reports_are_below_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
