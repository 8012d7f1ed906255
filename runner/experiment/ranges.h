/* SPDX-License-Identifier: MIT
 *
 * ranges: indices of runs as text, such as "0-2,5": what sbatch(1) takes for an array, and what
 * hosts are told and tell over ssh.
 */
#ifndef OSS_CRS_RANGES_H
#define OSS_CRS_RANGES_H

#include "error.h"

#include <stddef.h>

/* Make the text of ascending indices, each less `base`. The caller frees it; NULL if out of memory.
 */
char *ranges_text(const size_t *indices, size_t count, size_t base);

/* Call `each` for every index of a text of len bytes. Fails with EX_DATAERR if it is not as
 * ranges_text() writes it, or has an index that is not below `end`; `each` may have been called
 * then. `name` stands for the text in messages. */
int ranges_parse(const char *name, const char *text, size_t len, size_t end,
	void (*each)(size_t index, void *data), void *data, struct error *err);

#endif
