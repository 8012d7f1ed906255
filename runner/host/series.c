/* SPDX-License-Identifier: MIT
 *
 * series: see series.h.
 */
#include "series.h"

#include "cleanup.h"

#include <errno.h>

#define VALUES_MAX \
	((size_t)SERIES_POINTS_MAX * 16) /* points times CRSs, as far as POINTS_MIN allows */
#define POINTS_MIN 128

static const char *const names[SERIES_KINDS] = {
	[SERIES_CPU] = "cpu_usage_usec",
	[SERIES_MEMORY] = "memory_current",
	[SERIES_CPU_STALLED] = "cpu_stalled_usec",
	[SERIES_MEMORY_STALLED] = "memory_stalled_usec",
	[SERIES_IO_STALLED] = "io_stalled_usec",
	[SERIES_OOM_KILLS] = "oom_kills",
};

size_t series_capacity(size_t crs_count)
{
	size_t points = VALUES_MAX / (crs_count ? crs_count : 1);
	points = points > SERIES_POINTS_MAX ? SERIES_POINTS_MAX : points;
	return points < POINTS_MIN ? POINTS_MIN : points & ~(size_t)1;
}

int series_make(size_t crs_count, size_t capacity, struct series *ret, struct error *err)
{
	struct series series = {.crs_count = crs_count, .capacity = capacity};
	series.times = calloc(capacity + 1, sizeof *series.times);
	series.values =
		calloc(crs_count * SERIES_KINDS + 1, (capacity + 1) * sizeof *series.values);
	if (!series.times || !series.values) {
		series_free(&series);
		(void)fail(err, ENOMEM, "samples");
		return -1;
	}
	*ret = series;
	return 0;
}

void series_free(struct series *series)
{
	free(series->times);
	free(series->values);
	*series = (struct series)SERIES_NONE;
}

uint64_t *series_of(const struct series *series, size_t crs, enum series_kind kind)
{
	return &series->values[(crs * SERIES_KINDS + kind) * series->capacity];
}

static void halve(struct series *series)
{
	size_t kept = (series->count + 1) / 2;
	for (size_t i = 0; i < kept; i++)
		series->times[i] = series->times[2 * i];
	for (size_t list = 0; list < series->crs_count * SERIES_KINDS; list++) {
		uint64_t *values = &series->values[list * series->capacity];
		for (size_t i = 0; i < kept; i++)
			values[i] = values[2 * i];
	}
	series->count = kept;
}

bool series_add_point(struct series *series, uint64_t usec)
{
	bool full = series->count == series->capacity;
	if (full)
		halve(series);
	series->times[series->count++] = usec;
	for (size_t list = 0; list < series->crs_count * SERIES_KINDS; list++)
		series->values[list * series->capacity + series->count - 1] = CGROUP_STAT_UNKNOWN;
	return full;
}

void series_set(struct series *series, size_t crs, const struct cgroup_stat *figures)
{
	const uint64_t values[SERIES_KINDS] = {
		[SERIES_CPU] = figures->cpu_usec,
		[SERIES_MEMORY] = figures->memory_current,
		[SERIES_CPU_STALLED] = figures->pressure[PRESSURE_CPU].stalled_usec,
		[SERIES_MEMORY_STALLED] = figures->pressure[PRESSURE_MEMORY].stalled_usec,
		[SERIES_IO_STALLED] = figures->pressure[PRESSURE_IO].stalled_usec,
		[SERIES_OOM_KILLS] = figures->oom_kills,
	};
	for (enum series_kind kind = 0; kind < SERIES_KINDS; kind++)
		series_of(series, crs, kind)[series->count - 1] = values[kind];
}

static json_t *list_to_json(const uint64_t *values, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
			values[i] <= INT64_MAX ? json_integer((json_int_t)values[i]) : json_null());
	return list;
}

json_t *series_to_json(const struct series *series, size_t crs)
{
	json_t *object = json_object();
	for (enum series_kind kind = 0; kind < SERIES_KINDS; kind++)
		(void)json_object_set_new(object, names[kind],
			list_to_json(series_of(series, crs, kind), series->count));
	return object;
}

json_t *series_times_to_json(const struct series *series)
{
	return list_to_json(series->times, series->count);
}

static int list_from_json(
	const json_t *list, const char *name, size_t count, uint64_t *values, struct error *err)
{
	if (!json_is_array(list) || json_array_size(list) != count)
		return fail_as(err, EX_DATAERR, "'%s' is not a list of %zu numbers", name, count);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);
		if (json_is_null(item))
			values[i] = CGROUP_STAT_UNKNOWN;
		else if (json_is_integer(item) && json_integer_value(item) >= 0)
			values[i] = (uint64_t)json_integer_value(item);
		else
			return fail_as(err, EX_DATAERR, "item %zu of '%s' is no figure", i, name);
	}
	return 0;
}

int series_times_from_json(
	const json_t *times, size_t crs_count, struct series *ret, struct error *err)
{
	size_t count = json_array_size(times);
	_cleanup_(series_free) struct series series = SERIES_NONE;
	if (count > series_capacity(crs_count))
		return fail_as(err, EX_DATAERR, "%zu samples are more than any run has", count);
	if (series_make(crs_count, count, &series, err) < 0 ||
		list_from_json(times, "sample_usec", count, series.times, err) < 0)
		return -1;
	series.count = count;
	for (size_t i = 0; i < count; i++)
		if (series.times[i] == CGROUP_STAT_UNKNOWN ||
			(i && series.times[i] <= series.times[i - 1]))
			return fail_as(err, EX_DATAERR, "the times of the samples do not ascend");
	*ret = series;
	series = (struct series)SERIES_NONE;
	return 0;
}

int series_from_json(const json_t *object, size_t crs, struct series *series, struct error *err)
{
	for (enum series_kind kind = 0; kind < SERIES_KINDS; kind++)
		if (list_from_json(json_object_get(object, names[kind]), names[kind], series->count,
			    series_of(series, crs, kind), err) < 0)
			return -1;
	return 0;
}
