/* SPDX-License-Identifier: MIT
 *
 * chart: writes one gnuplot script for all charts into a memfd, runs gnuplot once and splits its
 * output into SVG documents, one per chart. The script holds the samples of each CRS as a data
 * block ($crs0, $crs1, ...), which the four plots of the CRS's column refer to.
 */
#include "chart.h"

#include "cleanup.h"
#include "job.h"
#include "proc.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>

#define COLUMN_WIDTH  480 /* in SVG units, as are all sizes here */
#define COLUMN_HEIGHT 640.0
#define MARGIN_LEFT   60.0
#define MARGIN_RIGHT  20.0
#define MARGIN_TOP    35.0
#define MARGIN_BOTTOM 38.0
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

static const struct palette *palette_of(const struct chart *chart)
{
	return chart->dark ? &dark_palette : &light_palette;
}

/* ---- data ---------------------------------------------------------------------------------- */

/* Write one column of the data: a figure times scale, or "?" if the figure is unknown. */
static void put_value(FILE *out, uint64_t value, double scale)
{
	if (value == CGROUP_STAT_UNKNOWN)
		(void)fputs(" ?", out);
	else
		(void)fprintf(out, " %.6g", (double)value * scale);
}

/* Write by how much a sum grew per microsecond from point i - 1 to point i, times scale; "?" if
 * that is unknown. */
static void put_rate(FILE *out, const struct series *series, size_t crs, enum series_kind kind,
	size_t i, double scale)
{
	const uint64_t *values = series_of(series, crs, kind);
	if (i == 0 || values[i] == CGROUP_STAT_UNKNOWN || values[i - 1] == CGROUP_STAT_UNKNOWN ||
		values[i] < values[i - 1])
		put_value(out, CGROUP_STAT_UNKNOWN, scale);
	else
		put_value(out, values[i] - values[i - 1],
			scale / (double)(series->times[i] - series->times[i - 1]));
}

/* Write $crsN, the data of one CRS: time, CPUs used, MiB in use, percent stalled for CPU, memory
 * and I/O, OOM kills. gnuplot warns about a column in which every value is unknown; a single
 * point at -1, left of the drawn range, keeps it quiet. */
static void put_data(FILE *out, const struct summary *summary, size_t crs, const struct unit *unit)
{
	const struct series *series = &summary->series;
	(void)fprintf(out, "$crs%zu << EOD\n-1 0 0 0 0 0 0\n\n", crs);
	for (size_t i = 0; i < series->count; i++) {
		(void)fprintf(out, "%.6f", (double)series->times[i] / (double)unit->usec);
		put_rate(out, series, crs, SERIES_CPU, i, 1);
		put_value(out, series_of(series, crs, SERIES_MEMORY)[i], 1.0 / SIZE_MIB);
		for (enum series_kind kind = SERIES_CPU_STALLED; kind <= SERIES_IO_STALLED; kind++)
			put_rate(out, series, crs, kind, i, 100);
		put_value(out, series_of(series, crs, SERIES_OOM_KILLS)[i], 1);
		(void)fputc('\n', out);
	}
	(void)fputs("EOD\n", out);
}

/* ---- plots --------------------------------------------------------------------------------- */

/* Write the title of a plot, above it on the left; its key is on the right. */
static void put_title(FILE *out, const struct palette *palette, const char *title)
{
	(void)fprintf(out, "set label 1 '%s' at graph 0,1.18 left textcolor rgb '%s'\n", title,
		palette->text);
}

/* Plot a figure and its limit, which is the topmost mark of the axis. */
static void put_limited(FILE *out, const struct palette *palette, size_t crs, int column,
	const char *style, double limit, const char *limit_name)
{
	(void)fprintf(out, "set yrange [0:%.6g]\nset ytics (0, %.6g, %.6g)\n", limit * 1.05,
		limit / 2, limit);
	(void)fprintf(out,
		"plot $crs%zu using 1:%d with %s lw 1.5 lc rgb '%s' title 'used', "
		"%.6g with lines lw 1.5 dt 2 lc rgb '%s' title '%s'\n",
		crs, column, style, palette->used, limit, palette->limit, limit_name);
}

static void put_pressure(FILE *out, const struct palette *palette, size_t crs)
{
	put_title(out, palette, "stalled (%)");
	(void)fputs("set yrange [0:105]\nset ytics (0, 50, 100)\n", out);
	(void)fprintf(out,
		"plot $crs%zu using 1:4 with fsteps lw 1.5 lc rgb '%s' title 'CPU', "
		"$crs%zu using 1:5 with fsteps lw 1.5 lc rgb '%s' title 'memory', "
		"$crs%zu using 1:6 with fsteps lw 1.5 lc rgb '%s' title 'I/O'\n",
		crs, palette->cpu, crs, palette->memory, crs, palette->io);
}

static void put_kills(
	FILE *out, const struct palette *palette, const struct series *series, size_t crs)
{
	uint64_t most = 1;
	for (size_t i = 0; i < series->count; i++) {
		uint64_t kills = series_of(series, crs, SERIES_OOM_KILLS)[i];
		most = kills != CGROUP_STAT_UNKNOWN && kills > most ? kills : most;
	}
	put_title(out, palette, "OOM kills");
	(void)fprintf(out, "set yrange [0:%.6g]\nset ytics (0, %" PRIu64 ")\n", (double)most * 1.05,
		most);
	(void)fprintf(out, "plot $crs%zu using 1:7 with steps lw 1.5 lc rgb '%s' title 'in all'\n",
		crs, palette->limit);
}

/* All plots of a column have the same time axis, so only the lowest one has its marks labelled. */
static void put_column(FILE *out, const struct summary *summary, const struct palette *palette,
	size_t i, const struct unit *unit)
{
	const struct summary_crs *crs = &summary->crs[i];
	char title[JOB_NAME_MAX + 64];
	unsigned cpus = cpulist_count(&crs->cpus);
	/* The name contains no quote (job_is_name()). */
	(void)snprintf(title, sizeof title, "%s: CPUs", crs->name);
	(void)fputs("set format x ''\n", out);
	put_title(out, palette, title);
	put_limited(out, palette, i, 2, "fsteps", cpus ? cpus : 1, "allotted");
	put_title(out, palette, "memory (MiB)");
	put_limited(out, palette, i, 3, "lines",
		crs->memory_max ? (double)crs->memory_max / SIZE_MIB : 1, "limit");
	put_pressure(out, palette, i);
	(void)fprintf(out, "set format x '%%g %s'\n", unit->name);
	put_kills(out, palette, &summary->series, i);
}

static void put_chart(FILE *out, const struct summary *summary, const struct chart *chart,
	const struct unit *unit)
{
	const struct palette *palette = palette_of(chart);
	const struct series *series = &summary->series;
	(void)fprintf(out,
		"reset\n"
		"set terminal svg size %zu,%.0f dynamic noenhanced font 'sans-serif,14'%s%s%s\n",
		chart->count * COLUMN_WIDTH, COLUMN_HEIGHT,
		chart->opaque ? " background rgb '" : "", chart->opaque ? palette->background : "",
		chart->opaque ? "'" : "");
	(void)fprintf(out,
		"set datafile missing '?'\nset border 3 lc rgb '%s'\n"
		"set tics nomirror out scale 0.5 textcolor rgb '%s'\n"
		"set grid lc rgb '%s' lw 0.7\n"
		"set key at graph 1,1.26 horizontal textcolor rgb '%s' samplen 2\n"
		"set xrange [0:%.6f]\n",
		palette->text, palette->text, palette->grid, palette->text,
		(double)series->times[series->count - 1] / (double)unit->usec);
	/* gnuplot takes margins and spacing as fractions of the picture. */
	double width = (double)(chart->count * COLUMN_WIDTH);
	(void)fprintf(out,
		"set multiplot layout 4,%zu columnsfirst "
		"margins %.6f,%.6f,%.6f,%.6f spacing %.6f,%.6f\n",
		chart->count, MARGIN_LEFT / width, 1 - MARGIN_RIGHT / width,
		MARGIN_BOTTOM / COLUMN_HEIGHT, 1 - MARGIN_TOP / COLUMN_HEIGHT,
		(MARGIN_LEFT + MARGIN_RIGHT) / width, MARGIN_TOP / COLUMN_HEIGHT);
	for (size_t i = 0; i < chart->count; i++)
		put_column(out, summary, palette, chart->first + i, unit);
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
	struct spawn spawn = SPAWN(argv);
	_cleanup_free_ char *text = NULL;
	int status = 0;
	spawn.in = script;
	if (proc_capture(&spawn, OUTPUT_MAX, &text, &status, err) < 0) {
		if (err->code != ENOENT)
			return -1;
		(void)fail_as(err, EX_UNAVAILABLE, "gnuplot, which draws, is not installed");
		return add_hint(err, "sudo apt install gnuplot-nox");
	}
	if (status != 0)
		return fail_as(
			err, EX_UNAVAILABLE, "gnuplot ended with status %d (see above)", status);
	*ret = steal_ptr(text);
	return 0;
}

/* Split the output of gnuplot into its documents, one per chart. */
static int split_documents(const char *text, size_t count, char **list, struct error *err)
{
	const char *document = strstr(text, PROLOGUE);
	for (size_t i = 0; i < count; i++) {
		if (!document)
			return fail_as(
				err, EX_UNAVAILABLE, "gnuplot drew %zu charts of %zu", i, count);
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
		(void)fail_as(err, EX_USAGE, "%s: there are no samples to draw", summary->name);
		return add_hint(err, "they are taken while the job runs: oss-crs-run run --record");
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
