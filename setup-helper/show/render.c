/* SPDX-License-Identifier: MIT
 *
 * render: writes text with open_memstream(3) and JSON with jansson. The keys of a JSON object are
 * in the order in which this file packs them.
 */
#include "render.h"

#include "cleanup_json.h"
#include "step.h"
#include "text.h"

#include <errno.h>

/* Print a label and a text: both on one line if the text has one line, otherwise each line of the
 * text indented below the label. */
static void put_labelled_text(FILE *out, const char *label, const char *text)
{
	if (!text || !*text) {
		text_line(out, "    %-7s (nothing)", label);
		return;
	}
	if (!strchr(text, '\n')) {
		text_line(out, "    %-7s %s", label, text);
		return;
	}
	text_line(out, "    %s", label);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		text_line(out, "      | %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void put_plan(FILE *out, const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];
		text_line(out, "%zu. %s %s", i + 1, step_title(step->kind), step->target);
		put_labelled_text(out, "before:", step->before);
		put_labelled_text(out, "after:", step->after);
	}
	if (plan->count == 0 && !plan->blocked.msg[0])
		(void)fputs("nothing to do\n", out);
	for (size_t i = 0; i < plan->note_count; i++)
		text_line(out, "note: %s", plan->notes[i]);
	if (plan->blocked.msg[0])
		text_line(out, "not done: %s", plan->blocked.msg);
	if (plan->blocked.hint[0])
		text_line(out, "  hint: %s", plan->blocked.hint);
}

int render_plan(const struct setup_plan *plan, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "describe the plan");
	put_plan(out, plan);
	if (fclose(out) != 0)
		return fail(err, errno, "describe the plan");
	*ret = steal_ptr(text);
	return 0;
}

/* A text that only people read, clean. */
static json_t *prose_to_json(const char *text)
{
	_cleanup_free_ char *clean = text_cleaned(text);
	return clean ? json_string(clean) : NULL;
}

static int add_step_json(json_t *steps, const struct step *step, struct error *err)
{
	if (json_array_append_new(steps,
		    json_pack("{s:s, s:s, s:s?, s:s?}", "step", step_name(step->kind), "target",
			    step->target, "before", step->before, "after", step->after)) == 0)
		return 0;
	return fail_as(err, EX_SOFTWARE, "%s %s: before or after is not UTF-8",
		step_title(step->kind), step->target);
}

static int dump_json(json_t *json, char **ret, struct error *err)
{
	_cleanup_json_ json_t *owned = json;
	char *text = owned ? json_dumps(owned, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	if (!text)
		return fail_as(err, EX_SOFTWARE, "cannot be said in JSON");
	_cleanup_free_ char *body = text;
	char *line = NULL;
	if (asprintf(&line, "%s\n", body) < 0)
		return fail(err, ENOMEM, "write JSON");
	*ret = line;
	return 0;
}

int render_plan_json(const struct setup_plan *plan, char **ret, struct error *err)
{
	_cleanup_json_ json_t *steps = json_array();
	_cleanup_json_ json_t *notes = json_array();
	for (size_t i = 0; i < plan->count; i++)
		if (add_step_json(steps, &plan->steps[i], err) < 0)
			return -1;
	for (size_t i = 0; i < plan->note_count; i++)
		if (json_array_append_new(notes, prose_to_json(plan->notes[i])) < 0)
			return fail(err, ENOMEM, "write JSON");
	_cleanup_json_ json_t *blocked =
		plan->blocked.msg[0] ? json_pack("{s:s, s:s}", "message", plan->blocked.msg, "hint",
					       plan->blocked.hint)
				     : json_null();
	return dump_json(json_pack("{s:i, s:O, s:O, s:O}", "version", 1, "steps", steps, "notes",
				 notes, "blocked", blocked),
		ret, err);
}

int render_findings(const struct findings *findings, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "describe the findings");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];
		text_line(out, "%-7s %-14s %s", finding->ok ? "ok" : "missing", finding->id,
			finding->detail);
		if (finding->hint[0])
			text_line(out, "%23shint: %s", "", finding->hint);
	}
	text_line(out, "%s", findings->ready ? "ready" : "not ready");
	if (fclose(out) != 0)
		return fail(err, errno, "describe the findings");
	*ret = steal_ptr(text);
	return 0;
}

int render_findings_json(const struct findings *findings, char **ret, struct error *err)
{
	_cleanup_json_ json_t *list = json_array();
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];
		if (json_array_append_new(
			    list, json_pack("{s:s, s:b, s:o, s:o}", "id", finding->id, "ok",
					  finding->ok, "detail", prose_to_json(finding->detail),
					  "hint", prose_to_json(finding->hint))) < 0)
			return fail(err, ENOMEM, "write JSON");
	}
	return dump_json(json_pack("{s:i, s:b, s:O}", "version", 1, "ready", findings->ready,
				 "findings", list),
		ret, err);
}

int render_error_json(const struct error *error, char **ret, struct error *err)
{
	return dump_json(json_pack("{s:i, s:{s:s, s:s, s:i}}", "version", 1, "error", "message",
				 error->msg, "hint", error->hint, "status", error->status),
		ret, err);
}
