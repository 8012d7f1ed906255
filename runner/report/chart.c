/* SPDX-License-Identifier: MIT
 *
 * chart: writes one gnuplot script for all charts into a memfd, runs gnuplot once and splits its
 * output into SVG documents, one per chart. The script holds the samples of each CRS as a data
 * block ($crs0, $crs1, ...), which the plots of the CRS's column refer to.
 */
#include "chart.h"

#include "cleanup.h"
#include "proc.h"
#include "size.h"
#include "tables.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/mman.h>

#define COLUMN_WIDTH  480 /* in SVG units, as are all sizes here */
#define PLOT_HEIGHT   115.0
#define MARGIN_LEFT   60.0
#define MARGIN_RIGHT  20.0
#define MARGIN_TOP    35.0
#define MARGIN_TITLES 88.0 /* the lines above the first plot of a titled chart */
#define MARGIN_BOTTOM 38.0
#define LETTER_WIDTH  8.5                 /* of the font, on average */
#define TIME_MARKS    6                   /* at most, so that they do not touch */
#define OUTPUT_MAX    ((size_t)256 << 20) /* bytes of gnuplot's output */
#define PROLOGUE      "<?xml"             /* each SVG document begins with it */

struct palette {
	const char *text, *grid, *background;
	const char *used, *limit, *cpu, *memory, *io;
};

static const struct palette light_palette = {
	"#24292f", "#d8dee4", "#ffffff", "#0969da", "#cf222e", "#0969da", "#9a6700", "#8250df"};
static const struct palette dark_palette = {
	"#c9d1d9", "#30363d", "#0d1117", "#58a6ff", "#ff7b72", "#58a6ff", "#d29922", "#bc8cff"};

/* The units of the time axis, the longest first. */
static const struct unit {
	const char *name;
	/* Length of the unit, and of the shortest run that is drawn in it. */
	uint64_t usec, from_usec;
} units[] = {
	{"h", UINT64_C(3600000000), UINT64_C(3) * 3600000000},
	{"min", 60000000, UINT64_C(3) * 60000000},
	{"s", 1000000, 0},
};

static const struct unit *choose_unit(uint64_t usec)
{
	const struct unit *unit = units;
	while (usec < unit->from_usec)
		unit++;
	return unit;
}

/* The unit of the memory axis: the largest that is not larger than the limit. */
static const struct memory_unit {
	const char *name;
	double bytes;
} memory_units[] = {{"TiB", (double)SIZE_MIB * 1024 * 1024}, {"GiB", (double)SIZE_MIB * 1024},
	{"MiB", SIZE_MIB}, {"KiB", (double)SIZE_MIB / 1024}};

static const struct memory_unit *choose_memory_unit(uint64_t bytes)
{
	const struct memory_unit *unit = memory_units;
	while (unit < memory_units + sizeof memory_units / sizeof *memory_units - 1 &&
		(double)bytes < unit->bytes)
		unit++;
	return unit;
}

/* The distance of the marks on an axis of this length: 1, 2 or 5 times a power of ten. */
static double mark_distance(double length)
{
	double distance = 1;
	while (distance * TIME_MARKS < length)
		distance *= 10;
	while (distance / 10 * TIME_MARKS >= length)
		distance /= 10;
	return distance / 5 * TIME_MARKS >= length   ? distance / 5
	       : distance / 2 * TIME_MARKS >= length ? distance / 2
						     : distance;
}

static const struct palette *palette_of(const struct chart *chart)
{
	return chart->dark ? &dark_palette : &light_palette;
}

/* ---- data ---------------------------------------------------------------------------------- */

#define UNKNOWN (-1.0)

/* A figure at point i times scale; UNKNOWN. */
static double value_at(
	const struct series *series, size_t crs, enum series_kind kind, size_t i, double scale)
{
	uint64_t value = series_of(series, crs, kind)[i];
	return value == CGROUP_STAT_UNKNOWN ? UNKNOWN : (double)value * scale;
}

/* By how much a sum grew per microsecond from point i - 1 to point i, times scale; UNKNOWN. */
static double rate_at(
	const struct series *series, size_t crs, enum series_kind kind, size_t i, double scale)
{
	const uint64_t *values = series_of(series, crs, kind);
	if (i == 0 || values[i] == CGROUP_STAT_UNKNOWN || values[i - 1] == CGROUP_STAT_UNKNOWN ||
		values[i] < values[i - 1])
		return UNKNOWN;
	return (double)(values[i] - values[i - 1]) * scale /
	       (double)(series->times[i] - series->times[i - 1]);
}

/* The largest of the values that one of these two gives for any point; UNKNOWN if all are. */
static double most_of(const struct series *series, size_t crs, enum series_kind kind, double scale,
	double (*at)(const struct series *, size_t, enum series_kind, size_t, double))
{
	double most = UNKNOWN;
	for (size_t i = 0; i < series->count; i++) {
		double value = at(series, crs, kind, i, scale);
		most = value > most ? value : most;
	}
	return most;
}

/* Write one column of the data; "?" if the value is unknown. */
static void put_value(FILE *out, double value)
{
	if (value < 0)
		(void)fputs(" ?", out);
	else
		(void)fprintf(out, " %.6g", value);
}

/* Write $crsN, the data of one CRS: time, CPUs used, memory in the unit of its axis, percent
 * stalled for CPU, memory and I/O, OOM kills. gnuplot warns about a column in which every value is
 * unknown; a single point at -1, left of the drawn range, keeps it quiet. */
static void put_data(FILE *out, const struct summary *summary, size_t crs, const struct unit *unit)
{
	const struct series *series = &summary->series;
	double bytes = choose_memory_unit(summary->crs[crs].memory_max)->bytes;
	(void)fprintf(out, "$crs%zu << EOD\n-1 0 0 0 0 0 0\n\n", crs);
	for (size_t i = 0; i < series->count; i++) {
		(void)fprintf(out, "%.6f", (double)series->times[i] / (double)unit->usec);
		put_value(out, rate_at(series, crs, SERIES_CPU, i, 1));
		put_value(out, value_at(series, crs, SERIES_MEMORY, i, 1 / bytes));
		for (enum series_kind kind = SERIES_CPU_STALLED; kind <= SERIES_IO_STALLED; kind++)
			put_value(out, rate_at(series, crs, kind, i, 100));
		put_value(out, value_at(series, crs, SERIES_OOM_KILLS, i, 1));
		(void)fputc('\n', out);
	}
	(void)fputs("EOD\n", out);
}

/* ---- plots --------------------------------------------------------------------------------- */

/* Write a text as gnuplot quotes it, cut to a width. The text may come from a report of somebody
 * else's. */
static void put_quoted(FILE *out, const char *text, double width)
{
	char piece[TEXT_PIECE_MAX];
	size_t room = (size_t)(width / LETTER_WIDTH);
	(void)fputc('\'', out);
	for (size_t used = 0; *text; used += strlen(piece)) {
		if (used + 1 >= room && text[1]) {
			(void)fputs("…", out);
			break;
		}
		text = text_next(text, piece);
		(void)fputs(*piece == '\'' ? "''" : piece, out);
	}
	(void)fputc('\'', out);
}

/* Write the title of a plot, above it on the left; its key is on the right. */
static void put_title(FILE *out, const struct palette *palette, const char *title)
{
	(void)fprintf(out, "set label 1 '%s' at graph 0,1.18 left textcolor rgb '%s'\n", title,
		palette->text);
}

/* Plot a figure and its limit. The axis ends above both: a rate can be above its limit if a sample
 * was taken late, and the kernel may charge memory beyond the limit for a moment. */
static void put_limited(FILE *out, const struct palette *palette, size_t crs, int column,
	const char *style, double limit, double most, const char *limit_name)
{
	(void)fprintf(out, "set yrange [0:%.6g]\nset ytics (0, %.6g, %.6g)\n",
		(most > limit ? most : limit) * 1.05, limit / 2, limit);
	(void)fprintf(out,
		"plot $crs%zu using 1:%d with %s lw 1.5 lc rgb '%s' title 'used', "
		"%.6g with lines lw 1.5 dt 2 lc rgb '%s' title '%s'\n",
		crs, column, style, palette->used, limit, palette->limit, limit_name);
}

/* The most that any resource was waited for, in percent; UNKNOWN. */
static double most_stalled(const struct series *series, size_t crs)
{
	double most = UNKNOWN;
	for (enum series_kind kind = SERIES_CPU_STALLED; kind <= SERIES_IO_STALLED; kind++) {
		double value = most_of(series, crs, kind, 100, rate_at);
		most = value > most ? value : most;
	}
	return most;
}

static void put_pressure(
	FILE *out, const struct palette *palette, const struct series *series, size_t crs)
{
	double most = most_stalled(series, crs);
	put_title(out, palette, "stalled (%)");
	(void)fprintf(out, "set yrange [0:%.6g]\nset ytics (0, 50, 100)\n",
		(most > 100 ? most : 100) * 1.05);
	(void)fprintf(out,
		"plot $crs%zu using 1:4 with fsteps lw 1.5 lc rgb '%s' title 'CPU', "
		"$crs%zu using 1:5 with fsteps lw 1.5 lc rgb '%s' title 'memory', "
		"$crs%zu using 1:6 with fsteps lw 1.5 lc rgb '%s' title 'I/O'\n",
		crs, palette->cpu, crs, palette->memory, crs, palette->io);
}

static double most_kills(const struct series *series, size_t crs)
{
	return most_of(series, crs, SERIES_OOM_KILLS, 1, value_at);
}

static void put_kills(
	FILE *out, const struct palette *palette, const struct series *series, size_t crs)
{
	double most = most_kills(series, crs);
	most = most > 1 ? most : 1;
	put_title(out, palette, "OOM kills");
	(void)fprintf(out, "set yrange [0:%.6g]\nset ytics (0, %.6g)\n", most * 1.05, most);
	(void)fprintf(out, "plot $crs%zu using 1:7 with steps lw 1.5 lc rgb '%s' title 'total'\n",
		crs, palette->limit);
}

/* The plots besides CPUs and memory: those that would not be empty. */
struct rows {
	bool pressure, kills;
};

static struct rows rows_of_crs(const struct series *series, size_t crs)
{
	return (struct rows){
		.pressure = most_stalled(series, crs) > 0, .kills = most_kills(series, crs) > 0};
}

/* The rows that any CRS of a chart has. */
static struct rows rows_of_chart(const struct series *series, const struct chart *chart)
{
	struct rows all = {false, false};
	for (size_t i = chart->first; i < chart->first + chart->count; i++) {
		struct rows rows = rows_of_crs(series, i);
		all.pressure = all.pressure || rows.pressure;
		all.kills = all.kills || rows.kills;
	}
	return all;
}

/* Write the name of a CRS above its column. */
static void put_crs_name(FILE *out, const struct palette *palette, const char *name)
{
	(void)fputs("set label 2 ", out);
	put_quoted(out, name, COLUMN_WIDTH - MARGIN_LEFT - MARGIN_RIGHT);
	(void)fprintf(out, " at graph 0,1.42 left textcolor rgb '%s' font ',16'\n", palette->text);
}

/* All plots of a column have the same time axis, so only the lowest one has its marks labelled. */
static void put_time_marks(FILE *out, bool lowest, const struct unit *unit)
{
	if (lowest)
		(void)fprintf(out, "set format x '%%g %s'\n", unit->name);
	else
		(void)fputs("set format x ''\n", out);
}

/* Plot pressure and OOM kills. A plot that this CRS does not need, but another one of the chart, is
 * left blank. */
static void put_lower_rows(FILE *out, const struct palette *palette, const struct series *series,
	size_t i, struct rows rows, struct rows all, const struct unit *unit)
{
	put_time_marks(out, !rows.kills, unit);
	if (rows.pressure)
		put_pressure(out, palette, series, i);
	else if (all.pressure)
		(void)fputs("set multiplot next\n", out);
	put_time_marks(out, true, unit);
	if (rows.kills)
		put_kills(out, palette, series, i);
	else if (all.kills)
		(void)fputs("set multiplot next\n", out);
}

static void put_column(FILE *out, const struct summary *summary, const struct chart *chart,
	size_t i, struct rows all, const struct unit *unit)
{
	const struct palette *palette = palette_of(chart);
	const struct series *series = &summary->series;
	const struct summary_crs *crs = &summary->crs[i];
	const struct memory_unit *memory = choose_memory_unit(crs->memory_max);
	struct rows rows = rows_of_crs(series, i);
	unsigned cpus = cpulist_count(&crs->cpus);
	char title[64];
	put_time_marks(out, false, unit);
	if (chart->titled)
		put_crs_name(out, palette, crs->name);
	put_title(out, palette, "CPUs");
	put_limited(out, palette, i, 2, "fsteps", cpus ? cpus : 1,
		most_of(series, i, SERIES_CPU, 1, rate_at), "allotted");
	(void)fputs("unset label 2\nunset label 3\nunset label 4\n", out);
	put_time_marks(out, !rows.pressure && !rows.kills, unit);
	(void)snprintf(title, sizeof title, "memory (%s)", memory->name);
	put_title(out, palette, title);
	put_limited(out, palette, i, 3, "lines",
		crs->memory_max ? (double)crs->memory_max / memory->bytes : 1,
		most_of(series, i, SERIES_MEMORY, 1 / memory->bytes, value_at), "limit");
	put_lower_rows(out, palette, series, i, rows, all, unit);
}

/* Write the run, and its host and time, at the top of the picture. */
static void put_chart_title(
	FILE *out, const struct summary *summary, const struct chart *chart, double height)
{
	const char *colour = palette_of(chart)->text;
	double width = (double)(chart->count * COLUMN_WIDTH);
	double room = width - MARGIN_LEFT - MARGIN_RIGHT;
	char time_text[TABLES_TEXT_MAX];
	char line[TABLES_TEXT_MAX + HOST_NAME_MAX + 16];
	(void)snprintf(line, sizeof line, "%s%.*s%s%s", *summary->host ? "on " : "", HOST_NAME_MAX,
		summary->host, *summary->host ? ", " : "",
		tables_time(summary->started, time_text));
	(void)fputs("set label 3 ", out);
	put_quoted(out, summary->name, room * 14 / 18);
	(void)fprintf(out, " at screen %.6f,%.6f left textcolor rgb '%s' font ',18'\nset label 4 ",
		MARGIN_LEFT / width, 1 - 20 / height, colour);
	put_quoted(out, line, room);
	(void)fprintf(out, " at screen %.6f,%.6f left textcolor rgb '%s'\n", MARGIN_LEFT / width,
		1 - 42 / height, colour);
}

static void put_chart(FILE *out, const struct summary *summary, const struct chart *chart,
	const struct unit *unit)
{
	const struct palette *palette = palette_of(chart);
	const struct series *series = &summary->series;
	struct rows rows = rows_of_chart(series, chart);
	size_t row_count = 2 + (size_t)rows.pressure + (size_t)rows.kills;
	double length = (double)series->times[series->count - 1] / (double)unit->usec;
	double width = (double)(chart->count * COLUMN_WIDTH);
	double top = MARGIN_TOP + (chart->titled ? MARGIN_TITLES : 0);
	double height =
		top + (double)row_count * (PLOT_HEIGHT + MARGIN_TOP) - MARGIN_TOP + MARGIN_BOTTOM;
	(void)fprintf(out,
		"reset\n"
		"set terminal svg size %.0f,%.0f dynamic noenhanced font 'sans-serif,14'%s%s%s\n",
		width, height, chart->opaque ? " background rgb '" : "",
		chart->opaque ? palette->background : "", chart->opaque ? "'" : "");
	(void)fprintf(out,
		"set datafile missing '?'\nset border 3 lc rgb '%s'\n"
		"set tics nomirror out scale 0.5 textcolor rgb '%s'\n"
		"set grid lc rgb '%s' lw 0.7\n"
		"set key at graph 1,1.26 horizontal textcolor rgb '%s' samplen 2\n"
		"set xrange [0:%.6f]\nset xtics %.6g\n",
		palette->text, palette->text, palette->grid, palette->text, length,
		mark_distance(length));
	/* gnuplot takes margins and spacing as fractions of the picture. */
	(void)fprintf(out,
		"set multiplot layout %zu,%zu columnsfirst "
		"margins %.6f,%.6f,%.6f,%.6f spacing %.6f,%.6f\n",
		row_count, chart->count, MARGIN_LEFT / width, 1 - MARGIN_RIGHT / width,
		MARGIN_BOTTOM / height, 1 - top / height, (MARGIN_LEFT + MARGIN_RIGHT) / width,
		MARGIN_TOP / height);
	if (chart->titled)
		put_chart_title(out, summary, chart, height);
	for (size_t i = 0; i < chart->count; i++)
		put_column(out, summary, chart, chart->first + i, rows, unit);
	(void)fputs("unset multiplot\nset output\n", out);
}

/* Write the whole script into a memfd. The caller closes *ret, its descriptor. */
static int write_script(const struct summary *summary, const struct chart *charts, size_t count,
	int *ret, struct error *err)
{
	const struct series *series = &summary->series;
	const struct unit *unit = choose_unit(series->times[series->count - 1]);
	_cleanup_close_ int fd = memfd_create("chart", MFD_CLOEXEC);
	int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	FILE *out = copy >= 0 ? fdopen(copy, "w") : NULL;
	if (!out) {
		(void)fail(err, errno, "chart");
		cleanup_close(&copy);
		return -1;
	}
	(void)fputs("set encoding utf8\n", out);
	for (size_t i = 0; i < summary->crs_count; i++)
		put_data(out, summary, i, unit);
	for (size_t i = 0; i < count; i++)
		put_chart(out, summary, &charts[i], unit);
	bool bad = ferror(out);
	if (fclose(out) != 0 || bad || lseek(fd, 0, SEEK_SET) < 0)
		return fail(err, errno ? errno : EIO, "chart");
	*ret = steal_fd(&fd);
	return 0;
}

/* ---- gnuplot ------------------------------------------------------------------------------- */

static int run_gnuplot(int script, char **ret, struct error *err)
{
	/* -d: ignore the user's own start-up files. */
	const char *const argv[] = {"gnuplot", "-d", "-", NULL};
	/* In another character set it warns that it cannot write a degree sign. */
	const char *const env[] = {"LC_ALL=C.UTF-8", NULL};
	struct spawn spawn = SPAWN(argv);
	_cleanup_free_ char *text = NULL;
	int status = 0;
	spawn.in = script;
	spawn.env = env;
	if (proc_capture(&spawn, OUTPUT_MAX, &text, &status, err) < 0) {
		if (err->code != ENOENT)
			return -1;
		(void)fail_as(err, EX_UNAVAILABLE, "gnuplot is not installed");
		return add_hint(err, "on Debian, run: sudo apt-get install gnuplot-nox");
	}
	if (status != 0)
		return fail_as(
			err, EX_UNAVAILABLE, "gnuplot failed with status %d (see above)", status);
	*ret = steal_ptr(text);
	return 0;
}

/* Split the output of gnuplot into its documents, one per chart. */
static int split_documents(const char *text, size_t count, char **list, struct error *err)
{
	const char *document = strstr(text, PROLOGUE);
	for (size_t i = 0; i < count; i++) {
		if (!document)
			return fail_as(err, EX_UNAVAILABLE, "gnuplot drew only %zu of %zu charts",
				i, count);
		const char *next = strstr(document + strlen(PROLOGUE), PROLOGUE);
		list[i] = next ? strndup(document, (size_t)(next - document)) : strdup(document);
		if (!list[i])
			return fail(err, ENOMEM, "chart");
		document = next;
	}
	return 0;
}

int chart_draw(const struct summary *summary, const struct chart *charts, size_t count, char ***ret,
	struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int script = -1;
	if (summary->series.count < 2) {
		(void)fail_as(err, EX_USAGE, "%s: has no samples to draw", summary->name);
		return add_hint(err, "to take samples, run the job with: oss-crs-run run --record");
	}
	if (write_script(summary, charts, count, &script, err) < 0 ||
		run_gnuplot(script, &text, err) < 0)
		return -1;
	char **list = calloc(count, sizeof *list);
	if (!list)
		return fail(err, ENOMEM, "chart");
	if (split_documents(text ? text : "", count, list, err) < 0) {
		chart_free(list, count);
		return -1;
	}
	*ret = list;
	return 0;
}

void chart_free(char **list, size_t count)
{
	for (size_t i = 0; list && i < count; i++)
		free(list[i]);
	free(list);
}
