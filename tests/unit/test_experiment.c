/* SPDX-License-Identifier: MIT
 *
 * test_experiment: what the file of an experiment may say, and its runs as lines of runs.tsv.
 */
#include "unit.h"

#include "cleanup_json.h"
#include "directory.h"
#include "run_list.h"

#define HEAD "name: x\nconfigs: {duo: ./duo, solo: {path: ./solo, worker: big}}\n"
#define TARGETS \
	"targets: [{project: json-c, harnesses: [h1, h2]}, {project: zlib, harnesses: [h]}]\n"
#define TAIL "trials: 2\ntimeout: 8h\n"

static int parse(const char *text, struct experiment *ret, struct error *err)
{
	return experiment_parse("x.yaml", text, strlen(text), ret, err);
}

TEST(a_file_is_a_matrix)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct error err = {0};
	assert_ok(parse(HEAD TARGETS TAIL
			  "place: {engine: slurm, share: node, limit: 40, options: [-p, fuzz],"
			  " workers: {big: {options: [-w, node2]}}}\n",
			  &experiment, &err),
		err);
	assert_int_equal(experiment_runs(&experiment), 12);
	assert_int_equal(experiment.timeout, 28800);
	assert_string_equal(experiment.configs[0].worker, "local");
	assert_string_equal(experiment_find(&experiment, "solo")->worker, "big");
	assert_null(experiment_find(&experiment, "trio"));
	assert_true(experiment.place.whole_node);
	assert_int_equal(experiment.place.limit, 40);
	assert_string_equal(experiment_worker_options(&experiment, "big")->list[1].text, "node2");
	assert_null(experiment_worker_options(&experiment, "local"));
	experiment_free(&experiment);
}

TEST(what_is_wrong_is_named_with_its_line_and_column)
{
	static const struct {
		const char *text, *msg;
	} table[] = {
		{"- a\n", "x.yaml:1:1: an experiment must be a mapping"},
		{HEAD TAIL, "the key `targets` is missing"},
		{HEAD TARGETS TAIL "metric: x\n", "x.yaml:6:1: unknown key 'metric'"},
		{HEAD TARGETS "trials: 0\ntimeout: 1h\n",
			"x.yaml:4:9: `trials` must be a number from 1"},
		{HEAD TARGETS "trials: 2\ntimeout: soon\n",
			"x.yaml:5:10: `timeout` must be a duration"},
		{HEAD "targets: [{project: p, harnesses: [a, b, a]}]\n" TAIL,
			"x.yaml:3:42: harness 'a' is there twice (line 3)"},
		{HEAD "targets:\n- {project: p, harnesses: [a]}\n- {project: p, harnesses: "
		      "[b]}\n" TAIL,
			"x.yaml:5:13: project 'p' is there twice (line 4)"},
		{HEAD "targets: [{project: p, harnesses: []}]\n" TAIL,
			"x.yaml:3:35: `harnesses` is empty"},
		{HEAD "targets: [{project: p}]\n" TAIL, "x.yaml:3:11: a target needs `harnesses`"},
		{"name: a/b\nconfigs: {a: a}\n" TARGETS TAIL,
			"x.yaml:1:7: 'a/b' cannot be the name of an experiment"},
		{"name: a\nconfigs: {a b: a}\n" TARGETS TAIL,
			"x.yaml:2:11: 'a b' cannot be the name of a config"},
		{"name: a\nconfigs: {a: {worker: w}}\n" TARGETS TAIL,
			"x.yaml:2:11: a config needs a `path`"},
		{"name: a\nconfigs: {a: }\n" TARGETS TAIL, "x.yaml:2:"},
		{"name: a\nconfigs: {}\n" TARGETS TAIL, "x.yaml:2:10: `configs` must be a mapping"},
		{HEAD TARGETS TAIL "place: {engine: lsf}\n", "x.yaml:6:17: unknown engine 'lsf'"},
		{HEAD TARGETS TAIL "place: {engine: ssh}\n",
			"x.yaml:6:8: the engine ssh needs `hosts`"},
		{HEAD TARGETS TAIL "place: {engine: ssh, hosts: []}\n",
			"x.yaml:6:29: `hosts` must have from 1 to 256 hosts"},
		{HEAD TARGETS TAIL "place: {engine: ssh, hosts: a}\n",
			"x.yaml:6:29: `hosts` must be a list"},
		{HEAD TARGETS TAIL "place: {engine: ssh, hosts: [a, b, a]}\n",
			"x.yaml:6:36: host 'a' is there twice (line 6)"},
		{HEAD TARGETS TAIL "place: {engine: ssh, hosts: [a, -oProxyCommand=x]}\n",
			"x.yaml:6:33: '-oProxyCommand=x' cannot be the name of a host"},
		{HEAD TARGETS TAIL "place: {hosts: [a]}\n",
			"x.yaml:6:16: `hosts` is for the engine ssh; this one is local"},
		{HEAD TARGETS TAIL "place: {engine: ssh, hosts: [a], share: node}\n",
			"x.yaml:6:41: `share` is for the engine slurm; this one is ssh"},
		{HEAD TARGETS TAIL "place: {engine: slurm, share: some}\n",
			"x.yaml:6:31: `share` must be"},
		{HEAD TARGETS TAIL "place: {share: node}\n",
			"x.yaml:6:16: `share` is for the engine slurm"},
		{HEAD TARGETS TAIL "place: {limit: 0}\n", "x.yaml:6:16: `limit` must be a number"},
		{HEAD TARGETS TAIL "metrics: \"a\\tb\"\n",
			"x.yaml:6:10: `metrics` has a control character"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct experiment experiment = EXPERIMENT_NONE;
		struct error err = {0};
		if (parse(table[i].text, &experiment, &err) == 0)
			fail_test("accepted: %s", table[i].text);
		assert_contains(err.msg, table[i].msg);
		assert_int_equal(err.status, EX_CONFIG);
	}
}

TEST(the_copy_of_an_experiment_is_the_same_experiment)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct experiment copy = EXPERIMENT_NONE;
	struct error err = {0};
	_cleanup_json_ json_t *json = NULL;
	_cleanup_json_ json_t *again = NULL;
	assert_ok(parse(HEAD TARGETS TAIL "prepare: make it\nmetrics: ./count\nplace: {engine: "
					  "slurm, options: [-p, fuzz], workers: {big: {options: "
					  "[-w, n]}}}\n",
			  &experiment, &err),
		err);
	experiment.dir = strdup("/home/a");
	assert_ok(experiment_json(&experiment, &json, &err), err);
	_cleanup_free_ char *text = json_dumps(json, JSON_INDENT(2));
	assert_ok(parse(text, &copy, &err), err);
	copy.dir = strdup("/");
	assert_string_equal(copy.configs[0].path, "/home/a/duo");
	assert_string_equal(copy.output, "/home/a/x");
	assert_ok(experiment_json(&copy, &again, &err), err);
	assert_true(json_equal(json, again));
	experiment_free(&experiment);
	experiment_free(&copy);
}

static json_t *json_of(const char *text)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct error err = {0};
	json_t *json = NULL;
	assert_ok(parse(text, &experiment, &err), err);
	experiment.dir = strdup("/");
	assert_ok(experiment_json(&experiment, &json, &err), err);
	experiment_free(&experiment);
	return json;
}

TEST(a_change_is_named_and_more_trials_can_be_allowed)
{
	static const struct {
		const char *text;
		bool extend;
		const char *change; /* NULL: none */
	} table[] = {
		{HEAD TARGETS TAIL, false, NULL},
		{HEAD TARGETS TAIL "place: {limit: 3}\n", false, NULL},
		{HEAD TARGETS "trials: 3\ntimeout: 8h\n", false, "trials: 3, was 2"},
		{HEAD TARGETS "trials: 3\ntimeout: 8h\n", true, NULL},
		{HEAD TARGETS "trials: 1\ntimeout: 8h\n", true, "trials: 1, was 2"},
		{HEAD TARGETS "trials: 2\ntimeout: 7h\n", true,
			"timeout: \"25200s\", was \"28800s\""},
		{HEAD TARGETS TAIL "metrics: m\n", false, "metrics: \"m\", was none"},
		{HEAD TARGETS TAIL "directory: d\n", false, "directory: \"//d\", was \"//.\""},
		{HEAD "targets: [{project: zlib, harnesses: [h]}]\n" TAIL, false, "targets: "},
	};
	_cleanup_json_ json_t *before = json_of(HEAD TARGETS TAIL);
	for (size_t i = 0; i < COUNT(table); i++) {
		char buf[EXPERIMENT_CHANGE_MAX];
		_cleanup_json_ json_t *now = json_of(table[i].text);
		const char *change = experiment_change(now, before, table[i].extend, buf);
		if (!table[i].change)
			assert_null(change);
		else
			assert_contains(change ? change : "", table[i].change);
	}
}

/* ---- runs ---------------------------------------------------------------------------------- */

static const struct shape shapes[] = {{2, 1 << 20}, {1, 2 << 20}};

static char *text_of(const char *file)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct error err = {0};
	char *text = NULL;
	size_t len = 0;
	assert_ok(parse(file, &experiment, &err), err);
	assert_ok(runs_text(&experiment, shapes, &text, &len, &err), err);
	assert_int_equal(len, strlen(text));
	experiment_free(&experiment);
	return text;
}

TEST(trials_are_outermost_and_more_of_them_leave_the_lines_that_are_there)
{
	struct runs runs = RUNS_NONE;
	struct error err = {0};
	_cleanup_free_ char *two = text_of(HEAD TARGETS TAIL);
	_cleanup_free_ char *three = text_of(HEAD TARGETS "trials: 3\ntimeout: 8h\n");
	assert_memory_equal(three, two, strlen(two));
	assert_ok(runs_parse("runs.tsv", three, strlen(three), &runs, &err), err);
	assert_int_equal(runs.count, 18);
	assert_string_equal(runs.list[0].id, "duo-json-c-h1-1");
	assert_string_equal(runs.list[1].id, "solo-json-c-h1-1");
	assert_string_equal(runs.list[5].id, "solo-zlib-h-1");
	assert_string_equal(runs.list[6].id, "duo-json-c-h1-2");
	assert_int_equal(runs.list[7].cpus, 1);
	assert_int_equal(runs.list[7].memory_max, 2 << 20);
	assert_string_equal(runs.list[7].worker, "big");
	assert_int_equal(runs.list[17].trial, 3);
	runs_free(&runs);
}

TEST(two_runs_of_one_id_are_refused_where_the_second_harness_is)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct error err = {0};
	char *text = NULL;
	size_t len = 0;
	assert_ok(parse(HEAD "targets:\n- {project: p, harnesses: [a/b]}\n"
			     "- {project: q, harnesses: [c, c-d]}\n- {project: p-a, harnesses: "
			     "[b]}\n" TAIL,
			  &experiment, &err),
		err);
	assert_int_equal(runs_text(&experiment, shapes, &text, &len, &err), -1);
	assert_contains(err.msg, "x.yaml:6:30: two runs would have the id 'duo-p-a-b-1' (line 4)");
	experiment_free(&experiment);
}

#define HEADER "index\tid\tconfig\tproject\tharness\ttrial\tworker\tcpus\tmemory_max\n"

TEST(a_list_of_runs_that_was_changed_is_refused_at_its_place)
{
	static const struct {
		const char *text, *msg;
	} table[] = {
		{"", "is not a list of runs"},
		{HEADER, "has no runs"},
		{"index\n0\n", "is not a list of runs"},
		{HEADER "0\ta-b-1\ta\tp\th\t1\tlocal\t1\t4096", "or only part of one"},
		{HEADER "1\ta-b-1\ta\tp\th\t1\tlocal\t1\t4096\n", "r.tsv:2:1: not a number"},
		{HEADER "0\ta-b-1\ta\tp\th\t1\tlocal\t1\n", "r.tsv:2:23: a line must have 9"},
		{HEADER "0\t../x\ta\tp\th\t1\tlocal\t1\t4096\n", "r.tsv:2:3: not a name"},
		{HEADER "0\ta\ta\tp\th\t0\tlocal\t1\t4096\n", "r.tsv:2:11: not a number"},
		{HEADER "0\ta\ta\tp\th\t1\tlocal\t9000\t4096\n", "r.tsv:2:19: not a number"},
		{HEADER "0\ta\ta\t\th\t1\tlocal\t1\t4096\n", "r.tsv:2:7: an empty column"},
		{HEADER "0\ta\ta\tp\th\t1\tlocal\t1\t99999999999999999999\n",
			"r.tsv:2:21: not a number"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct runs runs = RUNS_NONE;
		struct error err = {0};
		if (runs_parse("r.tsv", table[i].text, strlen(table[i].text), &runs, &err) == 0)
			fail_test("accepted: %s", table[i].text);
		assert_contains(err.msg, table[i].msg);
		assert_int_equal(err.status, EX_DATAERR);
	}
}

TEST(hosts_of_one_name_are_prepared_one_by_one)
{
	const struct unit_dir *dir = *state;
	struct host host = HOST_CLOSED;
	struct error err = {0};
	char paths[3][DIRECTORY_PATH_MAX];
	static const char *const ids[] = {
		"", "0123456789abcdef0123456789abcdef\n", "fedcba9876543210fedcba9876543210\n"};
	static const char *const unusable[] = {"uninitialized\n",
		"../../0123456789abcdef/01234567\n", "0123456789abcdef0123456789abcdef0\n"};
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	make_dir(dir->fd, "etc");
	for (size_t i = 0; i < COUNT(ids); i++) {
		make_file(dir->fd, "etc/machine-id", ids[i]);
		(void)directory_prepared_path(&host, paths[i]);
	}
	/* Without an id, it is the name alone. */
	assert_null(strstr(paths[0], "0123456789abcdef"));
	assert_contains(paths[1], "-0123456789abcdef0123456789abcdef");
	assert_contains(paths[2], "-fedcba9876543210fedcba9876543210");
	assert_int_equal(strncmp(paths[0], paths[1], strlen(paths[0])), 0);
	for (size_t i = 0; i < COUNT(unusable); i++) {
		make_file(dir->fd, "etc/machine-id", unusable[i]);
		assert_string_equal(directory_prepared_path(&host, paths[1]), paths[0]);
	}
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_file_is_a_matrix),
		RUN(what_is_wrong_is_named_with_its_line_and_column),
		RUN(the_copy_of_an_experiment_is_the_same_experiment),
		RUN(a_change_is_named_and_more_trials_can_be_allowed),
		RUN(trials_are_outermost_and_more_of_them_leave_the_lines_that_are_there),
		RUN(two_runs_of_one_id_are_refused_where_the_second_harness_is),
		RUN(a_list_of_runs_that_was_changed_is_refused_at_its_place),
		RUN_IN_DIR(hosts_of_one_name_are_prepared_one_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
