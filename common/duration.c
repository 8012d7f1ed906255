/* SPDX-License-Identifier: MIT
 *
 * duration: a table of units, and a number of at most nine digits before one of them.
 */
#include "duration.h"

#include <stddef.h>

int duration_parse(const char *text, uint64_t *ret, struct error *err)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	uint64_t value = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9' && value < 100000000; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	for (size_t i = 0; i < sizeof units / sizeof *units && p > text && value; i++) {
		if (*p != units[i].letter || (*p && p[1]))
			continue;
		*ret = value * units[i].seconds;
		return 0;
	}
	(void)fail_as(err, EX_USAGE, "'%s' is not a duration", text);
	return add_hint(err, "write a duration as 90, 90s, 5m, 2h or 1d");
}
