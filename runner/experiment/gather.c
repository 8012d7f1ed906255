/* SPDX-License-Identifier: MIT
 *
 * gather: reads twice: first the names of all figures, so that every row has the same columns, then
 * the results. One result is in memory at a time, and the figures of all cells.
 */
#include "gather.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "fs.h"
#include "metric_lines.h"

#include <errno.h>
#include <math.h>

#define FIGURES_MAX 256

static const char *const own_figures[] = {[GATHER_CPU] = "cpu_percent",
	[GATHER_MEMORY] = "memory_peak_mib",
	[GATHER_OOM] = "oom_kills"};

const char *gather_state_name(enum gather_state state)
{
	static const char *const names[] = {
		[GATHER_DONE] = "done", [GATHER_FAILED] = "failed", [GATHER_MISSING] = "missing"};
	return names[state];
}

/* ---- the names of the figures -------------------------------------------------------------- */

static int find_figure(const struct gather *gather, const char *name)
{
	for (size_t i = 0; i < gather->figure_count; i++)
		if (strcmp(gather->figures[i], name) == 0)
			return (int)i;
	return -1;
}

static int add_figure(struct gather *gather, const char *name, struct error *err)
{
	if (gather->figure_count == FIGURES_MAX)
		return fail_as(err, EX_DATAERR, "more than %d figures", FIGURES_MAX - GATHER_OWN);
	if (!gather->figures)
		gather->figures = calloc(FIGURES_MAX, sizeof *gather->figures);
	char *copy = gather->figures ? strdup(name) : NULL;
	if (!copy)
		return fail(err, ENOMEM, "figures");
	gather->figures[gather->figure_count++] = copy;
	return 0;
}

/* Read what `metrics` printed for a run. Nothing is no error. */
static int read_metrics(
	int dir, const char *id, struct metric_lines *ret, bool *ret_found, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char path[DIRECTORY_PATH_MAX];
	size_t len = 0;
	*ret_found = false;
	if (fs_read(dir, directory_metrics_path(id, path), METRIC_LINES_SIZE_MAX, &text, &len,
		    err) < 0)
		return err->code == ENOENT ? 0 : -1;
	if (metric_lines_parse(path, text, len, ret, err) < 0)
		return -1;
	*ret_found = true;
	return 0;
}

static int name_figures(struct gather *gather, struct error *err)
{
	for (size_t i = 0; i < GATHER_OWN; i++)
		if (add_figure(gather, own_figures[i], err) < 0)
			return -1;
	for (size_t i = 0; i < gather->runs->count; i++) {
		_cleanup_(metric_lines_free) struct metric_lines lines = METRIC_LINES_NONE;
		bool found = false;
		if (read_metrics(gather->dir, gather->runs->list[i].id, &lines, &found, err) < 0)
			return -1;
		for (size_t j = 0; j < lines.count; j++) {
			int figure = find_figure(gather, lines.list[j].name);
			if (figure >= 0 && figure < GATHER_OWN)
				return fail_as(err, EX_DATAERR,
					"%s: `metrics` has a figure '%s', which the report has too",
					gather->runs->list[i].id, lines.list[j].name);
			if (figure < 0 && add_figure(gather, lines.list[j].name, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* ---- machines and cells -------------------------------------------------------------------- */

static int find_machine(
	struct gather *gather, const struct summary *summary, size_t *ret, struct error *err)
{
	for (size_t i = 0; i < gather->machine_count; i++) {
		struct gather_machine *machine = &gather->machines[i];
		if (strcmp(machine->cpu, summary->cpu) != 0 ||
			strcmp(machine->kernel, summary->kernel) != 0)
			continue;
		machine->runs++;
		*ret = i;
		return 0;
	}
	struct gather_machine *larger =
		reallocarray(gather->machines, gather->machine_count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "machines");
	gather->machines = larger;
	struct gather_machine *machine = &larger[gather->machine_count++];
	*machine = (struct gather_machine){
		.cpu = strdup(summary->cpu), .kernel = strdup(summary->kernel), .runs = 1};
	*ret = gather->machine_count - 1;
	return machine->cpu && machine->kernel ? 0 : fail(err, ENOMEM, "machines");
}

static struct gather_cell *look_up(
	const struct gather *gather, size_t place, const char *crs, size_t machine)
{
	for (size_t i = gather->first[place]; i < gather->cell_count; i = gather->cells[i].next)
		if (gather->cells[i].machine == machine && strcmp(gather->cells[i].crs, crs) == 0)
			return &gather->cells[i];
	return NULL;
}

const struct gather_cell *gather_find(
	const struct gather *gather, size_t place, const char *crs, size_t machine)
{
	return look_up(gather, place, crs, machine);
}

static struct gather_cell *add_cell(
	struct gather *gather, size_t place, const char *crs, size_t machine, struct error *err)
{
	size_t count = gather->cell_count;
	if ((count & (count - 1)) == 0) {
		/* There is room for 1, 2, 4, 8 … cells. */
		struct gather_cell *larger =
			reallocarray(gather->cells, count ? count * 2 : 1, sizeof *larger);
		if (!larger) {
			(void)fail(err, ENOMEM, "cells");
			return NULL;
		}
		gather->cells = larger;
	}
	struct gather_cell cell = {.place = place,
		.crs = strdup(crs),
		.machine = machine,
		.figures = calloc(gather->figure_count + 1, sizeof *cell.figures),
		.next = SIZE_MAX};
	if (!cell.crs || !cell.figures) {
		free(cell.crs);
		free(cell.figures);
		(void)fail(err, ENOMEM, "cells");
		return NULL;
	}
	/* Behind the others of its place, so that they are in the order of the first report. */
	size_t *link = &gather->first[place];
	while (*link != SIZE_MAX)
		link = &gather->cells[*link].next;
	*link = count;
	gather->cells[count] = cell;
	gather->cell_count++;
	return &gather->cells[count];
}

static int add_value(struct gather_values *values, double value, struct error *err)
{
	if ((values->count & (values->count - 1)) == 0) {
		double *larger = reallocarray(
			values->list, values->count ? values->count * 2 : 1, sizeof *larger);
		if (!larger)
			return fail(err, ENOMEM, "figures");
		values->list = larger;
	}
	values->list[values->count++] = value;
	return 0;
}

static int add_values(struct gather *gather, size_t place, const char *crs, size_t machine,
	const double *figures, struct error *err)
{
	struct gather_cell *cell = look_up(gather, place, crs, machine);
	if (!cell)
		cell = add_cell(gather, place, crs, machine, err);
	if (!cell)
		return -1;
	for (size_t i = 0; i < gather->figure_count; i++)
		if (!isnan(figures[i]) && add_value(&cell->figures[i], figures[i], err) < 0)
			return -1;
	return 0;
}

/* ---- one run ------------------------------------------------------------------------------- */

static double known(uint64_t figure, double divisor)
{
	return figure == CGROUP_STAT_UNKNOWN ? NAN : (double)figure / divisor;
}

static void fill_figures(const struct gather *gather, const struct summary *summary,
	const struct summary_crs *crs, const struct metric_lines *lines, double *ret)
{
	for (size_t i = 0; i < gather->figure_count; i++)
		ret[i] = NAN;
	ret[GATHER_CPU] = known(summary_cpu_share(summary, crs), 10);
	ret[GATHER_MEMORY] = known(crs->figures.memory_peak, 1 << 20);
	ret[GATHER_OOM] = known(crs->figures.oom_kills, 1);
	for (size_t i = 0; i < lines->count; i++) {
		const struct metric_line *line = &lines->list[i];
		int figure = find_figure(gather, line->name);
		bool its = *line->crs ? strcmp(line->crs, crs->name) == 0 : summary->crs_count == 1;
		if (its && figure >= GATHER_OWN)
			ret[figure] = line->value;
	}
}

/* What the run is from here on. */
struct reader {
	struct gather *gather;
	gather_taker *take;
	void *data;
	struct gather_row row;
	double figures[FIGURES_MAX]; /* of a CRS */
	double sums[FIGURES_MAX];    /* of the run */
};

static int read_crs(struct reader *reader, const struct metric_lines *lines, struct error *err)
{
	struct gather *gather = reader->gather;
	const struct gather_row *row = &reader->row;
	size_t place = row->index % gather->places;
	fill_figures(gather, row->summary, row->crs, lines, reader->figures);
	for (size_t i = GATHER_OWN; i < gather->figure_count; i++)
		if (!isnan(reader->figures[i]))
			reader->sums[i] =
				reader->figures[i] + (isnan(reader->sums[i]) ? 0 : reader->sums[i]);
	if (add_values(gather, place, row->crs->name, row->machine, reader->figures, err) < 0)
		return -1;
	return reader->take ? reader->take(reader->data, gather, row, err) : 0;
}

static int read_done(struct reader *reader, const struct summary *summary, struct error *err)
{
	_cleanup_(metric_lines_free) struct metric_lines lines = METRIC_LINES_NONE;
	struct gather *gather = reader->gather;
	struct gather_row *row = &reader->row;
	bool found = false;
	row->state = GATHER_DONE;
	row->summary = summary;
	if (read_metrics(gather->dir, row->run->id, &lines, &found, err) < 0 ||
		find_machine(gather, summary, &row->machine, err) < 0)
		return -1;
	gather->unmeasured += !found;
	for (size_t i = 0; i < gather->figure_count; i++)
		reader->sums[i] = NAN;
	for (size_t i = 0; i < summary->crs_count; i++) {
		row->crs = &summary->crs[i];
		if (read_crs(reader, &lines, err) < 0)
			return -1;
	}
	return add_values(gather, row->index % gather->places, "", row->machine, reader->sums, err);
}

static int read_undone(struct reader *reader, struct error *err)
{
	struct directory_failure failure = {0};
	struct gather *gather = reader->gather;
	struct gather_row *row = &reader->row;
	row->state = GATHER_FAILED;
	row->failure = &failure;
	if (directory_read_failure(gather->dir, row->run->id, &failure, err) < 0) {
		if (err->code != ENOENT)
			return -1;
		row->state = GATHER_MISSING;
		row->failure = NULL;
	}
	for (size_t i = 0; i < gather->figure_count; i++)
		reader->figures[i] = NAN;
	return reader->take ? reader->take(reader->data, gather, row, err) : 0;
}

static int read_run(struct reader *reader, size_t index, struct error *err)
{
	struct gather *gather = reader->gather;
	_cleanup_json_ json_t *result = NULL;
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	reader->row = (struct gather_row){
		.index = index, .run = &gather->runs->list[index], .figures = reader->figures};
	if (directory_read_result(gather->dir, reader->row.run->id, &result, err) < 0 &&
		err->code != ENOENT)
		return -1;
	int read = -1;
	if (!directory_is_done(result))
		read = read_undone(reader, err);
	else if (summary_read(reader->row.run->id, result, &summary, err) == 0)
		read = read_done(reader, &summary, err);
	gather->states[reader->row.state]++;
	return read;
}

/* ---- all of them --------------------------------------------------------------------------- */

int gather_read(int dir, const struct runs *runs, gather_taker *take, void *data,
	struct gather *ret, struct error *err)
{
	_cleanup_(gather_free) struct gather gather = {
		.dir = dir, .runs = runs, .places = runs_places(runs)};
	if (!gather.places)
		return fail_as(
			err, EX_DATAERR, "the trials of runs.tsv do not have as many runs each");
	gather.first = calloc(gather.places, sizeof *gather.first);
	_cleanup_free_ struct reader *reader = calloc(1, sizeof *reader);
	if (!gather.first || !reader)
		return fail(err, ENOMEM, "runs");
	for (size_t i = 0; i < gather.places; i++)
		gather.first[i] = SIZE_MAX;
	if (name_figures(&gather, err) < 0)
		return -1;
	*reader = (struct reader){.gather = &gather, .take = take, .data = data};
	for (size_t i = 0; i < runs->count; i++)
		if (read_run(reader, i, err) < 0)
			return -1;
	*ret = gather;
	gather = (struct gather)GATHER_NONE;
	return 0;
}

void gather_free(struct gather *gather)
{
	for (size_t i = 0; i < gather->cell_count; i++) {
		for (size_t j = 0; j < gather->figure_count; j++)
			free(gather->cells[i].figures[j].list);
		free(gather->cells[i].figures);
		free(gather->cells[i].crs);
	}
	for (size_t i = 0; i < gather->machine_count; i++) {
		free(gather->machines[i].cpu);
		free(gather->machines[i].kernel);
	}
	for (size_t i = 0; i < gather->figure_count; i++)
		free(gather->figures[i]);
	free(gather->machines);
	free(gather->figures);
	free(gather->cells);
	free(gather->first);
	*gather = (struct gather)GATHER_NONE;
}
