/* SPDX-License-Identifier: MIT
 *
 * test_endpoint: which Docker the user's settings name, and what is said of settings that cannot
 * be read.
 */
#include "unit.h"

#include "endpoint.h"
#include "runs.h"

/* The address with these settings in a directory of Docker's CLI. The caller frees *ret. */
static int find(const struct unit_dir *dir, const char *context, char **ret, struct error *err)
{
	assert_int_equal(unsetenv("DOCKER_HOST"), 0);
	assert_int_equal(setenv("DOCKER_CONTEXT", context, 1), 0);
	assert_int_equal(setenv("DOCKER_CONFIG", dir->path, 1), 0);
	return endpoint_find(ret, err);
}

static void assert_address(const struct unit_dir *dir, const char *context, const char *expected)
{
	struct error err = {0};
	_cleanup_free_ char *address = NULL;
	assert_ok(find(dir, context, &address, &err), err);
	assert_string_equal(address, expected);
}

TEST(the_environment_comes_before_the_context_and_the_default_is_last)
{
	static const char standard[] = "unix:///var/run/docker.sock";
	const struct unit_dir *dir = *state;
	assert_address(dir, "", standard);
	put_text_file(dir, "config.json", "{}");
	assert_address(dir, "", standard);
	put_text_file(dir, "contexts/meta/0a/meta.json",
		"{\"Name\":\"mine\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///mine\"}}}");
	assert_address(dir, "mine", "unix:///mine");
	put_text_file(dir, "config.json", "{\"currentContext\":\"mine\"}");
	assert_address(dir, "", "unix:///mine");
	assert_address(dir, "default", standard);
	struct error err = {0};
	_cleanup_free_ char *address = NULL;
	assert_int_equal(setenv("DOCKER_HOST", "unix:///there", 1), 0);
	assert_ok(endpoint_find(&address, &err), err);
	assert_string_equal(address, "unix:///there");
}

TEST(an_address_that_is_no_unix_socket_is_refused_for_its_own_reason)
{
	static const struct {
		const char *address, *message, *hint;
	} table[] = {
		{"tcp://127.0.0.1:2375", "over TCP", "unix:///var/run/docker.sock"},
		{"tcp://localhost:2375", "over TCP", "unset DOCKER_HOST"},
		{"tcp://[::1]:2375", "over TCP", "unset DOCKER_HOST"},
		{"/run/docker.sock", "has no scheme", "write it as unix:///run/docker.sock"},
		{"tcp://192.0.2.1:2375", "is not on this host", "docker context use default"},
		{"ssh://127.example.org", "is not on this host", "docker context use default"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		const char *socket = NULL;
		assert_int_equal(endpoint_socket(table[i].address, &socket, &err), -1);
		assert_int_equal(err.status, EX_UNAVAILABLE);
		assert_null(socket);
		assert_contains(err.msg, table[i].message);
		assert_contains(err.hint, table[i].hint);
	}
}

TEST(settings_that_cannot_be_read_are_an_error_with_their_whole_path)
{
	const struct unit_dir *dir = *state;
	char path[sizeof dir->path + sizeof "/config.json"];
	struct error err = {0};
	char *address = NULL;
	(void)snprintf(path, sizeof path, "%s/config.json", dir->path);
	put_text_file(dir, "config.json", "{\"currentContext\":");
	assert_int_equal(find(dir, "", &address, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, path);
	assert_return_code(unlinkat(dir->fd, "config.json", 0), errno);
	make_dir(dir->fd, "config.json");
	assert_int_equal(find(dir, "", &address, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, path);
	assert_null(address);
}

TEST(a_context_that_does_not_exist_is_an_error_of_the_settings_that_names_it)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	char *address = NULL;
	assert_int_equal(find(dir, "other", &address, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_string_equal(err.msg, "no Docker context named 'other'");
	put_text_file(dir, "config.json", "{\"currentContext\":\"gone\"}");
	put_text_file(dir, "contexts/meta/0a/meta.json", "{\"Name\":\"mine\",\"Endpoints\":{}}");
	assert_int_equal(find(dir, "", &address, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_string_equal(err.msg, "no Docker context named 'gone'");
	/* What cannot be read may be the context, and does not hide another. */
	put_text_file(dir, "contexts/meta/0b/meta.json", "{\"Name\":\"gone\",");
	assert_int_equal(find(dir, "", &address, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "'gone'");
	assert_contains(err.msg, "/contexts/meta/0b/meta.json:1:");
	assert_null(address);
	assert_address(dir, "mine", "unix:///var/run/docker.sock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(the_environment_comes_before_the_context_and_the_default_is_last),
		RUN_IN_DIR(a_context_that_does_not_exist_is_an_error_of_the_settings_that_names_it),
		RUN(an_address_that_is_no_unix_socket_is_refused_for_its_own_reason),
		RUN_IN_DIR(settings_that_cannot_be_read_are_an_error_with_their_whole_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
