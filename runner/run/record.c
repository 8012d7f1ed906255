/* SPDX-License-Identifier: MIT
 *
 * record: the files that are sampled stay open for the whole run. At each tick of a timerfd,
 * take_sample() reads them, six small reads per CRS, and adds a point to the series. When the
 * series drops half of its points, the interval doubles.
 */
#include "record.h"

#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>

struct record {
	struct series series;
	uint64_t begin_usec;
	unsigned interval; /* seconds */
	int timer;
	size_t crs_count;
	int (*fds)[CGROUP_STAT_SAMPLED]; /* per CRS */
};

static int arm_sample_timer(const struct record *record, struct error *err)
{
	const struct timespec interval = {.tv_sec = record->interval};
	const struct itimerspec when = {.it_value = interval, .it_interval = interval};
	return timerfd_settime(record->timer, 0, &when, NULL) < 0 ? fail(err, errno, "timerfd") : 0;
}

/* A CRS that cannot be read is gone: its figures stay unknown. */
static void take_sample(struct record *record)
{
	struct error ignored;
	size_t count = record->series.count;
	uint64_t now = clock_usec() - record->begin_usec;
	if (count && now <= record->series.times[count - 1])
		return;
	if (series_add_point(&record->series, now)) {
		record->interval *= 2;
		(void)arm_sample_timer(record, &ignored);
	}
	for (size_t i = 0; i < record->crs_count; i++) {
		struct cgroup_stat figures;
		if (cgroup_stat_sample(record->fds[i], &figures, &ignored) == 0)
			series_set(&record->series, i, &figures);
	}
}

static int open_files(struct record *record, const struct cg_tree *tree, struct error *err)
{
	for (size_t i = 0; i < tree->plan->crs_count; i++) {
		record->crs_count = i + 1;
		if (cgroup_stat_open(tree->worker, tree->plan->crs[i].name, record->fds[i], err) ==
			0)
			continue;
		if (err->code != EMFILE)
			return -1;
		err->status = EX_UNAVAILABLE;
		(void)add_context(err, "--record of %zu CRSs", tree->plan->crs_count);
		return add_hint(
			err, "ulimit -n %zu", tree->plan->crs_count * CGROUP_STAT_SAMPLED + 128);
	}
	return 0;
}

int record_open(const struct cg_tree *tree, struct record **ret, struct error *err)
{
	size_t crs_count = tree->plan->crs_count;
	struct record *record = calloc(1, sizeof *record);
	if (!record)
		return fail(err, ENOMEM, "--record");
	record->interval = 1;
	record->begin_usec = clock_usec();
	record->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	record->fds = calloc(crs_count, sizeof *record->fds);
	int result = record->timer < 0 || !record->fds ? fail(err, errno, "--record") : 0;
	if (result < 0 ||
		series_make(crs_count, series_capacity(crs_count), &record->series, err) < 0 ||
		open_files(record, tree, err) < 0 || arm_sample_timer(record, err) < 0) {
		record_close(record);
		return -1;
	}
	take_sample(record);
	*ret = record;
	return 0;
}

void record_close(struct record *record)
{
	if (!record)
		return;
	for (size_t i = 0; i < record->crs_count; i++)
		for (size_t file = 0; file < CGROUP_STAT_SAMPLED; file++)
			cleanup_close(&record->fds[i][file]);
	cleanup_close(&record->timer);
	series_free(&record->series);
	free(record->fds);
	free(record);
}

static int on_sample_timer(void *data, struct error *err)
{
	struct record *record = data;
	uint64_t count = 0;
	(void)err;
	if (read(record->timer, &count, sizeof count) == sizeof count)
		take_sample(record);
	return 0;
}

struct launch_source record_source(struct record *record)
{
	return (struct launch_source){
		.fd = record->timer, .events = POLLIN, .ready = on_sample_timer, .data = record};
}

void record_conclude(struct record *record)
{
	take_sample(record);
}

const struct series *record_series(const struct record *record)
{
	return &record->series;
}
