/* SPDX-License-Identifier: MIT
 *
 * local: the engine local: a crew on this host, whose queue and lanes are in the experiment's
 * directory.
 */
#include "placer.h"

#include "cleanup.h"
#include "crew.h"
#include "lanes.h"

#include <errno.h>

/* One job, whatever the shapes. */
static int divide_local(const struct placing *placement, const size_t *indices, size_t count,
	struct placer_jobs *ret, struct error *err)
{
	const char *const words[] = {"oss-crs-run", "experiment", "task", placement->path, NULL};
	_cleanup_(placer_jobs_free) struct placer_jobs jobs = PLACER_JOBS_NONE;
	if (!count)
		return 0;
	struct placer_job *job = placer_add_job(&jobs, count, err);
	if (!job)
		return -1;
	memcpy(job->indices, indices, count * sizeof *indices);
	job->count = count;
	job->argv = placer_copy_words(words);
	if (!job->argv)
		return fail(err, ENOMEM, "jobs");
	*ret = jobs;
	jobs = (struct placer_jobs)PLACER_JOBS_NONE;
	return 0;
}

static int submit_local(
	const struct placing *placement, const struct placer_job *job, struct error *err)
{
	const char *const argv[] = {job->argv[1], job->argv[2], job->argv[3], NULL};
	const struct crew crew = {.dir = placement->dir,
		.uid = placement->uid,
		.name = placement->experiment->name,
		.limit = lanes_limit(
			placement->experiment->place.limit, runs_least_cpus(placement->runs)),
		.argv = argv};
	return crew_submit(&crew, job->indices, job->count, err);
}

static int list_local(const struct placing *placement, struct placer_view *ret, struct error *err)
{
	return crew_list(placement->dir, ret->states, placement->runs->count, err);
}

static int cancel_local(const struct placing *placement, struct error *err)
{
	return crew_cancel(placement->dir, err);
}

const struct placer placer_local = {
	.name = "local",
	.divide = divide_local,
	.submit = submit_local,
	.list = list_local,
	.cancel = cancel_local,
};
