/* SPDX-License-Identifier: MIT
 *
 * experiment: what an experiment's file asks for: a matrix of configs, targets, harnesses and
 * trials, and where its runs may go. docs/experiments.md describes the format.
 */
#ifndef OSS_CRS_EXPERIMENT_H
#define OSS_CRS_EXPERIMENT_H

#include "doc.h"

#include <jansson.h>
#include <stdint.h>

#define EXPERIMENT_RUNS_MAX 1000000
#define EXPERIMENT_NAME_MAX 64 /* bytes of the name, and of a config's */

/* All texts belong to the document of the file. */
struct experiment_config {
	const char *name;
	const char *path; /* CONFIG of `run`; relative to the directory of the file */
	const char *worker;
	struct mark at; /* of the path */
};

struct experiment_text {
	const char *text;
	struct mark at;
};

struct experiment_texts {
	struct experiment_text *list;
	size_t count;
};

struct experiment_target {
	struct experiment_text project;
	struct experiment_texts harnesses;
};

/* The options that an engine needs to send the runs of a worker to a certain host. */
struct experiment_worker {
	const char *name;
	struct experiment_texts options;
};

enum experiment_engine {
	EXPERIMENT_LOCAL,
	EXPERIMENT_SLURM,
	EXPERIMENT_SSH,
};

#define EXPERIMENT_ENGINES   (EXPERIMENT_SSH + 1)
#define EXPERIMENT_HOSTS_MAX 256
#define EXPERIMENT_HOST_MAX  128 /* bytes of a host's name */

struct experiment_place {
	enum experiment_engine engine;
	bool whole_node; /* share: node */
	unsigned limit;  /* runs at a time; 0: no limit of the experiment's own */
	struct experiment_texts options;
	struct experiment_worker *workers;
	size_t worker_count;
	struct experiment_texts hosts; /* of ssh */
};

struct experiment {
	struct doc doc;
	char *dir; /* the directory of the file: absolute, without symbolic links */
	const char *name;
	const char *output; /* where it keeps its runs; relative to dir; NULL: its name */
	/* Where `prepare` and `metrics` run; relative to dir; NULL: dir. */
	const char *directory;
	struct experiment_config *configs;
	size_t config_count;
	struct experiment_target *targets;
	size_t target_count;
	unsigned trials;
	uint64_t timeout;    /* seconds */
	const char *prepare; /* a line of shell; NULL: none */
	const char *metrics; /* a line of shell; NULL: none */
	struct mark metrics_at;
	struct experiment_place place;
};

#define EXPERIMENT_NONE                      \
	{                                    \
		.doc = DOC_NONE, .dir = NULL \
	}

/* Read the file. Fails with EX_CONFIG if it is missing or wrong; the message has the line and
 * column of an error that has a position. The caller frees *ret with experiment_free(). */
int experiment_load(const char *path, struct experiment *ret, struct error *err);

/* Parse a file of len bytes; ret->dir stays NULL. `name` stands for the file in messages. */
int experiment_parse(
	const char *name, const char *text, size_t len, struct experiment *ret, struct error *err);
void experiment_free(struct experiment *experiment);

/* The number of runs: configs x harnesses of all targets x trials. */
size_t experiment_runs(const struct experiment *experiment);

/* The absolute path of a path in the file, and of the directory in which the experiment keeps its
 * runs. The caller frees it; NULL if out of memory. */
char *experiment_path(const struct experiment *experiment, const char *path);
char *experiment_directory(const struct experiment *experiment);

/* The config of that name; NULL if there is none. */
const struct experiment_config *experiment_find(
	const struct experiment *experiment, const char *name);

/* The options of a worker; NULL if the file has none for it. */
const struct experiment_texts *experiment_worker_options(
	const struct experiment *experiment, const char *worker);

/* Whether a text can be the name of a host, which becomes an argument of ssh(1) and the name of a
 * directory: HOST or USER@HOST of letters, digits, '.', '_', '-' and ':', and no more than
 * EXPERIMENT_HOST_MAX bytes. It begins with a letter or digit, so it is no option. */
bool experiment_is_host(const char *text);

/* "local", "slurm" or "ssh". */
const char *experiment_engine_name(enum experiment_engine engine);

/* The experiment as JSON with absolute paths, which experiment_parse() reads again. The caller
 * drops the reference. */
int experiment_json(const struct experiment *experiment, json_t **ret, struct error *err);

/* Say what two documents of experiment_json() differ in, apart from the place, which may change:
 * "trials: 3, was 2". Returns buf, or NULL if they are the same. With `extend` more trials are no
 * difference. */
#define EXPERIMENT_CHANGE_MAX 512
const char *experiment_change(const json_t *now, const json_t *before, bool extend,
	char buf[static EXPERIMENT_CHANGE_MAX]);

#endif
