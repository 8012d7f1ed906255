/* SPDX-License-Identifier: MIT
 *
 * store: the reports of the user's runs, reports/RUN.json in the directory for state (state.h). So many of the newest are kept.
 */
#ifndef OSS_CRS_STORE_H
#define OSS_CRS_STORE_H

#include "error.h"
#include "summary.h"

struct store {
	int dir;    /* -1: closed */
	char *path; /* of the directory, for people */
};

#define STORE_CLOSED                     \
	{                                \
		.dir = -1, .path = NULL, \
	}

/* Open the directory; with `make`, make what of it is not there, for the user alone. ENOENT: there is none, or no home. */
int store_open(bool make, struct store *ret, struct error *err);
void store_close(struct store *store);

/* Keep the report of a run, and of all of them the newest `kept`, by the time in their names. */
int store_put(const struct store *store, const char *run, const char *text, size_t len,
	uint64_t kept, struct error *err);

/* Read the report of a run: of that name, or the newest of that run id. EX_USAGE if there is none. */
int store_get(const struct store *store, const char *run, struct summary *ret, struct error *err);

/* The names of all runs, the newest first. The caller frees each and the list. */
int store_list(const struct store *store, char ***ret, size_t *ret_count, struct error *err);
void store_list_free(char **list, size_t count);

#endif
