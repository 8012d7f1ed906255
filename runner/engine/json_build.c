/* SPDX-License-Identifier: MIT
 *
 * json_build: jansson's functions for building values, each followed by a look at its result.
 * jansson fails where memory runs out and where a text is not UTF-8, and drops the reference that
 * it was to take over.
 */
#include "json_build.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>

/* Note that memory ran out, unless an earlier failure is the reason. */
static void note_failure(struct json_build *build)
{
	if (build->failed)
		return;
	build->failed = true;
	(void)fail(&build->problem, ENOMEM, "JSON");
}

void json_build_set(struct json_build *build, json_t *object, const char *key, json_t *value)
{
	if (!text_is_utf8(key))
		(void)json_build_text(build, "a name", key);
	if (json_object_set_new(object, key, value) < 0)
		note_failure(build);
}

void json_build_append(struct json_build *build, json_t *list, json_t *value)
{
	if (json_array_append_new(list, value) < 0)
		note_failure(build);
}

json_t *json_build_text(struct json_build *build, const char *what, const char *text)
{
	if (text_is_utf8(text))
		return json_string(text);
	if (!build->failed) {
		build->failed = true;
		(void)fail_as(&build->problem, EX_DATAERR, "%s is not UTF-8: '%.128s'", what, text);
	}
	return NULL;
}

json_t *json_build_prose(const char *text)
{
	_cleanup_free_ char *clean = text_cleaned(text);
	return clean ? json_string(clean) : NULL;
}

json_t *json_build_pack(struct json_build *build, const char *format, ...)
{
	json_error_t problem = {0};
	va_list ap;
	va_start(ap, format);
	json_t *value = json_vpack_ex(&problem, 0, format, ap);
	va_end(ap);
	if (!value && !build->failed) {
		build->failed = true;
		(void)fail_as(&build->problem, EX_SOFTWARE, "JSON: %s", problem.text);
	}
	return value;
}

int json_build_end(struct json_build *build, json_t *root, json_t **ret, struct error *err)
{
	_cleanup_json_ json_t *owned = root;
	if (!root)
		note_failure(build);
	if (build->failed) {
		*err = build->problem;
		return -1;
	}
	*ret = steal_ptr(owned);
	return 0;
}

int json_build_print(struct json_build *build, json_t *root, struct error *err)
{
	_cleanup_json_ json_t *whole = NULL;
	if (json_build_end(build, root, &whole, err) < 0)
		return -1;
	return json_dumpf(whole, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0 &&
			       putchar('\n') != EOF
		       ? 0
		       : fail(err, EIO, "standard output");
}
