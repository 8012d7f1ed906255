/* SPDX-License-Identifier: MIT
 *
 * test_template: what a docker-compose.yaml.j2 may contain, and how it is rendered.
 */
#include "unit.h"

#include "template.h"

static const char *const names[] = {"a", "b"};
static const struct template_values values = {.cgroup_parent = "/p", .crs = names, .crs_count = 2};

static void assert_rendered(const char *text, const char *wanted)
{
	_cleanup_free_ char *is = NULL;
	struct error err = {0};
	assert_ok(template_render("t.j2", text, &values, &is, &err), err);
	assert_string_equal(is, wanted);
}

static void assert_refused(const char *text, const char *part)
{
	_cleanup_free_ char *is = NULL;
	struct error err = {0};
	if (template_render("t.j2", text, &values, &is, &err) == 0)
		fail_test("not refused: %s", text);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, part);
}

TEST(the_cgroup_parent_is_filled_in)
{
	assert_rendered("x: {{ cgroup_parent }}/y\nz: {{cgroup_parent}}\n", "x: /p/y\nz: /p\n");
}

TEST(a_service_with_the_crs_name_in_its_key_is_repeated_for_each)
{
	assert_rendered("services:\n  {{ crs.name }}_f:\n    image: i\n\n    cgroup_parent: {{ "
			"cgroup_parent "
			"}}/{{ crs.name }}\n"
			"  other:\n    image: j\n",
		"services:\n  a_f:\n    image: i\n\n    cgroup_parent: /p/a\n  b_f:\n    image: "
		"i\n\n    "
		"cgroup_parent: /p/b\n"
		"  other:\n    image: j\n");
}

TEST(text_without_templates_stays_as_it_is)
{
	assert_rendered("a: 'x { y } ${Z}'\n# c\n", "a: 'x { y } ${Z}'\n# c\n");
	assert_rendered("", "");
}

TEST(any_other_template_syntax_is_refused_with_its_line)
{
	assert_refused("a: 1\n{% for x in y %}\n", "t.j2:2:");
	assert_refused("a: {{ other }}\n", "t.j2:1:");
	assert_refused("a: {{ cgroup_parent | upper }}\n", "t.j2:1:");
	assert_refused("a: {# comment #}\n", "t.j2:1:");
	assert_refused("a: {{ crs.name }}\n", "outside a service whose key contains it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_cgroup_parent_is_filled_in),
		RUN(a_service_with_the_crs_name_in_its_key_is_repeated_for_each),
		RUN(text_without_templates_stays_as_it_is),
		RUN(any_other_template_syntax_is_refused_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
