/* SPDX-License-Identifier: MIT
 *
 * test_placer: how runs become jobs of Slurm, what Slurm prints, and the queue of the engine local.
 */
#include "unit.h"

#include "crew.h"
#include "directory.h"
#include "fs.h"
#include "lanes.h"
#include "queue_file.h"
#include "slurm.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Make the placing of an experiment of two shapes and `trials` trials. */
static void make_placing(
	unsigned trials, struct experiment *experiment, struct runs *runs, struct placing *ret)
{
	static const struct shape shapes[] = {{2, 300 << 20}, {1, (1 << 20) + 1}};
	char file[512];
	struct error err = {0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	(void)snprintf(file, sizeof file,
		"name: x\nconfigs: {a: a, b: b}\ntargets: [{project: p, harnesses: [h]}]\n"
		"trials: %u\ntimeout: 90s\nplace: {engine: slurm, limit: 10, options: [-p, 'a "
		"b']}\n",
		trials);
	assert_ok(experiment_parse("x", file, strlen(file), experiment, &err), err);
	assert_ok(runs_text(experiment, shapes, &text, &len, &err), err);
	assert_ok(runs_parse("r", text, len, runs, &err), err);
	*ret = (struct placing){
		.experiment = experiment, .runs = runs, .path = "/d/50%", .dir = -1};
}

static bool has_word(const struct placer_job *job, const char *wanted)
{
	for (char **word = job->argv; *word; word++)
		if (strcmp(*word, wanted) == 0)
			return true;
	return false;
}

TEST(an_array_has_runs_of_one_shape_and_says_what_they_need)
{
	static const size_t indices[] = {0, 1, 2, 4, 6, 9, 10, 11};
	struct experiment experiment = EXPERIMENT_NONE;
	struct runs runs = RUNS_NONE;
	struct placing placing;
	struct placer_jobs jobs = PLACER_JOBS_NONE;
	struct error err = {0};
	make_placing(6, &experiment, &runs, &placing);
	assert_ok(slurm_divide(&placing, indices, COUNT(indices), &jobs, &err), err);
	assert_int_equal(jobs.count, 2);
	assert_int_equal(jobs.list[0].count, 5);
	/* The experiment's limit of 10, divided by 5 and 3 of the 8 runs. */
	assert_true(has_word(&jobs.list[0], "--array=0,2,4,6,10%6"));
	assert_true(has_word(&jobs.list[1], "--array=1,9,11%3"));
	assert_true(has_word(&jobs.list[0], "--cpus-per-task=2"));
	assert_true(has_word(&jobs.list[0], "--mem=556M"));
	/* Rounded up to whole MiB. */
	assert_true(has_word(&jobs.list[1], "--mem=258M"));
	/* 90 s are two minutes, and 15 more. */
	assert_true(has_word(&jobs.list[0], "--time=17"));
	assert_true(has_word(&jobs.list[0], "--output=/d/50%%/log/%a.%j.out"));
	assert_true(has_word(&jobs.list[0], "a b"));
	assert_contains(jobs.list[0].script,
		"exec oss-crs-run experiment task /d/50% \"$((0 + SLURM_ARRAY_TASK_ID))\"\n");
	placer_jobs_free(&jobs);
	runs_free(&runs);
	experiment_free(&experiment);
}

TEST(no_array_has_a_task_that_slurm_does_not_take)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct runs runs = RUNS_NONE;
	struct placing placing;
	struct placer_jobs jobs = PLACER_JOBS_NONE;
	struct error err = {0};
	make_placing(1200, &experiment, &runs, &placing);
	_cleanup_free_ size_t *all = calloc(runs.count, sizeof *all);
	assert_non_null(all);
	for (size_t i = 0; i < runs.count; i++)
		all[i] = i;
	assert_ok(slurm_divide(&placing, all, runs.count, &jobs, &err), err);
	assert_int_equal(jobs.count, 6);
	size_t sum = 0;
	for (size_t i = 0; i < jobs.count; i++) {
		const struct placer_job *job = &jobs.list[i];
		size_t base = job->indices[0] / SLURM_ARRAY_MAX * SLURM_ARRAY_MAX;
		char end[64];
		assert_true(job->indices[job->count - 1] - base < SLURM_ARRAY_MAX);
		(void)snprintf(end, sizeof end, "\"$((%zu + SLURM_ARRAY_TASK_ID))\"\n", base);
		assert_contains(job->script, end);
		sum += job->count;
	}
	assert_int_equal(sum, 2400);
	placer_jobs_free(&jobs);
	runs_free(&runs);
	experiment_free(&experiment);
}

TEST(what_slurm_prints_is_read_and_anything_else_is_not)
{
	static const struct {
		const char *text;
		uint64_t job, task;
		bool pending;
	} good[] = {{"17|3|PD", 17, 3, true}, {"17|999|R", 17, 999, false},
		{"18|N/A|CG", 18, UINT64_MAX, false}, {"18|0|RQ", 18, 0, false}};
	static const char *const bad[] = {"", "17", "17|3", "17|3|", "|3|R", "17|[0-3]|PD",
		"17|3|LONG", "squeue: error: x", "99999999999999999999|1|R", "17|3 R"};
	struct error err = {0};
	uint64_t job = 0;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct slurm_line line;
		assert_ok(slurm_parse_line(good[i].text, strlen(good[i].text), &line, &err), err);
		assert_true(line.job == good[i].job && line.task == good[i].task);
		assert_int_equal(line.pending, good[i].pending);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct slurm_line line;
		if (slurm_parse_line(bad[i], strlen(bad[i]), &line, &err) == 0)
			fail_test("accepted: %s", bad[i]);
		assert_int_equal(err.status, EX_DATAERR);
	}
	assert_ok(slurm_parse_job("4711\n", &job, &err), err);
	assert_int_equal(job, 4711);
	assert_ok(slurm_parse_job("4712;east\n", &job, &err), err);
	assert_int_equal(job, 4712);
	assert_int_equal(slurm_parse_job("Submitted batch job 1\n", &job, &err), -1);
	assert_int_equal(slurm_parse_job("0\n", &job, &err), -1);
}

TEST(words_of_a_shell_are_quoted_where_they_must_be)
{
	static const char *const table[][2] = {{"a/b-1%", "a/b-1%"}, {"", "''"}, {"a b", "'a b'"},
		{"it's", "'it'\\''s'"}, {"$x", "'$x'"}};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *quoted = placer_quote(table[i][0]);
		assert_string_equal(quoted, table[i][1]);
	}
	const char *const words[] = {"sh", "-c", "echo $x", NULL};
	_cleanup_free_ char *line = placer_quote_all(words);
	assert_string_equal(line, "sh -c 'echo $x'");
}

/* ---- the engine local ---------------------------------------------------------------------- */

static void append_index(size_t index, void *data)
{
	char *text = data;
	(void)snprintf(text + strlen(text), 16, "%zu ", index);
}

/* What happens under one lock of the queue. */
static int take(int dir, size_t *ret, struct error *err)
{
	_cleanup_close_ int queue = queue_file_open(dir, err);
	assert_true(queue >= 0);
	return queue_file_take(queue, ret, err);
}

static void add(int dir, const size_t *indices, size_t count)
{
	struct error err = {0};
	_cleanup_close_ int queue = queue_file_open(dir, &err);
	assert_ok(queue_file_add(queue, indices, count, &err), err);
}

TEST(queued_runs_are_taken_once_and_in_order)
{
	static const size_t first[] = {7, 3};
	static const size_t more[] = {99999};
	int dir = unit_dir(state);
	size_t index = 0;
	char text[64] = "";
	struct error err = {0};
	assert_int_equal(take(dir, &index, &err), 0);
	add(dir, first, COUNT(first));
	assert_int_equal(take(dir, &index, &err), 1);
	assert_int_equal(index, 7);
	add(dir, more, COUNT(more));
	int queue = queue_file_open(dir, &err);
	assert_ok(queue_file_each(queue, append_index, text, &err), err);
	(void)close(queue);
	assert_string_equal(text, "3 99999 ");
	assert_int_equal(take(dir, &index, &err), 1);
	assert_int_equal(index, 3);
	queue = queue_file_open(dir, &err);
	assert_ok(queue_file_clear(queue, &err), err);
	(void)close(queue);
	assert_int_equal(take(dir, &index, &err), 0);
}

TEST(a_queue_that_is_none_is_refused)
{
	int dir = unit_dir(state);
	size_t index = 0;
	struct error err = {0};
	make_file(dir, "queue", "0000000001\nnot a line\n");
	assert_int_equal(take(dir, &index, &err), -1);
	assert_contains(err.msg, "record 1 is no number");
}

/* Let files grow to this size and no further. Returns the limit before. */
static struct rlimit limit_files(rlim_t size)
{
	const struct rlimit small = {.rlim_cur = size, .rlim_max = RLIM_INFINITY};
	struct rlimit before;
	assert_return_code(getrlimit(RLIMIT_FSIZE, &before), errno);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_return_code(setrlimit(RLIMIT_FSIZE, &small), errno);
	return before;
}

static void restore_files(const struct rlimit *before)
{
	assert_return_code(setrlimit(RLIMIT_FSIZE, before), errno);
	(void)signal(SIGXFSZ, SIG_DFL);
}

TEST(runs_that_do_not_fit_are_not_queued_in_part)
{
	static const size_t indices[] = {1, 2, 3};
	int dir = unit_dir(state);
	size_t index = 0;
	struct error err = {0};
	int queue = queue_file_open(dir, &err);
	const struct rlimit before = limit_files(30);
	int result = queue_file_add(queue, indices, COUNT(indices), &err);
	restore_files(&before);
	(void)close(queue);
	assert_int_equal(result, -1);
	assert_contains(err.msg, "write queue");
	assert_int_equal(take(dir, &index, &err), 0);
}

TEST(a_line_that_does_not_fit_leaves_the_lines_before)
{
	int dir = unit_dir(state);
	struct error err = {0};
	size_t len = 0;
	_cleanup_free_ char *text = NULL;
	assert_ok(directory_append(dir, "x.tsv", "a\t1\n", &err), err);
	const struct rlimit before = limit_files(6);
	int result = directory_append(dir, "x.tsv", "b\t2\n", &err);
	restore_files(&before);
	assert_int_equal(result, -1);
	assert_contains(err.msg, "write x.tsv");
	assert_ok(directory_append(dir, "x.tsv", "c\t3\n", &err), err);
	assert_ok(fs_read(dir, "x.tsv", 64, &text, &len, &err), err);
	assert_string_equal(text, "a\t1\nc\t3\n");
}

/* A process that is a lane until it is told to end; it writes a byte when it is. */
static pid_t start_lane(int dir, unsigned limit)
{
	int ends[2];
	char byte = 0;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		struct error err = {0};
		int lane = lanes_enter(dir, limit, &err);
		size_t index = 0;
		byte = lane >= 0 ? 'y' : err.code == EAGAIN ? 'n' : '?';
		/* Under the lock of the queue, as lanes do. */
		_cleanup_close_ int queue = lane < 0 ? -1 : queue_file_open(dir, &err);
		if (queue >= 0 && queue_file_take(queue, &index, &err) > 0 &&
			lanes_note(lane, index, &err) < 0)
			byte = '?';
		cleanup_close(&queue);
		queue = -1;
		(void)!write(ends[1], &byte, 1);
		if (byte == 'y')
			(void)pause();
		_exit(0);
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	(void)close(ends[0]);
	if (byte == 'y')
		return pid;
	assert_int_equal(byte, 'n');
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return 0;
}

TEST(there_are_as_many_lanes_as_the_limit_says_and_all_can_be_ended)
{
	int dir = unit_dir(state);
	struct error err = {0};
	assert_int_equal(lanes_count(dir, &err), 0);
	pid_t one = start_lane(dir, 2);
	pid_t two = start_lane(dir, 2);
	assert_true(one && two);
	assert_int_equal(start_lane(dir, 2), 0);
	assert_int_equal(lanes_count(dir, &err), 2);
	/* One that was killed is none any more, and its place is free. */
	assert_return_code(kill(one, SIGKILL), errno);
	assert_int_equal(waitpid(one, NULL, 0), one);
	assert_int_equal(lanes_count(dir, &err), 1);
	one = start_lane(dir, 2);
	assert_true(one);
	assert_ok(lanes_end(dir, &err), err);
	int status = 0;
	assert_int_equal(waitpid(one, &status, 0), one);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(waitpid(two, &status, 0), two);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(lanes_count(dir, &err), 0);
}

TEST(what_lanes_do_is_neither_queued_nor_lost)
{
	static const size_t indices[] = {2, 0, 1};
	enum placer_state states[3] = {PLACER_NONE};
	int dir = unit_dir(state);
	struct error err = {0};
	add(dir, indices, COUNT(indices));
	/* Nobody is there to do them. */
	assert_ok(crew_list(dir, states, COUNT(states), &err), err);
	assert_int_equal(states[2], PLACER_NONE);
	pid_t lane = start_lane(dir, 1);
	assert_ok(crew_list(dir, states, COUNT(states), &err), err);
	assert_int_equal(states[2], PLACER_RUNNING);
	assert_int_equal(states[0], PLACER_QUEUED);
	assert_int_equal(states[1], PLACER_QUEUED);
	assert_ok(crew_cancel(dir, &err), err);
	assert_int_equal(waitpid(lane, NULL, 0), lane);
	/* The next lane finds nothing, and has not the run of the one before. */
	lane = start_lane(dir, 1);
	memset(states, 0, sizeof states);
	assert_ok(crew_list(dir, states, COUNT(states), &err), err);
	for (size_t i = 0; i < COUNT(states); i++)
		assert_int_equal(states[i], PLACER_NONE);
	assert_ok(crew_cancel(dir, &err), err);
	assert_int_equal(waitpid(lane, NULL, 0), lane);
}

/* ---- the directory ------------------------------------------------------------------------- */

TEST(only_an_end_of_the_run_itself_makes_it_done)
{
	static const struct {
		const char *text;
		bool done;
	} table[] = {{"{\"reason\": \"exited\", \"exit_status\": 1}", true},
		{"{\"reason\": \"timeout\"}", true}, {"{\"reason\": \"oom\"}", true},
		{"{\"reason\": \"exited\", \"exit_status\": 69, \"problem\": \"no container\"}",
			false},
		{"{\"reason\": \"signal\"}", false}, {"{\"reason\": \"mismatch\"}", false},
		{"{\"reason\": 1}", false}, {"{}", false}};
	int dir = unit_dir(state);
	struct error err = {0};
	bool done = true;
	make_dir(dir, "results");
	assert_ok(directory_find_done(dir, "a-1", &done, &err), err);
	assert_false(done);
	for (size_t i = 0; i < COUNT(table); i++) {
		make_file(dir, "results/a-1.json", table[i].text);
		assert_ok(directory_find_done(dir, "a-1", &done, &err), err);
		assert_int_equal(done, table[i].done);
	}
	make_file(dir, "results/a-1.json", "{\"reason\": \"exi");
	assert_int_equal(directory_find_done(dir, "a-1", &done, &err), -1);
	assert_contains(err.msg, "results/a-1.json:1:");
}

TEST(a_run_is_done_by_one_process_at_a_time)
{
	int dir = unit_dir(state);
	struct error err = {0};
	make_dir(dir, "running");
	assert_int_equal(directory_is_claimed(dir, "a-1", &err), 0);
	int claim = directory_claim(dir, "a-1", &err);
	assert_true(claim >= 0);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0)
		_exit(directory_is_claimed(dir, "a-1", &err) == 1 &&
					directory_claim(dir, "a-1", &err) < 0 && err.code == EAGAIN
				? 0
				: 1);
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	directory_release(dir, "a-1", claim);
	assert_false(exists(dir, "running/a-1"));
}

TEST(a_failure_is_noted_and_forgotten)
{
	int dir = unit_dir(state);
	const struct directory_failure failure = {69, "node1", "Docker\nis\tnot there"};
	struct directory_failure found;
	struct error err = {0};
	make_dir(dir, "failed");
	assert_errno(directory_read_failure(dir, "a-1", &found, &err), ENOENT, err);
	assert_ok(directory_note_failure(dir, "a-1", &failure, &err), err);
	assert_ok(directory_read_failure(dir, "a-1", &found, &err), err);
	assert_int_equal(found.status, 69);
	assert_string_equal(found.host, "node1");
	assert_string_equal(found.why, "Docker\\x0ais\\x09not there");
	assert_ok(directory_note_failure(dir, "a-1", NULL, &err), err);
	assert_errno(directory_read_failure(dir, "a-1", &found, &err), ENOENT, err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(an_array_has_runs_of_one_shape_and_says_what_they_need),
		RUN(no_array_has_a_task_that_slurm_does_not_take),
		RUN(what_slurm_prints_is_read_and_anything_else_is_not),
		RUN(words_of_a_shell_are_quoted_where_they_must_be),
		RUN_IN_DIR(queued_runs_are_taken_once_and_in_order),
		RUN_IN_DIR(a_queue_that_is_none_is_refused),
		RUN_IN_DIR(runs_that_do_not_fit_are_not_queued_in_part),
		RUN_IN_DIR(a_line_that_does_not_fit_leaves_the_lines_before),
		RUN_IN_DIR(what_lanes_do_is_neither_queued_nor_lost),
		RUN_IN_DIR(there_are_as_many_lanes_as_the_limit_says_and_all_can_be_ended),
		RUN_IN_DIR(only_an_end_of_the_run_itself_makes_it_done),
		RUN_IN_DIR(a_run_is_done_by_one_process_at_a_time),
		RUN_IN_DIR(a_failure_is_noted_and_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
