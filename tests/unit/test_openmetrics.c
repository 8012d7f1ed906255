/* SPDX-License-Identifier: MIT
 *
 * test_openmetrics: the samples of a status in both formats, and what names of others can do in
 * them.
 */
#include "unit.h"

#include "openmetrics.h"

#include <string.h>

/* A quote, a backslash, a line of its own, an escape sequence, a right-to-left override, a byte
 * that is not UTF-8. */
#define HOSTILE "a\"} 9\\\noss_crs_hidden 9\n\033[2J\xe2\x80\xae\xff"
#define ESCAPED "a\\\"} 9\\\\\\\\x0aoss_crs_hidden 9\\\\x0a\\\\x1b[2J\\\\u202e\\\\xff"

static struct status_crs make_crs(const char *name)
{
	struct status_crs crs = {
		.figures = {.cpu_usec = 59300001,
			.memory_current = 512 << 20,
			.memory_peak = 768 << 20,
			.memory_max = 1 << 30,
			.oom_kills = 2,
			.pids = 5,
			.pressure = {[PRESSURE_CPU] = {.stalled_usec = 777, .avg10 = 1234},
				[PRESSURE_MEMORY] = {.stalled_usec = CGROUP_STAT_UNKNOWN},
				[PRESSURE_IO] = {.stalled_usec = CGROUP_STAT_UNKNOWN}}},
		.container_count = 3};
	struct error err = {0};
	(void)snprintf(crs.name, sizeof crs.name, "%s", name);
	assert_ok(cpulist_parse("0-2", &crs.figures.cpus_effective, &err), err);
	return crs;
}

static struct status_run make_run(const char *name, enum lease_state state, const char *cpus)
{
	struct status_run run = {
		.lease = {.uid = 4242, .state = state, .since = 1764000000, .memory = 2U << 30}};
	struct error err = {0};
	(void)snprintf(run.lease.name, sizeof run.lease.name, "%s", name);
	if (*cpus)
		assert_ok(cpulist_parse(cpus, &run.lease.cpus, &err), err);
	(void)snprintf(run.name.run_id, sizeof run.name.run_id, "%s", name);
	(void)snprintf(run.name.worker, sizeof run.name.worker, "local");
	run.name.phase = PHASE_RUN;
	return run;
}

static char *write_metrics(const struct status *status, enum metrics_format format)
{
	struct error err = {0};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_ok(openmetrics_write(status, format, out, &err), err);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_line(const char *text, const char *line)
{
	char whole[1024];
	(void)snprintf(whole, sizeof whole, "\n%s\n", line);
	if (!strstr(text, whole))
		fail_test("no line %s in:\n%s", line, text);
}

TEST(the_samples_are_the_figures_in_base_units)
{
	struct status_crs crs = make_crs("alpha");
	struct status_run run = make_run("job", LEASE_RUNNING, "0-3");
	run.crs = &crs;
	run.crs_count = 1;
	const struct status status = {.runs = &run, .count = 1, .hidden = 4};
	_cleanup_free_ char *text = write_metrics(&status, METRICS_OPENMETRICS);
	static const char *const lines[] = {
		"oss_crs_runs{state=\"running\"} 1",
		"oss_crs_runs{state=\"waiting\"} 0",
		"oss_crs_hidden 4",
		"oss_crs_run_state{run=\"job\",oss_crs_run_state=\"running\"} 1",
		"oss_crs_run_state{run=\"job\",oss_crs_run_state=\"dead\"} 0",
		"oss_crs_run_start_time_seconds{run=\"job\"} 1764000000",
		"oss_crs_run_cpus{run=\"job\"} 4",
		"oss_crs_run_memory_limit_bytes{run=\"job\"} 2147483648",
		"oss_crs_cpus{run=\"job\",crs=\"alpha\"} 3",
		"oss_crs_cpu_seconds_total{run=\"job\",crs=\"alpha\"} 59.300001",
		"oss_crs_memory_limit_bytes{run=\"job\",crs=\"alpha\"} 1073741824",
		"oss_crs_memory_usage_bytes{run=\"job\",crs=\"alpha\"} 536870912",
		"oss_crs_memory_peak_bytes{run=\"job\",crs=\"alpha\"} 805306368",
		"oss_crs_pressure_ratio{run=\"job\",crs=\"alpha\",resource=\"cpu\"} 0.1234",
		"oss_crs_oom_kills_total{run=\"job\",crs=\"alpha\"} 2",
		"oss_crs_processes{run=\"job\",crs=\"alpha\"} 5",
		"oss_crs_containers{run=\"job\",crs=\"alpha\"} 3",
		"# TYPE oss_crs_oom_kills counter",
		"# UNIT oss_crs_cpu_seconds seconds",
	};
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_line(text, lines[i]);
	assert_line(text, "oss_crs_run_info{run=\"job\",run_id=\"job\",phase=\"run\","
			  "worker=\"local\",user=\"uid 4242\"} 1");
	assert_line(text, "oss_crs_pressure_waiting_seconds_total{run=\"job\",crs=\"alpha\","
			  "resource=\"cpu\"} 0.000777");
	assert_null(strstr(text, "resource=\"memory\""));
	assert_null(strstr(text, "oss_crs_queue_position{"));
	assert_string_equal(text + strlen(text) - strlen("# EOF\n"), "# EOF\n");
}

TEST(what_is_unknown_has_no_sample_and_what_is_unlimited_is_infinite)
{
	struct status_crs crs = make_crs("alpha");
	struct status_run run = make_run("job", LEASE_EMPTY, "0-3");
	crs.figures.memory_max = CGROUP_UNLIMITED;
	crs.figures.memory_peak = CGROUP_STAT_UNKNOWN;
	crs.figures.oom_kills = CGROUP_STAT_UNKNOWN;
	crs.figures.cpus_effective = (struct cpulist){0};
	run.crs = &crs;
	run.crs_count = 1;
	const struct status status = {.runs = &run, .count = 1};
	_cleanup_free_ char *text = write_metrics(&status, METRICS_OPENMETRICS);
	assert_line(text, "oss_crs_memory_limit_bytes{run=\"job\",crs=\"alpha\"} +Inf");
	assert_line(text, "oss_crs_run_state{run=\"job\",oss_crs_run_state=\"dead\"} 1");
	assert_null(strstr(text, "oss_crs_memory_peak_bytes{"));
	assert_null(strstr(text, "oss_crs_oom_kills_total{"));
	assert_null(strstr(text, "oss_crs_cpus{"));
}

TEST(runs_that_wait_are_the_queue_in_order_of_arrival)
{
	struct status_run runs[] = {make_run("one", LEASE_WAITING, "0-1"),
		make_run("two", LEASE_RUNNING, "0-3"), make_run("three", LEASE_WAITING, "")};
	runs[2].lease.any = 2;
	const struct status status = {.runs = runs, .count = COUNT(runs)};
	_cleanup_free_ char *text = write_metrics(&status, METRICS_OPENMETRICS);
	assert_line(text, "oss_crs_runs{state=\"waiting\"} 2");
	assert_line(text, "oss_crs_queue_position{run=\"one\"} 1");
	assert_line(text, "oss_crs_queue_position{run=\"three\"} 2");
	assert_line(text, "oss_crs_queue_cpus{run=\"three\"} 2");
	assert_line(text, "oss_crs_queue_memory_bytes{run=\"one\"} 2147483648");
	assert_line(text, "oss_crs_queue_arrival_time_seconds{run=\"one\"} 1764000000");
	assert_null(strstr(text, "oss_crs_queue_position{run=\"two\"}"));
	assert_null(strstr(text, "oss_crs_run_cpus{run=\"one\"}"));
}

TEST(names_of_others_stay_in_their_label)
{
	struct status_crs crs = make_crs(HOSTILE);
	struct status_run run = make_run(HOSTILE, LEASE_RUNNING, "0-3");
	run.crs = &crs;
	run.crs_count = 1;
	const struct status status = {.runs = &run, .count = 1};
	for (int format = METRICS_OPENMETRICS; format <= METRICS_TEXTFILE; format++) {
		_cleanup_free_ char *text = write_metrics(&status, format);
		assert_line(text, "oss_crs_hidden 0");
		assert_line(text, "oss_crs_processes{run=\"" ESCAPED "\",crs=\"" ESCAPED "\"} 5");
		assert_null(strstr(text, "oss_crs_hidden 9\n"));
		assert_null(strchr(text, '\033'));
		assert_null(strchr(text, '\xff'));
		for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
			assert_true(*line == '#' || strncmp(line, "oss_crs_", 8) == 0);
	}
}

TEST(the_text_format_describes_each_sample_by_its_own_name)
{
	struct status_crs crs = make_crs("alpha");
	struct status_run run = make_run("job", LEASE_RUNNING, "0-3");
	run.crs = &crs;
	run.crs_count = 1;
	const struct status status = {.runs = &run, .count = 1};
	_cleanup_free_ char *text = write_metrics(&status, METRICS_TEXTFILE);
	assert_line(text, "# TYPE oss_crs_oom_kills_total counter");
	assert_line(text, "# TYPE oss_crs_run_info gauge");
	assert_line(text, "# TYPE oss_crs_run_state gauge");
	assert_line(text, "oss_crs_oom_kills_total{run=\"job\",crs=\"alpha\"} 2");
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "# EOF"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_samples_are_the_figures_in_base_units),
		RUN(what_is_unknown_has_no_sample_and_what_is_unlimited_is_infinite),
		RUN(runs_that_wait_are_the_queue_in_order_of_arrival),
		RUN(names_of_others_stay_in_their_label),
		RUN(the_text_format_describes_each_sample_by_its_own_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
