/* SPDX-License-Identifier: MIT
 *
 * status_sort: compares two CRSs of a run by one figure, and then by their names.
 */
#include "status_sort.h"

#include <stdlib.h>
#include <string.h>

struct sorting {
	const struct status_run *run;
	const struct status *before;
	enum status_order order;
};

const char *status_order_name(enum status_order order)
{
	static const char *const names[STATUS_ORDERS] = {[STATUS_BY_NAME] = "name",
		[STATUS_BY_CPU] = "CPU use",
		[STATUS_BY_MEMORY] = "memory",
		[STATUS_BY_PRESSURE] = "pressure",
		[STATUS_BY_KILLS] = "OOM kills"};
	return names[order];
}

/* CPU time since the previous status, which was equally long ago for all CRSs. */
static uint64_t recent_cpu(const struct sorting *sorting, const struct status_crs *crs)
{
	const struct status_crs *before =
		sorting->before ? status_find(sorting->before, sorting->run, crs) : NULL;
	if (!before || crs->figures.cpu_usec < before->figures.cpu_usec)
		return CGROUP_STAT_UNKNOWN;
	return crs->figures.cpu_usec - before->figures.cpu_usec;
}

static uint64_t worst_pressure(const struct status_crs *crs)
{
	unsigned worst = 0;
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		if (crs->figures.pressure[i].avg10 > worst)
			worst = crs->figures.pressure[i].avg10;
	return worst;
}

static uint64_t sort_figure(const struct sorting *sorting, const struct status_crs *crs)
{
	switch (sorting->order) {
	case STATUS_BY_CPU:
		return recent_cpu(sorting, crs);
	case STATUS_BY_MEMORY:
		return crs->figures.memory_current;
	case STATUS_BY_PRESSURE:
		return worst_pressure(crs);
	case STATUS_BY_KILLS:
		return crs->figures.oom_kills;
	case STATUS_BY_NAME:
	case STATUS_ORDERS:
		break;
	}
	return 0;
}

/* An unknown figure becomes the smallest: CGROUP_STAT_UNKNOWN + 1 is 0. */
static int by_figure(const void *a, const void *b, void *data)
{
	const struct sorting *sorting = data;
	const struct status_crs *left = a;
	const struct status_crs *right = b;
	uint64_t left_rank = sort_figure(sorting, left) + 1;
	uint64_t right_rank = sort_figure(sorting, right) + 1;
	if (left_rank != right_rank)
		return left_rank > right_rank ? -1 : 1;
	return strverscmp(left->name, right->name);
}

void status_sort(struct status *status, const struct status *before, enum status_order order)
{
	for (size_t i = 0; i < status->count; i++) {
		struct status_run *run = &status->runs[i];
		struct sorting sorting = {.run = run, .before = before, .order = order};
		if (run->crs_count)
			qsort_r(run->crs, run->crs_count, sizeof *run->crs, by_figure, &sorting);
	}
}
