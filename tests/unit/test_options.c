/* SPDX-License-Identifier: MIT
 *
 * test_options: how the command line overrides the defaults of run.conf.
 */
#include "unit.h"

#include "duration.h"
#include "guarded.h"
#include "host.h"
#include "options.h"
#include "partition.h"
#include "runconf.h"

static void options_done(struct options *options)
{
	options_free(options);
}

static int read_conf(int dir, const char *system, const char *user, unsigned command,
	struct options *ret, struct error *err)
{
	char home[64];
	struct host host = HOST_CLOSED;
	(void)mkdirat(dir, "etc", 0755);
	(void)mkdirat(dir, "etc/oss-crs", 0755);
	(void)mkdirat(dir, "home", 0755);
	(void)mkdirat(dir, "home/oss-crs", 0755);
	if (system)
		make_file(dir, "etc/oss-crs/run.conf", system);
	if (user)
		make_file(dir, "home/oss-crs/run.conf", user);
	(void)snprintf(home, sizeof home, "/proc/self/fd/%d/home", dir);
	assert_return_code(setenv("XDG_CONFIG_HOME", home, 1), errno);
	assert_ok(host_open_at(dir, &host, err), *err);
	int result = runconf_read(&host, command, ret, err);
	host_close(&host);
	return result;
}

TEST(without_files_nothing_is_set)
{
	_cleanup_(options_done) struct options options = OPTIONS_NONE;
	struct error err = {0};
	assert_ok(read_conf(unit_dir(state), NULL, NULL, COMMAND_RUN, &options, &err), err);
	assert_null(options.worker);
	assert_false(options.strict);
}

TEST(strict_is_about_limits_and_containment_which_can_be_had_one_by_one)
{
	static const struct {
		const char *option;
		bool limits, containment;
	} table[] = {{"--strict", true, true}, {"--strict-limits", true, false},
		{"--strict-containment", false, true}, {"--quiet", false, false}};
	struct error err = {0};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct options options = OPTIONS_NONE;
		char *argv[] = {strdupa("run"), strdupa(table[i].option), strdupa("config"), NULL};
		assert_ok(options_parse(COUNT(argv) - 1, argv, COMMAND_RUN, &options, &err), err);
		assert_int_equal(options.strict_limits, table[i].limits);
		assert_int_equal(options.strict_containment, table[i].containment);
	}
	_cleanup_(options_done) struct options options = OPTIONS_NONE;
	char *argv[] = {strdupa("run"), strdupa("config"), NULL};
	assert_ok(
		read_conf(unit_dir(state), "[defaults]\nstrict=yes\n",
			"[defaults]\nstrict=no\nstrict-limits=yes\n", COMMAND_RUN, &options, &err),
		err);
	assert_ok(options_parse(COUNT(argv) - 1, argv, COMMAND_RUN, &options, &err), err);
	assert_true(options.strict_limits);
	assert_false(options.strict_containment);
}

TEST(strict_guards_only_what_mounts_the_engines_socket)
{
	static const struct {
		const char *first, *second;
		enum compose_guard wanted;
	} table[] = {
		{"--quiet", "--quiet", COMPOSE_GUARD_NONE},
		{"--strict", "--quiet", COMPOSE_GUARD_SOCKETS},
		{"--strict-containment", "--quiet", COMPOSE_GUARD_SOCKETS},
		{"--strict-limits", "--quiet", COMPOSE_GUARD_NONE},
		{"--guard", "--strict", COMPOSE_GUARD_ALL},
		{"--guard", "--quiet", COMPOSE_GUARD_ALL},
		{"--strict", "--no-guard", COMPOSE_GUARD_NONE},
		{"--no-guard", "--guard", COMPOSE_GUARD_NONE},
	};
	struct error err = {0};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct options options = OPTIONS_NONE;
		char *argv[] = {strdupa("run"), strdupa(table[i].first), strdupa(table[i].second),
			strdupa("config"), NULL};
		assert_ok(options_parse(COUNT(argv) - 1, argv, COMMAND_RUN, &options, &err), err);
		assert_int_equal(guarded_wanted(&options), table[i].wanted);
	}
}

TEST(the_user_overrides_the_host_and_the_command_line_overrides_both)
{
	_cleanup_(options_done) struct options options = OPTIONS_NONE;
	struct error err = {0};
	assert_ok(read_conf(unit_dir(state),
			  "[defaults]\nworker=host\ntimeout=1h\nstrict=yes\noom=group\n",
			  "[defaults]\nworker=mine\nstrict=no\n", COMMAND_RUN, &options, &err),
		err);
	assert_string_equal(options.worker, "mine");
	assert_int_equal(options.timeout, 3600);
	assert_int_equal(options.oom, OOM_GROUP);
	assert_false(options.strict);
	char *argv[] = {strdupa("run"), strdupa("--timeout"), strdupa("5"),
		strdupa("--oom=process"), strdupa("--cgroup-parent"), strdupa("config"), NULL};
	assert_ok(options_parse(COUNT(argv) - 1, argv, COMMAND_RUN, &options, &err), err);
	assert_string_equal(options.worker, "mine");
	assert_int_equal(options.timeout, 5);
	assert_int_equal(options.oom, OOM_PROCESS);
	assert_true(options.cgroup_parent);
	assert_int_equal(options.arg_count, 1);
}

TEST(a_default_for_another_command_is_checked_but_not_used)
{
	_cleanup_(options_done) struct options options = OPTIONS_NONE;
	struct error err = {0};
	assert_ok(read_conf(unit_dir(state), "[defaults]\ntimeout=5\nkeep=yes\n", NULL,
			  COMMAND_PLAN, &options, &err),
		err);
	assert_int_equal(options.timeout, 0);
	assert_false(options.keep);
	assert_int_equal(read_conf(unit_dir(state), "[defaults]\ntimeout=never\n", NULL,
				 COMMAND_PLAN, &options, &err),
		-1);
	assert_contains(err.msg, "/etc/oss-crs/run.conf:2: --timeout: 'never' is not a duration");
	assert_int_equal(err.status, EX_CONFIG);
}

TEST(invalid_settings_in_a_file_are_refused)
{
	static const struct {
		const char *text, *msg;
	} table[] = {
		{"[defaults]\nfrob=1\n", "run.conf:2: frob cannot be set in run.conf"},
		{"[defaults]\nhost-cpus=0-3\n", "host-cpus cannot be set in run.conf"},
		{"[defaults]\nstrict=true\n",
			"run.conf:2: --strict: expected yes or no, not 'true'"},
		{"[defaults]\nuntil=never\n", "--until takes first|all, not 'never'"},
		{"[defaults]\nworker=\n", "--worker needs a value"},
		{"[run]\nstrict=yes\n", "run.conf:2: unknown section [run]"},
		{"strict=yes\n", "run.conf:1: unknown section []"},
		{"[defaults]\nstrict=yes\nstrict=yes\n",
			"run.conf:3: [defaults] strict is set twice"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(options_done) struct options options = OPTIONS_NONE;
		struct error err = {0};
		assert_int_equal(read_conf(unit_dir(state), NULL, table[i].text, COMMAND_RUN,
					 &options, &err),
			-1);
		assert_int_equal(err.status, EX_CONFIG);
		assert_contains(err.msg, table[i].msg);
	}
}

TEST(a_file_that_cannot_be_read_is_an_error)
{
	_cleanup_(options_done) struct options options = OPTIONS_NONE;
	struct error err = {0};
	make_dir(unit_dir(state), "home");
	make_dir(unit_dir(state), "home/oss-crs");
	make_dir(unit_dir(state), "home/oss-crs/run.conf");
	assert_int_equal(read_conf(unit_dir(state), NULL, NULL, COMMAND_RUN, &options, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "run.conf");
}

TEST(an_exclusive_run_takes_a_kind_of_partition_and_shares_nothing)
{
	static const struct {
		const char *options[2];
		int kind; /* -1: refused */
		const char *msg;
	} table[] = {
		{{"--exclusive"}, PARTITION_ROOT, NULL},
		{{"--exclusive=root"}, PARTITION_ROOT, NULL},
		{{"--exclusive=isolated"}, PARTITION_ISOLATED, NULL},
		{{"--quiet"}, PARTITION_NONE, NULL},
		{{"--exclusive=member"}, -1, "--exclusive takes root|isolated, not 'member'"},
		{{"--exclusive", "--share"}, -1, "cannot be used together"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct options options = OPTIONS_NONE;
		struct error err = {0};
		const char *second = table[i].options[1];
		char *argv[] = {strdupa("run"), strdupa(table[i].options[0]),
			strdupa(second ? second : "config"), NULL};
		int result = options_parse(COUNT(argv) - 1, argv, COMMAND_RUN, &options, &err);
		if (table[i].kind >= 0) {
			assert_ok(result, err);
			assert_int_equal(options.exclusive, table[i].kind);
		} else {
			assert_int_equal(result, -1);
			assert_int_equal(err.status, EX_USAGE);
			assert_contains(err.msg, table[i].msg);
		}
		options_free(&options);
	}
}

TEST(a_mistyped_option_gets_a_suggestion)
{
	static const struct {
		const char *word, *msg;
	} table[] = {
		{"--timout", "unknown option --timout; did you mean --timeout?"},
		{"--strcit=yes", "unknown option --strcit=yes; did you mean --strict?"},
		{"--strict=yes", "--strict takes no value"},
		{"--frobnicate", "unknown option --frobnicate"},
		{"--hots-cpus", "unknown option --hots-cpus"}, /* an option of plan */
		{"--host-cpus=0", "run has no option --host-cpus"},
		{"-x", "unknown option -x"},
		{"--timeout", "--timeout needs a value"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		_cleanup_(options_done) struct options options = OPTIONS_NONE;
		struct error err = {0};
		char *argv[] = {strdupa("run"), strdupa(table[i].word), NULL};
		assert_int_equal(
			options_parse(COUNT(argv) - 1, argv, COMMAND_RUN, &options, &err), -1);
		assert_int_equal(err.status, EX_USAGE);
		assert_string_equal(err.msg, table[i].msg);
		assert_string_equal(err.hint, "see: oss-crs-run run --help");
	}
}

TEST(durations_have_one_unit)
{
	static const struct {
		const char *text;
		uint64_t seconds; /* 0: refused */
	} table[] = {{"90", 90}, {"90s", 90}, {"5m", 300}, {"2h", 7200}, {"1d", 86400}, {"", 0},
		{"0", 0}, {"-1", 0}, {"5x", 0}, {"1h30m", 0}, {"m", 0}, {"99999999999999999999", 0},
		{"1 h", 0}};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		uint64_t seconds = 0;
		assert_int_equal(
			duration_parse(table[i].text, &seconds, &err), table[i].seconds ? 0 : -1);
		assert_int_equal(seconds, table[i].seconds);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN_IN_DIR(without_files_nothing_is_set),
		RUN_IN_DIR(strict_is_about_limits_and_containment_which_can_be_had_one_by_one),
		RUN(strict_guards_only_what_mounts_the_engines_socket),
		RUN_IN_DIR(the_user_overrides_the_host_and_the_command_line_overrides_both),
		RUN_IN_DIR(a_default_for_another_command_is_checked_but_not_used),
		RUN_IN_DIR(invalid_settings_in_a_file_are_refused),
		RUN_IN_DIR(a_file_that_cannot_be_read_is_an_error),
		RUN(an_exclusive_run_takes_a_kind_of_partition_and_shares_nothing),
		RUN(a_mistyped_option_gets_a_suggestion),
		RUN(durations_have_one_unit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
