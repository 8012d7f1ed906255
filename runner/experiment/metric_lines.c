/* SPDX-License-Identifier: MIT
 *
 * metric_lines: cuts the text into lines and each line at its blank and its '='. Numbers are those
 * of strtod(3), except infinities and NaN, of which there is no median.
 */
#include "metric_lines.h"

#include "cleanup.h"
#include "job.h"

#include <errno.h>
#include <math.h>

static int fail_line(const char *name, unsigned line, size_t column, struct error *err,
	const char *what, const char *text)
{
	const struct mark at = {.line = line, .column = (unsigned)column + 1};
	(void)fail_at(err, name, at, "%s: '%.64s'", what, text);
	err->status = EX_DATAERR;
	return add_hint(err, "each line of the metrics program must be: CRS NAME=VALUE");
}

static int parse_line(
	const char *name, unsigned number, char *line, struct metric_line *ret, struct error *err)
{
	struct metric_line parsed = {.crs = ""};
	char *figure = line;
	char *blank = strchr(line, ' ');
	char *equals = strchr(line, '=');
	if (!equals)
		return fail_line(name, number, 0, err, "no '='", line);
	if (blank && blank < equals) {
		*blank = '\0';
		parsed.crs = line;
		figure = blank + 1;
		if (!job_is_name(line) || strlen(line) > JOB_NAME_MAX)
			return fail_line(name, number, 0, err, "not the name of a CRS", line);
	}
	*equals = '\0';
	parsed.name = figure;
	if (!job_is_name(figure) || strlen(figure) > METRIC_NAME_MAX)
		return fail_line(name, number, (size_t)(figure - line), err,
			"not the name of a figure", figure);
	char *end = NULL;
	const char *value = equals + 1;
	/* strtod(3) skips blanks. */
	bool starts = *value && strchr("+-.0123456789", *value);
	parsed.value = starts ? strtod(value, &end) : 0;
	if (!starts || end == value || *end || !isfinite(parsed.value))
		return fail_line(name, number, (size_t)(value - line), err, "not a number", value);
	*ret = parsed;
	return 0;
}

static int compare_figures(const void *a, const void *b)
{
	const struct metric_line *const *left = a;
	const struct metric_line *const *right = b;
	int order = strcmp((*left)->crs, (*right)->crs);
	return order ? order : strcmp((*left)->name, (*right)->name);
}

static int refuse_twins(const char *name, const struct metric_lines *lines, struct error *err)
{
	_cleanup_free_ const struct metric_line **sorted = calloc(lines->count + 1, sizeof *sorted);
	if (!sorted)
		return fail(err, ENOMEM, "%s", name);
	for (size_t i = 0; i < lines->count; i++)
		sorted[i] = &lines->list[i];
	qsort(sorted, lines->count, sizeof *sorted, compare_figures);
	for (size_t i = 1; i < lines->count; i++)
		if (compare_figures(&sorted[i - 1], &sorted[i]) == 0)
			return fail_as(err, EX_DATAERR,
				"%s: the figure '%.64s'%s%.64s is there twice", name,
				sorted[i]->name, *sorted[i]->crs ? " of " : "", sorted[i]->crs);
	return 0;
}

int metric_lines_parse(
	const char *name, const char *text, size_t len, struct metric_lines *ret, struct error *err)
{
	_cleanup_(metric_lines_free) struct metric_lines lines = METRIC_LINES_NONE;
	unsigned number = 1;
	size_t count = 1;
	if (len && memchr(text, '\0', len))
		return fail_as(err, EX_DATAERR, "%s: a NUL byte", name);
	lines.text = strndup(text, len);
	for (const char *p = lines.text; p && *p; p++)
		count += *p == '\n';
	lines.list = calloc(count, sizeof *lines.list);
	if (!lines.text || !lines.list)
		return fail(err, ENOMEM, "%s", name);
	for (char *p = lines.text; *p; number++) {
		size_t part = strcspn(p, "\n");
		char *next = p + part + (p[part] == '\n');
		p[part] = '\0';
		if (part && parse_line(name, number, p, &lines.list[lines.count++], err) < 0)
			return -1;
		p = next;
	}
	if (refuse_twins(name, &lines, err) < 0)
		return -1;
	*ret = lines;
	lines = (struct metric_lines)METRIC_LINES_NONE;
	return 0;
}

void metric_lines_free(struct metric_lines *lines)
{
	free(lines->list);
	free(lines->text);
	*lines = (struct metric_lines)METRIC_LINES_NONE;
}
