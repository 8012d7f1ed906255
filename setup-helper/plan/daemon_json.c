/* SPDX-License-Identifier: MIT
 *
 * daemon_json: parses the text with jansson, merges the option, and writes it with the indentation
 * it had. The new text is parsed again and compared with the old: only exec-opts may differ.
 */
#include "daemon_json.h"

#include "cleanup_json.h"

#include <errno.h>
#include <stdbool.h>

#define KEY "exec-opts"

/* jansson recurses once per level of nesting, so bound the depth first. Brackets in strings do not
 * count. */
static int check_depth(const char *text, size_t len, struct error *err)
{
	int depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']'))
			depth--;
		if (depth > DAEMON_JSON_DEPTH)
			return fail_as(err, EX_CONFIG, "nested deeper than %d", DAEMON_JSON_DEPTH);
	}
	return 0;
}

static bool is_blank_json(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
			return false;
	return true;
}

static bool is_driver(const json_t *value)
{
	return strncmp(json_string_value(value), DRIVER_OPTION, strlen(DRIVER_OPTION)) == 0;
}

/* Parse the text and check its structure. Returns a new reference, or NULL with err set. */
static json_t *parse_settings(const char *text, size_t len, struct error *err)
{
	if (len > DAEMON_JSON_MAX) {
		(void)fail_as(err, EX_CONFIG, "larger than %zu bytes", DAEMON_JSON_MAX);
		return NULL;
	}
	if (check_depth(text, len, err) < 0)
		return NULL;
	json_error_t where = {0};
	json_t *root = is_blank_json(text, len)
			       ? json_object()
			       : json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root) {
		(void)fail_as(err, EX_CONFIG, "%d:%d: %s", where.line, where.column, where.text);
		return NULL;
	}
	_cleanup_json_ json_t *owned = root;
	if (!json_is_object(owned)) {
		(void)fail_as(err, EX_CONFIG, "not a JSON object");
		return NULL;
	}
	json_t *options = json_object_get(owned, KEY);
	if (options && !json_is_array(options)) {
		(void)fail_as(err, EX_CONFIG, "\"" KEY "\" is not an array");
		return NULL;
	}
	size_t i = 0;
	json_t *value = NULL;
	json_array_foreach (options, i, value) {
		if (json_is_string(value))
			continue;
		(void)fail_as(err, EX_CONFIG, "\"" KEY "\" has an entry that is not a string");
		return NULL;
	}
	return steal_ptr(owned);
}

/* Make the new exec-opts: the first driver option is replaced, further ones are dropped, and the
 * others keep their order. Returns a new reference, or NULL if memory runs out. */
static json_t *merged_options(json_t *old)
{
	_cleanup_json_ json_t *options = json_array();
	bool have = false;
	size_t i = 0;
	json_t *value = NULL;
	json_array_foreach (old, i, value) {
		if (!is_driver(value)) {
			if (json_array_append(options, value) < 0)
				return NULL;
			continue;
		}
		if (!have && json_array_append_new(
				     options, json_string(DRIVER_OPTION DRIVER_WANTED)) < 0)
			return NULL;
		have = true;
	}
	if (!have && json_array_append_new(options, json_string(DRIVER_OPTION DRIVER_WANTED)) < 0)
		return NULL;
	return steal_ptr(options);
}

/* The width of the first indented line, so that the file keeps its layout; 0 if the object is on
 * one line, 4 if the text does not show an indentation. */
static size_t indent_width(const char *text, size_t len)
{
	const char *open = len ? memchr(text, '{', len) : NULL;
	const char *close = len ? memrchr(text, '}', len) : NULL;
	if (!open || !close)
		return 4;
	const char *newline = memchr(open, '\n', (size_t)(close - open));
	if (!newline)
		return is_blank_json(open + 1, (size_t)(close - open - 1)) ? 4 : 0;
	size_t width = 0;
	for (const char *c = newline + 1; c < text + len && *c == ' '; c++)
		width++;
	return width >= 1 && width <= 8 ? width : 4;
}

/* Whether two objects are equal apart from exec-opts. */
static bool same_other_settings(json_t *a, json_t *b)
{
	_cleanup_json_ json_t *left = json_copy(a);
	_cleanup_json_ json_t *right = json_copy(b);
	if (!left || !right)
		return false;
	(void)json_object_del(left, KEY);
	(void)json_object_del(right, KEY);
	return json_equal(left, right);
}

static int dump_settings(json_t *root, json_t *old, size_t indent, char **ret, struct error *err)
{
	_cleanup_free_ char *body = json_dumps(root, JSON_INDENT(indent) | JSON_PRESERVE_ORDER);
	if (!body)
		return fail(err, ENOMEM, "write JSON");
	char *text = NULL;
	int len = asprintf(&text, "%s\n", body);
	if (len < 0)
		return fail(err, ENOMEM, "write JSON");
	_cleanup_free_ char *owned = text;
	_cleanup_json_ json_t *again = parse_settings(owned, (size_t)len, err);
	if (!again)
		return add_context(err, "the new text");
	if (!same_other_settings(again, old) || !json_equal(again, root))
		return fail_as(
			err, EX_CONFIG, "cannot be written back without changing other settings");
	*ret = steal_ptr(owned);
	return 0;
}

int daemon_json_merge(const char *text, size_t len, char **ret, struct error *err)
{
	_cleanup_json_ json_t *root = parse_settings(text, len, err);
	if (!root)
		return -1;
	_cleanup_json_ json_t *old = json_copy(root);
	json_t *before = json_object_get(root, KEY);
	_cleanup_json_ json_t *options = merged_options(before);
	if (!old || !options)
		return fail(err, ENOMEM, "merge");
	if (before && json_equal(before, options)) {
		*ret = NULL;
		return 0;
	}
	/* An existing key keeps its position. */
	if (json_object_set(root, KEY, options) < 0)
		return fail(err, ENOMEM, "merge");
	return dump_settings(root, old, indent_width(text, len), ret, err);
}

int daemon_json_driver(const char *text, size_t len, char *buf, size_t size, struct error *err)
{
	_cleanup_json_ json_t *root = parse_settings(text, len, err);
	if (!root)
		return -1;
	buf[0] = '\0';
	size_t i = 0;
	json_t *value = NULL;
	json_array_foreach (json_object_get(root, KEY), i, value) {
		if (is_driver(value))
			(void)snprintf(
				buf, size, "%s", json_string_value(value) + strlen(DRIVER_OPTION));
	}
	return 0;
}
