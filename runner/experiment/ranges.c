/* SPDX-License-Identifier: MIT
 *
 * ranges: writes and reads indices. They must ascend, so a text has one way to be written and no
 * index twice.
 */
#include "ranges.h"

#include "cleanup.h"

#include <errno.h>

char *ranges_text(const size_t *indices, size_t count, size_t base)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	if (!to)
		return NULL;
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;
		while (end < count && indices[end] == indices[end - 1] + 1)
			end++;
		(void)fprintf(to, "%s%zu", i ? "," : "", indices[i] - base);
		if (end - i > 1)
			(void)fprintf(to, "-%zu", indices[end - 1] - base);
		i = end;
	}
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

/* Read a number from `least` to below `end`. Returns the place after it, or NULL. */
static const char *take_index(
	const char *p, const char *stop, size_t least, size_t end, size_t *ret)
{
	size_t value = 0;
	const char *start = p;
	for (; p < stop && *p >= '0' && *p <= '9' && value < end; p++)
		value = value * 10 + (size_t)(*p - '0');
	bool valid =
		p > start && value >= least && value < end && (*start != '0' || p - start == 1);
	if (!valid)
		return NULL;
	*ret = value;
	return p;
}

int ranges_parse(const char *name, const char *text, size_t len, size_t end,
	void (*each)(size_t index, void *data), void *data, struct error *err)
{
	const char *stop = text + len;
	size_t least = 0;
	for (const char *p = text; p;) {
		size_t first = 0;
		size_t last = 0;
		p = take_index(p, stop, least, end, &first);
		last = first;
		if (p && p < stop && *p == '-')
			p = take_index(p + 1, stop, first + 1, end, &last);
		if (!p || (p < stop && *p != ','))
			break;
		for (size_t index = first; index <= last; index++)
			each(index, data);
		if (p == stop)
			return 0;
		/* Next to the range before, it would have been in it. */
		least = last + 2;
		p++;
	}
	return fail_as(err, EX_DATAERR, "%s: not indices of runs: '%.*s'", name,
		len < 80 ? (int)len : 80, text);
}
