/* SPDX-License-Identifier: MIT
 *
 * record: one record of the undo journal, as plain data: a change, and what was there before it.
 * apply/journal.h has the files.
 */
#ifndef OSS_CRS_SETUP_RECORD_H
#define OSS_CRS_SETUP_RECORD_H

#include "error.h"
#include "step.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define JOURNAL_DIR "/var/lib/oss-crs/journal"
/* Enough for two texts of a daemon.json of the largest size, even if JSON escapes every byte. */
#define JOURNAL_RECORD_MAX  ((size_t)16 * 1024 * 1024)
#define JOURNAL_RECORDS_MAX ((size_t)10000)

struct journal_record {
	unsigned number; /* from 1; 0 if the record is not in the journal */
	char *step;      /* the name of the kind of step, by step_name() */
	char *target;
	char *before; /* NULL if nothing was there */
	char *after;
	mode_t mode; /* of files */
	uid_t uid;   /* of the user whose delegation this is about */
	gid_t gid;
};

/* Free the texts of a record and zero it. */
void journal_record_clear(struct journal_record *record);
#define _cleanup_record_ _cleanup_(journal_record_clear)

/* Parse the text of a record. Fails with EX_CONFIG if it is not valid. The caller releases *ret
 * with journal_record_clear(). */
int journal_record_parse(
	const char *text, size_t len, struct journal_record *ret, struct error *err);

/* Make the text of a record, which the caller frees. Fails with EX_CONFIG if a text of the step is
 * not UTF-8. All records of one kind of step and one target are equal up to JOURNAL_BEFORE, which
 * cannot be part of a JSON string. */
#define JOURNAL_BEFORE ",\"before\":"
/* How a record begins; for printf(3), with the name of the step. */
#define RECORD_BEGIN "{\"version\":1,\"step\":\"%s\","
int journal_record_text(const struct step *step, char **ret, struct error *err);

/* Whether two texts of records are equal. NULL equals only NULL. */
bool journal_same_text(const char *a, const char *b);

#endif
