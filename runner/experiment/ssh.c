/* SPDX-License-Identifier: MIT
 *
 * ssh: decides which host gets which runs, and makes the commands; ssh_hosts.c calls them. What the
 * two ends say to each other, and ssh.tsv, are read and written in ssh_text.c.
 */
#include "ssh.h"

#include "cleanup.h"
#include "ranges.h"

#include <errno.h>

unsigned ssh_limit(const struct experiment_place *place, const char *host)
{
	size_t hosts = place->hosts.count;
	for (size_t i = 0; i < hosts; i++)
		if (strcmp(place->hosts.list[i].text, host) == 0)
			return (unsigned)(place->limit / hosts + (i < place->limit % hosts));
	return 0;
}

/* Batch mode: nobody is there to type a password. A host that is down is found out in 20 seconds,
 * one that goes down meanwhile in a minute. The remote shell gets one line, in which every word is
 * quoted. */
char **ssh_words(const char *host, const char *path, const char *action, const char *more)
{
	const char *const remote[] = {
		"oss-crs-run", "experiment", "host", path, host, action, more, NULL};
	_cleanup_free_ char *line = placer_quote_all(remote);
	const char *const words[] = {"ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20",
		"-o", "ServerAliveInterval=20", "--", host, line, NULL};
	return line ? placer_copy_words(words) : NULL;
}

/* ---- who gets what ------------------------------------------------------------------------- */

#define LANES_MAX 1024 /* per host: with more, each host gets as much as the others */

/* Runs go to lanes in turn. */
struct turns {
	size_t *hosts; /* of each lane */
	size_t count;
	size_t *ranks; /* of each place of the matrix: which of those with a run it is, from 1 */
	size_t *seen;  /* of each place: how many of its runs have been given away */
	size_t places;
	size_t ranked;
};

static void turns_free(struct turns *turns)
{
	free(turns->hosts);
	free(turns->ranks);
	free(turns->seen);
}

static int turns_make(const struct placing *placement, struct turns *ret, struct error *err)
{
	const struct experiment_place *place = &placement->experiment->place;
	size_t hosts = place->hosts.count;
	bool few = place->limit && place->limit < hosts * LANES_MAX;
	size_t lanes = few ? place->limit : hosts;
	ret->places = runs_places(placement->runs);
	ret->hosts = calloc(lanes + 1, sizeof *ret->hosts);
	ret->ranks = calloc(ret->places + 1, sizeof *ret->ranks);
	ret->seen = calloc(ret->places + 1, sizeof *ret->seen);
	for (size_t i = 0; ret->hosts && i < lanes; i++)
		if (!placement->away || !placement->away[i % hosts])
			ret->hosts[ret->count++] = i % hosts;
	if (!ret->hosts || !ret->ranks || !ret->seen)
		(void)fail(err, ENOMEM, "jobs");
	else if (!ret->places)
		(void)fail_as(
			err, EX_DATAERR, "the trials of runs.tsv do not have as many runs each");
	else if (!ret->count)
		(void)fail_as(err, EX_UNAVAILABLE,
			"none of the hosts that `limit` gives runs to can be reached");
	else
		return 0;
	return -1;
}

/* The host of the next run. A place begins with the lane after that of the place before, and goes
 * on with the next lane: so the trials of each are on all lanes, and as many runs on each. */
static size_t turns_take(struct turns *turns, size_t index)
{
	size_t place = index % turns->places;
	if (!turns->ranks[place])
		turns->ranks[place] = ++turns->ranked;
	return turns->hosts[(turns->ranks[place] - 1 + turns->seen[place]++) % turns->count];
}

/* ---- the jobs ------------------------------------------------------------------------------ */

static int finish_job(const struct placing *placement, const char *host, struct placer_job *job,
	struct error *err)
{
	_cleanup_free_ char *ranges = ranges_text(job->indices, job->count, 0);
	job->argv = ssh_words(host, placement->path, SSH_SUBMIT, NULL);
	if (!ranges || !job->argv || asprintf(&job->script, "%s\n", ranges) < 0) {
		job->script = NULL;
		return fail(err, ENOMEM, "jobs");
	}
	return 0;
}

/* A host without a run has no job. */
static void drop_empty(struct placer_jobs *jobs)
{
	size_t kept = 0;
	for (size_t i = 0; i < jobs->count; i++) {
		if (jobs->list[i].count)
			jobs->list[kept++] = jobs->list[i];
		else
			free(jobs->list[i].indices);
	}
	jobs->count = kept;
}

int ssh_divide(const struct placing *placement, const size_t *indices, size_t count,
	struct placer_jobs *ret, struct error *err)
{
	const struct experiment_texts *hosts = &placement->experiment->place.hosts;
	_cleanup_(placer_jobs_free) struct placer_jobs jobs = PLACER_JOBS_NONE;
	_cleanup_(turns_free) struct turns turns = {.hosts = NULL};
	if (!count)
		return 0;
	if (turns_make(placement, &turns, err) < 0)
		return -1;
	for (size_t i = 0; i < hosts->count; i++)
		if (!placer_add_job(&jobs, count, err))
			return -1;
	for (size_t i = 0; i < count; i++) {
		struct placer_job *job = &jobs.list[turns_take(&turns, indices[i])];
		job->indices[job->count++] = indices[i];
	}
	for (size_t i = 0; i < hosts->count; i++)
		if (jobs.list[i].count &&
			finish_job(placement, hosts->list[i].text, &jobs.list[i], err) < 0)
			return -1;
	drop_empty(&jobs);
	*ret = jobs;
	jobs = (struct placer_jobs)PLACER_JOBS_NONE;
	return 0;
}
