/* SPDX-License-Identifier: MIT
 *
 * test_setup_policy: what the file of the administrator may contain. Anything else in it is an
 * error that names its line.
 */
#include "unit.h"

#include "policy.h"

static int parse_policy(const char *text, struct policy *ret, struct error *err)
{
	return policy_parse(text, strlen(text), ret, err);
}

TEST(without_a_file_the_defaults_hold)
{
	struct policy policy;
	struct error err = {0};
	assert_ok(parse_policy("", &policy, &err), err);
	assert_string_equal(policy.controllers, "cpuset memory");
	assert_true(policy.linger);
	assert_int_equal(policy.scope, SCOPE_USER);
	assert_true(policy.manage);
	assert_string_equal(policy.daemon_json, "/etc/docker/daemon.json");
	assert_string_equal(policy.service, "docker.service");
	assert_string_equal(policy.socket, "/run/docker.sock");
	assert_int_equal(policy.restart, RESTART_AUTO);
}

TEST(every_key_can_be_set)
{
	struct policy policy;
	struct error err = {0};
	assert_ok(
		parse_policy(
			"; a comment\n# another\n[delegate]\ncontrollers =  cpu cpuset\tio memory "
			"pids "
			"\nlinger=no\n"
			"scope=all\n\n[docker]\nmanage=no\ndaemon_json=/etc/d/"
			"e.json\nservice=docker-x@1.service\n"
			"restart=force\nsocket=/run/d.sock\n",
			&policy, &err),
		err);
	assert_string_equal(policy.controllers, "cpu cpuset io memory pids");
	assert_false(policy.linger);
	assert_int_equal(policy.scope, SCOPE_ALL);
	assert_false(policy.manage);
	assert_string_equal(policy.daemon_json, "/etc/d/e.json");
	assert_string_equal(policy.service, "docker-x@1.service");
	assert_string_equal(policy.socket, "/run/d.sock");
	assert_int_equal(policy.restart, RESTART_FORCE);
}

TEST(the_drop_in_is_of_one_user_or_of_all)
{
	struct policy policy;
	char path[POLICY_DROPIN_PATH_MAX];
	policy_default(&policy);
	assert_string_equal(policy_dropin_path(&policy, 4294967294, path, sizeof path),
		"/etc/systemd/system/user@4294967294.service.d/50-oss-crs.conf");
	policy.scope = SCOPE_ALL;
	assert_string_equal(policy_dropin_path(&policy, 1000, path, sizeof path),
		"/etc/systemd/system/user@.service.d/50-oss-crs.conf");
}

TEST(invalid_policy_settings_are_refused)
{
	static const struct {
		const char *text;
		const char *why;
	} table[] = {
		{"[delegate]\nlinger=yes\nlinger=no\n", "3: [delegate] linger is set twice"},
		{"[delegate]\nlinger=yes\n[docker]\n[delegate]\nlinger=yes\n",
			"5: [delegate] linger is set"},
		/* inih joins an indented line to the one before it. */
		{"[delegate]\nlinger=yes\n  no\n", "3: [delegate] linger is set twice"},
		{"[delegate]\nfrob=1\n", "2: [delegate] frob is not known"},
		{"[delegate]\nLinger=no\n", "2: [delegate] Linger is not known"},
		{"[docker]\nlinger=no\n", "2: [docker] linger is not known"},
		{"[undo]\nlinger=no\n", "2: [undo] linger"},
		{"linger=no\n", "1: [] linger is not known"},
		{"[delegate]\nlinger\n", "2: expected [section]"},
		{"[delegate\nlinger=no\n", "1: expected [section]"},
		{"[delegate]\nlinger=\n", "neither yes nor no"},
		{"[delegate]\nlinger=true\n", "neither yes nor no"},
		{"[delegate]\nscope=none\n", "neither user nor all"},
		{"[delegate]\ncontrollers=\n", "1 to"},
		{"[delegate]\ncontrollers=memory\n", "cpuset and memory"},
		{"[delegate]\ncontrollers=cpuset\n", "cpuset and memory"},
		{"[delegate]\ncontrollers=cpuset memory misc\n", "not a controller"},
		{"[delegate]\ncontrollers=cpuset memory cpuset\n", "twice"},
		{"[delegate]\ncontrollers=cpuset memory\\nExecStart=/bin/sh\n", "not a controller"},
		{"[docker]\ndaemon_json=daemon.json\n", "absolute"},
		{"[docker]\ndaemon_json=/\n", "absolute"},
		{"[docker]\ndaemon_json=/etc/docker/\n", "absolute"},
		{"[docker]\ndaemon_json=/etc/../shadow\n", "plain"},
		{"[docker]\ndaemon_json=/etc/docker/..\n", "plain"},
		{"[docker]\ndaemon_json=//etc/docker\n", "plain"},
		{"[docker]\ndaemon_json=/etc/./docker\n", "plain"},
		{"[docker]\nsocket=run/docker.sock\n", "absolute"},
		{"[docker]\nservice=docker\n", "not the name"},
		{"[docker]\nservice=.service\n", "not the name"},
		{"[docker]\nservice=a/b.service\n", "not the name"},
		{"[docker]\nservice=docker.socket\n", "not the name"},
		{"[docker]\nrestart=sometimes\n", "none of"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct policy policy;
		struct error err = {0};
		if (parse_policy(table[i].text, &policy, &err) == 0)
			fail_test("'%s' was accepted", table[i].text);
		assert_int_equal(err.status, EX_CONFIG);
		assert_contains(err.msg, table[i].why);
	}
}

TEST(a_path_is_taken_whole_or_not_at_all)
{
	char text[256];
	struct policy policy;
	struct error err = {0};
	for (int len = POLICY_TEXT_MAX - 2; len <= POLICY_TEXT_MAX; len++) {
		int n = snprintf(text, sizeof text, "[docker]\nsocket=/%0*d\n", len - 1, 7);
		int result = policy_parse(text, (size_t)n, &policy, &err);
		assert_int_equal(result, len < POLICY_TEXT_MAX ? 0 : -1);
		if (result == 0)
			assert_int_equal(strlen(policy.socket), len);
	}
	assert_contains(err.msg, "socket");
}

static void put_policy(int dir, const char *text, mode_t mode)
{
	make_file(dir, &POLICY_FILE[1], text);
	assert_return_code(fchmodat(dir, &POLICY_FILE[1], mode, 0), errno);
}

/* Load the policy from a host that has no other file. */
static int load_policy(int dir, struct policy *ret, struct error *err)
{
	struct host host = HOST_CLOSED;
	int file = -1;
	assert_ok(host_open_at(dir, &host, err), *err);
	int result = policy_open(&host, &file, err);
	policy_default(ret);
	if (result == 0 && file >= 0)
		result = policy_read(file, ret, err);
	if (result == 0)
		assert_ok(policy_check(ret, err), *err);
	if (file >= 0)
		assert_return_code(close(file), errno);
	host_close(&host);
	return result;
}

TEST(only_root_may_own_and_write_the_file)
{
	int dir = unit_dir(state);
	struct policy policy;
	struct error err = {0};
	assert_ok(load_policy(dir, &policy, &err), err);
	make_dir(dir, "etc");
	make_file(dir, "etc/oss-crs", "");
	assert_ok(load_policy(dir, &policy, &err), err);
	assert_return_code(unlinkat(dir, "etc/oss-crs", 0), errno);
	make_dir(dir, "etc/oss-crs");
	put_policy(dir, "[delegate]\nlinger=no\n", 0644);
	if (geteuid() != 0) {
		assert_int_equal(load_policy(dir, &policy, &err), -1);
		assert_contains(err.msg, "not to root");
		return;
	}
	assert_ok(load_policy(dir, &policy, &err), err);
	assert_false(policy.linger);
	put_policy(dir, "[delegate]\nlinger=no\n", 0664);
	assert_int_equal(load_policy(dir, &policy, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "by users other than root");
	put_policy(dir, "[delegate]\nlinger=maybe\n", 0600);
	assert_int_equal(load_policy(dir, &policy, &err), -1);
	assert_contains(err.msg, "/etc/oss-crs/setup.conf:2: [delegate] linger");
}

TEST(the_file_must_be_a_regular_file)
{
	int dir = unit_dir(state);
	struct policy policy;
	struct error err = {0};
	make_dir(dir, "etc");
	make_dir(dir, "etc/oss-crs");
	assert_return_code(mkfifoat(dir, &POLICY_FILE[1], 0600), errno);
	assert_int_equal(load_policy(dir, &policy, &err), -1);
	assert_contains(err.msg, "not a regular file");
	assert_return_code(unlinkat(dir, &POLICY_FILE[1], 0), errno);
	assert_return_code(symlinkat("/etc/passwd", dir, &POLICY_FILE[1]), errno);
	assert_errno(load_policy(dir, &policy, &err), ELOOP, err);
}

/* The answer of a child that reads the file, with one value that no file can give. */
struct forged {
	const char *what;
	void (*forge)(struct policy *policy);
};

static void forge_controllers(struct policy *policy)
{
	(void)snprintf(policy->controllers, POLICY_TEXT_MAX, "cpuset memory misc");
}

static void forge_spaces(struct policy *policy)
{
	(void)snprintf(policy->controllers, POLICY_TEXT_MAX, "cpuset\tmemory");
}

static void forge_daemon_json(struct policy *policy)
{
	(void)snprintf(policy->daemon_json, POLICY_TEXT_MAX, "/etc/docker/../shadow");
}

static void forge_service(struct policy *policy)
{
	(void)snprintf(policy->service, POLICY_TEXT_MAX, "../ssh.service");
}

static void forge_socket(struct policy *policy)
{
	(void)snprintf(policy->socket, POLICY_TEXT_MAX, "run/docker.sock");
}

static void forge_endless(struct policy *policy)
{
	memset(policy->socket, '/', POLICY_TEXT_MAX);
}

static void forge_linger(struct policy *policy)
{
	memset(&policy->linger, 2, sizeof policy->linger);
}

static void forge_manage(struct policy *policy)
{
	memset(&policy->manage, 0xff, sizeof policy->manage);
}

static void forge_scope(struct policy *policy)
{
	const unsigned scope = SCOPE_ALL + 1;
	memcpy(&policy->scope, &scope, sizeof policy->scope);
}

static void forge_restart(struct policy *policy)
{
	memset(&policy->restart, 0xff, sizeof policy->restart);
}

TEST(an_answer_that_no_file_can_give_is_refused)
{
	static const struct forged table[] = {
		{"a controller that is not known", forge_controllers},
		{"controllers that are not written as the file's are", forge_spaces},
		{"a path with ..", forge_daemon_json},
		{"a service with a path", forge_service},
		{"a path that is relative", forge_socket},
		{"a text without an end", forge_endless},
		{"a linger that is neither", forge_linger},
		{"a manage that is neither", forge_manage},
		{"a scope that there is not", forge_scope},
		{"a restart that there is not", forge_restart},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct policy policy;
		struct error err = {0};
		policy_default(&policy);
		assert_ok(policy_check(&policy, &err), err);
		table[i].forge(&policy);
		if (policy_check(&policy, &err) == 0)
			fail_test("%s was accepted", table[i].what);
		assert_int_equal(err.status, EX_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(without_a_file_the_defaults_hold),
		RUN(every_key_can_be_set),
		RUN(the_drop_in_is_of_one_user_or_of_all),
		RUN(invalid_policy_settings_are_refused),
		RUN(a_path_is_taken_whole_or_not_at_all),
		RUN_IN_DIR(only_root_may_own_and_write_the_file),
		RUN_IN_DIR(the_file_must_be_a_regular_file),
		RUN(an_answer_that_no_file_can_give_is_refused),
	};
	return cmocka_run_group_tests_name("setup_policy", tests, NULL, NULL);
}
