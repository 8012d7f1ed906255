/* SPDX-License-Identifier: MIT
 *
 * test_summary: reports are read back, wherever they come from, and two of them are compared.
 */
#include "unit.h"

#include "comparison.h"
#include "html.h"
#include "tables.h"

#define NAME "job-run-1764000000-0a1b2c3d-local"

static const char good[] =
	"{\"version\": 1, \"name\": \"" NAME "\", \"run_id\": \"job\", \"phase\": \"run\","
	" \"worker\": \"local\", \"reason\": \"exited\", \"exit_status\": 0,"
	" \"started\": 1764000000, \"duration_usec\": 100000000,"
	" \"machine\": {\"host\": \"h\", \"kernel\": \"6.12\", \"cpu\": \"\", \"cpus\": 4,"
	" \"memory_max\": 4294967296},"
	" \"caveats\": [], \"sample_usec\": [1, 1000000, 2000000],"
	" \"crs\": [{\"name\": \"a\", \"cpus\": \"0-1\", \"memory_max\": 1073741824,"
	" \"running_usec\": 80000000, \"cpu_usage_usec\": 150000000, \"memory_peak\": 536870912, "
	"\"oom_kills\": 2,"
	" \"oom\": [{\"container\": \"c<1>\", \"limit\": \"crs\", \"kills\": 2}],"
	" \"throttled_usec\": null,"
	" \"stalled_usec\": {\"cpu\": 5000000, \"memory\": 0, \"io\": null}, \"exits\": \"0\","
	" \"samples\": {\"cpu_usage_usec\": [0, 1, 2], \"memory_current\": [4096, 8192, null],"
	" \"cpu_stalled_usec\": [0, 0, 0], \"memory_stalled_usec\": [0, 0, 0],"
	" \"io_stalled_usec\": [null, null, null], \"oom_kills\": [0, 1, 2]}}]}";

/* The valid report with the first occurrence of `text` replaced. The caller frees it. */
static char *report_with(const char *text, const char *replacement)
{
	char *result = NULL;
	const char *at = strstr(good, text);
	assert_non_null(at);
	assert_true(asprintf(&result, "%.*s%s%s", (int)(at - good), good, replacement,
			    at + strlen(text)) >= 0);
	return result;
}

static struct summary read_text(const char *text)
{
	struct error err = {0};
	struct summary summary = SUMMARY_NONE;
	assert_ok(summary_parse("r.json", text, strlen(text), &summary, &err), err);
	return summary;
}

static void assert_report_refused(const char *text, const char *why)
{
	struct error err = {0};
	struct summary summary = SUMMARY_NONE;
	if (summary_parse("r.json", text, strlen(text), &summary, &err) == 0)
		fail_test("not refused for: %s", why);
	assert_int_equal(err.status, EX_DATAERR);
	assert_contains(err.msg, why);
	assert_contains(err.msg, "r.json");
}

TEST(a_report_is_read_as_it_was_written)
{
	_cleanup_(summary_free) struct summary summary = read_text(good);
	assert_string_equal(summary.name, NAME);
	assert_int_equal(summary.exit_status, 0);
	assert_int_equal(summary.crs_count, 1);
	assert_true(summary.has_usage);
	assert_int_equal(summary.crs[0].figures.oom_kills, 2);
	assert_int_equal(summary.crs[0].oom_count, 1);
	assert_string_equal(summary.crs[0].oom[0].container, "c<1>");
	assert_string_equal(summary.crs[0].oom[0].limit, "crs");
	assert_int_equal(summary.crs[0].oom[0].kills, 2);
	assert_true(summary.crs[0].figures.throttled_usec == CGROUP_STAT_UNKNOWN);
	assert_true(
		summary.crs[0].figures.pressure[PRESSURE_IO].stalled_usec == CGROUP_STAT_UNKNOWN);
	assert_int_equal(summary_cpu_share(&summary, &summary.crs[0]), 937);
	assert_int_equal(summary_run_share(&summary, &summary.crs[0]), 750);
	assert_int_equal(summary.series.count, 3);
	assert_int_equal(series_of(&summary.series, 0, SERIES_OOM_KILLS)[2], 2);
	assert_true(series_of(&summary.series, 0, SERIES_MEMORY)[2] == CGROUP_STAT_UNKNOWN);
}

/* A loop on one CPU uses all of it, however long Compose takes to start and to stop it. */
TEST(cpu_time_is_judged_by_when_the_crs_had_processes)
{
	static const struct {
		const char *text, *replacement;
		uint64_t used, of_run;
	} table[] = {
		{"80000000", "75000000", 1000, 750},
		{"80000000", "null", CGROUP_STAT_UNKNOWN, 750},
		{"80000000", "0", CGROUP_STAT_UNKNOWN, 750},
		{"\"running_usec\": 80000000, ", "", CGROUP_STAT_UNKNOWN, 750},
		{"\"duration_usec\": 100000000", "\"duration_usec\": 0", 937, CGROUP_STAT_UNKNOWN},
		{"150000000", "null", CGROUP_STAT_UNKNOWN, CGROUP_STAT_UNKNOWN},
		/* Nothing is around the command of `exec`. */
		{"\"run\"", "\"exec\"", 750, 750},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *text = report_with(table[i].text, table[i].replacement);
		_cleanup_(summary_free) struct summary summary = read_text(text);
		assert_true(summary_cpu_share(&summary, &summary.crs[0]) == table[i].used);
		assert_true(summary_run_share(&summary, &summary.crs[0]) == table[i].of_run);
	}
	_cleanup_free_ char *text = report_with("80000000", "-1");
	assert_report_refused(text, "'running_usec' is not a whole number");
}

TEST(exit_codes_may_be_unknown)
{
	_cleanup_free_ char *text = report_with("\"exits\": \"0\"", "\"exits\": null");
	_cleanup_(summary_free) struct summary summary = read_text(text);
	assert_string_equal(summary.crs[0].exits, "");
	_cleanup_free_ char *number = report_with("\"exits\": \"0\"", "\"exits\": 0");
	assert_report_refused(number, "'exits' is not plain text");
}

TEST(a_truncated_report_is_refused)
{
	for (size_t len = 0; len + 1 < sizeof good; len++) {
		_cleanup_free_ char *text = strndup(good, len);
		assert_non_null(text);
		assert_report_refused(text, "not valid JSON");
	}
}

TEST(an_invalid_report_is_refused)
{
	static const char *const changes[][3] = {
		{"\"version\": 1", "\"version\": 2", "not a report"},
		{"\"version\": 1", "\"version\": \"1\"", "'version' is not a whole number"},
		{"\"name\": \"" NAME "\"", "\"name\": \"../../etc/passwd\"",
			"not the name of a run"},
		{"\"name\": \"" NAME "\"", "\"name\": 7", "'name' is not plain text"},
		{"\"reason\": \"exited\"", "\"reason\": \"\\u001b[2J\"",
			"'reason' is not plain text"},
		{"\"reason\": \"exited\"", "\"reason\": \"\\u009b2J\"",
			"'reason' is not plain text"},
		{"\"reason\": \"exited\"", "\"reason\": \"a\\u0000b\"", "not valid JSON"},
		{"\"exit_status\": 0", "\"exit_status\": 256", "not an exit status"},
		{"\"exit_status\": 0", "\"exit_status\": -1",
			"'exit_status' is not a whole number"},
		{"\"duration_usec\": 100000000", "\"duration_usec\": 1.5", "'duration_usec'"},
		{"\"started\": 1764000000", "\"started\": 9223372036854775807",
			"'started' is not a time"},
		{"\"caveats\": []", "\"caveats\": {}", "'caveats'"},
		{"\"caveats\": []", "\"caveats\": [{\"id\": \"x\"}]", "'detail' is not plain text"},
		{"\"name\": \"a\"", "\"name\": \"a'; system('id')\"", "not the name of a CRS"},
		{"\"name\": \"a\"", "\"name\": \"<script>\"", "not the name of a CRS"},
		{"\"caveats\": []", "\"caveats\": [], \"attested\": 2",
			"'attested' is not an object"},
		{"\"caveats\": []", "\"caveats\": [], \"exclusive\": {\"partition\": \"root\"}",
			"'exclusive' is not an object with kernel threads and interrupts"},
		{"\"caveats\": []", "\"caveats\": [], \"attested\": {\"unknown\": \"0\"}",
			"'attested': 'unknown' is not a whole number"},
		{"\"cpus\": \"0-1\"", "\"cpus\": \"0-1-2\"", "'cpus'"},
		{"\"exits\": \"0\"", "\"exits\": \"0;\"", "not a list of statuses"},
		{"\"crs\": [", "\"crs\": {\"x\": [", "not valid JSON"},
		{"\"oom\": [", "\"oom\": {}, \"x\": [", "'oom' is not a list"},
		{"\"container\": \"c<1>\"", "\"container\": \"\\u001b[2J\"",
			"'container' is not plain text"},
		{"\"limit\": \"crs\"", "\"limit\": 7", "'limit' is not plain text"},
		{"\"kills\": 2", "\"kills\": -2", "'kills' is not a whole number"},
		{"[1, 1000000, 2000000]", "[1, 1, 2]", "not in ascending order"},
		{"[1, 1000000, 2000000]", "[1, null, 2]", "not in ascending order"},
		{"[1, 1000000, 2000000]", "[1, 1000000]", "not a list of 2 numbers"},
		{"[1, 1000000, 2000000]", "\"x\"", "not a list"},
		{"[0, 1, 2], \"memory_current\"", "[0, 1, -2], \"memory_current\"",
			"item 2 of 'cpu_usage_usec'"},
		{"\"samples\": {", "\"samples\": {\"cpu_usage_usec\": [0, 1, 2], ",
			"not valid JSON"},
	};
	for (size_t i = 0; i < COUNT(changes); i++) {
		_cleanup_free_ char *text = report_with(changes[i][0], changes[i][1]);
		assert_report_refused(text, changes[i][2]);
	}
	assert_report_refused("{\"version\": 1}", "'name'");
	assert_report_refused("[]", "not a report");
	assert_report_refused("null", "not valid JSON");
}

TEST(more_samples_than_any_run_has_are_refused)
{
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);
	assert_non_null(out);
	for (unsigned i = 0; i <= SERIES_POINTS_MAX; i++)
		(void)fprintf(out, "%s%u", i ? "," : "[", i);
	(void)fputc(']', out);
	(void)fclose(out);
	_cleanup_free_ char *text = report_with("[1, 1000000, 2000000]", list);
	assert_report_refused(text, "more than any run has");
	free(list);
}

/* ---- series ---------------------------------------------------------------------------------- */

TEST(a_series_spans_the_whole_run_in_bounded_memory)
{
	struct error err = {0};
	struct cgroup_stat figures = {0};
	_cleanup_(series_free) struct series series = SERIES_NONE;
	unsigned halved = 0;
	assert_ok(series_make(2, 8, &series, &err), err);
	for (unsigned i = 0; i < 1000; i++) {
		halved += series_add_point(&series, i);
		assert_true(series.count <= 8);
		figures.cpu_usec = i;
		series_set(&series, 1, &figures);
	}
	assert_int_equal(halved, 248);
	assert_int_equal(series.times[0], 0);
	assert_int_equal(series.times[series.count - 1], 999);
	for (size_t i = 0; i < series.count; i++) {
		assert_int_equal(series_of(&series, 1, SERIES_CPU)[i], series.times[i]);
		assert_true(series_of(&series, 0, SERIES_CPU)[i] == CGROUP_STAT_UNKNOWN);
	}
}

TEST(a_series_fits_what_the_reader_accepts)
{
	for (size_t count = 0; count < 5000; count += 7) {
		assert_true(series_capacity(count) >= 128 &&
			    series_capacity(count) <= SERIES_POINTS_MAX);
		assert_int_equal(series_capacity(count) % 2, 0);
	}
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static void assert_comparison(const char *other, const char *expected)
{
	struct error err = {0};
	_cleanup_(summary_free) struct summary a = read_text(good);
	_cleanup_(summary_free) struct summary b = read_text(other);
	_cleanup_(comparison_free) struct comparison comparison = COMPARISON_NONE;
	assert_ok(comparison_make(&a, &b, &comparison, &err), err);
	if (!expected) {
		assert_int_equal(comparison.count, 0);
		return;
	}
	assert_int_equal(comparison.count, 1);
	assert_contains(comparison.reasons[0], expected);
}

TEST(two_runs_are_comparable_unless_something_differs)
{
	static const char *const changes[][3] = {
		{"\"cpus\": \"0-1\"", "\"cpus\": \"2-3\"", NULL},
		{"\"duration_usec\": 100000000", "\"duration_usec\": 105000000", NULL},
		{"\"cpu_usage_usec\": 150000000", "\"cpu_usage_usec\": 1", NULL},
		{"\"cpus\": \"0-1\"", "\"cpus\": \"0-2\"",
			"had 2 CPUs in the first, 3 in the second"},
		{"\"memory_max\": 1073741824", "\"memory_max\": 2147483648",
			"CRS 'a' had 1G of memory in the first, 2G in the second"},
		{"\"duration_usec\": 100000000", "\"duration_usec\": 50000000",
			"different durations: 100.0 s and 50.0 s"},
		{"\"host\": \"h\"", "\"host\": \"i\"", "different machines: h and i"},
		{"\"kernel\": \"6.12\"", "\"kernel\": \"6.1\"", "different kernels"},
		{"\"reason\": \"exited\"", "\"reason\": \"timeout\"",
			"different endings: exited and timeout"},
		{"\"caveats\": []", "\"caveats\": [{\"id\": \"swap\", \"detail\": \"why\"}]",
			"the second: swap: why"},
		{"\"cpu_usage_usec\": 150000000", "\"cpu_usage_usec\": null",
			"one or both have no figures"},
		{"\"caveats\": []", "\"caveats\": [], \"attested\": {\"containers\": 2}", NULL},
		{"\"caveats\": []", "\"caveats\": [], \"attested\": {\"unknown\": 1}",
			"the second: containers not attested: 1 not checked"},
	};
	for (size_t i = 0; i < COUNT(changes); i++) {
		_cleanup_free_ char *other = report_with(changes[i][0], changes[i][1]);
		assert_comparison(other, changes[i][2]);
	}
}

TEST(a_crs_that_only_one_run_has_is_named_on_either_side)
{
	struct error err = {0};
	_cleanup_free_ char *text = report_with("\"name\": \"a\"", "\"name\": \"b\"");
	_cleanup_(summary_free) struct summary a = read_text(good);
	_cleanup_(summary_free) struct summary b = read_text(text);
	_cleanup_(comparison_free) struct comparison comparison = COMPARISON_NONE;
	assert_ok(comparison_make(&a, &b, &comparison, &err), err);
	assert_int_equal(comparison.count, 2);
	assert_contains(comparison.reasons[0], "'a' is only in the first");
	assert_contains(comparison.reasons[1], "'b' is only in the second");
}

/* ---- output ---------------------------------------------------------------------------------- */

TEST(a_row_has_the_figures)
{
	char text[4096] = "";
	struct error err = {0};
	_cleanup_free_ char *other = report_with(
		"\"caveats\": []", "\"caveats\": [{\"id\": \"steal\", \"detail\": \"too much\"}]");
	_cleanup_(summary_free) struct summary summary = read_text(other);
	_cleanup_fclose_ FILE *out = fmemopen(text, sizeof text - 1, "w");
	assert_ok(tables_print(&summary, out, &err), err);
	(void)fflush(out);
	assert_contains(
		text, "CRS CPUS CPU TIME USED OF RUN PEAK LIMIT OOM KILLS STALLED C/M/IO EXIT\n");
	assert_contains(
		text, "a   0-1    150.0s  94%    75% 512M    1G         2    5.0s/0.0s/- 0");
	assert_contains(text, "steal: too much");
}

TEST(containers_that_are_not_attested_are_told)
{
	static const struct {
		const char *attested, *expected;
	} table[] = {
		{"{\"containers\": 2, \"unknown\": 0, \"unconfined\": 0}", NULL},
		{"{\"containers\": 2, \"unknown\": 0}", NULL}, /* of an earlier version */
		{"null, \"x\": 0", NULL},
		{"{\"containers\": 0, \"unknown\": 2, \"unconfined\": 0}",
			"2 not checked (0 are attested)"},
		{"{\"containers\": 1, \"unknown\": 0, \"unconfined\": 3}",
			"3 of services in no CRS (1 is attested)"},
		{"{\"containers\": 2, \"unknown\": 1, \"unconfined\": 1}",
			"1 not checked, 1 of services in no CRS (2 are attested)"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char key[256];
		char text[8192] = "";
		struct error err = {0};
		(void)snprintf(
			key, sizeof key, "\"caveats\": [], \"attested\": %s", table[i].attested);
		_cleanup_free_ char *other = report_with("\"caveats\": []", key);
		_cleanup_(summary_free) struct summary summary = read_text(other);
		series_free(&summary.series);
		_cleanup_fclose_ FILE *out = fmemopen(text, sizeof text - 1, "w");
		assert_ok(tables_print(&summary, out, &err), err);
		(void)fputs("---", out);
		assert_ok(html_write(&summary, out, &err), err);
		(void)fflush(out);
		const char *page = strstr(text, "---");
		assert_non_null(page);
		if (!table[i].expected) {
			assert_null(strstr(text, "not attested"));
			continue;
		}
		(void)snprintf(
			key, sizeof key, "\ncontainers not attested: %s\n", table[i].expected);
		assert_contains(text, key);
		(void)snprintf(key, sizeof key, "containers not attested</strong>: %s</p>",
			table[i].expected);
		assert_contains(page, key);
	}
}

TEST(an_oom_kill_is_told_with_its_container_and_limit)
{
	static const struct {
		const char *container, *limit, *expected;
	} table[] = {
		{"x", "crs",
			"2 processes of container 'x' in CRS 'a', at the CRS's memory limit of 1G"},
		{"x", "container",
			"2 processes of container 'x' in CRS 'a', at the container's own memory "
			"limit"},
		{"", "worker",
			"2 processes of a removed container in CRS 'a', at the worker's "
			"memory limit"},
		{"", "host",
			"2 processes of a removed container in CRS 'a', at no limit of the run: "
			"the host, or a cgroup above the run, was out of memory"},
	};
	_cleanup_(summary_free) struct summary summary = read_text(good);
	char text[TABLES_OOM_MAX];
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct summary_oom oom = {table[i].container, table[i].limit, 2};
		assert_string_equal(
			tables_oom(&summary, &summary.crs[0], &oom, text), table[i].expected);
	}
	summary.phase = "exec";
	const struct summary_oom command = {"", "crs", 1};
	assert_string_equal(tables_oom(&summary, &summary.crs[0], &command, text),
		"1 process in CRS 'a', at the CRS's memory limit of 1G");
}

TEST(text_of_a_report_is_escaped_in_a_page)
{
	char text[8192] = "";
	struct error err = {0};
	_cleanup_free_ char *other = report_with("\"host\": \"h\"", "\"host\": \"<b>&\\\"'\"");
	_cleanup_(summary_free) struct summary summary = read_text(other);
	/* Drop the samples, so that gnuplot is not run. */
	series_free(&summary.series);
	_cleanup_fclose_ FILE *out = fmemopen(text, sizeof text - 1, "w");
	assert_ok(html_write(&summary, out, &err), err);
	(void)fflush(out);
	assert_contains(text, "On &lt;b&gt;&amp;&quot;&#39;: 4 CPUs");
	assert_contains(text,
		"OOM kills</strong>: 2 processes of container &#39;c&lt;1&gt;&#39; in CRS "
		"&#39;a&#39;, at the CRS&#39;s memory limit of 1G");
	assert_null(strstr(text, "<b>"));
	assert_contains(text, "No samples, so no charts");
	assert_contains(text, "</html>");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_report_is_read_as_it_was_written),
		RUN(cpu_time_is_judged_by_when_the_crs_had_processes),
		RUN(exit_codes_may_be_unknown),
		RUN(a_truncated_report_is_refused),
		RUN(an_invalid_report_is_refused),
		RUN(more_samples_than_any_run_has_are_refused),
		RUN(a_series_spans_the_whole_run_in_bounded_memory),
		RUN(a_series_fits_what_the_reader_accepts),
		RUN(two_runs_are_comparable_unless_something_differs),
		RUN(a_crs_that_only_one_run_has_is_named_on_either_side),
		RUN(a_row_has_the_figures),
		RUN(containers_that_are_not_attested_are_told),
		RUN(an_oom_kill_is_told_with_its_container_and_limit),
		RUN(text_of_a_report_is_escaped_in_a_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
