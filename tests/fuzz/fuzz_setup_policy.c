/* SPDX-License-Identifier: MIT
 *
 * fuzz_setup_policy: use the input as setup.conf, and so as any INI file.
 *
 * Invariants: an accepted file has only plain absolute paths, the name of a unit and the
 * controllers cpuset and memory, which every run needs; a file that is refused leaves the policy
 * untouched.
 */
#include "policy.h"

#include "fuzz.h"

static void check_path(const char *path)
{
	CHECK(path[0] == '/' && strlen(path) < POLICY_TEXT_MAX);
	CHECK(!strstr(path, "/../") && !strstr(path, "//") && !strchr(path, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	struct error err = {0};
	struct policy before;
	struct policy policy;
	memset(&before, 7, sizeof before);
	memset(&policy, 7, sizeof policy);
	if (policy_parse(text, size, &policy, &err) < 0) {
		check_error(&err, EX_CONFIG);
		CHECK(strncmp(err.msg, POLICY_FILE ":", strlen(POLICY_FILE) + 1) == 0);
		CHECK(policy.scope == before.scope && policy.restart == before.restart &&
			memcmp(before.daemon_json, policy.daemon_json, sizeof policy.daemon_json) ==
				0);
		return 0;
	}
	check_path(policy.daemon_json);
	check_path(policy.socket);
	CHECK(strlen(policy.service) > strlen(".service") && !strchr(policy.service, '/'));
	CHECK(strstr(policy.controllers, "cpuset") && strstr(policy.controllers, "memory"));
	CHECK(policy.scope <= SCOPE_ALL && policy.restart <= RESTART_FORCE);
	return 0;
}
