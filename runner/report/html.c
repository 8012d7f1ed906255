/* SPDX-License-Identifier: MIT
 *
 * html: writes the page from top to bottom: the run, the table of its CRSs, the charts. Each
 * chart is drawn twice, for a light and for a dark page, and embedded as an image in a data: URL:
 * a browser runs nothing that is in an image.
 */
#include "html.h"

#include "chart.h"
#include "cleanup.h"
#include "tables.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>

/* The page is complete, so its Content-Security-Policy forbids the browser to load or run
 * anything but the page's own styles and images. */
static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; img-src data:\">\n"
	"<style>\n"
	":root { --back: #ffffff; --text: #24292f; --dim: #57606a; --line: #d8dee4;\n"
	"  --bad: #cf222e; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  :root { --back: #0d1117; --text: #c9d1d9; --dim: #8b949e; --line: #30363d;\n"
	"    --bad: #ff7b72; }\n"
	"}\n"
	"body { background: var(--back); color: var(--text); "
	"font: 16px/1.5 system-ui, sans-serif;\n"
	"  margin: 0 auto; max-width: 66rem; padding: 1rem; }\n"
	"h1 { font-size: 1.25rem; overflow-wrap: anywhere; }\n"
	"h1 small { display: block; font-size: 1rem; font-weight: 400; }\n"
	"h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }\n"
	"p { margin: 0.25rem 0; overflow-wrap: anywhere; }\n"
	".dim { color: var(--dim); }\n"
	"table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 1rem 0;\n"
	"  white-space: nowrap; }\n"
	"th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.75rem 0.3rem 0;\n"
	"  text-align: right; }\n"
	"th { font-weight: 600; vertical-align: bottom; white-space: normal; }\n"
	"th:first-child, td:first-child { overflow-wrap: anywhere; text-align: left;\n"
	"  min-width: 10rem; white-space: normal; }\n"
	"th:last-child, td:last-child { min-width: 4rem; overflow-wrap: anywhere;\n"
	"  padding-right: 0; white-space: normal; }\n"
	/* A narrow page has a line per figure instead of a row per CRS. */
	"@media (max-width: 60rem) {\n"
	"  table, tbody, tr, td { display: block; }\n"
	"  th { display: none; }\n"
	"  td { border: 0; overflow-wrap: anywhere; padding: 0; white-space: normal; }\n"
	"  td::before { color: var(--dim); content: attr(data-title); float: left;\n"
	"    padding-right: 1rem; }\n"
	"  td:first-child { font-weight: 600; }\n"
	"  td:first-child::before { content: none; }\n"
	"  tr { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }\n"
	"}\n"
	".bad { color: var(--bad); }\n"
	".charts { align-items: start; display: grid; gap: 1rem 2rem;\n"
	"  grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); }\n"
	"figure { margin: 0; min-width: 0; }\n"
	"figcaption { font-weight: 600; overflow-wrap: anywhere; }\n"
	"img { display: block; height: auto; width: 100%; }\n"
	"</style>\n";

void html_escape(const char *text, FILE *to)
{
	while (*text) {
		char piece[TEXT_PIECE_MAX];
		text = text_next(text, piece);
		switch (*piece) {
		case '<':
			(void)fputs("&lt;", to);
			break;
		case '>':
			(void)fputs("&gt;", to);
			break;
		case '&':
			(void)fputs("&amp;", to);
			break;
		case '"':
			(void)fputs("&quot;", to);
			break;
		case '\'':
			(void)fputs("&#39;", to);
			break;
		default:
			(void)fputs(piece, to);
		}
	}
}

static void put_element(const char *before, const char *text, const char *after, FILE *to)
{
	(void)fputs(before, to);
	html_escape(text, to);
	(void)fputs(after, to);
}

/* Write a text in base64 (RFC 4648, section 4). */
static void put_base64(const char *text, FILE *to)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)text;
	for (size_t left = strlen(text); left > 0; p += 3) {
		size_t n = left < 3 ? left : 3;
		unsigned word = (unsigned)p[0] << 16 | (n > 1 ? (unsigned)p[1] << 8 : 0) |
				(n > 2 ? p[2] : 0U);
		(void)fputc(digits[word >> 18], to);
		(void)fputc(digits[word >> 12 & 63], to);
		(void)fputc(n > 1 ? digits[word >> 6 & 63] : '=', to);
		(void)fputc(n > 2 ? digits[word & 63] : '=', to);
		left -= n;
	}
}

/* ---- the figures --------------------------------------------------------------------------- */

static const char *const titles[] = {"CRS", "CPUs", "CPU time", "used", "of the run", "memory peak",
	"limit", "OOM kills", "stalled: CPU", "stalled: memory", "stalled: I/O", "exit"};

#define TITLE_COUNT (sizeof titles / sizeof *titles)

static void put_row(const struct summary *summary, const struct summary_crs *crs, FILE *to)
{
	char text[TITLE_COUNT][TABLES_TEXT_MAX];
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	bool killed = crs->figures.oom_kills && crs->figures.oom_kills != CGROUP_STAT_UNKNOWN;
	const struct pressure *pressure = crs->figures.pressure;
	const char *const cells[TITLE_COUNT] = {crs->name, cpulist_format(&crs->cpus, cpus),
		tables_seconds(crs->figures.cpu_usec, text[2]),
		tables_percent(summary_cpu_share(summary, crs), text[3]),
		tables_percent(summary_run_share(summary, crs), text[4]),
		tables_bytes(crs->figures.memory_peak, text[5]),
		tables_bytes(crs->memory_max, text[6]),
		tables_count(crs->figures.oom_kills, text[7]),
		tables_seconds(pressure[PRESSURE_CPU].stalled_usec, text[8]),
		tables_seconds(pressure[PRESSURE_MEMORY].stalled_usec, text[9]),
		tables_seconds(pressure[PRESSURE_IO].stalled_usec, text[10]),
		*crs->exits ? crs->exits : "-"};
	(void)fputs("<tr>", to);
	for (size_t i = 0; i < TITLE_COUNT; i++) {
		(void)fprintf(to, "<td data-title=\"%s\"%s>", titles[i],
			i == 7 && killed ? " class=\"bad\"" : "");
		put_element("", cells[i], "</td>", to);
	}
	(void)fputs("</tr>\n", to);
}

static void put_table(const struct summary *summary, FILE *to)
{
	(void)fputs("<table>\n<tr>", to);
	for (size_t i = 0; i < TITLE_COUNT; i++)
		put_element("<th>", titles[i], "</th>", to);
	(void)fputs("</tr>\n", to);
	for (size_t i = 0; i < summary->crs_count; i++)
		put_row(summary, &summary->crs[i], to);
	(void)fputs("</table>\n", to);
}

static void put_remark(const char *what, const char *text, FILE *to)
{
	put_element("<p><strong class=\"bad\">", what, "</strong>: ", to);
	put_element("", text, "</p>\n", to);
}

static void put_oom(const struct summary *summary, const struct summary_crs *crs, FILE *to)
{
	char text[TABLES_OOM_MAX];
	for (size_t i = 0; i < crs->oom_count; i++)
		put_remark("OOM kills", tables_oom(summary, crs, &crs->oom[i], text), to);
}

/* The run, and its host and time after a separator. */
static void put_heading(const char *before, const char *between, const char *after,
	const struct summary *summary, FILE *to)
{
	char text[TABLES_TEXT_MAX];
	put_element(before, summary->name, between, to);
	if (*summary->host)
		put_element("on ", summary->host, ", ", to);
	put_element("", tables_time(summary->started, text), after, to);
}

static void put_run_section(const struct summary *summary, FILE *to)
{
	char text[TABLES_TEXT_MAX];
	put_heading("<title>", " ", "</title>\n</head>\n<body>\n", summary, to);
	put_heading("<h1>", "<small>", "</small></h1>\n", summary, to);
	put_element("<p>Took ", tables_seconds(summary->duration_usec, text), "", to);
	(void)fprintf(to, ", ended with status %d (", summary->exit_status);
	put_element("", summary->reason, ").</p>\n", to);
	if (*summary->host) {
		put_element("<p class=\"dim\">On ", summary->host, "", to);
		(void)fprintf(to, ": %" PRIu64 " CPUs", summary->host_cpus);
		put_element(*summary->cpu ? " " : "", summary->cpu, "", to);
		put_element(", ", tables_bytes(summary->host_memory, text), "", to);
		put_element(", Linux ", summary->kernel, ".</p>\n", to);
	}
	for (size_t i = 0; i < summary->crs_count; i++)
		put_oom(summary, &summary->crs[i], to);
	char remark[SUMMARY_TEXT_MAX];
	if (summary_exclusive(summary, remark))
		put_element("<p class=\"dim\">Exclusive: ", remark, ".</p>\n", to);
	if (summary_unattested(summary, remark))
		put_remark("containers not attested", remark, to);
	char refusal[TABLES_REFUSAL_MAX];
	for (size_t i = 0; tables_refusal(summary, i, refusal); i++)
		put_remark("refused", refusal, to);
	for (size_t i = 0; i < summary->caveat_count; i++)
		put_remark(summary->caveats[i].id, summary->caveats[i].detail, to);
}

/* ---- the charts ---------------------------------------------------------------------------- */

static void put_picture(const char *name, const char *for_light, const char *for_dark, FILE *to)
{
	put_element("<figure><figcaption>", name, "</figcaption>\n", to);
	(void)fputs("<picture><source media=\"(prefers-color-scheme: dark)\" "
		    "srcset=\"data:image/svg+xml;base64,",
		to);
	put_base64(for_dark, to);
	put_element("\"><img alt=\"CPU, memory, pressure and OOM kills of ", name,
		" over time\" src=\"data:image/svg+xml;base64,", to);
	put_base64(for_light, to);
	(void)fputs("\"></picture></figure>\n", to);
}

static int put_charts(const struct summary *summary, FILE *to, struct error *err)
{
	size_t count = summary->crs_count * 2;
	_cleanup_free_ struct chart *charts = calloc(count + 1, sizeof *charts);
	char **list = NULL;
	if (!charts)
		return fail(err, ENOMEM, "charts");
	for (size_t i = 0; i < count; i++)
		charts[i] = (struct chart){.first = i / 2, .count = 1, .dark = i % 2};
	if (chart_draw(summary, charts, count, &list, err) < 0)
		return -1;
	(void)fputs("<h2>Over time</h2>\n<div class=\"charts\">\n", to);
	for (size_t i = 0; i < summary->crs_count; i++)
		put_picture(summary->crs[i].name, list[2 * i], list[2 * i + 1], to);
	(void)fputs("</div>\n", to);
	chart_free(list, count);
	return 0;
}

int html_write(const struct summary *summary, FILE *to, struct error *err)
{
	(void)fputs(page_head, to);
	put_run_section(summary, to);
	if (tables_any_ran(summary))
		put_table(summary, to);
	else
		(void)fputs("<p>No container ran.</p>\n", to);
	if (summary->series.count < 2)
		(void)fputs("<p class=\"dim\">No samples, so no charts: record them with "
			    "<code>oss-crs-run run --record</code>.</p>\n",
			to);
	else if (put_charts(summary, to, err) < 0)
		return -1;
	(void)fputs("</body>\n</html>\n", to);
	return ferror(to) ? fail(err, EIO, "write the page") : 0;
}
