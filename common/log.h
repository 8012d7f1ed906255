/* SPDX-License-Identifier: MIT
 *
 * log: what the main files say on standard error. Library code never prints.
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

/* "PROGRAM: message", then "  hint: …" if there is one. Errors are printed at every level. */
void log_error(const struct log *log, const struct error *err);
void log_warning(const struct log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Printed if the log is at least at that level. */
void log_note(const struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
