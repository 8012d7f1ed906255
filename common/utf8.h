/* SPDX-License-Identifier: MIT
 *
 * utf8: text whose bytes may be no UTF-8 (RFC 3629): from the command line, from file names, from
 * the kernel, or cut off by a buffer.
 */
#ifndef OSS_CRS_UTF8_H
#define OSS_CRS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The number of bytes of the character at the start of the text, 1 to 4; 0 if its first bytes are
 * no character, or at the end of the text. */
size_t utf8_length(const char *text);

bool utf8_is_valid(const char *text);

/* Copy a text to buf, with U+FFFD for each byte that belongs to no character, up to the last
 * character that fits. */
void utf8_copy(char *buf, size_t size, const char *text);

/* The same to memory that the caller frees; NULL if out of memory. */
char *utf8_clean(const char *text);

/* Cut off a character whose last bytes are missing at the end of the text, as snprintf(3) leaves it
 * where the buffer is too small. */
void utf8_cut(char *text);

#endif
