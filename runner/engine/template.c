/* SPDX-License-Identifier: MIT
 *
 * template: the renderer of Compose templates, line by line. A block is a key and the lines
 * below it with a deeper indent; a block whose key contains {{ crs.name }} is written once for
 * each CRS.
 */
#include "template.h"

#include "cleanup.h"

#include <errno.h>
#include <stdbool.h>

struct render {
	const char *name;
	const struct template_values *values;
	FILE *out;
};

struct line {
	const char *start;
	size_t len; /* without the newline */
	unsigned number;
};

static struct line line_at(const char *start, unsigned number)
{
	return (struct line){.start = start, .len = strcspn(start, "\n"), .number = number};
}

static const char *start_after(struct line line)
{
	return line.start + line.len + (line.start[line.len] == '\n');
}

static size_t indent_of(struct line line)
{
	size_t spaces = strspn(line.start, " ");
	return spaces < line.len ? spaces : line.len;
}

static bool is_blank_line(struct line line)
{
	return strspn(line.start, " \t\r") >= line.len;
}

/* The length of "{{ word }}" at p, and the word in *ret_word and *ret_len; 0 if p is not at
 * one. */
static size_t match_variable(const char *p, size_t left, const char **ret_word, size_t *ret_len)
{
	const char *end = memmem(p, left, "}}", 2);
	if (left < 2 || strncmp(p, "{{", 2) != 0 || !end)
		return 0;
	const char *word = p + 2 + strspn(p + 2, " \t");
	size_t len = strcspn(word, " \t}");
	if (word + len + strspn(word + len, " \t") != end)
		return 0;
	*ret_word = word;
	*ret_len = len;
	return (size_t)(end + 2 - p);
}

static bool is_word(const char *word, size_t len, const char *wanted)
{
	return len == strlen(wanted) && memcmp(word, wanted, len) == 0;
}

/* Whether the line is a key that contains {{ crs.name }}, with nothing after its colon. */
static bool begins_block(struct line line)
{
	const char *p = line.start + indent_of(line);
	size_t left = line.len - indent_of(line);
	while (left > 0 && strchr(" \t\r", p[left - 1]))
		left--;
	if (left == 0 || *p == '#' || *p == '-' || p[left - 1] != ':')
		return false;
	const char *word = NULL;
	size_t len = 0;
	for (size_t i = 0; i + 1 < left; i++)
		if (match_variable(p + i, left - i, &word, &len) && is_word(word, len, "crs.name"))
			return true;
	return false;
}

static int fail_line(
	const struct render *render, struct line line, const char *what, struct error *err)
{
	(void)fail_as(err, EX_CONFIG, "%s:%u: %s", render->name, line.number, what);
	return add_hint(err,
		"a template can use {{ cgroup_parent }}, and {{ crs.name }} in a service whose "
		"key contains it");
}

static int render_line(
	const struct render *render, struct line line, const char *crs, struct error *err)
{
	for (size_t i = 0; i < line.len;) {
		const char *p = line.start + i;
		const char *word = NULL;
		size_t len = 0;
		size_t used = match_variable(p, line.len - i, &word, &len);
		if (used && is_word(word, len, "cgroup_parent")) {
			(void)fputs(render->values->cgroup_parent, render->out);
			i += used;
		} else if (used && is_word(word, len, "crs.name")) {
			if (!crs)
				return fail_line(render, line,
					"{{ crs.name }} outside a service whose key contains it",
					err);
			(void)fputs(crs, render->out);
			i += used;
		} else if (*p == '{' && i + 1 < line.len && strchr("{%#", p[1])) {
			return fail_line(render, line, "unsupported template syntax", err);
		} else {
			(void)fputc(*p, render->out);
			i++;
		}
	}
	(void)fputc('\n', render->out);
	return 0;
}

/* Write one block for one CRS. *ret_end is the first line after the block. */
static int render_block(const struct render *render, struct line key, const char *crs,
	struct line *ret_end, struct error *err)
{
	struct line line = key;
	do {
		if (render_line(render, line, crs, err) < 0)
			return -1;
		line = line_at(start_after(line), line.number + 1);
	} while (*line.start && (is_blank_line(line) || indent_of(line) > indent_of(key)));
	*ret_end = line;
	return 0;
}

static int render_all(const struct render *render, const char *text, struct error *err)
{
	struct line line = line_at(text, 1);
	while (*line.start) {
		if (!begins_block(line)) {
			if (render_line(render, line, NULL, err) < 0)
				return -1;
			line = line_at(start_after(line), line.number + 1);
			continue;
		}
		struct line key = line;
		for (size_t i = 0; i < render->values->crs_count; i++)
			if (render_block(render, key, render->values->crs[i], &line, err) < 0)
				return -1;
		if (render->values->crs_count == 0)
			return fail_line(render, key, "no CRS to repeat this service for", err);
	}
	return 0;
}

int template_render(const char *name, const char *text, const struct template_values *values,
	char **ret, struct error *err)
{
	_cleanup_free_ char *rendered = NULL;
	size_t size = 0;
	struct render render = {
		.name = name, .values = values, .out = open_memstream(&rendered, &size)};
	if (!render.out)
		return fail(err, errno, "%s", name);
	int result = render_all(&render, text, err);
	if (fclose(render.out) != 0 && result == 0)
		result = fail(err, ENOMEM, "%s", name);
	if (result == 0)
		*ret = steal_ptr(rendered);
	return result;
}
