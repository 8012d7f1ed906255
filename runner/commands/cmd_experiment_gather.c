/* SPDX-License-Identifier: MIT
 *
 * cmd_experiment_gather: `experiment gather`: the results of all runs, as tables, CSV or JSON. What
 * is missing is shown, and runs on different kinds of machines stay apart.
 */
#include "cleanup.h"
#include "experiment_parts.h"
#include "fs.h"
#include "gather.h"
#include "grid.h"
#include "text.h"

#include <errno.h>
#include <math.h>

#define NUMBER_MAX 32

static const char *number_text(double number, char buf[static NUMBER_MAX])
{
	(void)snprintf(buf, NUMBER_MAX, "%.4g", number);
	return buf;
}

/* The name of a kind of machine in the tables: A, B, …, then by number. */
static const char *machine_text(size_t machine, char buf[static NUMBER_MAX])
{
	if (machine < 26)
		(void)snprintf(buf, NUMBER_MAX, "%c", (char)('A' + machine));
	else
		(void)snprintf(buf, NUMBER_MAX, "M%zu", machine + 1);
	return buf;
}

/* ---- the cells ----------------------------------------------------------------------------- */

static int add_figure_row(const struct gather *gather, const struct gather_cell *cell,
	size_t figure, struct libscols_table *grid, struct error *err)
{
	const struct run_entry *run = &gather->runs->list[cell->place];
	const struct gather_values *values = &cell->figures[figure];
	char machine[NUMBER_MAX];
	char count[2 * NUMBER_MAX];
	char median[NUMBER_MAX] = "-";
	char quartiles[2 * NUMBER_MAX + 4] = "-";
	char range[2 * NUMBER_MAX + 4] = "-";
	(void)snprintf(count, sizeof count, "%zu/%zu", values->count,
		gather->runs->count / gather->places);
	if (values->count) {
		char low[NUMBER_MAX];
		char high[NUMBER_MAX];
		struct five_numbers five = statistics_five(values->list, values->count);
		(void)number_text(five.median, median);
		(void)snprintf(quartiles, sizeof quartiles, "%s..%s", number_text(five.q1, low),
			number_text(five.q3, high));
		(void)snprintf(range, sizeof range, "%s..%s", number_text(five.min, low),
			number_text(five.max, high));
	}
	const char *const row[] = {run->project, run->harness, run->config,
		*cell->crs ? cell->crs : "(run)", machine_text(cell->machine, machine),
		gather->figures[figure], count, median, quartiles, range};
	return grid_add(grid, row, NULL, sizeof row / sizeof *row, err);
}

/* Whether the sum over the CRSs says more than the one CRS of each run. */
static bool has_several(const struct gather *gather, const struct gather_cell *cell)
{
	size_t crs = 0;
	for (size_t i = gather->first[cell->place]; i != SIZE_MAX; i = gather->cells[i].next)
		crs += gather->cells[i].machine == cell->machine && *gather->cells[i].crs;
	return crs > 1;
}

static int add_cell_rows(const struct gather *gather, const struct gather_cell *cell,
	struct libscols_table *grid, struct error *err)
{
	if (!*cell->crs && !has_several(gather, cell))
		return 0;
	for (size_t i = *cell->crs ? 0 : GATHER_OWN; i < gather->figure_count; i++)
		if (add_figure_row(gather, cell, i, grid, err) < 0)
			return -1;
	return 0;
}

/* A cell without any run that is done. */
static int add_empty_row(
	const struct gather *gather, size_t place, struct libscols_table *grid, struct error *err)
{
	const struct run_entry *run = &gather->runs->list[place];
	char count[NUMBER_MAX];
	(void)snprintf(count, sizeof count, "0/%zu", gather->runs->count / gather->places);
	const char *const row[] = {
		run->project, run->harness, run->config, "-", "-", "-", count, "-", "-", "-"};
	return grid_add(grid, row, NULL, sizeof row / sizeof *row, err);
}

static int print_cells(const struct gather *gather, struct error *err)
{
	static const struct grid_column columns[] = {{.title = "PROJECT"}, {.title = "HARNESS"},
		{.title = "CONFIG"}, {.title = "CRS"}, {.title = "MACHINE"}, {.title = "FIGURE"},
		{.title = "N", .right = true}, {.title = "MEDIAN", .right = true},
		{.title = "QUARTILES", .right = true}, {.title = "RANGE", .right = true}};
	_cleanup_(grid_close) struct libscols_table *grid =
		grid_open(columns, sizeof columns / sizeof *columns, stdout, err);
	if (!grid)
		return -1;
	for (size_t place = 0; place < gather->places; place++) {
		if (gather->first[place] == SIZE_MAX && add_empty_row(gather, place, grid, err) < 0)
			return -1;
		for (size_t i = gather->first[place]; i != SIZE_MAX; i = gather->cells[i].next)
			if (add_cell_rows(gather, &gather->cells[i], grid, err) < 0)
				return -1;
	}
	return grid_print(grid, err);
}

/* ---- the comparisons ----------------------------------------------------------------------- */

struct comparison_grid {
	const struct gather *gather;
	struct libscols_table *grid;
	size_t rows;
};

static int add_comparison_row(
	void *data, const struct gather_comparison *comparison, struct error *err)
{
	struct comparison_grid *grid = data;
	const struct mann_whitney *result = &comparison->result;
	char machine[NUMBER_MAX];
	char counts[2 * NUMBER_MAX];
	char u[NUMBER_MAX];
	char p[NUMBER_MAX + 2];
	char a12[NUMBER_MAX];
	char number[NUMBER_MAX];
	(void)snprintf(counts, sizeof counts, "%zu, %zu", comparison->count_a, comparison->count_b);
	(void)snprintf(
		p, sizeof p, "%s%s", result->exact ? "" : "~", number_text(result->p, number));
	(void)snprintf(a12, sizeof a12, "%.3f", result->a12);
	const char *const row[] = {comparison->a->project, comparison->a->harness,
		comparison->a->config, comparison->b->config,
		machine_text(comparison->machine, machine),
		grid->gather->figures[comparison->figure], counts, number_text(result->u, u), p,
		a12};
	grid->rows++;
	return grid_add(grid->grid, row, NULL, sizeof row / sizeof *row, err);
}

static int print_comparisons(const struct gather *gather, size_t configs, struct error *err)
{
	static const struct grid_column columns[] = {{.title = "PROJECT"}, {.title = "HARNESS"},
		{.title = "A"}, {.title = "B"}, {.title = "MACHINE"}, {.title = "FIGURE"},
		{.title = "N", .right = true}, {.title = "U", .right = true},
		{.title = "P", .right = true}, {.title = "A12", .right = true}};
	_cleanup_(grid_close) struct libscols_table *grid =
		grid_open(columns, sizeof columns / sizeof *columns, stdout, err);
	struct comparison_grid comparisons = {.gather = gather, .grid = grid};
	if (!grid || gather_compare(gather, configs, add_comparison_row, &comparisons, err) < 0)
		return -1;
	if (!comparisons.rows)
		return 0;
	(void)putchar('\n');
	return grid_print(grid, err);
}

/* ---- what is to be known before -------------------------------------------------------------- */

static void print_head(const struct gather *gather, const struct experiment *experiment)
{
	char name[NUMBER_MAX];
	text_line(stdout, "Experiment %s: %zu of %zu runs done, %zu failed, %zu missing",
		experiment->name, gather->states[GATHER_DONE], gather->runs->count,
		gather->states[GATHER_FAILED], gather->states[GATHER_MISSING]);
	for (size_t i = 0; i < gather->machine_count; i++)
		text_line(stdout, "Machine %s: %s, Linux %s (%zu runs)", machine_text(i, name),
			*gather->machines[i].cpu ? gather->machines[i].cpu : "unknown CPU",
			gather->machines[i].kernel, gather->machines[i].runs);
	if (gather->machine_count > 1)
		text_line(stdout,
			"The runs were on %zu kinds of machines, and are not compared "
			"across them",
			gather->machine_count);
	if (experiment->metrics && gather->unmeasured)
		text_line(stdout, "%zu runs are done, but have no figures from `metrics`",
			gather->unmeasured);
}

struct remark {
	FILE *to;
	size_t caveats; /* runs with any */
	size_t last; /* the index of the last of them, so that a run counts once; SIZE_MAX: none */
};

/* Name each run without a result, and count those with caveats. */
static int remark_row(
	void *data, const struct gather *gather, const struct gather_row *row, struct error *err)
{
	struct remark *remark = data;
	(void)gather;
	(void)err;
	if (row->state == GATHER_FAILED)
		text_line(remark->to, "failed: %s on %s, status %d: %s", row->run->id,
			row->failure->host, row->failure->status, row->failure->why);
	else if (row->state == GATHER_MISSING)
		text_line(remark->to, "missing: %s", row->run->id);
	else if (row->summary->caveat_count && remark->last != row->index) {
		remark->last = row->index;
		remark->caveats++;
	}
	return 0;
}

/* ---- the verb ------------------------------------------------------------------------------ */

static int print_all(const struct submitted *submitted, const struct gather *gather,
	const struct remark *remark, struct error *err)
{
	const struct experiment *experiment = &submitted->experiment;
	print_head(gather, experiment);
	if (remark->caveats)
		text_line(stdout,
			"%zu runs have caveats: see the column of --csv, or `oss-crs-run report "
			"%s/results/ID.json`",
			remark->caveats, submitted->path);
	(void)putchar('\n');
	return print_cells(gather, err) < 0
		       ? -1
		       : print_comparisons(gather, experiment->config_count, err);
}

static int print_tables(const struct submitted *submitted, struct error *err)
{
	_cleanup_(gather_free) struct gather gather = GATHER_NONE;
	_cleanup_free_ char *remarks = NULL;
	size_t len = 0;
	struct remark remark = {.to = open_memstream(&remarks, &len), .last = SIZE_MAX};
	if (!remark.to)
		return fail(err, ENOMEM, "runs");
	int result =
		gather_read(submitted->dir, &submitted->runs, remark_row, &remark, &gather, err);
	if (fclose(remark.to) != 0)
		return fail(err, ENOMEM, "runs");
	if (result < 0 || print_all(submitted, &gather, &remark, err) < 0)
		return -1;
	/* Clean already. */
	if (len)
		(void)putchar('\n');
	(void)fwrite(remarks, 1, len, stdout);
	return 0;
}

static int print_json(const struct submitted *submitted, struct error *err)
{
	_cleanup_(gather_free) struct gather gather = GATHER_NONE;
	const struct experiment *experiment = &submitted->experiment;
	struct gather_json json = {.to = stdout};
	gather_json_begin(&json, experiment->name);
	return gather_read(
		       submitted->dir, &submitted->runs, gather_take_json, &json, &gather, err) < 0
		       ? -1
		       : gather_json_end(&json, &gather, experiment->config_count, err);
}

static int print_csv(const struct submitted *submitted, struct error *err)
{
	_cleanup_(gather_free) struct gather gather = GATHER_NONE;
	return gather_read(submitted->dir, &submitted->runs, gather_take_csv, stdout, &gather, err);
}

static int write_page(
	const struct context *context, const struct submitted *submitted, struct error *err)
{
	_cleanup_(gather_free) struct gather gather = GATHER_NONE;
	_cleanup_free_ char *text = NULL;
	const struct experiment *experiment = &submitted->experiment;
	size_t len = 0;
	if (gather_read(submitted->dir, &submitted->runs, NULL, NULL, &gather, err) < 0)
		return -1;
	FILE *to = open_memstream(&text, &len);
	if (!to)
		return fail(err, ENOMEM, "the page");
	int result = gather_html(&gather, experiment->name, experiment->config_count, to, err);
	if (fclose(to) != 0 || result < 0)
		return result < 0 ? -1 : fail(err, ENOMEM, "the page");
	if (fs_replace_path(context->options.html, text, len, err) < 0)
		return -1;
	log_note(&context->log, LOG_NORMAL, "wrote %s", context->options.html);
	return 0;
}

int experiment_gather(const struct context *context, struct error *err)
{
	_cleanup_(submitted_free) struct submitted submitted = SUBMITTED_NONE;
	const struct options *options = &context->options;
	if (options->csv + options->json + (options->html != NULL) > 1)
		return fail_as(err, EX_USAGE, "--csv, --json and --html cannot be used together");
	if (submitted_of_file(context, &submitted, err) < 0)
		return -1;
	int result = options->csv    ? print_csv(&submitted, err)
		     : options->json ? print_json(&submitted, err)
		     : options->html ? write_page(context, &submitted, err)
				     : print_tables(&submitted, err);
	return result < 0 ? -1 : EX_OK;
}
