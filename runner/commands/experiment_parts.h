/* SPDX-License-Identifier: MIT
 *
 * experiment_parts: the verbs of `experiment`, and what they share: the matrix of a file, and its
 * directory.
 */
#ifndef OSS_CRS_EXPERIMENT_PARTS_H
#define OSS_CRS_EXPERIMENT_PARTS_H

#include "context.h"
#include "directory.h"
#include "placer.h"

/* The verbs; args[1] is the file, or the directory of `task`. They return an exit status, or -1
 * with an error. */
int experiment_plan(const struct context *context, struct error *err);
int experiment_submit(const struct context *context, struct error *err);
int experiment_status(const struct context *context, struct error *err);
int experiment_gather(const struct context *context, struct error *err);
int experiment_cancel(const struct context *context, struct error *err);
int experiment_task(const struct context *context, struct error *err);
int experiment_host(const struct context *context, struct error *err);

/* What a file asks for. */
struct matrix {
	struct experiment experiment;
	struct shape *shapes; /* one per config */
	char *text;           /* of runs.tsv */
	size_t len;
	struct runs runs;
	char *path; /* of the experiment's directory */
};

#define MATRIX_NONE                                               \
	{                                                         \
		.experiment = EXPERIMENT_NONE, .runs = RUNS_NONE, \
	}

/* Read the file that the command line names, and its configs. The caller frees *ret, which is
 * MATRIX_NONE, with matrix_free(), also after a failure. */
int matrix_read(const struct context *context, struct matrix *ret, struct error *err);
void matrix_free(struct matrix *matrix);

/* An experiment that was submitted. */
struct submitted {
	struct experiment experiment;
	json_t *json;
	struct runs runs;
	char *path;
	int dir;
};

#define SUBMITTED_NONE                                                       \
	{                                                                    \
		.experiment = EXPERIMENT_NONE, .runs = RUNS_NONE, .dir = -1, \
	}

/* Read the directory at path. Fails with EX_CONFIG if nothing was submitted there. The caller frees
 * *ret, which is SUBMITTED_NONE, with submitted_free(), also after a failure. */
int submitted_read(const char *path, struct submitted *ret, struct error *err);

/* The same for the file that the command line names. */
int submitted_of_file(const struct context *context, struct submitted *ret, struct error *err);
void submitted_free(struct submitted *submitted);

struct placing submitted_placement(
	const struct context *context, const struct submitted *submitted);

/* What is known of a run, the first that is true. */
enum progress_state {
	RUN_DONE,
	RUN_RUNNING,
	RUN_QUEUED,
	RUN_FAILED,  /* its last attempt has no result */
	RUN_MISSING, /* nobody has it */
	RUN_UNKNOWN, /* who may have it cannot be asked */
	RUN_STATES,
};

struct progress {
	enum progress_state *states; /* per run; 0 is RUN_DONE */
	bool *away;                  /* per host; see struct placing */
};

#define PROGRESS_NONE          \
	{                      \
		.states = NULL \
	}

/* Find the state of every run. What cannot be found out is a warning. With `submits`, fail if the
 * engine cannot take runs (struct placer_view). The caller frees *ret, which is PROGRESS_NONE, with
 * progress_free(), also after a failure. */
int progress_find(const struct context *context, const struct submitted *submitted, bool submits,
	struct progress *ret, struct error *err);
void progress_free(struct progress *progress);

/* Be a lane: do queued runs one after another. `dir` has the queue and the lanes, `limit` is the
 * limit of lanes_limit(). Returns an exit status, or -1 with an error. */
int experiment_lane(const struct submitted *submitted, int dir, unsigned limit, struct error *err);

/* "done", "running", … */
const char *progress_state_name(enum progress_state state);

#endif
