/* SPDX-License-Identifier: MIT
 *
 * series_json: writes samples as parallel lists of whole numbers, with null for an unknown
 * figure. A report that is read back may come from anywhere, so each list is checked for its
 * length and each number for its range.
 */
#include "series_json.h"

#include "cleanup.h"

#include <errno.h>

static const char *const series_keys[SERIES_KINDS] = {
	[SERIES_CPU] = "cpu_usage_usec",
	[SERIES_MEMORY] = "memory_current",
	[SERIES_CPU_STALLED] = "cpu_stalled_usec",
	[SERIES_MEMORY_STALLED] = "memory_stalled_usec",
	[SERIES_IO_STALLED] = "io_stalled_usec",
	[SERIES_OOM_KILLS] = "oom_kills",
};

static json_t *list_to_json(struct json_build *build, const uint64_t *values, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		json_build_append(build, list,
			values[i] <= INT64_MAX ? json_integer((json_int_t)values[i]) : json_null());
	return list;
}

json_t *series_to_json(struct json_build *build, const struct series *series, size_t crs)
{
	json_t *object = json_object();
	for (enum series_kind kind = 0; kind < SERIES_KINDS; kind++)
		json_build_set(build, object, series_keys[kind],
			list_to_json(build, series_of(series, crs, kind), series->count));
	return object;
}

json_t *series_times_to_json(struct json_build *build, const struct series *series)
{
	return list_to_json(build, series->times, series->count);
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
			return fail_as(
				err, EX_DATAERR, "item %zu of '%s' is not a number", i, name);
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
			return fail_as(err, EX_DATAERR,
				"the times of the samples are not in ascending order");
	*ret = series;
	series = (struct series)SERIES_NONE;
	return 0;
}

int series_from_json(const json_t *object, size_t crs, struct series *series, struct error *err)
{
	for (enum series_kind kind = 0; kind < SERIES_KINDS; kind++)
		if (list_from_json(json_object_get(object, series_keys[kind]), series_keys[kind],
			    series->count, series_of(series, crs, kind), err) < 0)
			return -1;
	return 0;
}
