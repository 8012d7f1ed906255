/* SPDX-License-Identifier: MIT
 *
 * journal: what was there before each change, kept in /var/lib/oss-crs/journal until it is undone. One file a record,
 * numbered in the order of the changes; a record is on the disk before the change is begun, and goes only after its
 * undoing is. So after any interruption a record tells of a change that was made, or of one that was not: whoever reads
 * it has to look which.
 *
 * The texts of files are in it, and with them what secrets they have: the directory is root's alone.
 */
#ifndef OSS_CRS_SETUP_JOURNAL_H
#define OSS_CRS_SETUP_JOURNAL_H

#include "error.h"
#include "host.h"
#include "record.h"

#include <stddef.h>

#define JOURNAL_DIR "/var/lib/oss-crs/journal"
#define JOURNAL_RECORD_MAX \
	((size_t)16 * 1024 * 1024) /* two texts of a daemon.json, escaped at worst */
#define JOURNAL_RECORDS_MAX ((size_t)10000)

struct journal {
	int dir;                        /* -1: there is none yet */
	struct journal_record *records; /* oldest first */
	size_t count;
};

#define JOURNAL_CLOSED     \
	{                  \
		.dir = -1, \
	}

/* Open the journal and read it. Without one, an empty one; with `make`, it is made. Directory and records must be
 * root's alone: EX_CONFIG otherwise, and for what is no record. Close with journal_close(). */
int journal_open(const struct host *host, int make, struct journal *ret, struct error *err);
void journal_close(struct journal *journal);
#define _cleanup_journal_ _cleanup_(journal_close)

/* Add a record (its number is chosen) and see it safely on the disk. A change that is recorded already, because it was
 * begun and interrupted, is not recorded again. */
int journal_add(struct journal *journal, const struct journal_record *record, struct error *err);

/* Remove a record for good. */
int journal_forget(struct journal *journal, unsigned number, struct error *err);

/* Parse the text of a record; release it with journal_record_clear(). Exposed for tests and fuzzer. */
int journal_record_parse(
	const char *text, size_t len, struct journal_record *ret, struct error *err);

#endif
