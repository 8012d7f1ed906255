/* SPDX-License-Identifier: MIT
 *
 * run_list: makes and reads runs.tsv. A matrix that has not been submitted is made as the same text
 * and read back, so there is one way to a struct runs.
 */
#include "run_list.h"

#include "cleanup.h"
#include "plan.h"
#include "text.h"
#include "tree.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#define HEADER "index\tid\tconfig\tproject\tharness\ttrial\tworker\tcpus\tmemory_max\n"

/* ---- shapes -------------------------------------------------------------------------------- */

static int plan_shape(const struct job *job, const struct experiment_config *config, unsigned cpus,
	uint64_t memory, struct shape *ret, struct error *err)
{
	_cleanup_(plan_free) struct run_plan plan = PLAN_NONE;
	struct plan_request request = {.phase = PHASE_RUN,
		.run_id = "experiment",
		.worker = config->worker,
		.host_memory = memory,
		.elsewhere = true};
	for (unsigned cpu = 0; cpu < cpus; cpu++)
		cpulist_add(&request.host_cpus, cpu);
	if (plan_make(job, &request, &plan, err) < 0)
		return -1;
	*ret = (struct shape){.cpus = cpulist_count(&plan.cpus), .memory_max = plan.memory_max};
	return 0;
}

/* A config that divides what its machine has gets more on a larger one: plan for two. */
static int find_shape(const struct experiment *experiment, const struct experiment_config *config,
	struct shape *ret, struct error *err)
{
	_cleanup_(job_free) struct job job = JOB_NONE;
	_cleanup_free_ char *path = experiment_path(experiment, config->path);
	struct shape large = {0};
	struct shape larger = {0};
	if (!path)
		return fail(err, ENOMEM, "%s", config->path);
	if (job_load(path, config->worker, &job, err) < 0 ||
		plan_shape(&job, config, CPULIST_MAX / 2, UINT64_C(1) << 50, &large, err) < 0 ||
		plan_shape(&job, config, CPULIST_MAX, UINT64_C(1) << 51, &larger, err) < 0)
		return -1;
	if (large.cpus == larger.cpus && large.memory_max == larger.memory_max) {
		*ret = large;
		return 0;
	}
	(void)fail_as(err, EX_CONFIG, "%s takes all the %s of its machine", job.path,
		large.cpus != larger.cpus ? "CPUs" : "memory");
	return add_hint(err,
		"give worker '%s' its own CPUs and memory: runs that are compared need "
		"the same",
		config->worker);
}

int runs_shapes(const struct experiment *experiment, struct shape *ret, struct error *err)
{
	for (size_t i = 0; i < experiment->config_count; i++) {
		const struct experiment_config *config = &experiment->configs[i];
		if (find_shape(experiment, config, &ret[i], err) < 0) {
			err->status = EX_CONFIG;
			return add_context(err, "%s:%u:%u: config '%s'", experiment->doc.name,
				config->at.line, config->at.column, config->name);
		}
	}
	return 0;
}

/* ---- to text ------------------------------------------------------------------------------- */

/* The part of an id that all trials share. */
struct stem {
	char text[RUNS_ID_MAX + 1];
	struct mark at; /* of the harness */
};

static int make_stem(const struct experiment *experiment, const char *config, const char *project,
	const struct experiment_text *harness, struct stem *ret, struct error *err)
{
	struct stem stem = {.at = harness->at};
	int n = snprintf(stem.text, sizeof stem.text, "%s-%s-%s", config, project, harness->text);
	/* Room for "-100000". */
	if (n < 0 || (size_t)n > RUNS_ID_MAX - 7)
		return fail_at(err, experiment->doc.name, harness->at,
			"the names of config, project and harness have more than %d bytes",
			RUNS_ID_MAX - 9);
	for (char *p = stem.text; *p; p++)
		if (*p != '_' && *p != '.' && !(*p >= '0' && *p <= '9') &&
			!(*p >= 'A' && *p <= 'Z') && !(*p >= 'a' && *p <= 'z'))
			*p = '-';
	*ret = stem;
	return 0;
}

static int compare_stems(const void *a, const void *b)
{
	const struct stem *const *left = a;
	const struct stem *const *right = b;
	return strcmp((*left)->text, (*right)->text);
}

/* Two stems can be the same only because other characters became '-'. */
static int refuse_same(const struct experiment *experiment, const struct stem *stems, size_t count,
	struct error *err)
{
	_cleanup_free_ const struct stem **sorted = calloc(count + 1, sizeof *sorted);
	if (!sorted)
		return fail(err, ENOMEM, "%s", experiment->name);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &stems[i];
	qsort(sorted, count, sizeof *sorted, compare_stems);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i - 1]->text, sorted[i]->text) != 0)
			continue;
		bool later = sorted[i]->at.line > sorted[i - 1]->at.line;
		(void)fail_at(err, experiment->doc.name, sorted[later ? i : i - 1]->at,
			"two runs would have the id '%s-1' (line %u)", sorted[i]->text,
			sorted[later ? i - 1 : i]->at.line);
		return add_hint(err,
			"in an id, every character except letters, digits, '.' and '_' "
			"is a '-'");
	}
	return 0;
}

static int make_stems(
	const struct experiment *experiment, size_t count, struct stem **ret, struct error *err)
{
	_cleanup_free_ struct stem *stems = calloc(count + 1, sizeof *stems);
	size_t n = 0;
	if (!stems)
		return fail(err, ENOMEM, "%s", experiment->name);
	for (size_t t = 0; t < experiment->target_count; t++)
		for (size_t h = 0; h < experiment->targets[t].harnesses.count; h++)
			for (size_t c = 0; c < experiment->config_count; c++)
				if (make_stem(experiment, experiment->configs[c].name,
					    experiment->targets[t].project.text,
					    &experiment->targets[t].harnesses.list[h], &stems[n++],
					    err) < 0)
					return -1;
	if (refuse_same(experiment, stems, count, err) < 0)
		return -1;
	*ret = steal_ptr(stems);
	return 0;
}

static void write_trial(const struct experiment *experiment, const struct shape *shapes,
	const struct stem *stems, unsigned trial, size_t *index, FILE *to)
{
	size_t n = 0;
	for (size_t t = 0; t < experiment->target_count; t++) {
		const struct experiment_target *target = &experiment->targets[t];
		for (size_t h = 0; h < target->harnesses.count; h++)
			for (size_t c = 0; c < experiment->config_count; c++) {
				const struct experiment_config *config = &experiment->configs[c];
				(void)fprintf(to,
					"%zu\t%s-%u\t%s\t%s\t%s\t%u\t%s\t%u\t%" PRIu64 "\n",
					(*index)++, stems[n++].text, trial, config->name,
					target->project.text, target->harnesses.list[h].text, trial,
					config->worker, shapes[c].cpus, shapes[c].memory_max);
			}
	}
}

int runs_text(const struct experiment *experiment, const struct shape *shapes, char **ret,
	size_t *ret_len, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ struct stem *stems = NULL;
	size_t len = 0;
	size_t index = 0;
	if (make_stems(experiment, experiment_runs(experiment) / experiment->trials, &stems, err) <
		0)
		return -1;
	FILE *to = open_memstream(&text, &len);
	if (!to)
		return fail(err, ENOMEM, "%s", experiment->name);
	(void)fputs(HEADER, to);
	for (unsigned trial = 1; trial <= experiment->trials; trial++)
		write_trial(experiment, shapes, stems, trial, &index, to);
	if (fclose(to) != 0)
		return fail(err, ENOMEM, "%s", experiment->name);
	*ret = steal_ptr(text);
	*ret_len = len;
	return 0;
}

/* ---- from text ----------------------------------------------------------------------------- */

enum column {
	INDEX,
	ID,
	CONFIG,
	PROJECT,
	HARNESS,
	TRIAL,
	WORKER,
	CPUS,
	MEMORY_MAX,
	COLUMNS,
};

/* A line that is being read. */
struct line {
	const char *name; /* of the file */
	unsigned number;  /* from 1 */
	char *start;
	char *cells[COLUMNS];
};

static int fail_cell(
	const struct line *line, enum column column, const char *what, struct error *err)
{
	const struct mark at = {
		.line = line->number, .column = (unsigned)(line->cells[column] - line->start) + 1};
	(void)fail_at(err, line->name, at, "%s", what);
	err->status = EX_DATAERR;
	return -1;
}

/* Cut the line into its cells. */
static int split_line(struct line *line, struct error *err)
{
	char *p = line->start;
	for (size_t i = 0; i < COLUMNS; i++) {
		line->cells[i] = p;
		char *tab = strchr(p, '\t');
		if (!tab != (i == COLUMNS - 1))
			return fail_cell(line, (enum column)i, "a line must have 9 columns", err);
		if (tab) {
			*tab = '\0';
			p = tab + 1;
		}
	}
	for (size_t i = 0; i < COLUMNS; i++)
		if (!*line->cells[i] || !text_is_clean(line->cells[i]))
			return fail_cell(line, (enum column)i,
				"an empty column, or a control character in it", err);
	return 0;
}

static int cell_number(const struct line *line, enum column column, uint64_t min, uint64_t max,
	uint64_t *ret, struct error *err)
{
	uint64_t value = 0;
	const char *p = line->cells[column];
	/* No longer than the largest, so that it does not overflow; and one way to write each. */
	bool valid = strlen(p) <= 18 && (*p != '0' || !p[1]);
	for (; valid && *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (!valid || *p || value < min || value > max)
		return fail_cell(line, column, "not a number that can stand here", err);
	*ret = value;
	return 0;
}

static int cell_name(const struct line *line, enum column column, size_t max, const char **ret,
	struct error *err)
{
	const char *text = line->cells[column];
	if (!job_is_name(text) || strlen(text) > max)
		return fail_cell(line, column, "not a name", err);
	*ret = text;
	return 0;
}

static int read_line(struct line *line, struct run_entry *ret, struct error *err)
{
	uint64_t index = line->number - 2; /* below the header */
	uint64_t trial = 0;
	uint64_t cpus = 0;
	struct run_entry run = {0};
	if (split_line(line, err) < 0 || cell_number(line, INDEX, index, index, &index, err) < 0 ||
		cell_name(line, ID, RUNS_ID_MAX, &run.id, err) < 0 ||
		cell_name(line, CONFIG, EXPERIMENT_NAME_MAX, &run.config, err) < 0 ||
		cell_number(line, TRIAL, 1, EXPERIMENT_RUNS_MAX, &trial, err) < 0 ||
		cell_name(line, WORKER, EXPERIMENT_NAME_MAX, &run.worker, err) < 0 ||
		cell_number(line, CPUS, 1, CPULIST_MAX, &cpus, err) < 0 ||
		cell_number(line, MEMORY_MAX, 1, INT64_MAX, &run.memory_max, err) < 0)
		return -1;
	run.project = line->cells[PROJECT];
	run.harness = line->cells[HARNESS];
	run.trial = (unsigned)trial;
	run.cpus = (unsigned)cpus;
	*ret = run;
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (const char *p = strchr(text, '\n'); p; p = strchr(p + 1, '\n'))
		count++;
	return count;
}

int runs_parse(const char *name, const char *text, size_t len, struct runs *ret, struct error *err)
{
	_cleanup_(runs_free) struct runs runs = RUNS_NONE;
	size_t header = strlen(HEADER);
	if (memchr(text, '\0', len) || len < header || memcmp(text, HEADER, header) != 0 ||
		text[len - 1] != '\n')
		return fail_as(
			err, EX_DATAERR, "%s is not a list of runs, or only part of one", name);
	runs.text = strndup(text, len);
	size_t lines = runs.text ? count_lines(runs.text) : 0;
	runs.list = calloc(lines + 1, sizeof *runs.list);
	if (!runs.text || !runs.list)
		return fail(err, ENOMEM, "%s", name);
	struct line line = {.name = name, .number = 2, .start = runs.text + header};
	for (; *line.start; line.number++) {
		char *end = strchr(line.start, '\n');
		*end = '\0';
		if (read_line(&line, &runs.list[runs.count], err) < 0)
			return -1;
		runs.count++;
		line.start = end + 1;
	}
	if (!runs.count)
		return fail_as(err, EX_DATAERR, "%s has no runs", name);
	*ret = runs;
	runs = (struct runs)RUNS_NONE;
	return 0;
}

void runs_free(struct runs *runs)
{
	free(runs->list);
	free(runs->text);
	*runs = (struct runs)RUNS_NONE;
}

size_t runs_places(const struct runs *runs)
{
	size_t trials = runs->list[runs->count - 1].trial;
	return runs->count % trials ? 0 : runs->count / trials;
}

unsigned runs_least_cpus(const struct runs *runs)
{
	unsigned least = UINT_MAX;
	for (size_t i = 0; i < runs->count; i++)
		if (runs->list[i].cpus < least)
			least = runs->list[i].cpus;
	return least;
}
