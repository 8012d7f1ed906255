/* SPDX-License-Identifier: MIT
 *
 * test_setup_render: the JSON of oss-crs-setup has all its parts, also where texts are not UTF-8,
 * and no text that it shows can write on the terminal.
 */
#include "unit.h"

#include "cleanup_json.h"
#include "render.h"

TEST(a_finding_is_shown_whatever_bytes_it_quotes)
{
	struct findings findings = {.count = 2,
		.list = {{.id = "a", .detail = "unit caf\xe9", .hint = "remove \xff"},
			{.id = "b", .ok = true, .detail = "Größe"}}};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	assert_ok(render_findings_json(&findings, &text, &err), err);
	_cleanup_json_ json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(root, "findings");
	assert_int_equal(json_array_size(list), 2);
	const json_t *first = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(first, "detail")), "unit caf\\xe9");
	assert_string_equal(json_string_value(json_object_get(first, "hint")), "remove \\xff");
}

TEST(a_step_whose_text_is_not_utf_8_is_named)
{
	_cleanup_setup_plan_ struct setup_plan plan = {.steps = NULL};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	assert_ok(setup_plan_note(&plan, &err, "note caf\xe9"), err);
	assert_ok(setup_plan_add(&plan, STEP_DROPIN, "/etc/a", "old", "new", &err), err);
	assert_ok(render_plan_json(&plan, &text, &err), err);
	assert_contains(text, "\"note caf\\\\xe9\"");
	free(steal_ptr(text));
	assert_ok(setup_plan_add(&plan, STEP_DROPIN, "/etc/b", "caf\xe9", "new", &err), err);
	assert_int_equal(render_plan_json(&plan, &text, &err), -1);
	assert_contains(err.msg, "/etc/b: before or after is not UTF-8");
	assert_null(text);
}

/* A user names the cgroups that root is shown. */
TEST(names_cannot_write_on_the_terminal_that_a_plan_is_shown_on)
{
	_cleanup_setup_plan_ struct setup_plan plan = {.steps = NULL};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	assert_ok(setup_plan_add(&plan, STEP_DROPIN, "a\n9. \033[2J\302\233\342\200\256\377",
			  "one\r\033[A\ttwo", "\tone\r\n\033[Atwo\n", &err),
		err);
	assert_ok(setup_plan_note(&plan, &err, "%s", "\033]0;x\007"), err);
	assert_ok(render_plan(&plan, &text, &err), err);
	assert_contains(text, " a\\x0a9. \\x1b[2J\\u009b\\u202e\\xff\n");
	assert_contains(text, "    before: one\\x0d\\x1b[A\ttwo\n");
	assert_contains(text, "      | \tone\\x0d\n      | \\x1b[Atwo\n");
	assert_contains(text, "note: \\x1b]0;x\\x07\n");
}

TEST(a_finding_cannot_write_on_the_terminal_that_it_is_shown_on)
{
	struct findings findings = {.count = 1,
		.list = {{.id = "a", .detail = "unit (\342\200\256x\033)", .hint = "\r"}}};
	_cleanup_free_ char *text = NULL;
	struct error err = {0};
	assert_ok(render_findings(&findings, &text, &err), err);
	assert_contains(text, "unit (\\u202ex\\x1b)\n");
	assert_contains(text, "\\x0d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_finding_is_shown_whatever_bytes_it_quotes),
		RUN(a_step_whose_text_is_not_utf_8_is_named),
		RUN(names_cannot_write_on_the_terminal_that_a_plan_is_shown_on),
		RUN(a_finding_cannot_write_on_the_terminal_that_it_is_shown_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
