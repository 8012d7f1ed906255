/* SPDX-License-Identifier: MIT
 *
 * target: the text is decoded in place, in a copy that the parts point into. The path and each
 * parameter are separated before they are decoded, as in RFC 3986.
 */
#include "target.h"

#include "cleanup.h"
#include "http.h"

#include <ctype.h>
#include <errno.h>

static int bad_target(struct error *err)
{
	return fail_as(err, EX_DATAERR, "not a plain target of a request");
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Decode %XX and, in a query, "+", in place. Fails for a bad escape and for one of NUL. */
static bool decode_in_place(char *text, bool query)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		char c = *from;
		if (c == '+' && query) {
			c = ' ';
		} else if (c == '%') {
			int high = hex_value(from[1]);
			int low = high < 0 ? -1 : hex_value(from[2]);
			if (low < 0 || (high == 0 && low == 0))
				return false;
			c = (char)(high * 16 + low);
			from += 2;
		}
		*to++ = c;
	}
	*to = '\0';
	return true;
}

static bool is_segment(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:@+-";
	return *text && text[strspn(text, allowed)] == '\0' && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

/* "v" and a number of two parts, or of three, as Podman's clients write it. */
static bool is_version(const char *text)
{
	size_t parts = 0;
	if (*text != 'v')
		return false;
	do {
		size_t digits = strspn(text + 1, "0123456789");
		if (digits == 0 || digits > 4)
			return false;
		text += 1 + digits;
		parts++;
	} while (*text == '.');
	return !*text && (parts == 2 || parts == 3);
}

static int parse_path(char *path, struct target *target, struct error *err)
{
	target->version = "";
	for (char *next = path; next;) {
		char *segment = next;
		next = strchr(segment, '/');
		if (next)
			*next++ = '\0';
		if (!decode_in_place(segment, false) || !is_segment(segment) ||
			target->segment_count == TARGET_SEGMENTS_MAX)
			return bad_target(err);
		if (segment == path && is_version(segment))
			target->version = segment;
		else
			target->segments[target->segment_count++] = segment;
	}
	return target->segment_count > 0 ? 0 : bad_target(err);
}

static int parse_query(char *query, struct target *target, struct error *err)
{
	for (char *next = query; next && *next;) {
		char *name = next;
		next = strchr(name, '&');
		if (next)
			*next++ = '\0';
		if (!*name)
			continue;
		char *value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		else
			value = name + strlen(name);
		if (!decode_in_place(name, true) || !decode_in_place(value, true) ||
			target_parameter(target, name) ||
			target->query_count == TARGET_PARAMETERS_MAX)
			return bad_target(err);
		target->query[target->query_count++] =
			(struct target_parameter){.name = name, .value = value};
	}
	return 0;
}

int target_parse(const char *text, struct target *ret, struct error *err)
{
	_cleanup_(target_free) struct target target = TARGET_NONE;
	if (*text != '/' || strchr(text, '#'))
		return bad_target(err);
	target.text = strdup(text + 1);
	if (!target.text)
		return fail(err, ENOMEM, "target");
	char *query = strchr(target.text, '?');
	if (query)
		*query++ = '\0';
	if (parse_path(target.text, &target, err) < 0 || parse_query(query, &target, err) < 0)
		return -1;
	*ret = target;
	target = (struct target)TARGET_NONE;
	return 0;
}

const char *target_parameter(const struct target *target, const char *name)
{
	for (size_t i = 0; i < target->query_count; i++)
		if (strcmp(target->query[i].name, name) == 0)
			return target->query[i].value;
	return NULL;
}

int target_set(struct target *target, const char *name, const char *value, struct error *err)
{
	size_t i = 0;
	while (i < target->query_count && strcmp(target->query[i].name, name) != 0)
		i++;
	if (i == TARGET_PARAMETERS_MAX)
		return bad_target(err);
	target->query[i] = (struct target_parameter){.name = name, .value = value};
	target->query_count += i == target->query_count;
	return 0;
}

/* Print a text for a query, escaped. */
static int print_escaped(FILE *out, const char *text, struct error *err)
{
	size_t size = strlen(text) * 3 + 1;
	_cleanup_free_ char *escaped = malloc(size);
	if (!escaped)
		return fail(err, ENOMEM, "target");
	if (http_escape(text, escaped, size, err) < 0)
		return -1;
	(void)fputs(escaped, out);
	return 0;
}

int target_format(const struct target *target, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_fclose_ FILE *out = open_memstream(&text, &len);
	if (!out)
		return fail(err, ENOMEM, "target");
	if (*target->version)
		(void)fprintf(out, "/%s", target->version);
	for (size_t i = 0; i < target->segment_count; i++)
		(void)fprintf(out, "/%s", target->segments[i]);
	for (size_t i = 0; i < target->query_count; i++) {
		(void)fputc(i ? '&' : '?', out);
		if (print_escaped(out, target->query[i].name, err) < 0)
			return -1;
		(void)fputc('=', out);
		if (print_escaped(out, target->query[i].value, err) < 0)
			return -1;
	}
	bool good = !ferror(out);
	good = fclose(steal_ptr(out)) == 0 && good;
	if (!good)
		return fail(err, ENOMEM, "target");
	*ret = steal_ptr(text);
	return 0;
}

bool target_matches(const struct target *target, const char *pattern)
{
	size_t i = 0;
	while (*pattern) {
		size_t len = strcspn(pattern, "/");
		const char *rest = pattern + len + (pattern[len] == '/');
		bool any = len == 1 && *pattern == '?';
		if (i == target->segment_count)
			return false;
		if (len == 1 && *pattern == '*') {
			/* The patterns have at most one segment behind it. */
			size_t behind = *rest ? 1 : 0;
			if (target->segment_count - i < 1 + behind)
				return false;
			i = target->segment_count - behind;
		} else if (any || (strlen(target->segments[i]) == len &&
					  strncmp(target->segments[i], pattern, len) == 0)) {
			i++;
		} else {
			return false;
		}
		pattern = rest;
	}
	return i == target->segment_count;
}

void target_free(struct target *target)
{
	free(target->text);
	*target = (struct target)TARGET_NONE;
}
