/* SPDX-License-Identifier: MIT
 *
 * gather_html: the results as one page, complete in its file: the counts, a box plot for each
 * figure of `metrics` on each target and kind of machine, with a box per config, and the
 * comparisons. The plots are SVG in the page, drawn with its colours; a browser loads and runs
 * nothing.
 */
#include "gather.h"

#include "cleanup.h"
#include "html.h"

#include <errno.h>
#include <inttypes.h>

#define PLOT_WIDTH 720 /* of which the names take the left part */
#define NAMES      180
#define MARGIN     20
#define ROW        34
#define AXIS       30

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<style>\n"
	":root { --back: #ffffff; --text: #24292f; --line: #8c959f; --box: #54aeff; }\n"
	"@media (prefers-color-scheme: dark) {\n"
	"  :root { --back: #0d1117; --text: #c9d1d9; --line: #6e7681; --box: #1f6feb; }\n"
	"}\n"
	"body { background: var(--back); color: var(--text); font: 16px/1.5 system-ui, "
	"sans-serif;\n  margin: 0 auto; max-width: 66rem; padding: 1rem; }\n"
	"h1, h2 { font-size: 1.2rem; overflow-wrap: anywhere; }\n"
	"table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
	"th, td { border-bottom: 1px solid var(--line); padding: 0.2rem 1rem 0.2rem 0;\n"
	"  text-align: left; }\n"
	"svg { display: block; height: auto; max-width: 100%; }\n"
	"svg text { fill: var(--text); font-size: 13px; }\n"
	"svg line { stroke: var(--text); }\n"
	"svg rect { fill: var(--box); stroke: var(--text); }\n"
	"</style>\n";

struct page {
	const struct gather *gather;
	size_t configs;
	FILE *to;
};

static void put_element(const struct page *page, const char *tag, const char *text)
{
	(void)fprintf(page->to, "<%s>", tag);
	html_escape(text, page->to);
	(void)fprintf(page->to, "</%s>", tag);
}

static void put_number(const struct page *page, double number)
{
	(void)fprintf(page->to, "<td>%.4g</td>", number);
}

/* ---- a plot -------------------------------------------------------------------------------- */

struct plot {
	size_t first; /* place of the first config */
	size_t machine, figure;
	double low, high; /* of all values */
	size_t rows;      /* configs with a value */
};

static struct gather_values *values_of(const struct page *page, const struct plot *plot, size_t i)
{
	const struct gather_cell *cell =
		gather_find(page->gather, plot->first + i, "", plot->machine);
	return cell && cell->figures[plot->figure].count ? &cell->figures[plot->figure] : NULL;
}

static void measure_plot(const struct page *page, struct plot *plot)
{
	for (size_t i = 0; i < page->configs; i++) {
		const struct gather_values *values = values_of(page, plot, i);
		if (!values)
			continue;
		struct five_numbers five = statistics_five(values->list, values->count);
		if (!plot->rows || five.min < plot->low)
			plot->low = five.min;
		if (!plot->rows || five.max > plot->high)
			plot->high = five.max;
		plot->rows++;
	}
}

static double place_of(const struct plot *plot, double value)
{
	double room = PLOT_WIDTH - NAMES - 2 * MARGIN;
	double span = plot->high - plot->low;
	return NAMES + MARGIN + (span > 0 ? (value - plot->low) / span * room : room / 2);
}

static void draw_line(const struct page *page, double x1, double y1, double x2, double y2)
{
	(void)fprintf(page->to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>", x1, y1,
		x2, y2);
}

static void draw_box(const struct page *page, const struct plot *plot, const char *name,
	const struct gather_values *values, double y)
{
	struct five_numbers five = statistics_five(values->list, values->count);
	double q1 = place_of(plot, five.q1);
	double q3 = place_of(plot, five.q3);
	double median = place_of(plot, five.median);
	(void)fprintf(page->to, "<text x=\"0\" y=\"%.1f\">", y + 4);
	html_escape(name, page->to);
	(void)fprintf(page->to, " (%zu)</text>", values->count);
	draw_line(page, place_of(plot, five.min), y, place_of(plot, five.max), y);
	(void)fprintf(page->to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", q1,
		y - 9, q3 - q1 > 1 ? q3 - q1 : 1, 18.0);
	draw_line(page, median, y - 9, median, y + 9);
	(void)fputc('\n', page->to);
}

static void draw_axis(const struct page *page, const struct plot *plot, double y)
{
	draw_line(page, NAMES + MARGIN, y, PLOT_WIDTH - MARGIN, y);
	(void)fprintf(page->to, "<text x=\"%d\" y=\"%.1f\">%.4g</text>", NAMES + MARGIN, y + 18,
		plot->low);
	if (plot->high > plot->low)
		(void)fprintf(page->to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>",
			PLOT_WIDTH - MARGIN, y + 18, plot->high);
}

static void draw_plot(const struct page *page, struct plot *plot)
{
	const struct gather *gather = page->gather;
	const struct run_entry *run = &gather->runs->list[plot->first];
	const struct gather_machine *machine = &gather->machines[plot->machine];
	double y = ROW / 2.0;
	measure_plot(page, plot);
	if (!plot->rows)
		return;
	(void)fputs("<h2>", page->to);
	html_escape(gather->figures[plot->figure], page->to);
	(void)fputs(": ", page->to);
	html_escape(run->project, page->to);
	(void)fputs(", ", page->to);
	html_escape(run->harness, page->to);
	(void)fputs("</h2>\n<p>", page->to);
	html_escape(machine->cpu, page->to);
	(void)fputs(", Linux ", page->to);
	html_escape(machine->kernel, page->to);
	(void)fprintf(page->to, "</p>\n<svg role=\"img\" viewBox=\"0 0 %d %zu\" width=\"%d\">\n",
		PLOT_WIDTH, plot->rows * ROW + AXIS, PLOT_WIDTH);
	for (size_t i = 0; i < page->configs; i++) {
		const struct gather_values *values = values_of(page, plot, i);
		if (!values)
			continue;
		draw_box(page, plot, gather->runs->list[plot->first + i].config, values, y);
		y += ROW;
	}
	draw_axis(page, plot, y - ROW / 2.0 + 4);
	(void)fputs("</svg>\n", page->to);
}

/* ---- tables -------------------------------------------------------------------------------- */

static int put_comparison(void *data, const struct gather_comparison *comparison, struct error *err)
{
	const struct page *page = data;
	const struct gather_machine *machine = &page->gather->machines[comparison->machine];
	const struct mann_whitney *result = &comparison->result;
	(void)err;
	(void)fputs("<tr>", page->to);
	put_element(page, "td", comparison->a->project);
	put_element(page, "td", comparison->a->harness);
	put_element(page, "td", page->gather->figures[comparison->figure]);
	put_element(page, "td", comparison->a->config);
	put_element(page, "td", comparison->b->config);
	put_element(page, "td", machine->cpu);
	put_element(page, "td", machine->kernel);
	(void)fprintf(page->to, "<td>%zu, %zu</td>", comparison->count_a, comparison->count_b);
	put_number(page, result->u);
	(void)fprintf(page->to, "<td>%s%.4g</td><td>%.3f</td></tr>\n", result->exact ? "" : "~",
		result->p, result->a12);
	return 0;
}

static int put_comparisons(struct page *page, struct error *err)
{
	if (page->gather->figure_count == GATHER_OWN || page->configs < 2)
		return 0;
	(void)fputs("<h2>Comparisons</h2>\n<table>\n<tr><th>Project<th>Harness<th>Figure<th>A<th>B"
		    "<th>CPU<th>Linux<th>N<th>U<th>p<th>A12</tr>\n",
		page->to);
	if (gather_compare(page->gather, page->configs, put_comparison, page, err) < 0)
		return -1;
	(void)fputs("</table>\n", page->to);
	return 0;
}

static void put_plots(const struct page *page)
{
	const struct gather *gather = page->gather;
	for (size_t figure = GATHER_OWN; figure < gather->figure_count; figure++)
		for (size_t first = 0; first + page->configs <= gather->places;
			first += page->configs)
			for (size_t machine = 0; machine < gather->machine_count; machine++) {
				struct plot plot = {
					.first = first, .machine = machine, .figure = figure};
				draw_plot(page, &plot);
			}
}

int gather_html(
	const struct gather *gather, const char *name, size_t configs, FILE *to, struct error *err)
{
	struct page page = {.gather = gather, .configs = configs, .to = to};
	(void)fputs(page_head, to);
	put_element(&page, "title", name);
	(void)fputs("\n</head>\n<body>\n", to);
	put_element(&page, "h1", name);
	(void)fprintf(to, "\n<p>%zu of %zu runs are done, %zu failed, %zu are missing.</p>\n",
		gather->states[GATHER_DONE], gather->runs->count, gather->states[GATHER_FAILED],
		gather->states[GATHER_MISSING]);
	if (gather->machine_count > 1)
		(void)fprintf(to,
			"<p>They were on %zu kinds of machines, and are not compared across "
			"them.</p>\n",
			gather->machine_count);
	if (gather->figure_count == GATHER_OWN)
		(void)fputs(
			"<p>There is nothing to draw: no figures of <code>metrics</code>.</p>\n",
			to);
	put_plots(&page);
	if (put_comparisons(&page, err) < 0)
		return -1;
	return fputs("</body>\n</html>\n", to) == EOF ? fail(err, errno, "write the page") : 0;
}
