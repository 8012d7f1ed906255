/* SPDX-License-Identifier: MIT
 *
 * conf: the INI files of both programs, read with inih. The caller decides what a key means.
 */
#ifndef OSS_CRS_CONF_H
#define OSS_CRS_CONF_H

#include "error.h"

#include <stddef.h>

#define CONF_SIZE_MAX ((size_t)64 * 1024)
#define CONF_KEYS_MAX 64

/* Take one key of a file. Returns the key's number, which the caller chooses (from 0, less than
 * CONF_KEYS_MAX, a different one for each key), or -1 with an error: the value is bad, or the key
 * is unknown. */
typedef int conf_set(
	void *data, const char *section, const char *name, const char *value, struct error *err);

/* Pass every key of a text of len bytes to `set`; text[len] is NUL. Returns 0, or -1 with an
 * EX_CONFIG error. The errors are: `set` refuses a key, a key is given twice, a line is not INI or
 * is longer than inih's buffer, the text holds a NUL byte. The message begins with "FILE:LINE: ",
 * or with "FILE: " for the NUL byte. Only the first error counts, and `set` is not called after
 * it. The caller discards what `set` took before an error. Out of memory is ENOMEM. */
int conf_parse(const char *file, const char *text, size_t len, conf_set *set, void *data,
	struct error *err);

/* The index of text in a NULL-terminated list of words, or -1. */
int conf_word(const char *text, const char *const *words);

#endif
