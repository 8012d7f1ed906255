/* SPDX-License-Identifier: MIT
 *
 * test_status: which runs exist and what they use, read from directories that stand for the
 * cgroups, and how the view fits that into the terminal.
 */
#include "unit.h"

#include "runs.h"
#include "status_sort.h"
#include "status_view.h"

#define RUN_NAME "job-run-1764000000-0a1b2c3d-local"
#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define RUN_TWO  "my-job-exec-1764000001-00000000-big-worker"

static void put_files(
	const struct unit_dir *dir, const char *cg, const char *const (*files)[2], size_t count)
{
	char path[PATH_MAX];
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof path, OURS "/%s/%s", cg, files[i][0]);
		put_text_file(dir, path, files[i][1]);
	}
}

static void put_crs(const struct unit_dir *dir, const char *cg)
{
	static const char *const files[][2] = {
		{"cpuset.cpus", "0-3\n"},
		{"cpuset.cpus.effective", "0-1\n"},
		{"memory.max", "1073741824\n"},
		{"memory.current", "536870912\n"},
		{"memory.peak", "805306368\n"},
		{"cpu.stat", "usage_usec 59300000\nuser_usec 1\nsystem_usec 1\nnr_throttled "
			     "0\nthrottled_usec 5\n"},
		{"memory.events", "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n"},
		{"cpu.pressure",
			"some avg10=12.34 avg60=0.00 avg300=0.00 total=777\nfull avg10=0.00 "
			"avg60=0.00 avg300=0.00 total=0\n"},
		{"cgroup.procs", "1\n"},
		{ID "/cgroup.procs", "2\n3\n"},
		{"inner/cgroup.procs", "4\n"},
		{"libpod-" ID "/cgroup.procs", "\n"},
	};
	put_files(dir, cg, files, COUNT(files));
}

static void put_worker(const struct unit_dir *dir, const char *run, const char *controllers)
{
	const char *const files[][2] = {
		{"cgroup.max.depth", "max\n"},
		{"cgroup.max.descendants", "max\n"},
		{"cpuset.cpus", "0-3\n"},
		{"memory.max", "1073741824\n"},
		{"cgroup.subtree_control", controllers},
		{"cgroup.events", "populated 0\nfrozen 0\n"},
	};
	put_files(dir, run, files, COUNT(files));
}

static struct status read_status(const struct unit_dir *dir, const char *run)
{
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct status status = STATUS_NONE;
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_ok(status_read(&host, run, &status, &err), err);
	host_close(&host);
	return status;
}

TEST(the_figures_of_a_run_are_those_of_its_files)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	pid_t owner = own_run(dir, RUN_NAME);
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	holder_end(owner);
	assert_int_equal(status.count, 1);
	const struct status_run *run = &status.runs[0];
	assert_string_equal(status_state(run), "running");
	assert_string_equal(run->name.run_id, "job");
	assert_string_equal(run->name.worker, "local");
	assert_int_equal(run->name.phase, PHASE_RUN);
	assert_int_equal(run->lease.owner, owner);
	assert_int_equal(run->crs_count, 1);
	const struct cgroup_stat *figures = &run->crs[0].figures;
	assert_int_equal(figures->cpu_usec, 59300000);
	assert_int_equal(figures->throttled_usec, 5);
	assert_int_equal(figures->memory_current, 512 << 20);
	assert_int_equal(figures->memory_peak, 768 << 20);
	assert_int_equal(figures->oom_kills, 2);
	assert_int_equal(figures->pressure[PRESSURE_CPU].avg10, 1234);
	assert_int_equal(figures->pressure[PRESSURE_CPU].stalled_usec, 777);
	assert_true(figures->pressure[PRESSURE_IO].stalled_usec == CGROUP_STAT_UNKNOWN);
	assert_int_equal(cpulist_count(&figures->cpus), 4);
	assert_int_equal(cpulist_count(&figures->cpus_effective), 2);
	/* Without pids.current, status counts the processes of the CRS and of the cgroups directly
	 * below it. */
	assert_int_equal(figures->pids, 5);
	assert_int_equal(run->crs[0].container_count, 2);
	assert_string_equal(run->crs[0].containers[0], ID);
	assert_string_equal(run->crs[0].containers[1], ID);
}

TEST(processes_that_cannot_be_counted_are_not_zero)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	assert_return_code(unlinkat(dir->fd, OURS "/" RUN_NAME "/a/" ID "/cgroup.procs", 0), errno);
	pid_t owner = own_run(dir, RUN_NAME);
	_cleanup_(status_free) struct status gone = read_status(dir, NULL);
	assert_int_equal(gone.runs[0].crs[0].figures.pids, 3);
	make_dir(dir->fd, OURS "/" RUN_NAME "/a/" ID "/cgroup.procs");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	assert_true(status.runs[0].crs[0].figures.pids == CGROUP_STAT_UNKNOWN);
	holder_end(owner);
}

TEST(a_crs_that_cannot_be_read_is_said_and_one_that_is_gone_is_not)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	put_crs(dir, RUN_NAME "/b");
	put_crs(dir, RUN_NAME "/c");
	put_text_file(dir, OURS "/" RUN_NAME "/a/memory.current", "much\n");
	assert_return_code(unlinkat(dir->fd, OURS "/" RUN_NAME "/b/cpu.stat", 0), errno);
	pid_t owner = own_run(dir, RUN_NAME);
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	holder_end(owner);
	assert_int_equal(status.count, 1);
	assert_int_equal(status.runs[0].crs_count, 1);
	assert_string_equal(status.runs[0].crs[0].name, "c");
	assert_int_equal(status.hidden, 1);
	assert_contains(status.hidden_why, "run " RUN_NAME ": a");
	assert_contains(status.hidden_why, "memory.current");
}

TEST(one_run_is_waiting_and_another_is_dead)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "\n");
	put_worker(dir, RUN_TWO, "cpuset memory\n");
	put_crs(dir, RUN_TWO "/a");
	pid_t owner = own_run(dir, RUN_NAME);
	_cleanup_(status_free) struct status waiting = read_status(dir, RUN_NAME);
	_cleanup_(status_free) struct status dead = read_status(dir, "my-job");
	holder_end(owner);
	assert_int_equal(waiting.count, 1);
	assert_string_equal(status_state(&waiting.runs[0]), "waiting");
	assert_int_equal(waiting.runs[0].crs_count, 0);
	assert_int_equal(dead.count, 1);
	assert_string_equal(status_state(&dead.runs[0]), "dead");
	assert_string_equal(dead.runs[0].name.worker, "big-worker");
	assert_int_equal(dead.runs[0].crs_count, 1);
}

TEST(an_unknown_run_is_an_error)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	struct status status = STATUS_NONE;
	put_worker(dir, RUN_NAME, "\n");
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	assert_int_equal(status_read(&host, "other", &status, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
	assert_contains(err.msg, "'other'");
	host_close(&host);
}

TEST(names_that_are_no_runs_or_crss_are_not_printed)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/\033[31mred");
	put_worker(dir, "no-name-of-ours", "cpuset memory\n");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	assert_int_equal(status.count, 1);
	assert_int_equal(status.runs[0].crs_count, 0);
}

TEST(a_crs_that_disappears_while_it_is_read_is_left_out)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	put_crs(dir, RUN_NAME "/b");
	assert_int_equal(unlinkat(dir->fd, OURS "/" RUN_NAME "/a/memory.current", 0), 0);
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	assert_int_equal(status.runs[0].crs_count, 1);
	assert_string_equal(status.runs[0].crs[0].name, "b");
}

TEST(the_json_has_the_keys_of_the_contract)
{
	static const char *const run_keys[] = {"name", "run_id", "phase", "worker", "state",
		"started", "owner_pid", "user", "crs"};
	static const char *const crs_keys[] = {"name", "cpus", "cpus_effective", "memory_max",
		"memory_current", "memory_peak", "cpu_usage_usec", "pressure", "oom_kills", "pids",
		"containers"};
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	struct json_build build = JSON_BUILD_NONE;
	json_t *root = status_to_json(&build, &status);
	assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
	const json_t *run = json_array_get(json_object_get(root, "runs"), 0);
	for (size_t i = 0; i < COUNT(run_keys); i++)
		assert_non_null(json_object_get(run, run_keys[i]));
	const json_t *crs = json_array_get(json_object_get(run, "crs"), 0);
	for (size_t i = 0; i < COUNT(crs_keys); i++)
		assert_non_null(json_object_get(crs, crs_keys[i]));
	assert_true(json_is_null(json_object_get(json_object_get(crs, "pressure"), "io")));
	json_decref(root);
}

/* ---- the view -------------------------------------------------------------------------------- */

static char *print_view(
	const struct status *status, const struct status *before, const struct status_view *view)
{
	struct error err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(status_print(status, before, view, out, &err), err);
	(void)fclose(out);
	return text;
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;
	for (; *text; text += strcspn(text, "\n") + 1)
		longest = strcspn(text, "\n") > longest ? strcspn(text, "\n") : longest;
	return longest;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

TEST(without_a_terminal_everything_is_printed_without_escapes)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	_cleanup_free_ char *text = print_view(&status, NULL, &(struct status_view){.width = 0});
	assert_null(strchr(text, '\033'));
	assert_contains(text, RUN_NAME);
	assert_contains(text, "dead");
	assert_contains(
		text, "a   0-1     59.3s 512M/1G 768M   12/-/-   2    5 0123456789ab,0123456789ab");
}

TEST(output_fits_any_width_by_dropping_columns_but_no_rows)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	put_crs(dir, RUN_NAME "/another-crs");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	size_t before = 0;
	for (unsigned width = 30; width < 200; width++) {
		struct status_view view = {.width = width, .live = true};
		_cleanup_free_ char *text = print_view(&status, NULL, &view);
		assert_true(longest_line(text) <= width);
		assert_int_equal(count_lines(text), 5);
		assert_contains(text, "another-crs");
		assert_contains(text, "512M/1G");
		/* A wider terminal never shows less. */
		assert_true(longest_line(text) >= before || longest_line(text) > 80);
		before = longest_line(text);
	}
	assert_true(before > 80);
}

TEST(output_fits_any_height_and_says_what_is_missing)
{
	const struct unit_dir *dir = *state;
	char name[] = RUN_NAME "/a";
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	for (; name[sizeof name - 2] < 'k'; name[sizeof name - 2]++)
		put_crs(dir, name);
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	for (unsigned height = 1; height < 20; height++) {
		struct status_view view = {.width = 80, .height = height, .live = true};
		_cleanup_free_ char *text = print_view(&status, NULL, &view);
		assert_int_equal(count_lines(text), height < 13 ? height : 13);
		assert_true((height < 13) == (strstr(text, " more lines)") != NULL));
	}
}

TEST(cpu_use_is_a_rate_since_the_previous_frame)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	_cleanup_(status_free) struct status before = read_status(dir, NULL);
	put_text_file(dir, OURS "/" RUN_NAME "/a/cpu.stat", "usage_usec 60800000\n");
	_cleanup_(status_free) struct status now = read_status(dir, NULL);
	now.at_usec = before.at_usec + 1000000;
	_cleanup_free_ char *text =
		print_view(&now, &before, &(struct status_view){.width = 120, .live = true});
	assert_contains(text, "1.50/2 [########..]");
	assert_contains(text, "512M/1G [#####.....]");
	_cleanup_free_ char *first =
		print_view(&before, NULL, &(struct status_view){.width = 120, .live = true});
	assert_contains(first, " -/2 [");
}

TEST(colours_mark_problems)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	put_text_file(dir, OURS "/" RUN_NAME "/a/memory.current", "1070000000\n");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	_cleanup_free_ char *text =
		print_view(&status, NULL, &(struct status_view){.width = 120, .colours = true});
	assert_contains(text, "\033[31m");
	_cleanup_free_ char *plain = print_view(&status, NULL, &(struct status_view){.width = 120});
	assert_null(strchr(plain, '\033'));
}

TEST(without_runs_the_view_says_so)
{
	const struct unit_dir *dir = *state;
	put_text_file(dir, OURS "/cgroup.procs", "");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	_cleanup_free_ char *text = print_view(&status, NULL, &(struct status_view){.width = 0});
	assert_string_equal(text, "no active runs\n");
}

/* ---- the order ------------------------------------------------------------------------------- */

/* A CRS of two samples of CPU time, and its other figures. */
static struct status_crs make_crs(
	const char *name, uint64_t cpu, uint64_t memory, unsigned pressure, uint64_t kills)
{
	struct status_crs crs = {.figures = {.cpu_usec = cpu,
					 .memory_current = memory,
					 .oom_kills = kills,
					 .pressure[PRESSURE_MEMORY] = {.avg10 = pressure}}};
	(void)snprintf(crs.name, sizeof crs.name, "%s", name);
	return crs;
}

TEST(crss_are_sorted_by_the_figure_that_is_asked_for)
{
	static const struct {
		enum status_order order;
		const char *names;
	} table[] = {
		{STATUS_BY_CPU, "b a c2 c10 "},      /* c2 and c10 are new: unknown */
		{STATUS_BY_MEMORY, "c10 a b c2 "},   /* of c2 it is unknown */
		{STATUS_BY_PRESSURE, "c2 a b c10 "}, /* the last three are equal */
		{STATUS_BY_KILLS, "c10 b a c2 "},
		{STATUS_BY_NAME, "a b c2 c10 "},
	};
	struct status_crs old[] = {make_crs("a", 90, 0, 0, 0), make_crs("b", 10, 0, 0, 0)};
	struct status_crs now[] = {make_crs("a", 100, 20, 0, 0), make_crs("b", 30, 10, 0, 1),
		make_crs("c2", 1000, CGROUP_STAT_UNKNOWN, 5, CGROUP_STAT_UNKNOWN),
		make_crs("c10", 1000, 30, 0, 2)};
	struct status_run run = {.lease = {.id = 7}, .crs = now, .crs_count = COUNT(now)};
	struct status_run old_run = {.lease = {.id = 7}, .crs = old, .crs_count = COUNT(old)};
	struct status status = {.runs = &run, .count = 1};
	const struct status before = {.runs = &old_run, .count = 1};
	for (size_t i = 0; i < COUNT(table); i++) {
		char names[64] = "";
		status_sort(&status, &before, table[i].order);
		for (size_t j = 0, used = 0; j < COUNT(now); j++)
			used += (size_t)snprintf(
				names + used, sizeof names - used, "%s ", now[j].name);
		assert_string_equal(names, table[i].names);
	}
}

TEST(the_live_view_has_a_line_of_help_cut_to_the_terminal)
{
	const struct unit_dir *dir = *state;
	put_worker(dir, RUN_NAME, "cpuset memory\n");
	put_crs(dir, RUN_NAME "/a");
	_cleanup_(status_free) struct status status = read_status(dir, NULL);
	struct status_view view = {
		.width = 20, .height = 24, .live = true, .help = "q quit  s sort: CPU use  n next"};
	_cleanup_free_ char *text = print_view(&status, NULL, &view);
	assert_contains(text, "\nq quit  s sort: CPU \n");
	assert_int_equal(longest_line(text), 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(crss_are_sorted_by_the_figure_that_is_asked_for),
		RUN_IN_DIR(the_live_view_has_a_line_of_help_cut_to_the_terminal),
		RUN_IN_DIR(the_figures_of_a_run_are_those_of_its_files),
		RUN_IN_DIR(processes_that_cannot_be_counted_are_not_zero),
		RUN_IN_DIR(a_crs_that_cannot_be_read_is_said_and_one_that_is_gone_is_not),
		RUN_IN_DIR(one_run_is_waiting_and_another_is_dead),
		RUN_IN_DIR(an_unknown_run_is_an_error),
		RUN_IN_DIR(names_that_are_no_runs_or_crss_are_not_printed),
		RUN_IN_DIR(a_crs_that_disappears_while_it_is_read_is_left_out),
		RUN_IN_DIR(the_json_has_the_keys_of_the_contract),
		RUN_IN_DIR(without_a_terminal_everything_is_printed_without_escapes),
		RUN_IN_DIR(output_fits_any_width_by_dropping_columns_but_no_rows),
		RUN_IN_DIR(output_fits_any_height_and_says_what_is_missing),
		RUN_IN_DIR(cpu_use_is_a_rate_since_the_previous_frame),
		RUN_IN_DIR(colours_mark_problems),
		RUN_IN_DIR(without_runs_the_view_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
