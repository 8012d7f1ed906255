/* SPDX-License-Identifier: MIT
 *
 * test_json_build: a document has all its parts, or it is an error that names the first that is
 * missing.
 */
#include "unit.h"

#include "cleanup_json.h"
#include "json_build.h"

TEST(a_whole_document_has_all_its_parts)
{
	struct json_build build = JSON_BUILD_NONE;
	struct error err = {0};
	_cleanup_json_ json_t *whole = NULL;
	json_t *list = json_array();
	json_build_append(&build, list, json_build_text(&build, "a", "Größe"));
	json_build_append(&build, list, json_build_prose("caf\xe9"));
	json_t *root = json_build_pack(&build, "{s:i, s:s}", "version", 1, "name", "x");
	json_build_set(&build, root, "list", list);
	assert_ok(json_build_end(&build, root, &whole, &err), err);
	_cleanup_free_ char *text = json_dumps(whole, JSON_COMPACT);
	assert_string_equal(
		text, "{\"version\":1,\"name\":\"x\",\"list\":[\"Größe\",\"caf\\\\xe9\"]}");
}

/* Build a document with one part that is wrong, and return the error. */
static struct error build_with(void (*put)(struct json_build *build, json_t *root))
{
	struct json_build build = JSON_BUILD_NONE;
	struct error err = {0};
	json_t *whole = NULL;
	json_t *root = json_object();
	put(&build, root);
	json_build_set(&build, root, "later", json_build_text(&build, "later", "\xff"));
	assert_int_equal(json_build_end(&build, root, &whole, &err), -1);
	assert_null(whole);
	return err;
}

static void put_text(struct json_build *build, json_t *root)
{
	json_build_set(build, root, "a", json_build_text(build, "OSS_CRS_ARGS", "caf\xe9"));
}

static void put_key(struct json_build *build, json_t *root)
{
	json_build_set(build, root, "caf\xe9", json_true());
}

static void put_item(struct json_build *build, json_t *root)
{
	json_t *list = json_array();
	json_build_append(build, list, NULL);
	json_build_set(build, root, "list", list);
}

static void put_packed(struct json_build *build, json_t *root)
{
	json_build_set(build, root, "a", json_build_pack(build, "{s:s}", "b", "\xff"));
}

TEST(the_first_part_that_is_missing_is_named)
{
	assert_string_equal(build_with(put_text).msg, "OSS_CRS_ARGS is not UTF-8: 'caf\\xe9'");
	assert_string_equal(build_with(put_key).msg, "a name is not UTF-8: 'caf\\xe9'");
	assert_string_equal(build_with(put_item).msg, "JSON: Cannot allocate memory");
	assert_contains(build_with(put_packed).msg, "JSON: Invalid UTF-8");
}

TEST(a_document_without_a_root_is_an_error)
{
	struct json_build build = JSON_BUILD_NONE;
	struct error err = {0};
	json_t *whole = NULL;
	json_build_set(&build, NULL, "a", json_true());
	assert_errno(json_build_end(&build, NULL, &whole, &err), ENOMEM, err);
	assert_null(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_whole_document_has_all_its_parts),
		RUN(the_first_part_that_is_missing_is_named),
		RUN(a_document_without_a_root_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
