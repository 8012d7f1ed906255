/* SPDX-License-Identifier: MIT
 *
 * series: an array of times, and one of values in which the values of each figure of each CRS are
 * contiguous. Adding a point to a full series halves it.
 */
#include "series.h"

#include "cleanup.h"

#include <errno.h>

/* The most points times CRSs, unless POINTS_MIN requires more. */
#define VALUES_MAX ((size_t)SERIES_POINTS_MAX * 16)
#define POINTS_MIN 128

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
