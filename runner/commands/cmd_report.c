/* SPDX-License-Identifier: MIT
 *
 * cmd_report: the `report` command: show the reports of runs that have ended. Without an argument
 * it lists them. With one argument it shows a run as tables, JSON, a picture or an HTML page, and
 * with two it compares two runs. All figures are read from the JSON document that the run left
 * (summary.h).
 */
#include "commands.h"

#include "chart.h"
#include "cleanup.h"
#include "cleanup_json.h"
#include "comparison.h"
#include "fs.h"
#include "grid.h"
#include "html.h"
#include "json_build.h"
#include "store.h"
#include "tables.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Open the store. Only callers that need it do so: a file can be read without a store. */
static int open_store(struct store *store, struct error *err)
{
	if (store_open(false, store, err) == 0)
		return 0;
	if (err->code != ENOENT)
		return -1;
	(void)fail_as(err, EX_USAGE, "no report is kept");
	return add_hint(err, "`build` and `run` keep a report; `exec` keeps one with --record");
}

static int read_report_file(const char *path, struct summary *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		(void)fail(err, errno, "open %s", path);
		err->status = EX_USAGE;
		return -1;
	}
	if (fs_read_fd(fd, path, SUMMARY_SIZE_MAX, &text, &len, err) < 0)
		return -1;
	return summary_parse(path, text, len, ret, err);
}

/* Whether the argument RUN|FILE is a file: it contains a slash, which the name of a run does not,
 * or a file of that name exists. */
static bool is_file(const char *text)
{
	struct stat st;
	return strchr(text, '/') || (stat(text, &st) == 0 && !S_ISDIR(st.st_mode));
}

static int read_argument(const char *text, struct summary *ret, struct error *err)
{
	_cleanup_(store_close) struct store store = STORE_CLOSED;
	if (is_file(text))
		return read_report_file(text, ret, err);
	return open_store(&store, err) < 0 ? -1 : store_get(&store, text, ret, err);
}

/* ---- output formats ------------------------------------------------------------------------ */

/* Write the file at path with `write`. The text is made in memory first, so that an error of
 * `write` leaves an existing file unchanged. */
static int write_report_file(const char *path, const struct summary *summary,
	int (*write)(const struct summary *summary, FILE *to, struct error *err), struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	if (!memory)
		return fail(err, errno, "write %s", path);
	int result = write(summary, memory, err);
	if (fclose(memory) != 0 || result < 0)
		return result < 0 ? -1 : fail(err, ENOMEM, "write %s", path);
	return fs_replace_path(path, text, size, err);
}

static int write_svg(const struct summary *summary, FILE *to, struct error *err)
{
	const struct chart chart = {.count = summary->crs_count, .opaque = true, .titled = true};
	char **list = NULL;
	if (chart_draw(summary, &chart, 1, &list, err) < 0)
		return -1;
	int result = fputs(list[0], to) < 0 ? fail(err, EIO, "write the chart") : 0;
	chart_free(list, 1);
	return result;
}

static int report_one(const struct context *context, const char *argument, struct error *err)
{
	const struct options *options = &context->options;
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	if (read_argument(argument, &summary, err) < 0)
		return -1;
	if (options->svg && write_report_file(options->svg, &summary, write_svg, err) < 0)
		return -1;
	if (options->svg)
		log_note(&context->log, LOG_NORMAL, "wrote %s", options->svg);
	if (options->html && write_report_file(options->html, &summary, html_write, err) < 0)
		return -1;
	if (options->html)
		log_note(&context->log, LOG_NORMAL, "wrote %s", options->html);
	struct json_build build = JSON_BUILD_NONE;
	if (options->json)
		return json_build_print(&build, json_incref(summary.root), err);
	if (options->svg || options->html)
		return 0;
	return tables_print_run(&summary, stdout, err) < 0 ? -1
							   : tables_print(&summary, stdout, err);
}

static int report_two(
	const struct context *context, const char *first, const char *second, struct error *err)
{
	const struct options *options = &context->options;
	_cleanup_(summary_free) struct summary a = SUMMARY_NONE;
	_cleanup_(summary_free) struct summary b = SUMMARY_NONE;
	_cleanup_(comparison_free) struct comparison comparison = COMPARISON_NONE;
	if (options->svg || options->html)
		return fail_as(err, EX_USAGE, "--svg and --html take one run, not two");
	if (read_argument(first, &a, err) < 0 || read_argument(second, &b, err) < 0 ||
		comparison_make(&a, &b, &comparison, err) < 0)
		return -1;
	if (!options->json)
		return tables_print_comparison(&comparison, stdout, err);
	struct json_build build = JSON_BUILD_NONE;
	return json_build_print(&build, comparison_to_json(&build, &comparison), err);
}

static int print_list(
	const struct store *store, char *const *names, size_t count, struct error *err)
{
	_cleanup_(grid_close) struct libscols_table *list = tables_list_open(stdout, err);
	if (!list)
		return -1;
	for (size_t i = 0; i < count; i++) {
		_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
		struct error ignored = {0};
		bool known = store_read(store, names[i], &summary, &ignored) == 0;
		if (tables_list_add(list, names[i], known ? &summary : NULL, err) < 0)
			return -1;
	}
	return grid_print(list, err);
}

static int print_names_json(char *const *list, size_t count, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_json_ json_t *names = json_array();
	for (size_t i = 0; i < count; i++)
		json_build_append(&build, names, json_build_prose(list[i]));
	return json_build_print(
		&build, json_build_pack(&build, "{s:i, s:O}", "version", 1, "reports", names), err);
}

/* List all reports. That there is none is an answer, not an error. */
static int list_reports(const struct context *context, struct error *err)
{
	_cleanup_(store_close) struct store store = STORE_CLOSED;
	char **names = NULL;
	size_t count = 0;
	if (context->options.svg || context->options.html)
		return fail_as(err, EX_USAGE, "--svg and --html need a RUN or FILE");
	if (store_open(false, &store, err) < 0) {
		if (err->code != ENOENT)
			return -1;
	} else if (store_list(&store, &names, &count, err) < 0) {
		return -1;
	}
	int result = 0;
	if (context->options.json)
		result = print_names_json(names, count, err);
	else if (count)
		result = print_list(&store, names, count, err);
	else
		log_note(&context->log, LOG_NORMAL,
			"no reports: `build` and `run` keep one, and `exec` does with --record");
	store_list_free(names, count);
	return result;
}

int cmd_report(const struct context *context, struct error *err)
{
	char *const *args = context->options.args;
	switch (context->options.arg_count) {
	case 0:
		return list_reports(context, err);
	case 1:
		return report_one(context, args[0], err);
	default:
		return report_two(context, args[0], args[1], err);
	}
}
