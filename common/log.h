/* SPDX-License-Identifier: MIT
 *
 * log: the messages of the main files on standard error. Library code never prints.
 */
#ifndef OSS_CRS_LOG_H
#define OSS_CRS_LOG_H

#include "error.h"

enum log_level {
	LOG_QUIET = -1, /* errors only (-q) */
	LOG_NORMAL = 0,
	LOG_VERBOSE = 1, /* -v */
};

struct log {
	const char *program;
	enum log_level level;
};

/* Print "PROGRAM: MESSAGE", and "  hint: HINT" on the next line if the error has one, at every
 * level. */
void log_error(const struct log *log, const struct error *err);

/* Print "PROGRAM: warning: TEXT", unless the level is LOG_QUIET. */
void log_warning(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Print "PROGRAM: TEXT" if the log's level is `level` or higher. */
void log_note(const struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
