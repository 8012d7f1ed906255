/* SPDX-License-Identifier: MIT
 *
 * log: print messages on standard error. Each message starts with the name of the program; the
 * level decides which are printed. A message is one line, made safe to print (text.h).
 */
#include "log.h"

#include "text.h"

#define PREFIX_MAX 64 /* bytes of a program's name and of what kind of message it is */

void log_error(const struct log *log, const struct error *err)
{
	text_line(stderr, "%s: %s", log->program, err->msg);
	if (err->hint[0])
		text_line(stderr, "  hint: %s", err->hint);
}

void log_warning(const struct log *log, const char *fmt, ...)
{
	char prefix[PREFIX_MAX];
	if (log->level < LOG_NORMAL)
		return;
	(void)snprintf(prefix, sizeof prefix, "%s: warning: ", log->program);
	va_list ap;
	va_start(ap, fmt);
	text_vline(stderr, prefix, fmt, ap);
	va_end(ap);
}

void log_note(const struct log *log, enum log_level level, const char *fmt, ...)
{
	char prefix[PREFIX_MAX];
	if (log->level < level)
		return;
	(void)snprintf(prefix, sizeof prefix, "%s: ", log->program);
	va_list ap;
	va_start(ap, fmt);
	text_vline(stderr, prefix, fmt, ap);
	va_end(ap);
}
