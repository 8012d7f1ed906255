/* SPDX-License-Identifier: MIT
 *
 * tables: formats figures and sentences, and prints the tables of one run or of two by grid.h.
 */
#include "tables.h"

#include "cleanup.h"
#include "clock.h"
#include "grid.h"
#include "size.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>

#define REFUSALS_SHOWN 10

/* ---- figures as text; "-" if unknown ------------------------------------------------------- */

static const char *put_unknown(char buf[static TABLES_TEXT_MAX])
{
	(void)snprintf(buf, TABLES_TEXT_MAX, "-");
	return buf;
}

const char *tables_seconds(uint64_t usec, char buf[static TABLES_TEXT_MAX])
{
	if (usec == CGROUP_STAT_UNKNOWN)
		return put_unknown(buf);
	(void)snprintf(buf, TABLES_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "s", usec / 1000000,
		usec / 100000 % 10);
	return buf;
}

const char *tables_percent(uint64_t thousandths, char buf[static TABLES_TEXT_MAX])
{
	if (thousandths == CGROUP_STAT_UNKNOWN)
		return put_unknown(buf);
	(void)snprintf(
		buf, TABLES_TEXT_MAX, "%" PRIu64 "%%", thousandths / 10 + (thousandths % 10 >= 5));
	return buf;
}

const char *tables_bytes(uint64_t bytes, char buf[static TABLES_TEXT_MAX])
{
	return bytes == CGROUP_STAT_UNKNOWN ? put_unknown(buf) : size_format(bytes, buf);
}

const char *tables_count(uint64_t count, char buf[static TABLES_TEXT_MAX])
{
	if (count == CGROUP_STAT_UNKNOWN)
		return put_unknown(buf);
	(void)snprintf(buf, TABLES_TEXT_MAX, "%" PRIu64, count);
	return buf;
}

const char *tables_stalled(const struct cgroup_stat *figures, char buf[static TABLES_TEXT_MAX])
{
	char part[PRESSURE_KINDS][TABLES_TEXT_MAX];
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		(void)tables_seconds(figures->pressure[i].stalled_usec, part[i]);
	(void)snprintf(buf, TABLES_TEXT_MAX, "%.24s/%.24s/%.24s", part[0], part[1], part[2]);
	return buf;
}

const char *tables_time(time_t when, char buf[static TABLES_TEXT_MAX])
{
	return when ? clock_text(when, buf) : put_unknown(buf);
}

/* ---- one run ------------------------------------------------------------------------------- */

enum { CRS, CPUS, CPU_TIME, USED, OF_RUN, PEAK, LIMIT, OOM, STALLED, EXITS, COLUMNS };

static int add_crs_row(struct libscols_table *table, const struct summary *summary,
	const struct summary_crs *crs, struct error *err)
{
	char text[COLUMNS][TABLES_TEXT_MAX];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	const char *const cells[COLUMNS] = {
		[CRS] = crs->name,
		[CPUS] = cpulist_format(&crs->cpus, cpus),
		[CPU_TIME] = tables_seconds(crs->figures.cpu_usec, text[CPU_TIME]),
		[USED] = tables_percent(summary_cpu_share(summary, crs), text[USED]),
		[OF_RUN] = tables_percent(summary_run_share(summary, crs), text[OF_RUN]),
		[PEAK] = tables_bytes(crs->figures.memory_peak, text[PEAK]),
		[LIMIT] = tables_bytes(crs->memory_max, text[LIMIT]),
		[OOM] = tables_count(crs->figures.oom_kills, text[OOM]),
		[STALLED] = tables_stalled(&crs->figures, text[STALLED]),
		[EXITS] = *crs->exits ? crs->exits : "-",
	};
	return grid_add(table, cells, NULL, COLUMNS, err);
}

/* Say at which memory limit processes were killed. */
static const char *name_limit(
	const struct summary_crs *crs, const char *limit, char buf[static TABLES_TEXT_MAX])
{
	char size[SIZE_TEXT_MAX];
	if (strcmp(limit, "crs") == 0)
		(void)snprintf(buf, TABLES_TEXT_MAX, "at the CRS's memory limit of %s",
			size_format(crs->memory_max, size));
	else if (strcmp(limit, "container") == 0)
		(void)snprintf(buf, TABLES_TEXT_MAX, "at the container's own memory limit");
	else if (strcmp(limit, "worker") == 0)
		(void)snprintf(buf, TABLES_TEXT_MAX, "at the worker's memory limit");
	else
		(void)snprintf(buf, TABLES_TEXT_MAX,
			"at no limit of the run: the host, or a cgroup above the run, was out of "
			"memory");
	return buf;
}

const char *tables_oom(const struct summary *summary, const struct summary_crs *crs,
	const struct summary_oom *oom, char buf[static TABLES_OOM_MAX])
{
	char limit[TABLES_TEXT_MAX];
	bool known = *oom->container;
	/* The processes of `exec` are in no container. */
	const char *unknown = strcmp(summary->phase, "exec") == 0 ? "" : " of a removed container";
	(void)snprintf(buf, TABLES_OOM_MAX, "%" PRIu64 " process%s%s%s%s in CRS '%s', %s",
		oom->kills, oom->kills == 1 ? "" : "es", known ? " of container '" : unknown,
		known ? oom->container : "", known ? "'" : "", crs->name,
		name_limit(crs, oom->limit, limit));
	return buf;
}

static void print_oom(const struct summary *summary, FILE *to)
{
	char text[TABLES_OOM_MAX];
	for (size_t i = 0; i < summary->crs_count; i++)
		for (size_t j = 0; j < summary->crs[i].oom_count; j++)
			text_line(to, "OOM kills: %s",
				tables_oom(
					summary, &summary->crs[i], &summary->crs[i].oom[j], text));
}

const char *tables_refusal(
	const struct summary *summary, size_t index, char buf[static TABLES_REFUSAL_MAX])
{
	uint64_t shown = 0;
	for (size_t i = 0; i < index; i++)
		shown += summary->refusals[i].count;
	bool last = index == summary->refusal_count || index == REFUSALS_SHOWN;
	if (index > REFUSALS_SHOWN || index > summary->refusal_count ||
		(last && summary->refused <= shown))
		return NULL;
	if (last) {
		(void)snprintf(buf, TABLES_REFUSAL_MAX, "%" PRIu64 " more requests",
			summary->refused - shown);
		return buf;
	}
	const struct summary_refusal *refusal = &summary->refusals[index];
	(void)snprintf(buf, TABLES_REFUSAL_MAX, "CRS '%s': %s: %s (%" PRIu64 " time%s)",
		refusal->crs, refusal->request, refusal->what, refusal->count,
		refusal->count == 1 ? "" : "s");
	return buf;
}

static void print_refusals(const struct summary *summary, FILE *to)
{
	char text[TABLES_REFUSAL_MAX];
	for (size_t i = 0; tables_refusal(summary, i, text); i++)
		text_line(to, "refused: %s", text);
}

bool tables_any_ran(const struct summary *summary)
{
	if (strcmp(summary->phase, "exec") == 0)
		return true;
	for (size_t i = 0; i < summary->crs_count; i++)
		if (*summary->crs[i].exits || summary->crs[i].figures.cpu_usec)
			return true;
	return false;
}

int tables_print(const struct summary *summary, FILE *to, struct error *err)
{
	static const struct grid_column columns[COLUMNS] = {{.title = "CRS"}, {.title = "CPUS"},
		{.title = "CPU TIME", .right = true}, {.title = "USED", .right = true},
		{.title = "OF RUN", .right = true}, {.title = "PEAK", .right = true},
		{.title = "LIMIT", .right = true}, {.title = "OOM KILLS", .right = true},
		{.title = "STALLED C/M/IO", .right = true}, {.title = "EXIT"}};
	bool ran = tables_any_ran(summary);
	_cleanup_(grid_close) struct libscols_table *table = grid_open(columns, COLUMNS, to, err);
	if (!table)
		return -1;
	for (size_t i = 0; ran && i < summary->crs_count; i++)
		if (add_crs_row(table, summary, &summary->crs[i], err) < 0)
			return -1;
	if (!ran)
		text_line(to, "no container ran");
	else if (grid_print(table, err) < 0)
		return -1;
	print_oom(summary, to);
	char text[SUMMARY_TEXT_MAX];
	if (summary_exclusive(summary, text))
		text_line(to, "exclusive: %s", text);
	if (summary_unattested(summary, text))
		text_line(to, "containers not attested: %s", text);
	print_refusals(summary, to);
	for (size_t i = 0; i < summary->caveat_count; i++)
		text_line(to, "%s: %s", summary->caveats[i].id, summary->caveats[i].detail);
	return 0;
}

/* ---- all runs ------------------------------------------------------------------------------ */

enum { LIST_RUN, LIST_START, LIST_DURATION, LIST_PHASE, LIST_REASON, LIST_STATUS, LIST_COLUMNS };

struct libscols_table *tables_list_open(FILE *to, struct error *err)
{
	static const struct grid_column columns[LIST_COLUMNS] = {{.title = "RUN"},
		{.title = "START"}, {.title = "DURATION", .right = true}, {.title = "PHASE"},
		{.title = "REASON"}, {.title = "STATUS", .right = true}};
	return grid_open(columns, LIST_COLUMNS, to, err);
}

int tables_list_add(struct libscols_table *list, const char *name, const struct summary *summary,
	struct error *err)
{
	char start[TABLES_TEXT_MAX];
	char duration[TABLES_TEXT_MAX];
	char status[TABLES_TEXT_MAX];
	const char *const unreadable[LIST_COLUMNS] = {name, "-", "-", "-", "unreadable", "-"};
	if (!summary)
		return grid_add(list, unreadable, NULL, LIST_COLUMNS, err);
	const uint64_t usec = summary->duration_usec;
	const char *const cells[LIST_COLUMNS] = {
		[LIST_RUN] = name,
		[LIST_START] = tables_time(summary->started, start),
		[LIST_DURATION] = tables_seconds(usec ? usec : CGROUP_STAT_UNKNOWN, duration),
		[LIST_PHASE] = summary->phase,
		[LIST_REASON] = summary->reason,
		[LIST_STATUS] = tables_count((uint64_t)summary->exit_status, status),
	};
	return grid_add(list, cells, NULL, LIST_COLUMNS, err);
}

/* ---- one run, on the whole ------------------------------------------------------------------ */

int tables_print_run(const struct summary *summary, FILE *to, struct error *err)
{
	char started[TABLES_TEXT_MAX];
	char took[TABLES_TEXT_MAX];
	char memory[TABLES_TEXT_MAX];
	text_line(to, "%s", summary->name);
	if (summary->duration_usec)
		text_line(to, "started %s, took %s, ended with status %d (%s)",
			tables_time(summary->started, started),
			tables_seconds(summary->duration_usec, took), summary->exit_status,
			summary->reason);
	if (*summary->host)
		text_line(to, "on %s: %" PRIu64 " CPUs%s%s, %s, Linux %s", summary->host,
			summary->host_cpus, *summary->cpu ? " " : "", summary->cpu,
			tables_bytes(summary->host_memory, memory), summary->kernel);
	return ferror(to) ? fail(err, EIO, "print") : 0;
}

/* ---- two runs ------------------------------------------------------------------------------ */

/* Write two values into one cell as "A > B", or once if they are equal. */
static void put_pair(char buf[static TABLES_TEXT_MAX], const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		(void)snprintf(buf, TABLES_TEXT_MAX, "%.60s", a);
	else
		(void)snprintf(buf, TABLES_TEXT_MAX, "%.60s > %.60s", a, b);
}

static int add_pair(struct libscols_table *table, const struct comparison *comparison,
	const struct summary_crs *a, const struct summary_crs *b, struct error *err)
{
	enum { NAME, PLACE, TIME, SHARE, MOST, KILLS, COUNT };
	char text[COUNT][TABLES_TEXT_MAX];
	char left[TABLES_TEXT_MAX];
	char right[TABLES_TEXT_MAX];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char other[CPULIST_TEXT_MAX] _unfilled_;
	put_pair(text[PLACE], cpulist_format(&a->cpus, cpus), cpulist_format(&b->cpus, other));
	put_pair(text[TIME], tables_seconds(a->figures.cpu_usec, left),
		tables_seconds(b->figures.cpu_usec, right));
	put_pair(text[SHARE], tables_percent(summary_cpu_share(comparison->a, a), left),
		tables_percent(summary_cpu_share(comparison->b, b), right));
	put_pair(text[MOST], tables_bytes(a->figures.memory_peak, left),
		tables_bytes(b->figures.memory_peak, right));
	put_pair(text[KILLS], tables_count(a->figures.oom_kills, left),
		tables_count(b->figures.oom_kills, right));
	const char *const cells[COUNT] = {
		a->name, text[PLACE], text[TIME], text[SHARE], text[MOST], text[KILLS]};
	return grid_add(table, cells, NULL, COUNT, err);
}

int tables_print_comparison(const struct comparison *comparison, FILE *to, struct error *err)
{
	static const struct grid_column columns[] = {{.title = "CRS"}, {.title = "CPUS"},
		{.title = "CPU TIME"}, {.title = "USED"}, {.title = "MEMORY PEAK"},
		{.title = "OOM KILLS"}};
	_cleanup_(grid_close) struct libscols_table *table =
		grid_open(columns, sizeof columns / sizeof *columns, to, err);
	if (!table)
		return -1;
	for (size_t i = 0; i < comparison->a->crs_count; i++) {
		const struct summary_crs *a = &comparison->a->crs[i];
		const struct summary_crs *b = summary_find(comparison->b, a->name);
		if (b && add_pair(table, comparison, a, b, err) < 0)
			return -1;
	}
	text_line(to, "%s", comparison->a->name);
	text_line(to, "> %s", comparison->b->name);
	if (grid_print(table, err) < 0)
		return -1;
	text_line(to, "%s", comparison->count ? "not comparable:" : "comparable");
	for (size_t i = 0; i < comparison->count; i++)
		text_line(to, "  %s", comparison->reasons[i]);
	return ferror(to) ? fail(err, EIO, "print") : 0;
}
