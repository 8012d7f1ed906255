/* SPDX-License-Identifier: MIT
 *
 * record: one record of the undo journal, as plain data: a change, and what was there before it.
 * probe/journal.c reads and writes the files.
 */
#ifndef OSS_CRS_SETUP_RECORD_H
#define OSS_CRS_SETUP_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

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

/* Whether two texts of records are equal. NULL equals only NULL. */
bool journal_same_text(const char *a, const char *b);

#endif
