/* SPDX-License-Identifier: MIT
 *
 * error: format the messages of struct error; error.h describes how errors travel.
 *
 * A message that is too long for its field is truncated, not dropped. Messages quote config files
 * and daemons, so each is cleaned (text.h) when it is made.
 */
#include "error.h"

#include "text.h"

#include <errno.h>
#include <string.h>

/* Room for a message before it is cleaned. Cleaning makes no text shorter, so what does not fit
 * here does not fit into struct error either. The last character here may be cut, so there is room
 * for one more (4 bytes). */
#define RAW_MAX (sizeof((struct error *)0)->msg + 4)

/* Append ": text" to a message, as much of it as fits. len is the message's length, as
 * vsnprintf(3) returned it. */
static void append_text(char msg[static RAW_MAX], int len, const char *text)
{
	if (len < 0 || (size_t)len >= RAW_MAX)
		return;
	(void)snprintf(msg + len, RAW_MAX - (size_t)len, ": %s", text);
}

int fail(struct error *err, int errnum, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	const char *text = strerrordesc_np(errnum);
	append_text(raw, len, text ? text : "unknown error");
	(void)text_clean(raw, err->msg, sizeof err->msg);
	err->code = errnum;
	err->status = errnum == EPERM || errnum == EACCES ? EX_NOPERM : EX_SOFTWARE;
	err->hint[0] = '\0';
	return -1;
}

int fail_as(struct error *err, int status, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	(void)text_clean(raw, err->msg, sizeof err->msg);
	err->code = 0;
	err->status = status;
	err->hint[0] = '\0';
	return -1;
}

int add_hint(struct error *err, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	(void)text_clean(raw, err->hint, sizeof err->hint);
	return -1;
}

int add_context(struct error *err, const char *fmt, ...)
{
	char raw[RAW_MAX];
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	append_text(raw, len, err->msg);
	(void)text_clean(raw, err->msg, sizeof err->msg);
	return -1;
}
