/* SPDX-License-Identifier: MIT
 *
 * journal: the undo journal in /var/lib/oss-crs/journal. It keeps what was there before each
 * change, until the change is undone. Each record is a file; files are numbered in the order of the
 * changes. A record is on disk before its change begins, and is removed only after the change is
 * undone. After an interruption, a record therefore describes a change that was made or one that
 * was not, and the reader has to check which.
 *
 * A record contains the text of a file, including any secrets, so only root can open the directory.
 * Root writes records and hands them out, but never reads one: record.h has the parser.
 */
#ifndef OSS_CRS_SETUP_JOURNAL_H
#define OSS_CRS_SETUP_JOURNAL_H

#include "error.h"
#include "host.h"
#include "record.h"
#include "step.h"

#include <stddef.h>

struct journal {
	int dir;           /* -1 if it does not exist */
	unsigned *numbers; /* of the records, oldest first */
	size_t count;
};

#define JOURNAL_CLOSED     \
	{                  \
		.dir = -1, \
	}

/* Open the journal and list its records. If there is none, *ret is an empty journal; with `make`,
 * its directories are created instead. Only root may be able to change the directories (trusted.h):
 * EX_CONFIG otherwise, and for more than JOURNAL_RECORDS_MAX records. The caller closes *ret with
 * journal_close(). */
int journal_open(const struct host *host, int make, struct journal *ret, struct error *err);
/* Free the list, close the directory and reset *journal to JOURNAL_CLOSED. */
void journal_close(struct journal *journal);
#define _cleanup_journal_ _cleanup_(journal_close)

/* Open the record with the lowest number above `after`. *ret_number is its number; 0 and *ret_file
 * -1 if there is none. Only root may be able to change it: EX_CONFIG otherwise. The caller closes
 * *ret_file. */
int journal_next(const struct journal *journal, unsigned after, unsigned *ret_number, int *ret_file,
	struct error *err);

/* Add a record under the next number, and return when it is safely on disk. Its text is of
 * journal_record_text(). If the latest record of this kind and target is the same, because its
 * change began and was interrupted, no other is added; nor if any record of a user's cgroup is,
 * which the user can change back for ever. Fails with EX_CONFIG if the journal is full. */
int journal_add(struct journal *journal, const char *text, struct error *err);

/* Remove a record. */
int journal_forget(struct journal *journal, unsigned number, struct error *err);

#endif
