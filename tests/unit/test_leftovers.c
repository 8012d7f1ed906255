/* SPDX-License-Identifier: MIT
 *
 * test_leftovers: which runs exist and which of them are live. Ordinary files stand for the cgroups
 * and the runtime directory, and the owners are processes that hold the same locks as the runner.
 * tests/lab and tests/fault test the containers of the engine and the removal.
 */
#include "holder.h"
#include "unit.h"

#include "leftovers.h"
#include "owner.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_REST "-run-1-0a1b2c3d-local" /* the name of a run, after an id of one letter */
#define BOOT     "proc/sys/kernel/random/boot_id"

struct place {
	struct host host;
	struct leftovers leftovers;
};

static int open_dir(const struct unit_dir *dir, const char *name)
{
	make_dir(dir->fd, name);
	int fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

/* Make ours/, base/ and base/.owners/, and a host with the lock of the lease ledger. */
static void open_place(const struct unit_dir *dir, struct place *ret)
{
	struct error err = {0};
	*ret = (struct place){.host = HOST_CLOSED, .leftovers = LEFTOVERS_NONE};
	make_dir(dir->fd, "run");
	make_dir(dir->fd, "run/oss-crs");
	make_file(dir->fd, "run/oss-crs/lease", "");
	assert_ok(host_open_at(dir->fd, &ret->host, &err), err);
	ret->leftovers.host = &ret->host;
	ret->leftovers.oss_crs_fd = open_dir(dir, "ours");
	ret->leftovers.base = open_dir(dir, "base");
	ret->leftovers.owners = open_dir(dir, "base/.owners");
}

static void close_place(struct place *place)
{
	leftovers_close(&place->leftovers);
	host_close(&place->host);
}

static void make_cgroup(const struct unit_dir *dir, const char *path)
{
	char file[PATH_MAX];
	make_dir(dir->fd, path);
	(void)snprintf(file, sizeof file, "%s/cgroup.max.depth", path);
	make_file(dir->fd, file, "max\n");
}

/* The runs that are found, by name, in the form "ID=STATE:TRACES ...". STATE is live or dead;
 * TRACES has c for cgroups and f for files. */
static void assert_found(const struct place *place, const char *expected)
{
	struct error err = {0};
	char text[1024] = "";
	_cleanup_(left_runs_free) struct left_runs runs = LEFT_RUNS_NONE;
	assert_ok(leftovers_find(&place->leftovers, &runs, &err), err);
	for (int name = 'a'; name <= 'z'; name++) {
		for (size_t i = 0; i < runs.count; i++) {
			const struct left_run *run = &runs.list[i];
			size_t len = strlen(text);
			if (run->run.name[0] == name)
				(void)snprintf(text + len, sizeof text - len, "%s%c=%s:%s%s",
					len ? " " : "", name, run->live ? "live" : "dead",
					run->has_cgroups ? "c" : "", run->has_files ? "f" : "");
		}
	}
	assert_string_equal(text, expected);
}

TEST(a_run_is_live_while_its_owner_holds_any_of_its_locks)
{
	const struct unit_dir *dir = *state;
	struct place place;
	open_place(dir, &place);
	make_cgroup(dir, "ours/a" RUN_REST);
	make_cgroup(dir, "ours/b" RUN_REST);
	make_dir(dir->fd, "base/b" RUN_REST);
	make_file(dir->fd, "base/.owners/b" RUN_REST, "");
	make_dir(dir->fd, "base/c" RUN_REST);
	make_file(dir->fd, "base/.owners/c" RUN_REST, "");
	make_file(dir->fd, "base/.owners/d" RUN_REST, "");
	make_dir(dir->fd, "base/e" RUN_REST);
	pid_t owners[] = {holder_start(dir->fd, "ours/a" RUN_REST "/cgroup.max.depth"),
		holder_start(dir->fd, "ours/b" RUN_REST "/cgroup.max.depth"),
		holder_start(dir->fd, "base/.owners/c" RUN_REST),
		holder_start(dir->fd, "base/.owners/d" RUN_REST)};
	assert_found(&place, "a=live:c b=live:cf c=live:f d=live:f e=dead:f");
	/* The first search changed nothing. */
	assert_found(&place, "a=live:c b=live:cf c=live:f d=live:f e=dead:f");
	for (size_t i = 0; i < COUNT(owners); i++)
		holder_end(owners[i]);
	assert_found(&place, "a=dead:c b=dead:cf c=dead:f d=dead:f e=dead:f");
	close_place(&place);
}

TEST(a_signal_ends_the_wait_for_a_run_that_is_being_made)
{
	const struct unit_dir *dir = *state;
	struct place place;
	struct error err = {0};
	_cleanup_(left_runs_free) struct left_runs runs = LEFT_RUNS_NONE;
	open_place(dir, &place);
	make_cgroup(dir, "ours/a" RUN_REST);
	_cleanup_close_ int maker = openat(dir->fd, "run/oss-crs/lease", O_RDONLY | O_CLOEXEC);
	assert_return_code(flock(maker, LOCK_EX), errno);
	_cleanup_close_ int signals = eventfd(1, EFD_CLOEXEC);
	assert_return_code(signals, errno);
	place.leftovers.signals = signals;
	assert_int_equal(leftovers_find(&place.leftovers, &runs, &err), -1);
	assert_int_equal(err.code, EINTR);
	cleanup_close(&maker);
	assert_found(&place, "a=dead:c");
	close_place(&place);
}

TEST(other_names_and_other_types_of_entries_are_skipped)
{
	const struct unit_dir *dir = *state;
	struct place place;
	open_place(dir, &place);
	make_dir(dir->fd, "ours/.hidden");
	make_dir(dir->fd, "ours/no run");
	make_cgroup(dir, "ours/by-hand");
	make_file(dir->fd, "ours/cgroup.procs", "");
	make_file(dir->fd, "base/file", "");
	make_dir(dir->fd, "base/.owners/directory");
	assert_found(&place, "");
	close_place(&place);
}

TEST(without_a_session_or_cgroups_no_runs_are_found)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	struct place place = {.leftovers = LEFTOVERS_NONE};
	place.leftovers.host = &host;
	assert_found(&place, "");
	host_close(&host);
}

TEST(a_run_that_may_have_containers_stays_while_the_engine_is_unavailable)
{
	const struct unit_dir *dir = *state;
	struct place place;
	struct error err = {0};
	struct left_run run = {.run.name = "job", .has_files = true};
	open_place(dir, &place);
	make_dir(dir->fd, "base/job");
	make_file(dir->fd, "base/job/override.json", "{}");
	make_file(dir->fd, "base/.owners/job", "");
	assert_int_equal(leftovers_remove(&place.leftovers, &run, &err), -1);
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.hint, "oss-crs-run clean job");
	assert_true(exists(dir->fd, "base/job/override.json"));
	/* A run that never had containers is removed: its files first, then its owner file. */
	run.has_files = false;
	assert_int_equal(leftovers_remove(&place.leftovers, &run, &err), 1);
	assert_false(exists(dir->fd, "base/job"));
	assert_false(exists(dir->fd, "base/.owners/job"));
	assert_int_equal(leftovers_remove(&place.leftovers, &run, &err), 0);
	close_place(&place);
}

/* ---- descriptions of processes --------------------------------------------------------------- */

static struct host real_host(void)
{
	struct error err = {0};
	struct host host = HOST_CLOSED;
	assert_ok(host_open(&host, &err), err);
	return host;
}

TEST(a_described_process_lives_until_it_exits_reaped_or_not)
{
	char text[OWNER_TEXT_MAX];
	struct error err = {0};
	siginfo_t info;
	struct host host = real_host();
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	assert_ok(owner_describe(&host, pid, text, &err), err);
	assert_true(owner_lives(&host, text));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(owner_lives(&host, text));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(owner_lives(&host, text));
	assert_int_equal(owner_describe(&host, pid, text, &err), -1);
	host_close(&host);
}

static void put_process(const struct unit_dir *dir, const char *boot, const char *stat)
{
	make_file(dir->fd, BOOT, boot);
	make_file(dir->fd, "proc/7/stat", stat);
}

TEST(the_same_pid_after_a_reboot_or_reuse_is_another_process)
{
	const struct unit_dir *dir = *state;
	struct error err = {0};
	struct host host = HOST_CLOSED;
	const char *const is = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 2 "
			       "18446744073709551615\n";
	const char *const later = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4712 1 "
				  "2 18446744073709551615\n";
	for (size_t i = 0; i < 4; i++)
		make_dir(dir->fd, ((const char *const[]){
					  "proc", "proc/7", "proc/sys", "proc/sys/kernel"})[i]);
	make_dir(dir->fd, "proc/sys/kernel/random");
	put_process(dir, "d3b1ad5f-2b5c-4b8e-9b5e-0c7e6f1e2a3b\n", is);
	assert_ok(host_open_at(dir->fd, &host, &err), err);
	char text[OWNER_TEXT_MAX];
	assert_ok(owner_describe(&host, 7, text, &err), err);
	assert_string_equal(text, "d3b1ad5f-2b5c-4b8e-9b5e-0c7e6f1e2a3b/7/4711");
	assert_true(owner_lives(&host, text));
	put_process(dir, "d3b1ad5f-2b5c-4b8e-9b5e-0c7e6f1e2a3b\n", later);
	assert_false(owner_lives(&host, text));
	put_process(dir, "00000000-2b5c-4b8e-9b5e-0c7e6f1e2a3b\n", is);
	assert_false(owner_lives(&host, text));
	/* What cannot be found out must not make a run dead that lives. */
	put_process(dir, "d3b1ad5f-2b5c-4b8e-9b5e-0c7e6f1e2a3b\n", "7 (a ) b\n");
	assert_true(owner_lives(&host, text));
	put_process(dir, "longer than any boot id, and so not one: 0c7e6f1e2a3b\n", is);
	assert_true(owner_lives(&host, text));
	host_close(&host);
}

TEST(an_invalid_description_is_no_process)
{
	struct host host = real_host();
	const char *const texts[] = {
		"", "/", "x/", "x/1", "x/-1/2", "x/99999999999/1", "//1/", "x/1/1"};
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_false(owner_lives(&host, texts[i]));
	host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_run_is_live_while_its_owner_holds_any_of_its_locks),
		RUN_IN_DIR(a_signal_ends_the_wait_for_a_run_that_is_being_made),
		RUN_IN_DIR(other_names_and_other_types_of_entries_are_skipped),
		RUN_IN_DIR(without_a_session_or_cgroups_no_runs_are_found),
		RUN_IN_DIR(a_run_that_may_have_containers_stays_while_the_engine_is_unavailable),
		RUN(a_described_process_lives_until_it_exits_reaped_or_not),
		RUN_IN_DIR(the_same_pid_after_a_reboot_or_reuse_is_another_process),
		RUN(an_invalid_description_is_no_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
