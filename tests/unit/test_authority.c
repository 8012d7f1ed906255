/* SPDX-License-Identifier: MIT
 *
 * test_authority: the command that is suggested is one that the host has, for a user whose groups
 * allow it.
 */
#include "unit.h"

#include "authority.h"

#define NOBODYS_ID 4294967000U /* no user has it */

/* Make the programs of /usr/bin, which are separated by spaces, and ask what to type. */
static void assert_suggested(
	void **state, const char *programs, bool delegates, bool administers, const char *expected)
{
	char command[256];
	struct error err = {0};
	struct host host = HOST_CLOSED;
	const struct authority authority = {.delegates = delegates, .administers = administers};
	_cleanup_free_ char *names = strdup(programs);
	char *rest = names;
	assert_non_null(names);
	for (const char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
		char path[64];
		(void)snprintf(path, sizeof path, "usr/bin/%s", name);
		if (!*name)
			continue;
		make_file(unit_dir(state), path, "");
		assert_return_code(fchmodat(unit_dir(state), path, 0755, 0), errno);
	}
	assert_ok(host_open_at(unit_dir(state), &host, &err), err);
	authority_command(&host, &authority, NOBODYS_ID, command, sizeof command);
	host_close(&host);
	assert_string_equal(command, expected);
	static const char *const all[] = {
		"usr/bin/pkexec", "usr/bin/sudo", "usr/bin/sudo-rs", "usr/bin/run0"};
	for (size_t i = 0; i < COUNT(all); i++)
		assert_true(unlinkat(unit_dir(state), all[i], 0) == 0 || errno == ENOENT);
}

TEST(the_command_is_one_that_the_host_has_and_the_groups_allow)
{
	static const char named[] = "oss-crs-setup delegate --user 4294967000";
	char by_root[64];
	char by_run0[64];
	(void)snprintf(by_root, sizeof by_root, "as root, %s", named);
	(void)snprintf(by_run0, sizeof by_run0, "run0 %s", named);
	make_dir(unit_dir(state), "usr");
	make_dir(unit_dir(state), "usr/bin");
	assert_suggested(state, "pkexec sudo", true, true, "pkexec oss-crs-setup delegate");
	assert_suggested(state, "pkexec sudo", false, true, "sudo oss-crs-setup delegate");
	assert_suggested(state, "sudo sudo-rs run0", true, true, "sudo oss-crs-setup delegate");
	assert_suggested(state, "sudo-rs run0", false, true, "sudo-rs oss-crs-setup delegate");
	assert_suggested(state, "run0", false, true, by_run0);
	assert_suggested(state, "", false, true, by_root);
	assert_suggested(state, "sudo sudo-rs run0 pkexec", false, false, by_root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(the_command_is_one_that_the_host_has_and_the_groups_allow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
