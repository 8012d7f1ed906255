/* SPDX-License-Identifier: MIT
 *
 * status_view: fills in all cells first, so that the width of each column is known, and then
 * chooses the columns that fit. All CRSs are in one table; the lines about the runs go between.
 */
#include "status_view.h"

#include "cleanup.h"
#include "clock.h"
#include "grid.h"
#include "size.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>

#define CELL_MAX  512                   /* bytes of a cell */
#define LINE_SIZE (CELL_MAX + NAME_MAX) /* room for a line that is not of the table */
#define BAR_WIDTH 10
#define ID_SHORT  12 /* digits of a container id that are shown, as in Docker's output */
#define KEPT      0  /* rank of a column that is never left out */

struct row {
	const struct status_run *run;
	const struct status_crs *crs;
	const struct status_crs *before; /* the same CRS in the previous frame; NULL: none */
	uint64_t elapsed_usec;           /* since that frame */
};

/* ---- cells --------------------------------------------------------------------------------- */

/* CPUs in use on average since the previous frame, in hundredths; CGROUP_STAT_UNKNOWN if there is
 * no such frame. */
static uint64_t cpu_rate(const struct row *row)
{
	if (!row->before || !row->elapsed_usec ||
		row->crs->figures.cpu_usec < row->before->figures.cpu_usec)
		return CGROUP_STAT_UNKNOWN;
	return (row->crs->figures.cpu_usec - row->before->figures.cpu_usec) * 100 /
	       row->elapsed_usec;
}

static unsigned allotted_cpus(const struct row *row)
{
	return cpulist_count(&row->crs->figures.cpus_effective);
}

/* A part in percent of the whole, at most 100; 0 if the part is unknown, or the whole 0 or
 * unlimited. */
static unsigned percent_of(uint64_t part, uint64_t whole)
{
	if (part == CGROUP_STAT_UNKNOWN || whole == CGROUP_UNLIMITED || whole == 0)
		return 0;
	return part >= whole ? 100 : (unsigned)((double)part * 100 / (double)whole);
}

static unsigned cpu_share(const struct row *row)
{
	return percent_of(cpu_rate(row), (uint64_t)allotted_cpus(row) * 100);
}

static unsigned memory_share(const struct row *row)
{
	return percent_of(row->crs->figures.memory_current, row->crs->figures.memory_max);
}

static void put_bar(unsigned percent, char *cell)
{
	unsigned filled = (percent * BAR_WIDTH + 50) / 100;
	cell[0] = '[';
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		cell[i + 1] = i < filled ? '#' : '.';
	cell[BAR_WIDTH + 1] = ']';
	cell[BAR_WIDTH + 2] = '\0';
}

/* Write a size, or "-" if it is unknown. text has room for SIZE_TEXT_MAX bytes. */
static void put_size(uint64_t bytes, char *text)
{
	if (bytes == CGROUP_STAT_UNKNOWN)
		memcpy(text, "-", sizeof "-");
	else
		(void)size_format(bytes, text);
}

static void put_number(uint64_t value, char *cell)
{
	if (value == CGROUP_STAT_UNKNOWN)
		(void)snprintf(cell, CELL_MAX, "-");
	else
		(void)snprintf(cell, CELL_MAX, "%" PRIu64, value);
}

static void cell_name(const struct row *row, char *cell)
{
	(void)snprintf(cell, CELL_MAX, "%s", row->crs->name);
}

static void cell_cpus(const struct row *row, char *cell)
{
	char list[CPULIST_TEXT_MAX] _unfilled_;
	(void)snprintf(
		cell, CELL_MAX, "%.64s", cpulist_format(&row->crs->figures.cpus_effective, list));
}

static void cell_rate(const struct row *row, char *cell)
{
	uint64_t rate = cpu_rate(row);
	if (rate == CGROUP_STAT_UNKNOWN)
		(void)snprintf(cell, CELL_MAX, "-/%u", allotted_cpus(row));
	else
		(void)snprintf(cell, CELL_MAX, "%" PRIu64 ".%02" PRIu64 "/%u", rate / 100,
			rate % 100, allotted_cpus(row));
}

static void cell_cpu_bar(const struct row *row, char *cell)
{
	put_bar(cpu_share(row), cell);
}

static void cell_cpu_time(const struct row *row, char *cell)
{
	uint64_t usec = row->crs->figures.cpu_usec;
	(void)snprintf(
		cell, CELL_MAX, "%" PRIu64 ".%" PRIu64 "s", usec / 1000000, usec / 100000 % 10);
}

static void cell_memory(const struct row *row, char *cell)
{
	char current[SIZE_TEXT_MAX];
	char limit[SIZE_TEXT_MAX] = "max";
	put_size(row->crs->figures.memory_current, current);
	if (row->crs->figures.memory_max != CGROUP_UNLIMITED)
		(void)size_format(row->crs->figures.memory_max, limit);
	(void)snprintf(cell, CELL_MAX, "%s/%s", current, limit);
}

static void cell_memory_bar(const struct row *row, char *cell)
{
	put_bar(memory_share(row), cell);
}

static void cell_peak(const struct row *row, char *cell)
{
	put_size(row->crs->figures.memory_peak, cell);
}

/* CPU, memory and I/O pressure, each in percent. */
static void cell_pressure(const struct row *row, char *cell)
{
	size_t used = 0;
	for (size_t i = 0; i < PRESSURE_KINDS; i++) {
		const struct pressure *pressure = &row->crs->figures.pressure[i];
		const char *slash = i ? "/" : "";
		used += (size_t)(pressure->stalled_usec == CGROUP_STAT_UNKNOWN
					 ? snprintf(cell + used, CELL_MAX - used, "%s-", slash)
					 : snprintf(cell + used, CELL_MAX - used, "%s%u", slash,
						   (pressure->avg10 + 50) / 100));
	}
}

static void cell_kills(const struct row *row, char *cell)
{
	put_number(row->crs->figures.oom_kills, cell);
}

static void cell_pids(const struct row *row, char *cell)
{
	put_number(row->crs->figures.pids, cell);
}

static void cell_containers(const struct row *row, char *cell)
{
	size_t fit = CELL_MAX / (ID_SHORT + 1) - 1;
	size_t used = 0;
	(void)snprintf(cell, CELL_MAX, "-");
	for (size_t i = 0; i < row->crs->container_count && i < fit; i++)
		used += (size_t)snprintf(cell + used, CELL_MAX - used, "%s%.*s", i ? "," : "",
			ID_SHORT, row->crs->containers[i]);
	if (row->crs->container_count > fit)
		(void)snprintf(cell + used, CELL_MAX - used, ",...");
}

/* ---- colours ------------------------------------------------------------------------------- */

static const char *share_colour(unsigned percent)
{
	return percent >= 98 ? "red" : percent >= 90 ? "yellow" : NULL;
}

static const char *colour_memory(const struct row *row)
{
	return share_colour(memory_share(row));
}

static const char *colour_pressure(const struct row *row)
{
	unsigned worst = 0;
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		if (row->crs->figures.pressure[i].avg10 > worst)
			worst = row->crs->figures.pressure[i].avg10;
	return worst >= 5000 ? "red" : worst >= 1000 ? "yellow" : NULL;
}

static const char *colour_kills(const struct row *row)
{
	uint64_t kills = row->crs->figures.oom_kills;
	return kills && kills != CGROUP_STAT_UNKNOWN ? "red" : NULL;
}

/* ---- columns ------------------------------------------------------------------------------- */

/* When a column is shown: always, only in a live view, or only outside of one. */
enum when { ALWAYS, LIVE, ONCE };

static const struct column {
	const char *title;
	unsigned rank; /* the column of the highest rank is left out first */
	enum when when;
	bool right;
	void (*fill)(const struct row *row, char *cell);
	const char *(*colour)(const struct row *row);
} columns[] = {
	{"CRS", KEPT, ALWAYS, false, cell_name, NULL},
	{"CPUS", 4, ALWAYS, false, cell_cpus, NULL},
	{"CPU USE", KEPT, LIVE, true, cell_rate, NULL},
	{"", 6, LIVE, false, cell_cpu_bar, NULL},
	{"CPU TIME", KEPT, ONCE, true, cell_cpu_time, NULL},
	{"MEMORY", KEPT, ALWAYS, true, cell_memory, colour_memory},
	{"", 3, LIVE, false, cell_memory_bar, colour_memory},
	{"PEAK", 5, ALWAYS, true, cell_peak, NULL},
	{"PRESSURE", 2, ALWAYS, true, cell_pressure, colour_pressure},
	{"OOM", 1, ALWAYS, true, cell_kills, colour_kills},
	{"PIDS", 7, ALWAYS, true, cell_pids, NULL},
	{"CONTAINERS", 8, ALWAYS, false, cell_containers, NULL},
};

#define COLUMN_COUNT (sizeof columns / sizeof *columns)

struct cells {
	char (*text)[CELL_MAX]; /* row by row, a cell for each of columns[] */
	struct row *rows;
	size_t count;
	bool shown[COLUMN_COUNT];
};

#define CELLS_NONE           \
	{                    \
		.text = NULL \
	}

static void cells_free(struct cells *cells)
{
	free(cells->text);
	free(cells->rows);
}

static int cells_fill(const struct status *status, const struct status *before, struct cells *cells,
	struct error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < status->count; i++)
		count += status->runs[i].crs_count;
	cells->rows = calloc(count + 1, sizeof *cells->rows);
	cells->text = calloc((count + 1) * COLUMN_COUNT, sizeof *cells->text);
	if (!cells->rows || !cells->text)
		return fail(err, ENOMEM, "status");
	for (size_t i = 0; i < status->count; i++) {
		for (size_t j = 0; j < status->runs[i].crs_count; j++) {
			struct row *row = &cells->rows[cells->count];
			*row = (struct row){
				.run = &status->runs[i], .crs = &status->runs[i].crs[j]};
			if (before) {
				row->before = status_find(before, row->run, row->crs);
				row->elapsed_usec = status->at_usec - before->at_usec;
			}
			for (size_t c = 0; c < COLUMN_COUNT; c++)
				columns[c].fill(row, cells->text[cells->count * COLUMN_COUNT + c]);
			cells->count++;
		}
	}
	return 0;
}

static size_t column_width(const struct cells *cells, size_t c)
{
	size_t width = strlen(columns[c].title);
	for (size_t i = 0; i < cells->count; i++) {
		size_t len = strlen(cells->text[i * COLUMN_COUNT + c]);
		width = len > width ? len : width;
	}
	return width;
}

/* Choose the columns to show. As long as they do not fit, leave out the least important one. */
static void choose_columns(struct cells *cells, const struct status_view *view)
{
	size_t total = 0;
	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		cells->shown[c] =
			columns[c].when == ALWAYS || (columns[c].when == LIVE) == view->live;
		total += cells->shown[c] ? column_width(cells, c) + 1 : 0;
	}
	while (view->width && total > view->width) {
		size_t worst = 0;
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			if (cells->shown[c] && columns[c].rank > columns[worst].rank)
				worst = c;
		if (columns[worst].rank == KEPT)
			return;
		cells->shown[worst] = false;
		total -= column_width(cells, worst) + 1;
	}
}

/* ---- the table ----------------------------------------------------------------------------- */

static struct libscols_table *open_table(const struct cells *cells, FILE *to, struct error *err)
{
	struct grid_column shown[COLUMN_COUNT];
	size_t count = 0;
	for (size_t c = 0; c < COLUMN_COUNT; c++)
		if (cells->shown[c])
			shown[count++] = (struct grid_column){.title = columns[c].title,
				.right = columns[c].right,
				.cut = c == 0};
	return grid_open(shown, count, to, err);
}

static int add_rows(struct libscols_table *table, const struct cells *cells, struct error *err)
{
	for (size_t i = 0; i < cells->count; i++) {
		const char *text[COLUMN_COUNT];
		const char *colours[COLUMN_COUNT];
		size_t count = 0;
		for (size_t c = 0; c < COLUMN_COUNT; c++) {
			if (!cells->shown[c])
				continue;
			text[count] = cells->text[i * COLUMN_COUNT + c];
			colours[count++] =
				columns[c].colour ? columns[c].colour(&cells->rows[i]) : NULL;
		}
		if (grid_add(table, text, colours, count, err) < 0)
			return -1;
	}
	return 0;
}

static int print_cells(
	const struct cells *cells, const struct status_view *view, FILE *to, struct error *err)
{
	_cleanup_(grid_close) struct libscols_table *table = open_table(cells, to, err);
	if (!table)
		return -1;
	grid_set_terminal(table, view->width, view->colours);
	return add_rows(table, cells, err) < 0 ? -1 : grid_print(table, err);
}

/* Print the table into a text: the titles, then a line per row. The caller frees *ret. */
static int make_table_text(
	const struct cells *cells, const struct status_view *view, char **ret, struct error *err)
{
	size_t size = 0;
	FILE *stream = open_memstream(ret, &size);
	if (!stream)
		return fail(err, ENOMEM, "status");
	int result = print_cells(cells, view, stream, err);
	return fclose(stream) != 0 && result == 0 ? fail(err, ENOMEM, "status") : result;
}

/* ---- the lines around the table ------------------------------------------------------------ */

struct page {
	const struct status_view *view;
	FILE *to;
	size_t total, used; /* lines that the page has, and of these the ones put so far */
};

/* Put a line, if there is still room. If not all lines fit, the last one that does says how many
 * are missing. cut cleans a line and truncates it if it is too wide; the lines of the table are
 * clean and may have colours. */
static void put_line(struct page *page, const char *text, int len, bool cut, const char *colour)
{
	size_t room = page->view->height;
	page->used++;
	if (room && page->total > room && page->used >= room) {
		if (page->used == room)
			text_line(page->to, "(%zu more lines)", page->total - room + 1);
		return;
	}
	char shown[LINE_SIZE];
	size_t width = page->view->width;
	if (cut) {
		(void)text_clean(
			text, shown, width && width < sizeof shown ? width + 1 : sizeof shown);
		text = shown;
		len = (int)strlen(shown);
	}
	bool coloured = colour && page->view->colours;
	(void)fprintf(page->to, "%s%.*s%s\n", coloured ? colour : "", len, text,
		coloured ? "\033[0m" : "");
}

/* Format when a run began. The line is long enough, so today's date is left out. */
static const char *format_since(time_t since, char buf[static CLOCK_TEXT_MAX])
{
	char now[CLOCK_TEXT_MAX];
	(void)clock_text(time(NULL), now);
	(void)clock_text(since, buf);
	return strncmp(buf, now, CLOCK_DATE_LEN) == 0 ? buf + CLOCK_DATE_LEN : buf;
}

static void put_run_line(struct page *page, const struct status_run *run)
{
	char line[LINE_SIZE];
	char user[64];
	char since[CLOCK_TEXT_MAX];
	char cpus[LEASE_CPUS_MAX];
	char memory[SIZE_TEXT_MAX];
	const struct lease *lease = &run->lease;
	/* The state comes first, so that it is still visible if the line is truncated. */
	int len = snprintf(line, sizeof line, "%-7s  %s  of %s since %s", status_state(run),
		lease->name, lease_user(lease, user, sizeof user),
		format_since(lease->since, since));
	size_t used = (size_t)len;
	if (lease->state == LEASE_WAITING || lease->state == LEASE_FOREIGN)
		len += snprintf(line + used, sizeof line - used, ", %s %s and %s of memory",
			lease->state == LEASE_WAITING ? "for" : "not by oss-crs-run, has",
			lease_cpus_text(&lease->cpus, lease->any, cpus),
			size_format(lease->memory, memory));
	else if (lease->state != LEASE_RUNNING)
		len += snprintf(
			line + used, sizeof line - used, "; to remove it, run: oss-crs-run clean");
	put_line(page, line, len, true, lease->state == LEASE_RUNNING ? "\033[1m" : "\033[33m");
}

static void put_time_line(struct page *page, const struct status *status, size_t crs)
{
	char line[128];
	char now[CLOCK_TEXT_MAX];
	(void)clock_text(time(NULL), now);
	int len = snprintf(line, sizeof line, "%s  %zu run%s, %zu CRS%s", now, status->count,
		status->count == 1 ? "" : "s", crs, crs == 1 ? "" : "s");
	put_line(page, line, len, true, NULL);
	if (page->view->help)
		put_line(page, page->view->help, 0, true, "\033[2m");
}

static void put_hidden_line(struct page *page, const struct status *status)
{
	char line[LEDGER_HIDDEN_MAX + 64];
	int len = snprintf(line, sizeof line, "%u run%s or user%s not visible from here: %s",
		status->hidden, status->hidden == 1 ? "" : "s", status->hidden == 1 ? "" : "s",
		status->hidden_why);
	put_line(page, line, len, true, NULL);
}

/* Take the next line of a text. Returns its start, and its length in *len. */
static const char *take_table_line(const char **rest, int *len)
{
	const char *line = *rest;
	*len = (int)strcspn(line, "\n");
	*rest = line + *len + (line[*len] == '\n');
	return line;
}

int status_print(const struct status *status, const struct status *before,
	const struct status_view *view, FILE *to, struct error *err)
{
	_cleanup_(cells_free) struct cells cells = CELLS_NONE;
	_cleanup_free_ char *table = NULL;
	if (cells_fill(status, before, &cells, err) < 0)
		return -1;
	choose_columns(&cells, view);
	if (cells.count && make_table_text(&cells, view, &table, err) < 0)
		return -1;
	struct page page = {.view = view, .to = to};
	page.total = view->live + (view->help != NULL) + (status->hidden > 0) + status->count +
		     cells.count + (cells.count ? 1 : !status->count);
	int len = 0;
	const char *rest = table ? table : "";
	if (view->live)
		put_time_line(&page, status, cells.count);
	if (!status->count)
		put_line(&page, "no active runs", (int)strlen("no active runs"), true, NULL);
	const char *line = cells.count ? take_table_line(&rest, &len) : NULL;
	if (line)
		put_line(&page, line, len, false, "\033[2m");
	for (size_t i = 0; i < status->count; i++) {
		put_run_line(&page, &status->runs[i]);
		for (size_t j = 0; j < status->runs[i].crs_count; j++) {
			line = take_table_line(&rest, &len);
			put_line(&page, line, len, false, NULL);
		}
	}
	if (status->hidden)
		put_hidden_line(&page, status);
	return ferror(to) ? fail(err, EIO, "status") : 0;
}
