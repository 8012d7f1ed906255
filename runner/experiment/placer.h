/* SPDX-License-Identifier: MIT
 *
 * placer: what an engine does for an experiment: it takes runs, says which of them it still has,
 * and gives them back. No other code depends on which engine it is.
 */
#ifndef OSS_CRS_PLACER_H
#define OSS_CRS_PLACER_H

#include "host.h"
#include "run_list.h"

/* Runs that are submitted together. */
struct placer_job {
	size_t *indices; /* ascending */
	size_t count;
	char **argv;  /* the command that submits them, or that the engine starts; ends with NULL */
	char *script; /* what it reads on standard input; NULL: nothing */
};

struct placer_jobs {
	struct placer_job *list;
	size_t count;
};

#define PLACER_JOBS_NONE     \
	{                    \
		.list = NULL \
	}

/* What all functions need. */
struct placing {
	const struct host *host;
	uid_t uid;
	const struct experiment *experiment;
	const struct runs *runs;
	const char *path; /* of the experiment's directory */
	int dir;          /* the same, open; -1: not made yet */
	/* For each host of the experiment, whether it is not to be given runs, as `list` found;
	 * NULL: nobody has asked. */
	const bool *away;
};

/* What the engine says of a run. */
enum placer_state {
	PLACER_NONE, /* it does not have it */
	PLACER_QUEUED,
	PLACER_RUNNING,
	PLACER_UNKNOWN, /* who may have it cannot be asked */
};

/* What `list` is told, and what it finds. */
struct placer_view {
	/* Whether runs are to be submitted: look whether the engine can take them, and fail if the
	 * user must do something first. */
	bool submits;
	const bool *done;          /* per run: whatever the engine says of it is of no interest */
	enum placer_state *states; /* per run, all PLACER_NONE at first */
	bool *away;                /* per host of the experiment, all false at first */
	/* Called for what could not be asked. */
	void (*warn)(const struct error *problem, const void *data);
	const void *data;
};

struct placer {
	const char *name;
	/* Whether the engine gives a run a cpuset of its own (--allocation); otherwise a run waits
	 * for its CPUs (--wait). */
	bool allocation;
	/* Divide runs into jobs, without calling the engine. */
	int (*divide)(const struct placing *placement, const size_t *indices, size_t count,
		struct placer_jobs *ret, struct error *err);
	/* Submit a job. Fails with EX_UNAVAILABLE if the engine is not there. */
	int (*submit)(
		const struct placing *placement, const struct placer_job *job, struct error *err);
	/* Find the state of each run. */
	int (*list)(const struct placing *placement, struct placer_view *ret, struct error *err);
	/* Take back all runs, and end those that have begun. */
	int (*cancel)(const struct placing *placement, struct error *err);
	/* Called in a run whose CPUs are taken (75): have it done again elsewhere or later, a few
	 * times at most. NULL: it waits for its CPUs. */
	int (*again)(struct error *err);
};

extern const struct placer placer_local, placer_slurm, placer_ssh;

/* The placer of an engine. */
const struct placer *placer_of(enum experiment_engine engine);

void placer_jobs_free(struct placer_jobs *jobs);

/* Append an empty job with room for `count` indices. Returns NULL, with an error, if out of
 * memory. */
struct placer_job *placer_add_job(struct placer_jobs *jobs, size_t count, struct error *err);

/* A copy of words that end with NULL; NULL if out of memory. placer_jobs_free() frees those of a
 * job. */
char **placer_copy_words(const char *const *words);
void placer_free_words(char **words);

/* A file in memory that has the script of a job, at its beginning. Returns a descriptor that the
 * caller closes, or -1. */
int placer_open_script(const char *script, struct error *err);

/* A text as one word of a POSIX shell, in quotes if it needs them, and the words of a command as
 * one line. The caller frees the result; NULL if out of memory. */
char *placer_quote(const char *text);
char *placer_quote_all(const char *const *words);

#endif
