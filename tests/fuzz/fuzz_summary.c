/* SPDX-License-Identifier: MIT
 *
 * fuzz_summary: use the input as a report (report.json).
 *
 * Invariants: a report that is refused gives an error line that is safe to print; a report that is
 * accepted can be shown as tables and as an HTML page, and no text in it becomes a terminal escape
 * sequence or a script element.
 */
#include "fuzz.h"

#include "comparison.h"
#include "html.h"
#include "tables.h"

static char *print_to_text(int (*write)(const struct summary *summary, FILE *to, struct error *err),
	const struct summary *summary)
{
	char *text = NULL;
	size_t size = 0;
	struct error err = {0};
	FILE *out = open_memstream(&text, &size);
	CHECK(out);
	CHECK(write(summary, out, &err) == 0);
	CHECK(fclose(out) == 0);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	_cleanup_(comparison_free) struct comparison comparison = COMPARISON_NONE;
	struct error err = {0};
	if (summary_parse("r.json", text, size, &summary, &err) < 0) {
		check_error(&err, EX_DATAERR);
		return 0;
	}
	CHECK(comparison_make(&summary, &summary, &comparison, &err) == 0);
	/* gnuplot draws the charts, and a process for each input would be too slow. */
	series_free(&summary.series);
	_cleanup_free_ char *run = print_to_text(tables_print_run, &summary);
	_cleanup_free_ char *table = print_to_text(tables_print, &summary);
	_cleanup_free_ char *page = print_to_text(html_write, &summary);
	CHECK(!strchr(run, '\033') && !strchr(table, '\033') && !strchr(page, '\033'));
	CHECK(!strstr(page, "<script"));
	return 0;
}
