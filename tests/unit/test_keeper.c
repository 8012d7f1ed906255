/* SPDX-License-Identifier: MIT
 *
 * test_keeper: the second process cleans up if the first one is killed, and only then.
 */
#include "unit.h"

#include "keeper.h"
#include "launch.h"

#include <signal.h>
#include <sys/wait.h>

enum ending {
	KILLED,       /* by SIGKILL */
	KILLED_GROUP, /* the whole process group, after SIGTERM */
	EXITED,       /* without letting the keeper go */
	RELEASED,
};

static void say_cleaned(const void *data)
{
	(void)!write(*(const int *)data, "c", 1);
}

/* Start a process with a keeper, end it, and return what the keeper has written: it holds the pipe
 * until it ends. */
static ssize_t keeper_output(enum ending ending, char *ret)
{
	int ends[2];
	int status = 0;
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	pid_t pid = fork();
	assert_return_code(pid, errno);
	if (pid == 0) {
		struct error err = {0};
		struct keeper keeper = KEEPER_NONE;
		(void)setsid();
		if (signals_open(&err) < 0 ||
			keeper_start(say_cleaned, &ends[1], &keeper, &err) < 0)
			_exit(1);
		if (ending == RELEASED)
			keeper_release(&keeper);
		if (ending == KILLED_GROUP)
			(void)kill(0, SIGTERM);
		if (ending == KILLED || ending == KILLED_GROUP)
			(void)kill(ending == KILLED ? getpid() : 0, SIGKILL);
		_exit(0);
	}
	(void)close(ends[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WIFSIGNALED(status), ending == KILLED || ending == KILLED_GROUP);
	ssize_t n = read(ends[0], ret, 1);
	char more = 0;
	assert_int_equal(n > 0 ? read(ends[0], &more, 1) : 0, 0);
	(void)close(ends[0]);
	return n;
}

TEST(who_is_killed_is_cleaned_up_after_once)
{
	static const enum ending endings[] = {KILLED, KILLED_GROUP, EXITED};
	for (size_t i = 0; i < COUNT(endings); i++) {
		char byte = 0;
		assert_int_equal(keeper_output(endings[i], &byte), 1);
		assert_int_equal(byte, 'c');
	}
}

TEST(who_has_cleaned_up_is_not_cleaned_up_after)
{
	char byte = 0;
	assert_int_equal(keeper_output(RELEASED, &byte), 0);
}

TEST(to_release_no_keeper_does_nothing)
{
	struct keeper keeper = KEEPER_NONE;
	keeper_release(&keeper);
	assert_int_equal(keeper.alive, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(who_is_killed_is_cleaned_up_after_once),
		RUN(who_has_cleaned_up_is_not_cleaned_up_after),
		RUN(to_release_no_keeper_does_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
