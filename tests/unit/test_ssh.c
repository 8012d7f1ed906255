/* SPDX-License-Identifier: MIT
 *
 * test_ssh: names of hosts, the commands of the engine ssh and how a shell reads them, which host
 * gets which runs, and what the two ends say to each other.
 */
#include "unit.h"

#include "proc.h"
#include "ranges.h"
#include "ssh.h"

TEST(the_name_of_a_host_is_neither_an_option_nor_a_path)
{
	static const char *const good[] = {
		"a", "node-1.example.org", "10.0.0.7", "fe80::1", "alice@node_1", "a.b@c"};
	static const char *const bad[] = {"", "-oProxyCommand=x", "a b", "a\nb", "a\tb", "../x",
		"a/b", ".", "..", ".a", "@a", "a@", "a@-l", "a@b@c", "a;b", "$(x)", "a'b", "\x7f",
		"\xc3\xa4"};
	char longest[EXPERIMENT_HOST_MAX + 2];
	for (size_t i = 0; i < COUNT(good); i++)
		if (!experiment_is_host(good[i]))
			fail_test("refused: %s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (experiment_is_host(bad[i]))
			fail_test("accepted: %s", bad[i]);
	memset(longest, 'a', sizeof longest);
	longest[EXPERIMENT_HOST_MAX + 1] = '\0';
	assert_false(experiment_is_host(longest));
	longest[EXPERIMENT_HOST_MAX] = '\0';
	assert_true(experiment_is_host(longest));
}

TEST(the_remote_shell_gets_every_word_as_it_is)
{
	static const char *const paths[] = {"/d/x", "/d/a b", "/d/it's", "/d/$(touch no)",
		"/d/`touch no`", "/d/a;touch no", "/d/a\nb", "/d/\\", "/d/\"x\"", "/d/*", "/d/~",
		"/d/!x", "/d/&>|<#", "-x", "/d/\xff\x01", "/d/''", "/d/a=b", "/d/\xc3\xa4"};
	for (size_t i = 0; i < COUNT(paths); i++) {
		char **words = ssh_words("a", paths[i], SSH_LIST, NULL);
		char wanted[256];
		_cleanup_free_ char *line = NULL;
		_cleanup_free_ char *out = NULL;
		struct error err = {0};
		int status = -1;
		assert_non_null(words);
		assert_string_equal(words[0], "ssh");
		assert_string_equal(words[SSH_WORD_HOST - 1], "--");
		assert_string_equal(words[SSH_WORD_HOST], "a");
		assert_null(words[SSH_WORD_HOST + 2]);
		/* As sshd(8) has the shell of the user read it. */
		assert_true(asprintf(&line, "set -- %s; printf '<%%s>' \"$@\"",
				    words[SSH_WORD_HOST + 1]) > 0);
		const char *const argv[] = {"/bin/sh", "-c", line, NULL};
		const struct spawn spawn = SPAWN(argv);
		assert_ok(proc_capture(&spawn, 4096, &out, &status, &err), err);
		assert_int_equal(status, 0);
		(void)snprintf(wanted, sizeof wanted,
			"<oss-crs-run><experiment><host><%s><a><list>", paths[i]);
		assert_string_equal(out, wanted);
		placer_free_words(words);
	}
}

/* ---- indices as text ----------------------------------------------------------------------- */

static void append_index(size_t index, void *data)
{
	char *text = data;
	(void)snprintf(text + strlen(text), 16, "%zu ", index);
}

TEST(indices_are_written_and_read_in_one_way)
{
	static const size_t indices[] = {0, 1, 2, 5, 7, 8};
	static const char *const bad[] = {"", ",", "1,", "-3", "3-", "3-3", "5-3", "1,1", "2,1",
		"0-2,3", "01", "1 ", "10", "0-10", "a", "1;2", "99999999999999999999999"};
	_cleanup_free_ char *text = ranges_text(indices, COUNT(indices), 0);
	char found[64] = "";
	struct error err = {0};
	assert_string_equal(text, "0-2,5,7-8");
	assert_ok(ranges_parse("x", text, strlen(text), 9, append_index, found, &err), err);
	assert_string_equal(found, "0 1 2 5 7 8 ");
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (ranges_parse("x", bad[i], strlen(bad[i]), 10, append_index, found, &err) == 0)
			fail_test("accepted: %s", bad[i]);
		assert_int_equal(err.status, EX_DATAERR);
	}
}

TEST(a_list_of_a_host_is_read_whole_or_not_at_all)
{
	const enum placer_state states[] = {
		PLACER_QUEUED, PLACER_NONE, PLACER_RUNNING, PLACER_QUEUED, PLACER_QUEUED};
	static const char *const bad[] = {"", "end\n", "oss-crs-host 1\n", "oss-crs-host 1\nend",
		"oss-crs-host 2\nend\n", "Welcome\noss-crs-host 1\nend\n",
		"oss-crs-host 1\nqueued 5\nend\n", "oss-crs-host 1\nqueued 0\n",
		"oss-crs-host 1\nqueued 0\nqueued 1\nend\n", "oss-crs-host 1\nlost 0\nend\n",
		"oss-crs-host 1\nqueued 0\nend\nlogout\n"};
	enum placer_state found[COUNT(states)] = {PLACER_NONE};
	struct error err = {0};
	_cleanup_free_ char *text = ssh_listing(states, COUNT(states));
	assert_string_equal(text, "oss-crs-host 1\nqueued 0,3-4\nrunning 2\nend\n");
	assert_ok(ssh_parse_listing(text, found, COUNT(found), &err), err);
	assert_memory_equal(found, states, sizeof states);
	memset(found, 0, sizeof found);
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (ssh_parse_listing(bad[i], found, COUNT(found), &err) == 0)
			fail_test("accepted: %s", bad[i]);
		assert_int_equal(err.status, EX_DATAERR);
		for (size_t j = 0; j < COUNT(found); j++)
			assert_int_equal(found[j], PLACER_NONE);
	}
	assert_ok(ssh_parse_listing("oss-crs-host 1\nend\n", found, COUNT(found), &err), err);
}

TEST(a_run_is_its_last_host_s)
{
	static const char *const bad[] = {
		"a", "a\t1", "a 1\n", "-x\t1\n", "\t1\n", "a\t9\n", "a\t\n"};
	struct ssh_owners owners = SSH_OWNERS_NONE;
	struct error err = {0};
	assert_ok(ssh_owners_parse("a\t0-3\nb\t2,4\na\t4\n", 6, &owners, &err), err);
	assert_int_equal(owners.name_count, 2);
	static const unsigned wanted[] = {0, 0, 1, 0, 0, SSH_NOBODY};
	assert_memory_equal(owners.of, wanted, sizeof wanted);
	ssh_owners_free(&owners);
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (ssh_owners_parse(bad[i], 6, &owners, &err) == 0)
			fail_test("accepted: %s", bad[i]);
		assert_int_equal(err.status, EX_DATAERR);
	}
}

/* ---- who gets what ------------------------------------------------------------------------- */

struct division {
	struct experiment experiment;
	struct runs runs;
	struct placing placing;
	struct placer_jobs jobs;
};

/* Divide all runs of an experiment of two configs and `harnesses`, and 12 trials. */
static void divide(const char *place, const char *harnesses, const bool *away, struct division *ret)
{
	static const struct shape shapes[] = {{1, 1 << 20}, {1, 1 << 20}};
	char file[512];
	struct error err = {0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	*ret = (struct division){.experiment = EXPERIMENT_NONE};
	(void)snprintf(file, sizeof file,
		"name: x\nconfigs: {duo: a, solo: b}\ntargets: [{project: p, harnesses: [%s]}]\n"
		"trials: 12\ntimeout: 90s\nplace: {engine: ssh, %s}\n",
		harnesses, place);
	assert_ok(experiment_parse("x", file, strlen(file), &ret->experiment, &err), err);
	assert_ok(runs_text(&ret->experiment, shapes, &text, &len, &err), err);
	assert_ok(runs_parse("r", text, len, &ret->runs, &err), err);
	ret->placing = (struct placing){.experiment = &ret->experiment,
		.runs = &ret->runs,
		.path = "/d/x",
		.dir = -1,
		.away = away};
	_cleanup_free_ size_t *all = calloc(ret->runs.count, sizeof *all);
	assert_non_null(all);
	for (size_t i = 0; i < ret->runs.count; i++)
		all[i] = i;
	assert_ok(ssh_divide(&ret->placing, all, ret->runs.count, &ret->jobs, &err), err);
}

static void division_free(struct division *division)
{
	placer_jobs_free(&division->jobs);
	runs_free(&division->runs);
	experiment_free(&division->experiment);
}

/* How many runs of a config a job has. */
static size_t count_config(const struct division *division, size_t job, const char *config)
{
	const struct placer_job *its = &division->jobs.list[job];
	size_t count = 0;
	for (size_t i = 0; i < its->count; i++)
		count += strcmp(division->runs.list[its->indices[i]].config, config) == 0;
	return count;
}

TEST(no_config_is_on_one_host_alone)
{
	static const char *const harnesses[] = {"h", "h, i", "h, i, j"};
	static const char *const places[] = {"hosts: [a, b]", "hosts: [a, b, c]",
		"hosts: [a, b, c, d], limit: 4", "hosts: [a, b], limit: 2"};
	for (size_t h = 0; h < COUNT(harnesses); h++)
		for (size_t p = 0; p < COUNT(places); p++) {
			struct division division;
			divide(places[p], harnesses[h], NULL, &division);
			size_t hosts = division.experiment.place.hosts.count;
			assert_int_equal(division.jobs.count, hosts);
			for (size_t job = 0; job < hosts; job++) {
				size_t each = division.runs.count / hosts / 2;
				assert_int_equal(count_config(&division, job, "duo"), each);
				assert_int_equal(count_config(&division, job, "solo"), each);
			}
			division_free(&division);
		}
}

/* What is left of the trials is spread in the same way, even if one host had it all. */
TEST(what_is_left_is_spread_over_all_hosts)
{
	struct division division;
	struct placer_jobs jobs = PLACER_JOBS_NONE;
	struct error err = {0};
	divide("hosts: [a, b, c]", "h, i", NULL, &division);
	const struct placer_job *left = &division.jobs.list[1];
	assert_ok(ssh_divide(&division.placing, left->indices, left->count, &jobs, &err), err);
	placer_jobs_free(&division.jobs);
	division.jobs = jobs;
	for (size_t job = 0; job < 3; job++) {
		assert_in_range(count_config(&division, job, "duo"), 2, 3);
		assert_in_range(count_config(&division, job, "solo"), 2, 3);
	}
	division_free(&division);
}

TEST(the_limit_counts_over_all_hosts)
{
	static const struct {
		unsigned limit, host[3];
	} table[] = {
		{0, {0, 0, 0}}, {1, {1, 0, 0}}, {2, {1, 1, 0}}, {3, {1, 1, 1}}, {8, {3, 3, 2}}};
	static const char *const names[] = {"a", "b", "c"};
	struct division division;
	divide("hosts: [a, b, c], limit: 5", "h", NULL, &division);
	/* Two lanes, two, and one. */
	assert_int_equal(division.jobs.count, 3);
	assert_true(division.jobs.list[0].count + division.jobs.list[1].count >= 19);
	assert_true(division.jobs.list[2].count <= 5);
	for (size_t i = 0; i < COUNT(table); i++) {
		division.experiment.place.limit = table[i].limit;
		for (size_t j = 0; j < COUNT(names); j++)
			assert_int_equal(
				ssh_limit(&division.experiment.place, names[j]), table[i].host[j]);
		assert_int_equal(ssh_limit(&division.experiment.place, "d"), 0);
	}
	division_free(&division);
	divide("hosts: [a, b, c], limit: 1", "h", NULL, &division);
	assert_int_equal(division.jobs.count, 1);
	assert_string_equal(division.jobs.list[0].argv[SSH_WORD_HOST], "a");
	assert_string_equal(division.jobs.list[0].script, "0-23\n");
	division_free(&division);
}

TEST(a_host_that_is_away_gets_nothing)
{
	static const bool away[] = {false, true, false};
	static const bool all[] = {true, true, true};
	struct division division;
	struct placer_jobs jobs = PLACER_JOBS_NONE;
	struct error err = {0};
	const size_t index = 3;
	divide("hosts: [a, b, c]", "h", away, &division);
	assert_int_equal(division.jobs.count, 2);
	assert_string_equal(division.jobs.list[1].argv[SSH_WORD_HOST], "c");
	assert_int_equal(division.jobs.list[0].count + division.jobs.list[1].count, 24);
	division.placing.away = all;
	assert_int_equal(ssh_divide(&division.placing, &index, 1, &jobs, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_ok(ssh_divide(&division.placing, &index, 0, &jobs, &err), err);
	division_free(&division);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_name_of_a_host_is_neither_an_option_nor_a_path),
		RUN(the_remote_shell_gets_every_word_as_it_is),
		RUN(indices_are_written_and_read_in_one_way),
		RUN(a_list_of_a_host_is_read_whole_or_not_at_all),
		RUN(a_run_is_its_last_host_s),
		RUN(no_config_is_on_one_host_alone),
		RUN(what_is_left_is_spread_over_all_hosts),
		RUN(the_limit_counts_over_all_hosts),
		RUN(a_host_that_is_away_gets_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
