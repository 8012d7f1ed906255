/* SPDX-License-Identifier: MIT
 *
 * test_setup_journal: the records that undo needs survive, in their order. Anything that is not a
 * valid record of root is refused.
 */
#include "unit.h"

#include "fs.h"
#include "host.h"
#include "journal.h"
#include "setup.h"

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

/* Read the first record after `after`, as the worker does. */
static void read_next(const struct journal *journal, unsigned after, struct journal_record *ret)
{
	struct error err = {0};
	_cleanup_free_ char *json = NULL;
	size_t len = 0;
	int file = -1;
	assert_ok(journal_next(journal, after, &ret->number, &file, &err), err);
	assert_true(file >= 0);
	assert_ok(fs_read_fd(file, "record", JOURNAL_RECORD_MAX, &json, &len, &err), err);
	assert_return_code(close(file), errno);
	unsigned number = ret->number;
	assert_ok(journal_record_parse(json, len, ret, &err), err);
	ret->number = number;
}

static const char path[] = "/etc/systemd/system/x.conf";
static const char alice[] = "alice";
static char no[] = "no";
static char yes[] = "yes";
static char text[] = "[Service]\n\"\\\t\xc3\xa9\x1b\x7f\b\n";

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

TEST(records_keep_their_order)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct journal_record record = {0};
	struct error err = {0};
	const struct step first = make_step(STEP_DROPIN, path, NULL, text);
	const struct step second = make_step(STEP_LINGER, alice, no, yes);
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_ok(add_record(&journal, &first, &err), err);
	assert_ok(add_record(&journal, &second, &err), err);
	journal_close(&journal);
	assert_ok(journal_open(&host, 0, &journal, &err), err);
	assert_int_equal(journal.count, 2);
	read_next(&journal, 0, &record);
	assert_string_equal(record.step, "drop-in");
	assert_string_equal(record.target, path);
	assert_null(record.before);
	assert_string_equal(record.after, text);
	journal_record_clear(&record);
	read_next(&journal, journal.numbers[0], &record);
	assert_string_equal(record.before, "no");
	assert_int_equal(record.uid, 1000);
	journal_record_clear(&record);
	journal_close(&journal);
	host_close(&host);
}

TEST(a_forgotten_record_is_gone)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	const struct step first = make_step(STEP_DROPIN, path, NULL, text);
	const struct step second = make_step(STEP_LINGER, alice, no, yes);
	unsigned number = 0;
	int file = -1;
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_ok(add_record(&journal, &first, &err), err);
	assert_ok(add_record(&journal, &second, &err), err);
	assert_ok(journal_forget(&journal, 2, &err), err);
	assert_int_equal(journal.count, 1);
	assert_ok(journal_next(&journal, 1, &number, &file, &err), err);
	assert_int_equal(number, 0);
	assert_int_equal(file, -1);
	journal_close(&journal);
	assert_ok(journal_open(&host, 0, &journal, &err), err);
	assert_int_equal(journal.count, 1);
	journal_close(&journal);
	host_close(&host);
}

/* A host keeps the records of an older version, which jansson wrote. */
TEST(a_record_has_the_bytes_that_every_version_writes)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	_cleanup_free_ char *json = NULL;
	const struct step step = make_step(STEP_DROPIN, path, NULL, text);
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_ok(add_record(&journal, &step, &err), err);
	assert_ok(fs_read(journal.dir, "00000001.json", 4096, &json, NULL, &err), err);
	assert_string_equal(json,
		"{\"version\":1,\"step\":\"drop-in\",\"target\":\"/etc/systemd/system/x.conf\","
		"\"before\":null,\"after\":\"[Service]\\n\\\"\\\\\\t\xc3\xa9\\u001B\x7f\\b\\n\","
		"\"mode\":420,\"uid\":1000,\"gid\":1000}");
	journal_close(&journal);
	host_close(&host);
}

TEST(an_interrupted_change_is_recorded_only_once)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	const struct step first = make_step(STEP_LINGER, alice, no, yes);
	const struct step other = make_step(STEP_LINGER, "alic", no, yes);
	const struct step back = make_step(STEP_LINGER, alice, yes, no);
	const struct {
		const struct step *step;
		size_t count;
	} table[] = {{&first, 1}, {&first, 1}, {&other, 2}, {&first, 2}, {&back, 3}, {&first, 4}};
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	for (size_t i = 0; i < COUNT(table); i++) {
		assert_ok(add_record(&journal, table[i].step, &err), err);
		if (journal.count != table[i].count)
			fail_test("row %zu: %zu", i, journal.count);
	}
	journal_close(&journal);
	host_close(&host);
}

/* The user can change it back as often as they like, and have it changed again. */
TEST(each_state_of_a_users_cgroup_is_recorded_once)
{
	need_root();
	static char none[] = "", cpu[] = "cpu", io[] = "io", after[] = "cpuset memory";
	char *const before[] = {none, cpu, none, cpu, io, cpu, none};
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	for (size_t k = 0; k < COUNT(before); k++) {
		const struct step step = make_step(STEP_USER_ENABLE, alice, before[k], after);
		assert_ok(add_record(&journal, &step, &err), err);
	}
	assert_int_equal(journal.count, 3);
	journal_close(&journal);
	host_close(&host);
}

TEST(what_is_no_text_cannot_be_recorded)
{
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	char bytes[] = "\xff";
	const struct step step = make_step(STEP_DAEMON_JSON, path, bytes, text);
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_int_equal(add_record(&journal, &step, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_int_equal(journal.count, 0);
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
	assert_contains(err.msg, "writable by users other than root");
	assert_return_code(fchmodat(unit_dir(state), "var/lib/oss-crs/journal", 0700, 0), errno);
	assert_return_code(fchmodat(unit_dir(state), "var/lib/oss-crs", 0757, 0), errno);
	assert_int_equal(journal_open(&host, 0, &journal, &err), -1);
	assert_contains(err.msg, "/var/lib/oss-crs is writable by users other than root");
	host_close(&host);
}

TEST(a_record_that_others_can_write_is_refused)
{
	static const char name[] = "var/lib/oss-crs/journal/00000001.json";
	need_root();
	struct host host = make_host(state);
	struct journal journal = JOURNAL_CLOSED;
	struct error err = {0};
	struct stat st;
	unsigned number = 0;
	int file = -1;
	assert_ok(journal_open(&host, 1, &journal, &err), err);
	assert_ok(journal_add(&journal, "{}", &err), err);
	assert_return_code(fstatat(unit_dir(state), name, &st, 0), errno);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_return_code(fchmodat(unit_dir(state), name, 0620, 0), errno);
	assert_int_equal(journal_next(&journal, 0, &number, &file, &err), -1);
	assert_contains(err.msg, "writable by users other than root");
	assert_int_equal(file, -1);
	journal_close(&journal);
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
		RUN_IN_DIR(records_keep_their_order),
		RUN_IN_DIR(a_forgotten_record_is_gone),
		RUN_IN_DIR(a_record_has_the_bytes_that_every_version_writes),
		RUN_IN_DIR(an_interrupted_change_is_recorded_only_once),
		RUN_IN_DIR(each_state_of_a_users_cgroup_is_recorded_once),
		RUN_IN_DIR(what_is_no_text_cannot_be_recorded),
		RUN_IN_DIR(a_journal_that_others_can_write_is_refused),
		RUN_IN_DIR(a_record_that_others_can_write_is_refused),
		RUN(an_invalid_record_is_refused),
	};
	return cmocka_run_group_tests_name("setup_journal", tests, set_no_new_privs, NULL);
}
