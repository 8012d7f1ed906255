/* SPDX-License-Identifier: MIT
 *
 * record: frees and compares the texts of records.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

void journal_record_clear(struct journal_record *record)
{
	free(record->step);
	free(record->target);
	free(record->before);
	free(record->after);
	*record = (struct journal_record){0};
}

bool journal_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}
