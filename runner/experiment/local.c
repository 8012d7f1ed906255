/* SPDX-License-Identifier: MIT
 *
 * local: the engine local, on this host: a queue of runs (queue_file.h) and lanes that take them
 * (lanes.h). A lane is a transient service of the user manager, so it outlives the login. Leases,
 * with --wait, decide which run gets its CPUs when.
 */
#include "placer.h"

#include "cleanup.h"
#include "lanes.h"
#include "queue_file.h"
#include "user_manager.h"

#include <errno.h>
#include <limits.h>
#include <sys/random.h>

#define ENVIRONMENT_MAX 32

/* What the runs take from the environment of the one who submits them: the user manager's own has
 * none of it. */
static const char *const passed_on[] = {"PATH", "HOME", "LANG", "DOCKER_HOST", "DOCKER_CONFIG",
	"DOCKER_CONTEXT", "CONTAINER_HOST", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "TMPDIR",
	"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"};

static void jobs_release(struct placer_jobs *jobs)
{
	placer_jobs_free(jobs);
}

/* One job, whatever the shapes. */
static int divide_local(const struct placing *placement, const size_t *indices, size_t count,
	struct placer_jobs *ret, struct error *err)
{
	const char *const words[] = {"oss-crs-run", "experiment", "task", placement->path, NULL};
	_cleanup_(jobs_release) struct placer_jobs jobs = PLACER_JOBS_NONE;
	if (!count)
		return 0;
	struct placer_job *job = placer_add_job(&jobs, count, err);
	if (!job)
		return -1;
	memcpy(job->indices, indices, count * sizeof *indices);
	job->count = count;
	job->argv = calloc(sizeof words / sizeof *words, sizeof *job->argv);
	for (size_t i = 0; job->argv && words[i]; i++)
		if (!(job->argv[i] = strdup(words[i])))
			return fail(err, ENOMEM, "jobs");
	if (!job->argv)
		return fail(err, ENOMEM, "jobs");
	*ret = jobs;
	jobs = (struct placer_jobs)PLACER_JOBS_NONE;
	return 0;
}

static unsigned limit_here(const struct placing *placement)
{
	unsigned least = UINT_MAX;
	for (size_t i = 0; i < placement->runs->count; i++)
		if (placement->runs->list[i].cpus < least)
			least = placement->runs->list[i].cpus;
	return lanes_limit(placement->experiment, least);
}

/* The list of NAME=VALUE; its strings are to be freed with free_environment(). */
static int make_environment(char *ret[static ENVIRONMENT_MAX], struct error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++) {
		const char *value = getenv(passed_on[i]);
		if (!value)
			continue;
		if (asprintf(&ret[count], "%s=%s", passed_on[i], value) < 0) {
			ret[count] = NULL;
			return fail(err, ENOMEM, "environment");
		}
		count++;
	}
	return 0;
}

static void free_environment(char *(*list)[ENVIRONMENT_MAX])
{
	for (size_t i = 0; i < ENVIRONMENT_MAX; i++)
		free((*list)[i]);
}

static int start_lane(const struct placing *placement, struct sd_bus *bus,
	const struct placer_job *job, struct error *err)
{
	_cleanup_(free_environment) char *environment[ENVIRONMENT_MAX] = {NULL};
	const char *variables[ENVIRONMENT_MAX] = {NULL};
	char self[PATH_MAX];
	char unit[NAME_MAX];
	uint32_t random = 0;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return fail(err, errno, "read /proc/self/exe");
	self[n] = '\0';
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return fail(err, errno, "getrandom");
	if (make_environment(environment, err) < 0)
		return -1;
	for (size_t i = 0; environment[i]; i++)
		variables[i] = environment[i];
	(void)snprintf(unit, sizeof unit, "oss-crs-%s-%08x.service", placement->experiment->name,
		(unsigned)random);
	const char *const argv[] = {self, job->argv[1], job->argv[2], job->argv[3], NULL};
	const struct transient_service service = {.unit = unit,
		.description = "runs of an experiment of oss-crs-run",
		.argv = argv,
		.environment = variables};
	return user_manager_start_service(bus, &service, err);
}

static int submit_local(
	const struct placing *placement, const struct placer_job *job, struct error *err)
{
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	unsigned limit = limit_here(placement);
	if (user_manager_open(placement->uid, &bus, err) < 0)
		return -1;
	int lanes = lanes_count(placement->dir, err);
	/* What is queued without a lane is from before the host was started again: the caller
	 * submits it anew. */
	if (lanes < 0 || (lanes == 0 && queue_file_clear(placement->dir, err) < 0) ||
		queue_file_add(placement->dir, job->indices, job->count, err) < 0)
		return -1;
	for (size_t i = (size_t)lanes; i < limit && i < (size_t)lanes + job->count; i++)
		if (start_lane(placement, bus, job, err) < 0)
			return -1;
	return 0;
}

struct listing {
	enum placer_state *states;
	size_t count;
};

static void note_queued(size_t index, void *data)
{
	const struct listing *listing = data;
	if (index < listing->count)
		listing->states[index] = PLACER_QUEUED;
}

static int list_local(const struct placing *placement, enum placer_state *ret, struct error *err)
{
	struct listing listing = {.states = ret, .count = placement->runs->count};
	int lanes = lanes_count(placement->dir, err);
	return lanes <= 0 ? lanes : queue_file_each(placement->dir, note_queued, &listing, err);
}

static int cancel_local(const struct placing *placement, struct error *err)
{
	return queue_file_clear(placement->dir, err) < 0 ? -1 : lanes_end(placement->dir, err);
}

const struct placer placer_local = {
	.name = "local",
	.divide = divide_local,
	.submit = submit_local,
	.list = list_local,
	.cancel = cancel_local,
};
