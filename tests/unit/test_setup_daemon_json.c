/* SPDX-License-Identifier: MIT
 *
 * test_setup_daemon_json: the cgroup driver is added to daemon.json, everything else in the file
 * stays as it was, and a malformed file is refused.
 */
#include "unit.h"

#include "daemon_json.h"

#include <jansson.h>

static char *merge_driver(const char *text)
{
	struct error err = {0};
	char *merged = NULL;
	assert_ok(daemon_json_merge(text, strlen(text), &merged, &err), err);
	return merged;
}

TEST(the_driver_is_added_and_the_rest_kept_in_its_order)
{
	static const struct {
		const char *text;
		const char *merged; /* NULL: nothing to change */
	} table[] = {
		{"", "{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{" \n\t\r\n", "{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{}", "{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"exec-opts\":[]}", "{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}", NULL},
		{"{\"z\":1,\"exec-opts\":[\"a=b\",\"native.cgroupdriver=cgroupfs\"],\"a\":2}",
			NULL},
		{"{\"exec-opts\":[\"native.cgroupdriver=systemd\"]}",
			"{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"exec-opts\":[\"a=b\",\"native.cgroupdriver=systemd\",\"c=d\"]}",
			"{\"exec-opts\":[\"a=b\",\"native.cgroupdriver=cgroupfs\",\"c=d\"]}"},
		{"{\"exec-opts\":[\"native.cgroupdriver=systemd\",\"native.cgroupdriver=cgroupfs\"]"
		 "}",
			"{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\",\"native.cgroupdriver="
		 "cgroupfs\"]}",
			"{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"exec-opts\":[\"native.cgroupdriver=\"]}",
			"{\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"z\":{\"y\":[1,-2,0.5,true,null]},\"b\":\"\xc3\xa9\\n\\\"\",\"a\":{}}",
			"{\"z\":{\"y\":[1,-2,0.5,true,null]},\"b\":\"\xc3\xa9\\n\\\"\",\"a\":{},"
			"\"exec-opts\":[\"native.cgroupdriver=cgroupfs\"]}"},
		{"{\"z\":1,\"exec-opts\":[\"x\"],\"a\":9223372036854775807}",
			"{\"z\":1,\"exec-opts\":[\"x\",\"native.cgroupdriver=cgroupfs\"],"
			"\"a\":9223372036854775807}"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_free_ char *merged = merge_driver(table[i].text);
		if (!table[i].merged) {
			assert_null(merged);
			continue;
		}
		assert_non_null(merged);
		json_t *json = json_loads(merged, 0, NULL);
		_cleanup_free_ char *compact = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
		json_decref(json);
		assert_string_equal(compact, table[i].merged);
	}
}

TEST(a_second_merge_changes_nothing)
{
	_cleanup_free_ char *once = merge_driver("{\"debug\": true}");
	assert_null(merge_driver(once));
}

TEST(the_indentation_of_the_file_is_kept)
{
	_cleanup_free_ char *two = merge_driver("{\n  \"debug\": true\n}\n");
	assert_string_equal(two,
		"{\n  \"debug\": true,\n  \"exec-opts\": [\n    \"native.cgroupdriver=cgroupfs\"\n"
		"  ]\n}\n");
	_cleanup_free_ char *line = merge_driver("{\"debug\":true}\n");
	assert_string_equal(
		line, "{\"debug\": true, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}\n");
	_cleanup_free_ char *none = merge_driver("{}");
	assert_string_equal(none,
		"{\n    \"exec-opts\": [\n        \"native.cgroupdriver=cgroupfs\"\n    ]\n}\n");
}

TEST(an_invalid_daemon_json_is_refused)
{
	static const struct {
		const char *text;
		const char *why;
	} table[] = {
		{"[]", "not a JSON object"},
		{"null", "expected"},
		{"42", "expected"},
		{"{", "1:1"},
		{"{\"a\":1,}", "1:"},
		{"{} {}", "end of file expected"},
		{"{\"a\":1,\"a\":2}", "duplicate"},
		{"{\"exec-opts\":[],\"exec-opts\":[]}", "duplicate"},
		{"{\"a\":{\"b\":1,\"b\":2}}", "duplicate"},
		{"{\"exec-opts\":null}", "not an array"},
		{"{\"exec-opts\":{}}", "not an array"},
		{"{\"exec-opts\":\"native.cgroupdriver=cgroupfs\"}", "not an array"},
		{"{\"exec-opts\":[1]}", "not a string"},
		{"{\"exec-opts\":[[\"native.cgroupdriver=cgroupfs\"]]}", "not a string"},
		{"{\"a\":\"\xff\"}", "decode byte 0xff"},
		{"{\"a\":\"\\ud800\"}", "Unicode"},
		{"{\"a\":\"\\u0000\"}", "u0000"},
		{"{\"a\":99999999999999999999}", "integer"},
		{"{\"a\":1e999}", "real"},
		{"\xef\xbb\xbf{}", "1:"},
		{"// comment\n{}", "1:"},
		{"{'a':1}", "1:"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		char *merged = NULL;
		if (daemon_json_merge(table[i].text, strlen(table[i].text), &merged, &err) == 0)
			fail_test("'%s' was accepted", table[i].text);
		assert_null(merged);
		assert_int_equal(err.status, EX_CONFIG);
		assert_contains(err.msg, table[i].why);
	}
}

TEST(a_nul_byte_is_refused)
{
	static const char text[] = "{\"a\":1}\0{}";
	struct error err = {0};
	char *merged = NULL;
	assert_int_equal(daemon_json_merge(text, sizeof text - 1, &merged, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
}

TEST(depth_and_size_are_bounded)
{
	char text[512] = "{\"exec-opts\":[],\"a\":";
	struct error err = {0};
	char *merged = NULL;
	size_t used = strlen(text);
	memset(text + used, '[', 63);
	memset(text + used + 63, ']', 63);
	text[used + 126] = '}';
	assert_ok(daemon_json_merge(text, used + 127, &merged, &err), err);
	free(steal_ptr(merged));
	memset(text + used, '[', 64);
	memset(text + used + 64, ']', 64);
	text[used + 128] = '}';
	assert_int_equal(daemon_json_merge(text, used + 129, &merged, &err), -1);
	assert_contains(err.msg, "deeper");

	_cleanup_free_ char *deep = malloc(DAEMON_JSON_MAX);
	memset(deep, '[', DAEMON_JSON_MAX);
	assert_int_equal(daemon_json_merge(deep, DAEMON_JSON_MAX, &merged, &err), -1);
	assert_contains(err.msg, "deeper");

	_cleanup_free_ char *large = malloc(DAEMON_JSON_MAX + 1);
	memset(large, ' ', DAEMON_JSON_MAX + 1);
	assert_int_equal(daemon_json_merge(large, DAEMON_JSON_MAX + 1, &merged, &err), -1);
	assert_contains(err.msg, "larger");
	assert_ok(daemon_json_merge(large, DAEMON_JSON_MAX, &merged, &err), err);
	free(merged);
}

TEST(brackets_in_strings_do_not_count_as_depth)
{
	char text[256] = "{\"a\":\"\\\"";
	size_t used = strlen(text);
	memset(text + used, '[', 100);
	(void)snprintf(text + used + 100, sizeof text - used - 100, "\"}");
	_cleanup_free_ char *merged = merge_driver(text);
	assert_non_null(merged);
}

TEST(the_driver_that_a_file_sets_is_read)
{
	static const struct {
		const char *text;
		const char *driver;
	} table[] = {
		{"", ""},
		{"{}", ""},
		{"{\"exec-opts\":[\"a=b\"]}", ""},
		{"{\"exec-opts\":[\"native.cgroupdriver=systemd\"]}", "systemd"},
		{"{\"exec-opts\":[\"a=b\",\"native.cgroupdriver=cgroupfs\"]}", "cgroupfs"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		char driver[32] = "?";
		assert_ok(daemon_json_driver(table[i].text, strlen(table[i].text), driver,
				  sizeof driver, &err),
			err);
		assert_string_equal(driver, table[i].driver);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_driver_is_added_and_the_rest_kept_in_its_order),
		RUN(a_second_merge_changes_nothing),
		RUN(the_indentation_of_the_file_is_kept),
		RUN(an_invalid_daemon_json_is_refused),
		RUN(a_nul_byte_is_refused),
		RUN(depth_and_size_are_bounded),
		RUN(brackets_in_strings_do_not_count_as_depth),
		RUN(the_driver_that_a_file_sets_is_read),
	};
	return cmocka_run_group_tests_name("setup_daemon_json", tests, NULL, NULL);
}
