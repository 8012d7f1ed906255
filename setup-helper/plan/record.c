/* SPDX-License-Identifier: MIT
 *
 * record: writes and parses the JSON of a record, and frees it. The parser is fuzzed.
 */
#include "record.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "text.h"

#include <errno.h>
#include <stdint.h>

void journal_record_clear(struct journal_record *record)
{
	free(record->step);
	free(record->target);
	free(record->before);
	free(record->after);
	*record = (struct journal_record){0};
}

bool journal_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Copy a string of the object, which the caller frees. If it is optional and null, *ret becomes
 * NULL. */
static int copy_record_text(
	const json_t *object, const char *key, bool optional, char **ret, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	if (optional && json_is_null(value)) {
		*ret = NULL;
		return 0;
	}
	if (!json_is_string(value))
		return fail_as(err, EX_CONFIG, "\"%s\" is missing or no text", key);
	*ret = strdup(json_string_value(value));
	return *ret ? 0 : fail(err, ENOMEM, "read a record");
}

static int copy_record_number(
	const json_t *object, const char *key, unsigned max, unsigned *ret, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number > (json_int_t)max)
		return fail_as(err, EX_CONFIG, "\"%s\" is missing or out of range", key);
	*ret = (unsigned)number;
	return 0;
}

int journal_record_parse(
	const char *text, size_t len, struct journal_record *ret, struct error *err)
{
	json_error_t where = {0};
	_cleanup_json_ json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return fail_as(err, EX_CONFIG, "%d:%d: %s", where.line, where.column, where.text);
	_cleanup_record_ struct journal_record record = {0};
	unsigned version = 0;
	unsigned mode = 0;
	if (copy_record_number(root, "version", 1, &version, err) < 0 ||
		copy_record_text(root, "step", false, &record.step, err) < 0 ||
		copy_record_text(root, "target", false, &record.target, err) < 0 ||
		copy_record_text(root, "before", true, &record.before, err) < 0 ||
		copy_record_text(root, "after", true, &record.after, err) < 0 ||
		copy_record_number(root, "mode", 0777, &mode, err) < 0 ||
		copy_record_number(root, "uid", UINT32_MAX - 1, &record.uid, err) < 0 ||
		copy_record_number(root, "gid", UINT32_MAX - 1, &record.gid, err) < 0)
		return -1;
	record.mode = mode;
	*ret = record;
	record = (struct journal_record){0};
	return 0;
}

/* Write a text as a JSON string (RFC 8259, section 7), or null. */
static void write_json(FILE *out, const char *text)
{
	static const char escaped[] = "\"\\\b\f\n\r\t";
	static const char letters[] = "\"\\bfnrt";
	if (!text) {
		(void)fputs("null", out);
		return;
	}
	(void)fputc('"', out);
	for (const char *c = text; *c; c++) {
		const char *special = strchr(escaped, *c);
		if (special)
			(void)fprintf(out, "\\%c", letters[special - escaped]);
		else if ((unsigned char)*c < ' ')
			(void)fprintf(out, "\\u%04X", (unsigned)*c);
		else
			(void)fputc(*c, out);
	}
	(void)fputc('"', out);
}

int journal_record_text(const struct step *step, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (!text_is_utf8(step->target) || (step->before && !text_is_utf8(step->before)) ||
		(step->after && !text_is_utf8(step->after)))
		return fail_as(err, EX_CONFIG,
			"%s is not UTF-8 text, and cannot be recorded for undo", step->target);
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return fail(err, errno, "record the change of %s", step->target);
	(void)fprintf(out, RECORD_BEGIN "\"target\":", step_name(step->kind));
	write_json(out, step->target);
	(void)fputs(JOURNAL_BEFORE, out);
	write_json(out, step->before);
	(void)fputs(",\"after\":", out);
	write_json(out, step->after);
	(void)fprintf(out, ",\"mode\":%u,\"uid\":%u,\"gid\":%u}", (unsigned)step->mode,
		(unsigned)step->uid, (unsigned)step->gid);
	if (fclose(out) != 0 || !text)
		return fail(err, ENOMEM, "record the change of %s", step->target);
	*ret = steal_ptr(text);
	return 0;
}
