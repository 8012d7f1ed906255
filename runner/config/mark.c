/* SPDX-License-Identifier: MIT
 *
 * mark: prefixes an error message with its position in the config file, as compilers do.
 */
#include "mark.h"

#include <stdarg.h>
#include <stdio.h>

int fail_at(struct error *err, const char *name, struct mark mark, const char *fmt, ...)
{
	char text[sizeof err->msg];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return fail_as(err, EX_CONFIG, "%s:%u:%u: %s", name, mark.line, mark.column, text);
}
