/* SPDX-License-Identifier: MIT
 *
 * ssh: the engine ssh: a crew (crew.h) on each of a few hosts that share the experiment's
 * directory. The queue and the lanes of a host are in hosts/HOST of that directory, and only
 * processes on that host lock them. They are reached by `oss-crs-run experiment host DIR HOST
 * ACTION` there, one ssh(1) per host for all runs. Which host has been given which runs is in
 * ssh.tsv, a line "HOST<Tab>RANGES" for each submission, of which the last counts. It is written
 * before the host is told, so a run whose host does not answer is never given to another.
 */
#ifndef OSS_CRS_SSH_H
#define OSS_CRS_SSH_H

#include "placer.h"

#include <limits.h>

/* The last words of `experiment host`. */
#define SSH_LIST   "list"
#define SSH_CHECK  "check" /* and the name of a token; SSH_LIST follows if the host has that file */
#define SSH_SUBMIT "submit" /* with ranges_text() on standard input */
#define SSH_CANCEL "cancel"
#define SSH_LANE   "lane" /* what the user manager of the host starts */

/* A token is a file whose name nobody can know without having seen the directory. */
#define SSH_TOKEN_MAX    17 /* sixteen hexadecimal digits and a NUL */
#define SSH_TOKEN_PREFIX ".seen-"
#define SSH_HOSTS_DIR    "hosts"

/* Whether a text can be the name of a token, and whether that is in the experiment's directory: 0,
 * or -1 with ENOENT. */
bool ssh_is_token(const char *text);
int ssh_see_token(int dir, const char *token, struct error *err);

/* Open hosts/HOST, and make it. Returns a descriptor that the caller closes, or -1. */
int ssh_open_host(int dir, const char *host, struct error *err);

/* The lanes that a host gets of the experiment's limit; 0 if that has none, and for a host that is
 * not the experiment's or gets none of it. */
unsigned ssh_limit(const struct experiment_place *place, const char *host);

/* The words of the ssh(1) that has a host do something with the experiment at path; `more` may be
 * NULL. The caller frees the list and its words; NULL if out of memory. */
char **ssh_words(const char *host, const char *path, const char *action, const char *more);
#define SSH_WORD_HOST 9 /* the place of the host among them */

/* The indices that a host has, as a text that ssh_parse_listing() reads. The caller frees it; NULL
 * if out of memory. */
char *ssh_listing(const enum placer_state *states, size_t count);

/* Read that into states, which has `count` entries. Fails with EX_DATAERR, and leaves `states` as
 * they were, if it is only part of one, or anything else. */
int ssh_parse_listing(const char *text, enum placer_state *states, size_t count, struct error *err);

/* Which host a run was given to: for each run, the index of its host in `names`, or SSH_NOBODY. */
struct ssh_owners {
	char **names;
	size_t name_count;
	unsigned *of;
};

#define SSH_OWNERS_NONE       \
	{                     \
		.names = NULL \
	}
#define SSH_NOBODY UINT_MAX

/* Parse ssh.tsv. Fails with EX_DATAERR if it is not one. The caller frees *ret with
 * ssh_owners_free(). */
int ssh_owners_parse(const char *text, size_t count, struct ssh_owners *ret, struct error *err);
void ssh_owners_free(struct ssh_owners *owners);

/* Find the host of a name of len bytes among the names, or add it. Returns its index, or -1 with an
 * error. */
int ssh_owners_find(struct ssh_owners *owners, const char *name, size_t len, struct error *err);

/* placer_ssh.divide: a job per host. Each host gets runs in proportion to its lanes, and the trials
 * of every place of the matrix are spread over the hosts, so that no config is on one host
 * alone. */
int ssh_divide(const struct placing *placement, const size_t *indices, size_t count,
	struct placer_jobs *ret, struct error *err);

#endif
