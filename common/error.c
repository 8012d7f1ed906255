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

static char *copy_raw(const char *text, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s", text);
	return buf;
}

/* Makes the text of a field from a raw one. */
static char *(*make_field)(const char *text, char *buf, size_t size) = text_clean;

void error_leave_raw(bool raw)
{
	make_field = raw ? copy_raw : text_clean;
}

/* Format a message into a field; ": more" comes after it, unless `more` is NULL. */
static void __attribute__((format(printf, 4, 0)))
set_field(char *field, size_t size, const char *more, const char *fmt, va_list ap)
{
	char raw[RAW_MAX];
	int len = vsnprintf(raw, sizeof raw, fmt, ap);
	if (more && len >= 0 && (size_t)len < sizeof raw)
		(void)snprintf(raw + len, sizeof raw - (size_t)len, ": %s", more);
	(void)make_field(raw, field, size);
}

int fail(struct error *err, int errnum, const char *fmt, ...)
{
	const char *reason = strerrordesc_np(errnum);
	va_list ap;
	va_start(ap, fmt);
	set_field(err->msg, sizeof err->msg, reason ? reason : "unknown error", fmt, ap);
	va_end(ap);
	err->code = errnum;
	err->status = errnum == EPERM || errnum == EACCES ? EX_NOPERM : EX_SOFTWARE;
	err->hint[0] = '\0';
	return -1;
}

int fail_as(struct error *err, int status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set_field(err->msg, sizeof err->msg, NULL, fmt, ap);
	va_end(ap);
	err->code = 0;
	err->status = status;
	err->hint[0] = '\0';
	return -1;
}

int add_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set_field(err->hint, sizeof err->hint, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int add_context(struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	set_field(err->msg, sizeof err->msg, err->msg, fmt, ap);
	va_end(ap);
	return -1;
}

void error_take(struct error *ret, const struct error *from)
{
	struct error copy = *from;
	copy.msg[sizeof copy.msg - 1] = '\0';
	copy.hint[sizeof copy.hint - 1] = '\0';
	*ret = copy;
	(void)make_field(copy.msg, ret->msg, sizeof ret->msg);
	(void)make_field(copy.hint, ret->hint, sizeof ret->hint);
}
