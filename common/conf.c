/* SPDX-License-Identifier: MIT
 *
 * conf: strict INI files on top of inih.
 *
 * Debian's build of inih splits a line longer than INI_MAX_LINE bytes into two, joins an indented
 * line to the key before it, and accepts the same key twice. This file feeds inih one line at a
 * time, and refuses a line that does not fit and a second value for a key.
 */
#include "conf.h"

#include <errno.h>
#include <ini.h>
#include <stdint.h>
#include <string.h>

struct parse {
	conf_set *set;
	void *data;
	const char *rest;    /* the unread part of the text */
	int line;            /* the line that inih is reading, from 1 */
	uint64_t seen;       /* one bit per key */
	struct error *first; /* the first error of this file; inih goes on after one */
	int first_line;      /* the line of that error; 0: none yet */
};

static int take_value(struct parse *parse, const char *section, const char *name, const char *value)
{
	int key = parse->set(parse->data, section, name, value, parse->first);
	if (key < 0)
		return -1;
	if (parse->seen & UINT64_C(1) << key)
		return fail_as(parse->first, EX_CONFIG, "[%s] %s is set twice", section, name);
	parse->seen |= UINT64_C(1) << key;
	return 0;
}

/* inih's handler: nonzero means success. Only the first error counts. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse *parse = user;
	if (parse->first_line)
		return 0;
	if (take_value(parse, section, name, value) == 0)
		return 1;
	parse->first_line = parse->line;
	return 0;
}

/* inih's reader, with the interface of fgets(3): returns the next line and its newline. A line
 * that does not fit ends the parse. */
static char *read_line(char *buf, int size, void *stream)
{
	struct parse *parse = stream;
	size_t len = strcspn(parse->rest, "\n");
	len += parse->rest[len] == '\n';
	if (len == 0 || parse->first_line)
		return NULL;
	parse->line++;
	if (size < 1 || len > (size_t)size - 1) {
		(void)fail_as(parse->first, EX_CONFIG, "line is longer than %d bytes", size - 2);
		parse->first_line = parse->line;
		return NULL;
	}
	memcpy(buf, parse->rest, len);
	buf[len] = '\0';
	parse->rest += len;
	return buf;
}

int conf_parse(const char *file, const char *text, size_t len, conf_set *set, void *data,
	struct error *err)
{
	struct error first = {0};
	struct parse parse = {.set = set, .data = data, .rest = text, .first = &first};
	if (memchr(text, '\0', len))
		return fail_as(err, EX_CONFIG, "%s: contains a NUL byte", file);
	int line = ini_parse_stream(read_line, &parse, handle, &parse);
	if (line < 0)
		return fail(err, ENOMEM, "%s", file);
	if (line > 0 && (parse.first_line == 0 || line < parse.first_line))
		return fail_as(err, EX_CONFIG,
			"%s:%d: expected [section], key = value or a comment", file, line);
	if (parse.first_line == 0)
		return 0;
	*err = first;
	err->status = EX_CONFIG;
	return add_context(err, "%s:%d", file, parse.first_line);
}

int conf_word(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}
