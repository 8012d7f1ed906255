/* SPDX-License-Identifier: MIT
 *
 * log: print messages on standard error. Each message starts with the name of the program; the
 * level decides which are printed.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

void log_error(const struct log *log, const struct error *err)
{
	(void)fprintf(stderr, "%s: %s\n", log->program, err->msg);
	if (err->hint[0])
		(void)fprintf(stderr, "  hint: %s\n", err->hint);
}

void log_warning(const struct log *log, const char *fmt, ...)
{
	if (log->level < LOG_NORMAL)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)fprintf(stderr, "%s: warning: ", log->program);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
}

void log_note(const struct log *log, enum log_level level, const char *fmt, ...)
{
	if (log->level < level)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)fprintf(stderr, "%s: ", log->program);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
}
