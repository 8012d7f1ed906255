/* SPDX-License-Identifier: MIT
 *
 * error: format the messages of struct error; error.h describes how errors travel.
 *
 * A message that is too long for its field is truncated, not dropped. Messages quote config files
 * and daemons, so every control character becomes '?': none reaches the terminal.
 */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\177')
			*text = '?';
}

/* Append ": text" to a message, as much of it as fits. len is the message's length, as
 * vsnprintf(3) returned it. */
static void append_text(char *msg, size_t size, int len, const char *text)
{
	if (len < 0 || (size_t)len >= size)
		return;
	size_t room = size - (size_t)len;
	(void)snprintf(msg + len, room, ": %.*s", (int)room, text);
}

int fail(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	const char *text = strerrordesc_np(errnum);
	append_text(err->msg, sizeof err->msg, len, text ? text : "unknown error");
	make_one_line(err->msg);
	err->code = errnum;
	err->status = errnum == EPERM || errnum == EACCES ? EX_NOPERM : EX_SOFTWARE;
	err->hint[0] = '\0';
	return -1;
}

int fail_as(struct error *err, int status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	make_one_line(err->msg);
	err->code = 0;
	err->status = status;
	err->hint[0] = '\0';
	return -1;
}

int add_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
	make_one_line(err->hint);
	return -1;
}

int add_context(struct error *err, const char *fmt, ...)
{
	char msg[sizeof err->msg];
	memcpy(msg, err->msg, sizeof msg);
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	append_text(err->msg, sizeof err->msg, len, msg);
	make_one_line(err->msg);
	return -1;
}
