/* SPDX-License-Identifier: MIT
 *
 * store: the reports of the user's runs, kept as reports/RUN.json in the user's state directory
 * (state.h). Only the newest are kept.
 */
#ifndef OSS_CRS_STORE_H
#define OSS_CRS_STORE_H

#include "error.h"
#include "summary.h"

struct store {
	int dir;    /* descriptor; -1: closed */
	char *path; /* of the directory, for messages */
};

#define STORE_CLOSED                     \
	{                                \
		.dir = -1, .path = NULL, \
	}

/* Open the directory. With make, create the directories on its path that do not exist, for the
 * user alone. ENOENT if the directory does not exist, or if neither XDG_STATE_HOME nor HOME is an
 * absolute path. The caller closes the store with store_close(). */
int store_open(bool make, struct store *ret, struct error *err);
void store_close(struct store *store);

/* The path of the file of a run's report. The caller frees it; NULL if out of memory. */
char *store_file(const struct store *store, const char *run);

/* Keep the report of a run, a text of len bytes. Then remove all others but the newest `kept`, by
 * the time in the names of their runs. */
int store_put(const struct store *store, const char *run, const char *text, size_t len,
	uint64_t kept, struct error *err);

/* Read the report of the run of that name or, if there is none, the newest one with that run id.
 * EX_USAGE if there is none. The caller frees the summary with summary_free(). */
int store_get(const struct store *store, const char *run, struct summary *ret, struct error *err);

/* Read the report of the run of exactly that name. Fails with ENOENT if there is none. The caller
 * frees the summary with summary_free(). */
int store_read(const struct store *store, const char *run, struct summary *ret, struct error *err);

/* List the names of all runs that have a report, the newest first. The caller frees the list with
 * store_list_free(). */
int store_list(const struct store *store, char ***ret, size_t *ret_count, struct error *err);
void store_list_free(char **list, size_t count);

#endif
