/* SPDX-License-Identifier: MIT
 *
 * test_setup_caller: the user for whom the setup is done. Only root's claims about another user are
 * believed, an unprivileged user can name no other user, and a uid that belongs to no person is
 * refused. The command line: what it accepts and what it refuses.
 */
#include "unit.h"

#include "caller.h"
#include "options.h"

TEST(a_uid_must_be_digits_in_range_and_belong_to_a_person)
{
	static const struct {
		const char *text;
		long uid; /* -1: refused */
	} table[] = {
		{"1000", 1000},
		{"1", 1},
		{"65533", 65533},
		{"65536", 65536},
		{"4294967294", 4294967294},
		{"0001000", 1000},
		{"", -1},
		{"0", -1},
		{"00", -1},
		{"65534", -1},
		{"65535", -1},
		{"4294967295", -1},
		{"4294967296", -1},
		{"4294968296", -1}, /* 2^32 + 1000 */
		{"18446744073709552616", -1},
		{"99999999999999999999999999999999", -1},
		{"-1", -1},
		{"-1000", -1},
		{"+1000", -1},
		{" 1000", -1},
		{"1000 ", -1},
		{"1000\n", -1},
		{"0x3e8", -1},
		{"1e3", -1},
		{"alice", -1},
		{"1000,1001", -1},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		uid_t uid = 42;
		int result = caller_parse_uid(table[i].text, &uid, &err);
		if (result < 0 && (table[i].uid >= 0 || uid != 42 || err.status != EX_USAGE))
			fail_test("'%s': %s", table[i].text, err.msg);
		if (result == 0 && (long)uid != table[i].uid)
			fail_test("'%s' is %u", table[i].text, (unsigned)uid);
	}
}

TEST(sudo_or_pkexec_names_the_user_to_root)
{
	static const struct {
		struct claims claims;
		const char *user;
		const char *why; /* NULL: accepted, without a user */
	} table[] = {
		{{.sudo_uid = "", .sudo_set = false}, NULL, NULL},
		{{.sudo_uid = "0", .sudo_set = true}, NULL, "SUDO_UID"},
		{{.sudo_uid = "", .sudo_set = true}, NULL, "SUDO_UID"},
		{{.sudo_uid = "x", .sudo_set = true}, NULL, "SUDO_UID"},
		{{.pkexec_uid = "-1", .pkexec_set = true}, NULL, "PKEXEC_UID"},
		{{.sudo_uid = "7", .sudo_set = true, .pkexec_uid = "8", .pkexec_set = true}, NULL,
			"but PKEXEC_UID"},
		{{.sudo_uid = "7", .sudo_set = true, .pkexec_uid = "x", .pkexec_set = true}, NULL,
			"PKEXEC_UID"},
		{{.sudo_uid = "4200000001", .sudo_set = true}, NULL, "no user has the id"},
		{{.sudo_uid = "7", .sudo_set = true}, "daemon", "--user"},
		{{.pkexec_uid = "7", .pkexec_set = true}, "daemon", "--user"},
		{{.sudo_set = false}, "no-such-user-here", "no user"},
		{{.sudo_set = false}, "root", "not a person"},
		{{.sudo_set = false}, "0", "not a person"},
		{{.sudo_set = false}, "4200000001", "no user has the id"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		struct caller caller = {.known = true};
		int result = caller_resolve(0, &table[i].claims, table[i].user, &caller, &err);
		if (!table[i].why) {
			assert_ok(result, err);
			assert_false(caller.known);
			continue;
		}
		if (result == 0)
			fail_test("row %zu was accepted", i);
		assert_int_equal(err.status, EX_USAGE);
		assert_contains(err.msg, table[i].why);
	}
}

/* What fits of it is the number of another user. */
TEST(a_claim_that_is_cut_is_no_uid)
{
	struct claims claims;
	struct caller caller = {.known = true};
	struct error err = {0};
	assert_return_code(setenv("SUDO_UID", "000000000000000000000010", 1), errno);
	caller_claims(&claims);
	assert_return_code(unsetenv("SUDO_UID"), errno);
	assert_int_equal(caller_resolve(0, &claims, NULL, &caller, &err), -1);
	assert_contains(err.msg, "SUDO_UID");
}

TEST(names_and_ids_mean_the_same_user)
{
	static const struct claims none = {.sudo_set = false};
	struct error err = {0};
	struct caller by_name = {0};
	struct caller by_claim = {0};
	assert_ok(caller_resolve(0, &none, "daemon", &by_name, &err), err);
	assert_true(by_name.known);
	struct claims claim = {.sudo_set = true};
	(void)snprintf(claim.sudo_uid, sizeof claim.sudo_uid, "%u", (unsigned)by_name.uid);
	assert_ok(caller_resolve(0, &claim, NULL, &by_claim, &err), err);
	assert_string_equal(by_claim.name, "daemon");
	assert_int_equal(by_claim.gid, by_name.gid);
}

TEST(an_unprivileged_user_can_act_only_as_themselves)
{
	/* The claims do not come from root, so they are ignored. */
	static const struct claims claims = {.sudo_uid = "2", .sudo_set = true};
	struct error err = {0};
	struct caller caller = {0};
	assert_ok(caller_resolve(1, &claims, NULL, &caller, &err), err);
	assert_int_equal(caller.uid, 1);
	assert_int_equal(caller_resolve(1, &claims, "bin", &caller, &err), -1);
	assert_int_equal(
		caller_resolve(1, &(struct claims){.sudo_set = false}, "bin", &caller, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
	assert_int_equal(err.status, EX_USAGE);
}

#define ARGS_MAX 8

static int parse_words(const char *const *words, struct request *ret, struct error *err)
{
	char *argv[ARGS_MAX + 2] = {strdup("oss-crs-setup")};
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = strdup(words[argc - 1]);
	optind = 0;
	int result = request_parse(argc, argv, ret, err);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return result;
}

TEST(a_valid_command_line_is_accepted)
{
	static const struct {
		const char *words[ARGS_MAX];
		enum verb verb;
		bool changes;
	} good[] = {
		{{NULL}, VERB_ALL, true},
		{{"delegate", NULL}, VERB_DELEGATE, true},
		{{"docker", "--yes", "--restart=force", NULL}, VERB_DOCKER, true},
		{{"-y", "--restart", "never", "--linger=no", NULL}, VERB_ALL, true},
		{{"check", "--json", NULL}, VERB_CHECK, false},
		{{"--dry-run", "--json", "delegate", NULL}, VERB_DELEGATE, false},
		{{"undo", "--purge", "--yes", "--json", NULL}, VERB_UNDO, true},
		{{"sweep", "--yes", NULL}, VERB_SWEEP, true},
		{{"reserve", "--cpus", "2-3", "--yes", NULL}, VERB_RESERVE, true},
		{{"reserve", "--all-but=2", "--dry-run", NULL}, VERB_RESERVE, false},
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct request request = {0};
		struct error err = {0};
		assert_ok(parse_words(good[i].words, &request, &err), err);
		assert_int_equal(request.verb, good[i].verb);
		assert_int_equal(request_changes(&request), good[i].changes);
	}
}

TEST(an_invalid_command_line_is_refused)
{
	static const char *const bad[][ARGS_MAX] = {
		{"undo", "--user", "alice", NULL},
		{"delegate", "--purge", NULL},
		{"sweep", "--purge", NULL},
		{"reserve", NULL},
		{"reserve", "--cpus=", NULL},
		{"reserve", "--cpus=3-2", NULL},
		{"reserve", "--all-but=0", NULL},
		{"reserve", "--all-but=-1", NULL},
		{"reserve", "--all-but=99999999999", NULL},
		{"reserve", "--cpus=2", "--all-but=1", NULL},
		{"delegate", "--cpus=2", NULL},
		{"--all-but=2", NULL},
		{"sweep", "job-exec-1-aaaaaaaa-local", NULL},
		{"undo", "--yes", "more", NULL},
		{"", NULL},
		{"delegate", "docker", NULL},
		{"check", "", NULL},
		{"--frobnicate", NULL},
		{"--restart", NULL},
		{"--restart=", NULL},
		{"--restart=maybe", NULL},
		{"--linger=true", NULL},
		{"--yes=no", NULL},
		{"--user=", NULL},
		{"-x", NULL},
		{"--json", NULL},
		{"delegate", "--json", NULL},
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct request request = {0};
		struct error err = {0};
		if (parse_words(bad[i], &request, &err) == 0)
			fail_test("'%s' was accepted", bad[i][0]);
		assert_int_equal(err.status, EX_USAGE);
	}
	struct request request = {0};
	struct error err = {0};
	char *none[] = {NULL};
	assert_int_equal(request_parse(0, none, &request, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
	char nameless[] = "";
	char *empty[] = {nameless, NULL};
	assert_int_equal(request_parse(1, empty, &request, &err), -1);
	assert_contains(err.msg, "without a name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_uid_must_be_digits_in_range_and_belong_to_a_person),
		RUN(sudo_or_pkexec_names_the_user_to_root),
		RUN(a_claim_that_is_cut_is_no_uid),
		RUN(names_and_ids_mean_the_same_user),
		RUN(an_unprivileged_user_can_act_only_as_themselves),
		RUN(a_valid_command_line_is_accepted),
		RUN(an_invalid_command_line_is_refused),
	};
	return cmocka_run_group_tests_name("setup_caller", tests, NULL, NULL);
}
