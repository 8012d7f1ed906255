/* SPDX-License-Identifier: MIT
 *
 * test_setup_journal: the records that undo needs survive, in their order. Anything that is not a
 * valid record of root is refused.
 */
#include "unit.h"

#include "host.h"
#include "journal.h"

/* A host whose /var/lib is in the test's directory. */
static struct host make_host(void **state)
{
	struct host host = HOST_CLOSED;
	struct error err = {0};
	int dir = unit_dir(state);
	make_dir(dir, "var");
	make_dir(dir, "var/lib");
	assert_ok(host_open_at(dir, &host, &err), err);
	return host;
}

static struct journal_record make_record(char *step, char *target, char *before, char *after)
{
	return (struct journal_record){.step = step,
		.target = target,
		.before = before,
		.after = after,
		.mode = 0644,
		.uid = 1000,
		.gid = 1000};
}

static char dropin[] = "drop-in";
static char linger[] = "linger";
static char path[] = "/etc/systemd/system/x.conf";
static char alice[] = "alice";
static char no[] = "no";
static char yes[] = "yes";
static char text[] = "[Service]\n\"\\\t\xc3\xa9\n";

/* The journal belongs to the user who runs the test, who is not always root. */
static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIPPED: the journal is root's alone, and this is not root\n");
	skip();
}

TEST(without_a_journal_there_is_nothing_to_undo)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	assert_ok(journal_open(&host, 0, &journal, &err), err);
	assert_int_equal(journal.count, 0);
	assert_false(exists(unit_dir(state), "var/lib/oss-crs"));
	journal_close(&journal);
	host_close(&host);
}

TEST(records_keep_their_order_until_they_are_forgotten)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct journal again = JOURNAL_CLOSED;
	struct error err = {0};
	const struct journal_record first = make_record(dropin, path, NULL, text);
	const struct journal_record second = make_record(linger, alice, no, yes);
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_ok(journal_add(&journal, &first, &err), err);
	assert_ok(journal_add(&journal, &second, &err), err);
	assert_ok(journal_open(&host, 0, &again, &err), err);
	assert_int_equal(again.count, 2);
	assert_string_equal(again.records[0].step, dropin);
	assert_null(again.records[0].before);
	assert_string_equal(again.records[0].after, text);
	assert_int_equal(again.records[0].mode, 0644);
	assert_string_equal(again.records[1].target, alice);
	assert_int_equal(again.records[1].uid, 1000);
	assert_ok(journal_forget(&again, again.records[1].number, &err), err);
	journal_close(&again);
	assert_ok(journal_open(&host, 0, &again, &err), err);
	assert_int_equal(again.count, 1);
	assert_string_equal(again.records[0].step, dropin);
	journal_close(&again);
	journal_close(&journal);
	host_close(&host);
}

TEST(an_interrupted_change_is_recorded_only_once)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	const struct journal_record first = make_record(linger, alice, no, yes);
	const struct journal_record back = make_record(linger, alice, yes, no);
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_ok(journal_add(&journal, &first, &err), err);
	assert_ok(journal_add(&journal, &first, &err), err);
	assert_int_equal(journal.count, 1);
	assert_ok(journal_add(&journal, &back, &err), err);
	assert_ok(journal_add(&journal, &first, &err), err);
	assert_int_equal(journal.count, 3);
	journal_close(&journal);
	host_close(&host);
}

TEST(a_journal_that_others_can_write_is_refused)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	struct stat st;
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_return_code(fstat(journal.dir, &st), errno);
	assert_int_equal(st.st_mode & 07777, 0700);
	journal_close(&journal);
	assert_return_code(fchmodat(unit_dir(state), "var/lib/oss-crs/journal", 0770, 0), errno);
	assert_int_equal(journal_open(&host, 0, &journal, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_contains(err.msg, "written by others");
	host_close(&host);
}

TEST(an_invalid_record_is_refused)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"version\":2,\"step\":\"x\",\"target\":\"y\",\"before\":null,\"after\":null,"
		"\"mode\":0,"
		"\"uid\":0,\"gid\":0}",
		"{\"version\":1,\"step\":null,\"target\":\"y\",\"before\":null,\"after\":null,"
		"\"mode\":0,"
		"\"uid\":0,\"gid\":0}",
		"{\"version\":1,\"step\":\"x\",\"target\":\"y\",\"after\":null,\"mode\":0,\"uid\":"
		"0,\"gid\":"
		"0}",
		"{\"version\":1,\"step\":\"x\",\"target\":\"y\",\"before\":null,\"after\":null,"
		"\"mode\":4095,"
		"\"uid\":0,\"gid\":0}",
		"{\"version\":1,\"step\":\"x\",\"target\":\"y\",\"before\":null,\"after\":null,"
		"\"mode\":0,"
		"\"uid\":-1,\"gid\":0}",
		"{\"version\":1,\"step\":\"x\",\"target\":\"y\",\"before\":null,\"after\":null,"
		"\"mode\":0,"
		"\"uid\":4294967295,\"gid\":0}",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct journal_record record = {0};
		struct error err = {0};
		if (journal_record_parse(bad[i], strlen(bad[i]), &record, &err) == 0)
			fail_test("row %zu is taken", i);
		assert_int_equal(err.status, EX_CONFIG);
		assert_null(record.target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(without_a_journal_there_is_nothing_to_undo),
		RUN_IN_DIR(records_keep_their_order_until_they_are_forgotten),
		RUN_IN_DIR(an_interrupted_change_is_recorded_only_once),
		RUN_IN_DIR(a_journal_that_others_can_write_is_refused),
		RUN(an_invalid_record_is_refused),
	};
	return cmocka_run_group_tests_name("setup_journal", tests, NULL, NULL);
}
