/* SPDX-License-Identifier: MIT
 *
 * slurm: makes the arrays. All that is about the job is on sbatch's command line, where no word
 * needs quotes; the script has one command. slurm_queue.c calls Slurm.
 */
#include "slurm.h"

#include "cleanup.h"
#include "ranges.h"

#include <errno.h>
#include <inttypes.h>

/* Minutes that a job has beyond the time limit of its run, so that the run's own limit comes first;
 * and for `prepare`. */
#define SPARE_MINUTES   15
#define PREPARE_MINUTES 30

#define WORDS_MAX 32

/* The words of a command that is being made. */
struct words {
	char **list;
	size_t count;
	bool failed;
};

static void add_word(struct words *words, char *word)
{
	if (!word) {
		words->failed = true;
		return;
	}
	words->list[words->count++] = word;
}

static void __attribute__((format(printf, 2, 3)))
add_option(struct words *words, const char *fmt, ...)
{
	char *word = NULL;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&word, fmt, ap);
	va_end(ap);
	add_word(words, n < 0 ? NULL : word);
}

/* sbatch replaces %x in the path of the output. The caller frees. */
static char *escape_percent(const char *path)
{
	char *escaped = malloc(2 * strlen(path) + 1);
	char *p = escaped;
	for (; p && *path; path++) {
		*p++ = *path;
		if (*path == '%')
			*p++ = '%';
	}
	if (p)
		*p = '\0';
	return escaped;
}

static uint64_t job_minutes(const struct experiment *experiment)
{
	return (experiment->timeout + 59) / 60 + SPARE_MINUTES +
	       (experiment->prepare ? PREPARE_MINUTES : 0);
}

static void add_texts(struct words *words, const struct experiment_texts *texts)
{
	for (size_t i = 0; texts && i < texts->count; i++)
		add_word(words, strdup(texts->list[i].text));
}

static size_t base_of(size_t index)
{
	return index / SLURM_ARRAY_MAX * SLURM_ARRAY_MAX;
}

/* The part of the experiment's limit that an array of the runs gets: arrays know nothing of each
 * other. At least 1. */
static unsigned limit_of(const struct experiment_place *place, size_t count, size_t all)
{
	uint64_t part = (uint64_t)place->limit * count / all;
	return part ? (unsigned)part : 1;
}

static int make_argv(
	const struct placing *placement, struct placer_job *job, size_t all, struct error *err)
{
	const struct experiment *experiment = placement->experiment;
	const struct experiment_place *place = &experiment->place;
	const struct run_entry *run = &placement->runs->list[job->indices[0]];
	const struct experiment_texts *own = experiment_worker_options(experiment, run->worker);
	_cleanup_free_ char *array =
		ranges_text(job->indices, job->count, base_of(job->indices[0]));
	_cleanup_free_ char *output = escape_percent(placement->path);
	uint64_t memory = (run->memory_max + SLURM_OWN_MEMORY + (1 << 20) - 1) >> 20;
	size_t room = WORDS_MAX + place->options.count + (own ? own->count : 0);
	struct words words = {.list = calloc(room, sizeof *words.list)};
	job->argv = words.list;
	if (!words.list || !array || !output)
		return fail(err, ENOMEM, "jobs");
	add_option(&words, "sbatch");
	add_option(&words, "--parsable");
	add_option(&words, "--job-name=oss-crs-%s", experiment->name);
	if (place->limit)
		add_option(&words, "--array=%s%%%u", array, limit_of(place, job->count, all));
	else
		add_option(&words, "--array=%s", array);
	add_option(&words, "--nodes=1");
	add_option(&words, "--ntasks=1");
	add_option(&words, "--cpus-per-task=%u", run->cpus);
	if (place->whole_node) {
		add_option(&words, "--exclusive");
		add_option(&words, "--mem=0");
	} else {
		add_option(&words, "--mem=%" PRIu64 "M", memory);
	}
	add_option(&words, "--hint=nomultithread");
	add_option(&words, "--time=%" PRIu64, job_minutes(experiment));
	add_option(&words, "--signal=B:TERM@180");
	add_option(&words, "--requeue");
	add_option(&words, "--open-mode=append");
	add_option(&words, "--output=%s/log/%%a.%%j.out", output);
	add_texts(&words, &place->options);
	add_texts(&words, own);
	return words.failed ? fail(err, ENOMEM, "jobs") : 0;
}

static int make_script(const struct placing *placement, struct placer_job *job, struct error *err)
{
	size_t base = base_of(job->indices[0]);
	_cleanup_free_ char *path = placer_quote(placement->path);
	if (!path || asprintf(&job->script,
			     "#!/bin/sh\nexec oss-crs-run experiment task %s \"$((%zu + "
			     "SLURM_ARRAY_TASK_ID))\"\n",
			     path, base) < 0) {
		job->script = NULL;
		return fail(err, ENOMEM, "jobs");
	}
	return 0;
}

/* Whether two runs may be in one array. */
static bool is_alike(const struct placing *placement, size_t a, size_t b)
{
	const struct run_entry *left = &placement->runs->list[a];
	const struct run_entry *right = &placement->runs->list[b];
	return base_of(a) == base_of(b) && left->cpus == right->cpus &&
	       left->memory_max == right->memory_max && strcmp(left->worker, right->worker) == 0;
}

/* Put a run into the job of those alike, or into a new one. Jobs of an earlier base are complete.
 * */
static int put_run(
	const struct placing *placement, struct placer_jobs *jobs, size_t index, struct error *err)
{
	struct placer_job *job = NULL;
	for (size_t i = jobs->count; i > 0 && !job; i--) {
		if (base_of(jobs->list[i - 1].indices[0]) != base_of(index))
			break;
		if (is_alike(placement, jobs->list[i - 1].indices[0], index))
			job = &jobs->list[i - 1];
	}
	if (!job)
		job = placer_add_job(jobs, SLURM_ARRAY_MAX, err);
	if (!job)
		return -1;
	job->indices[job->count++] = index;
	return 0;
}

int slurm_divide(const struct placing *placement, const size_t *indices, size_t count,
	struct placer_jobs *ret, struct error *err)
{
	_cleanup_(placer_jobs_free) struct placer_jobs jobs = PLACER_JOBS_NONE;
	for (size_t i = 0; i < count; i++)
		if (put_run(placement, &jobs, indices[i], err) < 0)
			return -1;
	for (size_t i = 0; i < jobs.count; i++)
		if (make_argv(placement, &jobs.list[i], count, err) < 0 ||
			make_script(placement, &jobs.list[i], err) < 0)
			return -1;
	*ret = jobs;
	jobs = (struct placer_jobs)PLACER_JOBS_NONE;
	return 0;
}
