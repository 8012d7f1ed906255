/* SPDX-License-Identifier: MIT
 *
 * error: format the messages of struct error; error.h describes how errors travel.
 *
 * A message that is too long for its field is truncated at the end of a character, not dropped.
 * Messages quote config files, arguments and daemons, so every control character becomes '?' and
 * every byte that is not UTF-8 becomes U+FFFD: a message can be printed, and written as JSON.
 */
#include "error.h"

#include "utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Make one line of UTF-8 of a field, to which snprintf(3) wanted to write len bytes. */
static void make_plain_line(char *field, size_t size, int len)
{
	bool ascii = true;
	for (char *p = field; *p; p++) {
		unsigned char byte = (unsigned char)*p;
		ascii = ascii && byte < 0x80;
		if (byte < ' ' || byte == 0x7f)
			*p = '?';
	}
	if (ascii)
		return;
	if (len < 0 || (size_t)len >= size)
		utf8_cut(field);
	if (utf8_is_valid(field))
		return;
	char text[sizeof(struct error)];
	(void)memcpy(text, field, size);
	utf8_copy(field, size, text);
}

/* Append ": text" to a message, as much of it as fits. len is the message's length, as
 * vsnprintf(3) returned it. Returns the length of the whole. */
static int append_text(char *msg, size_t size, int len, const char *text)
{
	if (len < 0 || (size_t)len >= size)
		return len;
	size_t room = size - (size_t)len;
	return len + snprintf(msg + len, room, ": %s", text);
}

int fail(struct error *err, int errnum, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	const char *text = strerrordesc_np(errnum);
	len = append_text(err->msg, sizeof err->msg, len, text ? text : "unknown error");
	make_plain_line(err->msg, sizeof err->msg, len);
	err->code = errnum;
	err->status = errnum == EPERM || errnum == EACCES ? EX_NOPERM : EX_SOFTWARE;
	err->hint[0] = '\0';
	return -1;
}

int fail_as(struct error *err, int status, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	make_plain_line(err->msg, sizeof err->msg, len);
	err->code = 0;
	err->status = status;
	err->hint[0] = '\0';
	return -1;
}

int add_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int len = vsnprintf(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
	make_plain_line(err->hint, sizeof err->hint, len);
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
	len = append_text(err->msg, sizeof err->msg, len, msg);
	make_plain_line(err->msg, sizeof err->msg, len);
	return -1;
}
