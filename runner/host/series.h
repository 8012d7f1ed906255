/* SPDX-License-Identifier: MIT
 *
 * series: figures of a run's CRSs over time, in bounded memory: when there is no room for another point, every other one
 * goes, so that those that stay span the whole run.
 */
#ifndef OSS_CRS_SERIES_H
#define OSS_CRS_SERIES_H

#include "cgroup_stat.h"

/* All but the memory are sums since the CRS was made. */
enum series_kind {
	SERIES_CPU,    /* microseconds used */
	SERIES_MEMORY, /* bytes in use */
	SERIES_CPU_STALLED, /* microseconds in which some process waited; in the order of enum pressure_kind */
	SERIES_MEMORY_STALLED,
	SERIES_IO_STALLED,
	SERIES_OOM_KILLS,
	SERIES_KINDS,
};

struct series {
	size_t crs_count;
	size_t count, capacity; /* points */
	uint64_t *times;        /* per point, microseconds since the run began; ascending */
	uint64_t *values;       /* see series_of() */
};

#define SERIES_NONE           \
	{                     \
		.times = NULL \
	}

/* The most points that are kept of a run of so many CRSs: even, and no more than the reader takes. */
#define SERIES_POINTS_MAX 2048
size_t series_capacity(size_t crs_count);

/* Make room for points. The caller frees. */
int series_make(size_t crs_count, size_t capacity, struct series *ret, struct error *err);
void series_free(struct series *series);

/* One figure of one CRS over time, a value per point; CGROUP_STAT_UNKNOWN where it is not known. */
uint64_t *series_of(const struct series *series, size_t crs, enum series_kind kind);

/* Begin a point. Where there is no room, every other point goes first, from the second on: true if that was so. */
bool series_add_point(struct series *series, uint64_t usec);

/* Fill the latest point in. */
void series_set(struct series *series, size_t crs, const struct cgroup_stat *figures);

#endif
