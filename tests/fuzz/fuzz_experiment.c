/* SPDX-License-Identifier: MIT
 *
 * fuzz_experiment: use the input as the file of an experiment.
 *
 * Invariants: experiment_parse() returns an experiment with at least one run, or an error that
 * names the file. Its copy is read back as the same experiment, and its runs as that many runs,
 * each with an id of its own.
 */
#include "fuzz.h"

#include "cleanup_json.h"
#include "run_list.h"

#define RUNS_CHECKED 2000

static void check_copy(struct experiment *experiment)
{
	struct experiment copy = EXPERIMENT_NONE;
	struct error err = {0};
	_cleanup_json_ json_t *json = NULL;
	_cleanup_json_ json_t *again = NULL;
	char change[EXPERIMENT_CHANGE_MAX];
	CHECK(experiment_json(experiment, &json, &err) == 0);
	_cleanup_free_ char *text = json_dumps(json, JSON_COMPACT);
	CHECK(text);
	/* The copy is longer than the file: paths are whole in it. */
	if (experiment_parse("copy", text, strlen(text), &copy, &err) < 0) {
		CHECK(strlen(text) > DOC_SIZE_MAX);
		return;
	}
	copy.dir = strdup("/");
	CHECK(experiment_json(&copy, &again, &err) == 0);
	CHECK(json_equal(json, again) && !experiment_change(again, json, false, change));
	experiment_free(&copy);
}

static void check_runs(const struct experiment *experiment)
{
	struct runs runs = RUNS_NONE;
	struct error err = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ struct shape *shapes = calloc(experiment->config_count, sizeof *shapes);
	size_t len = 0;
	CHECK(shapes);
	for (size_t i = 0; i < experiment->config_count; i++)
		shapes[i] = (struct shape){.cpus = 1, .memory_max = 4096};
	if (runs_text(experiment, shapes, &text, &len, &err) < 0) {
		check_error(&err, EX_CONFIG);
		return;
	}
	CHECK(runs_parse("runs.tsv", text, len, &runs, &err) == 0);
	CHECK(runs.count == experiment_runs(experiment));
	for (size_t i = 1; i < runs.count; i++)
		CHECK(strcmp(runs.list[i].id, runs.list[0].id) != 0 &&
			!strchr(runs.list[i].id, '/'));
	runs_free(&runs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct experiment experiment = EXPERIMENT_NONE;
	struct error err = {0};
	if (experiment_parse("e.yaml", (const char *)data, size, &experiment, &err) < 0) {
		check_error(&err, EX_CONFIG);
		CHECK(strncmp(err.msg, "e.yaml:", 7) == 0);
		return 0;
	}
	experiment.dir = strdup("/e");
	CHECK(experiment.dir && experiment_runs(&experiment) > 0);
	check_copy(&experiment);
	if (experiment_runs(&experiment) <= RUNS_CHECKED)
		check_runs(&experiment);
	experiment_free(&experiment);
	return 0;
}
