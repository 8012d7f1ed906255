/* SPDX-License-Identifier: MIT
 *
 * journal: the undo journal in /var/lib/oss-crs/journal. It keeps what was there before each
 * change, until the change is undone. Each record is a file; files are numbered in the order of the
 * changes. A record is on disk before its change begins, and is removed only after the change is
 * undone. After an interruption, a record therefore describes a change that was made or one that
 * was not, and the reader has to check which.
 *
 * A record contains the text of a file, including any secrets, so only root can open the directory.
 */
#ifndef OSS_CRS_SETUP_JOURNAL_H
#define OSS_CRS_SETUP_JOURNAL_H

#include "error.h"
#include "host.h"
#include "record.h"

#include <stddef.h>

#define JOURNAL_DIR "/var/lib/oss-crs/journal"
/* Enough for two texts of a daemon.json of the largest size, even if JSON escapes every byte. */
#define JOURNAL_RECORD_MAX  ((size_t)16 * 1024 * 1024)
#define JOURNAL_RECORDS_MAX ((size_t)10000)

struct journal {
	int dir;                        /* -1 if it does not exist */
	struct journal_record *records; /* oldest first */
	size_t count;
};

#define JOURNAL_CLOSED     \
	{                  \
		.dir = -1, \
	}

/* Open the journal and read all its records. If there is none, *ret is an empty journal; with
 * `make`, its directories are created instead. Only root may be able to change directories and
 * records (trusted.h): EX_CONFIG otherwise, and for a record that cannot be parsed or more than
 * JOURNAL_RECORDS_MAX of them. The caller closes *ret with journal_close(). */
int journal_open(const struct host *host, int make, struct journal *ret, struct error *err);
/* Free the records, close the directory and reset *journal to JOURNAL_CLOSED. */
void journal_close(struct journal *journal);
#define _cleanup_journal_ _cleanup_(journal_close)

/* Add a record under the next number, and return when it is safely on disk. If the latest record of
 * this step and target is the same, because its change began and was interrupted, no other is
 * added. Fails with EX_CONFIG if a text is not UTF-8 or the journal is full. */
int journal_add(struct journal *journal, const struct journal_record *record, struct error *err);

/* Remove the file of a record. Its copy in journal->records stays. */
int journal_forget(struct journal *journal, unsigned number, struct error *err);

/* Parse the text of a record. Fails with EX_CONFIG if it is not valid. The caller releases *ret
 * with journal_record_clear(). Exposed for the tests and the fuzzer. */
int journal_record_parse(
	const char *text, size_t len, struct journal_record *ret, struct error *err);

#endif
