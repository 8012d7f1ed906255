/* SPDX-License-Identifier: MIT
 *
 * conf: the INI files of both programs, read with inih. What a key means is the caller's.
 */
#ifndef OSS_CRS_CONF_H
#define OSS_CRS_CONF_H

#include "error.h"

#include <stddef.h>

#define CONF_SIZE_MAX ((size_t)64 * 1024)
#define CONF_KEYS_MAX 64

/* One key of a file. Gives the number of the key, which is the caller's (0…CONF_KEYS_MAX - 1, no two keys have the
 * same), or -1 with an error about the value, or about a key that is not known. */
typedef int conf_set(
	void *data, const char *section, const char *name, const char *value, struct error *err);

/* Hand every key of a text to `set`; text[len] is NUL. Everything wrong is EX_CONFIG and begins with "FILE:LINE: ":
 * what `set` refuses, a key given twice, a line that is no INI or longer than inih's buffer, a NUL byte. Only the first
 * error counts, and `set` is not called after it. What `set` was told before an error is the caller's to drop. */
int conf_parse(const char *file, const char *text, size_t len, conf_set *set, void *data,
	struct error *err);

/* The index of text in a NULL-terminated list of words, or -1. */
int conf_word(const char *text, const char *const *words);

#endif
