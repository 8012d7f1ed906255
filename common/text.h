/* SPDX-License-Identifier: MIT
 *
 * text: text from elsewhere, made safe to print: names of containers, cgroups, files and users,
 * lines of configs, messages of the engine. A terminal, a browser or a reader must not take such
 * text for a command, for another line, or for other words than it has.
 *
 * Each character that cannot be seen is replaced by an escape in ASCII:
 *
 * - a control character of ASCII, and each byte that is not part of valid UTF-8: \x1b, \xff
 * - U+0080..U+009F (C1 controls), bidirectional controls, line and paragraph separators, and all
 *   other characters that are invisible by definition (Default_Ignorable_Code_Point of Unicode,
 *   interlinear annotations): \u202e, or \U000e0041 beyond U+FFFF
 *
 * A backslash stays as it is, so a clean text does not change when it is cleaned again. The
 * escapes are for people to read and cannot be turned back into the text.
 */
#ifndef OSS_CRS_TEXT_H
#define OSS_CRS_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Room for one character as it is printed, with the NUL. */
#define TEXT_PIECE_MAX sizeof "\\U000e0041"

/* A cleaned text is at most this many times as long as the text: "\x1b" for one byte. */
#define TEXT_GROWTH 4

/* Take the first character of a text that is not empty: write it, or its escape, as a string.
 * Returns the place after it. */
const char *text_next(const char *text, char piece[static TEXT_PIECE_MAX]);

/* Whether no character of a text needs an escape. Newlines and tabs do. */
bool text_is_clean(const char *text);

/* Whether a text is valid UTF-8 (RFC 3629), clean or not. */
bool text_is_utf8(const char *text);

/* Write the cleaned text into buf, which must not be the text itself, with a NUL. It is truncated
 * between characters if it does not fit. size is at least 1. Returns buf. */
char *text_clean(const char *text, char *buf, size_t size);

/* The cleaned text in memory that the caller frees; NULL if out of memory. */
char *text_cleaned(const char *text);

/* Print one line: the formatted text, cleaned except for tabs, and a newline. This is how text
 * for people leaves the programs. The stream keeps its error (ferror(3)). */
void text_line(FILE *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same with a prefix that is printed as it is, for text of the program's own. */
void text_vline(FILE *to, const char *prefix, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* Whether a text is in a list that ends with NULL. */
bool text_is_in(const char *text, const char *const *list);

/* Whether all options of a comma-separated text are in a list that ends with NULL. "NAME=" in the
 * list stands for NAME with any value; an option without it has none. Empty parts are fine. */
bool text_has_only(const char *text, const char *const *known);

/* Whether a comma-separated text has this option, as one of its parts and in whole. */
bool text_has_option(const char *text, const char *option);

#endif
