/* SPDX-License-Identifier: MIT
 *
 * openmetrics: one table has all metrics, and each row says what its samples are of: the host, a
 * run, a run that waits, or a CRS. All samples of a metric follow its description, as both formats
 * require, so the runs are gone through once per metric.
 */
#include "openmetrics.h"

#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define USEC_PER_SEC        1000000
#define PER_HUNDRED_PERCENT 10000 /* hundredths of a percent, as pressure has them */

struct metrics {
	const struct status *status;
	enum metrics_format format;
	FILE *to;
};

/* One place at which samples are taken. */
struct place {
	const struct status_run *run;
	const struct status_crs *crs; /* NULL for a sample of the run */
	unsigned queued;              /* for a run that waits: its place in the queue, from 1 */
};

enum scope { OF_HOST, OF_ANY_RUN, OF_STARTED_RUN, OF_WAITING_RUN, OF_CRS };
enum metric_type { GAUGE, COUNTER, INFO, STATESET };

struct metric {
	const char *name; /* of the metric family: without _total or _info */
	enum metric_type type;
	enum scope scope;
	const char *unit; /* the last word of the name; NULL: none */
	const char *help;
	/* What puts the samples of a place. NULL: one sample, a uint64_t at this offset in struct
	 * status_crs or, for a run, struct status_run, in units of 1/parts. */
	void (*put)(const struct metrics *metrics, const struct metric *metric,
		const struct place *place);
	size_t offset;
	unsigned parts;
	bool is_limit; /* UINT64_MAX is no limit, and not an unknown figure */
};

/* ---- samples ------------------------------------------------------------------------------- */

static const char *suffix_of(enum metric_type type)
{
	return type == COUNTER ? "_total" : type == INFO ? "_info" : "";
}

/* Put a label. `before` is "{" for the first one, "," for the others. */
static void put_label(FILE *to, const char *before, const char *name, const char *value)
{
	char piece[TEXT_PIECE_MAX];
	(void)fprintf(to, "%s%s=\"", before, name);
	while (*value) {
		value = text_next(value, piece);
		/* An escape is one backslash and then no other. */
		(void)fprintf(to, "%s%s", *piece == '"' || *piece == '\\' ? "\\" : "", piece);
	}
	(void)fputc('"', to);
}

/* Begin a sample: its name, and the labels of its run and its CRS. Returns what comes before a
 * further label. */
static const char *begin_sample(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	(void)fprintf(metrics->to, "oss_crs_%s%s", metric->name, suffix_of(metric->type));
	if (!place->run)
		return "{";
	put_label(metrics->to, "{", "run", place->run->lease.name);
	if (place->crs)
		put_label(metrics->to, ",", "crs", place->crs->name);
	return ",";
}

/* End a sample that has labels. The value is in units of 1/parts. */
static void end_sample(const struct metrics *metrics, uint64_t value, unsigned parts)
{
	int digits = parts == USEC_PER_SEC ? 6 : parts == PER_HUNDRED_PERCENT ? 4 : 0;
	(void)fprintf(metrics->to, "} %" PRIu64, value / parts);
	if (digits)
		(void)fprintf(metrics->to, ".%0*" PRIu64, digits, value % parts);
	(void)fputc('\n', metrics->to);
}

/* A sample of a run or a CRS with no further label; none if the value is unknown. */
static void put_value(const struct metrics *metrics, const struct metric *metric,
	const struct place *place, uint64_t value, unsigned parts)
{
	if (value == CGROUP_STAT_UNKNOWN && !metric->is_limit)
		return;
	(void)begin_sample(metrics, metric, place);
	if (value == CGROUP_UNLIMITED)
		(void)fputs("} +Inf\n", metrics->to);
	else
		end_sample(metrics, value, parts);
}

static void put_figure(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	uint64_t value = 0;
	const char *base = place->crs ? (const char *)place->crs : (const char *)place->run;
	if (!base)
		return;
	memcpy(&value, base + metric->offset, sizeof value);
	put_value(metrics, metric, place, value, metric->parts);
}

/* ---- of the host --------------------------------------------------------------------------- */

static void put_build(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	put_label(metrics->to, begin_sample(metrics, metric, place), "version", OSS_CRS_VERSION);
	end_sample(metrics, 1, 1);
}

/* A sample per state: whether a run is in it, or how many runs are. OpenMetrics names the label of
 * a stateset after its metric. */
static void put_states(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	static const char *const states[] = {"running", "waiting", "dead"};
	const struct status *status = metrics->status;
	const char *label = place->run ? "oss_crs_run_state" : "state";
	for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
		uint64_t count = 0;
		for (size_t i = 0; i < status->count; i++)
			count += (!place->run || place->run == &status->runs[i]) &&
				 strcmp(status_state(&status->runs[i]), states[s]) == 0;
		put_label(metrics->to, begin_sample(metrics, metric, place), label, states[s]);
		end_sample(metrics, count, 1);
	}
}

static void put_hidden(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	(void)place;
	(void)fprintf(metrics->to, "oss_crs_%s %u\n", metric->name, metrics->status->hidden);
}

/* ---- of a run ------------------------------------------------------------------------------ */

static void put_run(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	char user[64];
	const struct status_run *run = place->run;
	const char *const labels[][2] = {{"run_id", run->name.run_id},
		{"phase", phase_name(run->name.phase)}, {"worker", run->name.worker},
		{"user", lease_user(&run->lease, user, sizeof user)}};
	const char *before = begin_sample(metrics, metric, place);
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		put_label(metrics->to, before, labels[i][0], labels[i][1]);
	end_sample(metrics, 1, 1);
}

static void put_since(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	put_value(metrics, metric, place, (uint64_t)place->run->lease.since, 1);
}

static void put_run_cpus(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	const struct lease *lease = &place->run->lease;
	put_value(metrics, metric, place, cpulist_count(&lease->cpus) + lease->any, 1);
}

static void put_queue_place(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	put_value(metrics, metric, place, place->queued, 1);
}

/* ---- of a CRS ------------------------------------------------------------------------------ */

static void put_cpus(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	unsigned count = cpulist_count(&place->crs->figures.cpus_effective);
	put_value(metrics, metric, place, count ? count : CGROUP_STAT_UNKNOWN, 1);
}

static void put_containers(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	put_value(metrics, metric, place, place->crs->container_count, 1);
}

/* The pressure of the last ten seconds, or since the CRS began: a sample for each resource whose
 * pressure is known. */
static void put_pressure(
	const struct metrics *metrics, const struct metric *metric, const struct place *place)
{
	for (size_t i = 0; i < PRESSURE_KINDS; i++) {
		const struct pressure *pressure = &place->crs->figures.pressure[i];
		if (pressure->stalled_usec == CGROUP_STAT_UNKNOWN)
			continue;
		put_label(metrics->to, begin_sample(metrics, metric, place), "resource",
			pressure_names[i]);
		bool is_sum = metric->type == COUNTER;
		end_sample(metrics, is_sum ? pressure->stalled_usec : pressure->avg10,
			is_sum ? USEC_PER_SEC : PER_HUNDRED_PERCENT);
	}
}

/* ---- all metrics --------------------------------------------------------------------------- */

#define FIGURE(field, parts) NULL, offsetof(struct status_crs, figures.field), parts, false
#define CRS_LIMIT(field)     NULL, offsetof(struct status_crs, figures.field), 1, true
#define RUN_LIMIT(field)     NULL, offsetof(struct status_run, lease.field), 1, true
#define SAMPLES_BY(function) function, 0, 1, false

static const struct metric table[] = {
	{"build", INFO, OF_HOST, NULL, "Version of oss-crs-run.", SAMPLES_BY(put_build)},
	{"runs", GAUGE, OF_HOST, NULL, "Runs of all users, by state.", SAMPLES_BY(put_states)},
	{"hidden", GAUGE, OF_HOST, NULL,
		"Runs and users that could not be read and are missing from the other metrics.",
		SAMPLES_BY(put_hidden)},
	{"run", INFO, OF_ANY_RUN, NULL, "A run, with its user and the parts of its name.",
		SAMPLES_BY(put_run)},
	{"run_state", STATESET, OF_ANY_RUN, NULL,
		"State of a run. Dead: its owner has ended, but its cgroups still exist.",
		SAMPLES_BY(put_states)},
	{"run_start_time_seconds", GAUGE, OF_STARTED_RUN, "seconds",
		"When a run began (Unix time).", SAMPLES_BY(put_since)},
	{"run_cpus", GAUGE, OF_STARTED_RUN, NULL, "CPUs that a run has leased.",
		SAMPLES_BY(put_run_cpus)},
	{"run_memory_limit_bytes", GAUGE, OF_STARTED_RUN, "bytes", "Memory that a run has leased.",
		RUN_LIMIT(memory)},
	{"queue_position", GAUGE, OF_WAITING_RUN, NULL,
		"Place of a waiting run in the order of arrival; 1 is the first.",
		SAMPLES_BY(put_queue_place)},
	{"queue_arrival_time_seconds", GAUGE, OF_WAITING_RUN, "seconds",
		"When a waiting run arrived (Unix time).", SAMPLES_BY(put_since)},
	{"queue_cpus", GAUGE, OF_WAITING_RUN, NULL, "CPUs that a waiting run wants.",
		SAMPLES_BY(put_run_cpus)},
	{"queue_memory_bytes", GAUGE, OF_WAITING_RUN, "bytes", "Memory that a waiting run wants.",
		RUN_LIMIT(memory)},
	{"cpus", GAUGE, OF_CRS, NULL, "CPUs that a CRS may use.", SAMPLES_BY(put_cpus)},
	{"cpu_seconds", COUNTER, OF_CRS, "seconds", "CPU time that a CRS has used.",
		FIGURE(cpu_usec, USEC_PER_SEC)},
	{"memory_limit_bytes", GAUGE, OF_CRS, "bytes", "Memory that a CRS may use.",
		CRS_LIMIT(memory_max)},
	{"memory_usage_bytes", GAUGE, OF_CRS, "bytes", "Memory that a CRS uses.",
		FIGURE(memory_current, 1)},
	{"memory_peak_bytes", GAUGE, OF_CRS, "bytes", "Most memory that a CRS has used.",
		FIGURE(memory_peak, 1)},
	{"pressure_ratio", GAUGE, OF_CRS, "ratio",
		"Part of the last 10 s in which some process of a CRS waited for a resource.",
		SAMPLES_BY(put_pressure)},
	{"pressure_waiting_seconds", COUNTER, OF_CRS, "seconds",
		"Time in which some process of a CRS waited for a resource.",
		SAMPLES_BY(put_pressure)},
	{"oom_kills", COUNTER, OF_CRS, NULL,
		"Processes of a CRS that the kernel has killed for lack of memory.",
		FIGURE(oom_kills, 1)},
	{"processes", GAUGE, OF_CRS, NULL, "Processes and threads of a CRS.", FIGURE(pids, 1)},
	{"containers", GAUGE, OF_CRS, NULL, "Containers of a CRS.", SAMPLES_BY(put_containers)},
};

static const char *type_name(enum metric_type type, enum metrics_format format)
{
	static const char *const names[] = {
		[GAUGE] = "gauge", [COUNTER] = "counter", [INFO] = "info", [STATESET] = "stateset"};
	/* The text format has no other types for these. */
	return format == METRICS_TEXTFILE && type != COUNTER ? "gauge" : names[type];
}

static void put_description(const struct metrics *metrics, const struct metric *metric)
{
	bool text_format = metrics->format == METRICS_TEXTFILE;
	const char *const lines[][2] = {{"HELP", metric->help},
		{"TYPE", type_name(metric->type, metrics->format)},
		{"UNIT", text_format ? NULL : metric->unit}};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (lines[i][1])
			(void)fprintf(metrics->to, "# %s oss_crs_%s%s %s\n", lines[i][0],
				metric->name, text_format ? suffix_of(metric->type) : "",
				lines[i][1]);
}

static bool is_in_scope(enum scope scope, bool waiting)
{
	return scope == OF_ANY_RUN || (scope == OF_WAITING_RUN) == waiting;
}

static void put_metric(const struct metrics *metrics, const struct metric *metric)
{
	struct place place = {.queued = 0};
	void (*put)(const struct metrics *, const struct metric *, const struct place *) =
		metric->put ? metric->put : put_figure;
	put_description(metrics, metric);
	if (metric->scope == OF_HOST) {
		put(metrics, metric, &place);
		return;
	}
	for (size_t i = 0; i < metrics->status->count; i++) {
		const struct status_run *run = &metrics->status->runs[i];
		bool waiting = run->lease.state == LEASE_WAITING;
		place = (struct place){.run = run, .queued = place.queued + waiting};
		if (metric->scope != OF_CRS && is_in_scope(metric->scope, waiting))
			put(metrics, metric, &place);
		for (size_t j = 0; metric->scope == OF_CRS && j < run->crs_count; j++) {
			place.crs = &run->crs[j];
			put(metrics, metric, &place);
		}
	}
}

int openmetrics_write(
	const struct status *status, enum metrics_format format, FILE *to, struct error *err)
{
	const struct metrics metrics = {.status = status, .format = format, .to = to};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		put_metric(&metrics, &table[i]);
	if (format == METRICS_OPENMETRICS)
		(void)fputs("# EOF\n", to);
	return ferror(to) ? fail(err, EIO, "metrics") : 0;
}
