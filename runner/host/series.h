/* SPDX-License-Identifier: MIT
 *
 * series: the figures of a run's CRSs over time, in bounded memory. When there is no room for
 * another point, every other point is dropped, so that the remaining ones still span the whole run.
 */
#ifndef OSS_CRS_SERIES_H
#define OSS_CRS_SERIES_H

#include "cgroup_stat.h"

/* All except SERIES_MEMORY are totals since the CRS's cgroup was made. */
enum series_kind {
	SERIES_CPU,    /* microseconds used */
	SERIES_MEMORY, /* bytes in use */
	/* Microseconds in which at least one process waited, in the order of enum pressure_kind. */
	SERIES_CPU_STALLED,
	SERIES_MEMORY_STALLED,
	SERIES_IO_STALLED,
	SERIES_OOM_KILLS,
	SERIES_KINDS,
};

struct series {
	size_t crs_count;
	size_t count, capacity; /* points */
	uint64_t *times;        /* of the points: microseconds since the run began, ascending */
	uint64_t *values;       /* see series_of() */
};

#define SERIES_NONE           \
	{                     \
		.times = NULL \
	}

/* The most points to keep of a run with crs_count CRSs: an even number, at most SERIES_POINTS_MAX.
 * A reader accepts no more. */
#define SERIES_POINTS_MAX 2048
size_t series_capacity(size_t crs_count);

/* Allocate a series of `capacity` points. Fails with ENOMEM. series_free() frees *ret. */
int series_make(size_t crs_count, size_t capacity, struct series *ret, struct error *err);
void series_free(struct series *series);

/* The values of one figure of one CRS, one per point; CGROUP_STAT_UNKNOWN where the figure is not
 * known. The array belongs to the series. */
uint64_t *series_of(const struct series *series, size_t crs, enum series_kind kind);

/* Begin a point at `usec`, with all its values unknown. If the series is full, first drop every
 * other point, from the second on; returns true in that case. */
bool series_add_point(struct series *series, uint64_t usec);

/* Set the figures of one CRS in the latest point. */
void series_set(struct series *series, size_t crs, const struct cgroup_stat *figures);

#endif
