/* SPDX-License-Identifier: MIT
 *
 * test_setup_render: the JSON of oss-crs-setup has all its parts, also where texts are not UTF-8.
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_finding_is_shown_whatever_bytes_it_quotes),
		RUN(a_step_whose_text_is_not_utf_8_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
