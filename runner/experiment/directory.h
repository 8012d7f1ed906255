/* SPDX-License-Identifier: MIT
 *
 * directory: an experiment's directory, which hosts may share:
 *   experiment.json   the experiment as it was submitted, with absolute paths
 *   runs.tsv          its runs (run_list.h)
 *   results/ID.json   the report of a run, written by rename
 *   metrics/ID.txt    what the program of `metrics` printed for it
 *   failed/ID         why the last attempt has no result
 *   running/ID        locked by the process that does the run
 *   log/              what the runs printed
 *   prepared/HOST     locked while `prepare` runs on that host; not empty when it has succeeded
 * A run is done if its report says that it ended by itself, by its time limit or by the OOM killer.
 * Nothing else is remembered, so to delete a result is to ask for that run again.
 */
#ifndef OSS_CRS_DIRECTORY_H
#define OSS_CRS_DIRECTORY_H

#include "host.h"
#include "run_list.h"

#include <jansson.h>
#include <sys/types.h>

#define DIRECTORY_RESULT_MAX ((size_t)64 << 20) /* bytes of a report */

/* Open the directory; with make, make it and those in it that are missing. Returns a descriptor
 * that the caller closes, or -1. */
int directory_open(const char *path, bool make, struct error *err);

/* Keep an experiment and its runs: the document of experiment_json() and the text of runs_text().
 * */
int directory_write(
	int dir, const json_t *experiment, const char *runs, size_t len, struct error *err);

/* Read them back. Fails with ENOENT if nothing was submitted. The caller frees all three results;
 * *ret_experiment has the directory as its own, and its paths are absolute. */
int directory_read_experiment(
	int dir, struct experiment *ret, json_t **ret_json, struct error *err);
int directory_read_runs(int dir, struct runs *ret, struct error *err);

/* Whether runs were submitted: 1, 0, or -1 with an error. */
int directory_has_runs(int dir, struct error *err);

/* Append a line to a file of the directory, and sync it. What was only partly written is taken
 * back. */
int directory_append(int dir, const char *name, const char *line, struct error *err);

/* Read the report of a run. Fails with ENOENT if there is none, and with EX_DATAERR if it is none.
 * The caller drops the reference. */
int directory_read_result(int dir, const char *id, json_t **ret, struct error *err);

/* Whether a report is that of a run that is done; NULL is none. */
bool directory_is_done(const json_t *result);

/* The same by the run's id. A report that cannot be read is an error. */
int directory_find_done(int dir, const char *id, bool *ret, struct error *err);

/* Write the path of a run's file, such as "results/ID.json", to buf. */
#define DIRECTORY_PATH_MAX 256
const char *directory_result_path(const char *id, char buf[static DIRECTORY_PATH_MAX]);
const char *directory_metrics_path(const char *id, char buf[static DIRECTORY_PATH_MAX]);
const char *directory_log_path(const char *id, char buf[static DIRECTORY_PATH_MAX]);

/* The file that stands for the host on which this process runs: `prepare` is done there when it
 * says so. Its name has the name of the host and, where there is one, its machine-id(5), since
 * hosts that share the directory may have one name. Returns buf. */
const char *directory_prepared_path(const struct host *host, char buf[static DIRECTORY_PATH_MAX]);

/* Remove what `metrics` printed for a run. */
int directory_remove_metrics(int dir, const char *id, struct error *err);

/* Become the one that does a run, and note this host. Returns a descriptor to be passed to
 * directory_release(), or -1: with err->code EAGAIN if another process does it. */
int directory_claim(int dir, const char *id, struct error *err);
void directory_release(int dir, const char *id, int claim);

/* Find out whether a process does the run. Returns 1, 0, or -1 with an error. Do not call it in the
 * process that has claimed the run. */
int directory_is_claimed(int dir, const char *id, struct error *err);

/* Why a run has no result. */
struct directory_failure {
	int status; /* exit status of the runner */
	char host[64];
	char why[512];
};

/* Note that an attempt failed; NULL: that none did. */
int directory_note_failure(
	int dir, const char *id, const struct directory_failure *failure, struct error *err);

/* Read that. Fails with ENOENT if no attempt has failed. */
int directory_read_failure(
	int dir, const char *id, struct directory_failure *ret, struct error *err);

#endif
