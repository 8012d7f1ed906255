/* SPDX-License-Identifier: MIT
 *
 * run_list: the runs of an experiment. `submit` writes them into runs.tsv once: a line per run,
 * trials outermost, so that a part of them is balanced. A run's line number, from 0, is its index
 * and never changes; more trials are more lines.
 */
#ifndef OSS_CRS_RUN_LIST_H
#define OSS_CRS_RUN_LIST_H

#include "experiment.h"

/* Bytes of a run's id, without its NUL. It is the name of files and part of a run's name. */
#define RUNS_ID_MAX 160

/* The texts belong to struct runs. */
struct run_entry {
	const char *id; /* CONFIG-PROJECT-HARNESS-TRIAL, of characters of a CRS name */
	const char *config, *project, *harness, *worker;
	unsigned trial; /* from 1 */
	unsigned cpus;
	uint64_t memory_max; /* bytes */
};

struct runs {
	char *text;
	struct run_entry *list;
	size_t count;
};

#define RUNS_NONE            \
	{                    \
		.text = NULL \
	}

/* What a run of a config needs. */
struct shape {
	unsigned cpus;
	uint64_t memory_max; /* bytes */
};

/* Find the shape of each config: ret has room for experiment->config_count. Reads the configs and
 * nothing of this host. Fails with EX_CONFIG, at the place where the experiment names the config,
 * if one cannot be read, or takes as much of its machine as there is. */
int runs_shapes(const struct experiment *experiment, struct shape *ret, struct error *err);

/* Make the text of runs.tsv. Fails with EX_CONFIG if two runs would have the same id, or one is too
 * long. The caller frees *ret. */
int runs_text(const struct experiment *experiment, const struct shape *shapes, char **ret,
	size_t *ret_len, struct error *err);

/* Parse the text of runs.tsv, which is len bytes and not changed. Fails with EX_DATAERR, with the
 * line and column, if it is not as runs_text() writes it. The caller frees *ret with runs_free().
 * */
int runs_parse(const char *name, const char *text, size_t len, struct runs *ret, struct error *err);
void runs_free(struct runs *runs);

/* The number of runs of a trial: index % runs_places() is a run's place in the matrix. 0 if not all
 * trials have as many. */
size_t runs_places(const struct runs *runs);

/* The CPUs of the run that needs the fewest. */
unsigned runs_least_cpus(const struct runs *runs);

#endif
