/* SPDX-License-Identifier: MIT
 *
 * stopwatch: measure how long commands take. The commands of a round run in turn, so that other
 * load on the machine affects all of them alike.
 *
 *   stopwatch [-u|-s|-c] ROUNDS /// COMMAND... [/// COMMAND...]...
 *   stopwatch stamp
 *
 * Prints one line per round with the microseconds of each command: from its start to its end, with
 * -u from its start to its stamp, with -s from its stamp to its end, with -c of CPU time, its own
 * and that of its children. `stopwatch stamp` prints a stamp, which may be anywhere in a command's
 * output. The first round is not printed. If a command fails, stopwatch fails.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define STAMP        "stamp:"

enum measure { WHOLE, UNTIL_STAMP, SINCE_STAMP, CPU_TIME };

static int64_t now(void)
{
	struct timespec ts = {0};
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int64_t cpu_time(const struct rusage *usage)
{
	const struct timeval *user = &usage->ru_utime;
	const struct timeval *system = &usage->ru_stime;
	return ((int64_t)user->tv_sec + system->tv_sec) * INT64_C(1000000000) +
	       ((int64_t)user->tv_usec + system->tv_usec) * 1000;
}

/* Read all output of a command. Returns the last stamp in it; 0 if there is none. */
static int64_t read_stamp(int fd)
{
	static char text[1 << 20];
	size_t len = 0;
	ssize_t n = 0;
	while (len < sizeof text - 1 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	int64_t stamp = 0;
	for (const char *at = text; (at = strstr(at, STAMP)); at += sizeof STAMP - 1)
		stamp = strtoll(at + sizeof STAMP - 1, NULL, 10);
	return stamp;
}

static int64_t measure_command(char **argv, enum measure measure)
{
	if (!argv[0])
		errx(64, "an empty command");
	int out[2];
	bool stamped = measure == UNTIL_STAMP || measure == SINCE_STAMP;
	posix_spawn_file_actions_t actions;
	if (pipe2(out, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0 ||
		posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
		(stamped ? posix_spawn_file_actions_adddup2(&actions, out[1], 1)
			 : posix_spawn_file_actions_addopen(
				   &actions, 1, "/dev/null", O_WRONLY, 0)) != 0)
		err(1, "prepare %s", argv[0]);
	pid_t pid = 0;
	int status = 0;
	struct rusage usage = {0};
	int64_t begin = now();
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		errx(1, "cannot start %s", argv[0]);
	(void)close(out[1]);
	int64_t stamp = stamped ? read_stamp(out[0]) : 0;
	if (wait4(pid, &status, 0, &usage) != pid || status != 0)
		errx(1, "%s failed (%d)", argv[0], status);
	int64_t end = now();
	(void)close(out[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (stamped && !stamp)
		errx(1, "%s gave no stamp", argv[0]);
	const int64_t took[] = {[WHOLE] = end - begin,
		[UNTIL_STAMP] = stamp - begin,
		[SINCE_STAMP] = end - stamp,
		[CPU_TIME] = cpu_time(&usage)};
	return took[measure] / 1000;
}

static enum measure measure_of(const char *option)
{
	if (strcmp(option, "-u") == 0)
		return UNTIL_STAMP;
	if (strcmp(option, "-s") == 0)
		return SINCE_STAMP;
	if (strcmp(option, "-c") != 0)
		errx(64, "no option %s", option);
	return CPU_TIME;
}

int main(int argc, char **argv)
{
	char **commands[COMMANDS_MAX];
	size_t count = 0;
	enum measure measure = WHOLE;
	if (argc == 2 && strcmp(argv[1], "stamp") == 0)
		return printf(STAMP "%" PRId64 "\n", now()) > 0 ? 0 : 1;
	if (argc > 1 && argv[1][0] == '-') {
		measure = measure_of(argv[1]);
		argv++;
		argc--;
	}
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "///") != 0)
			continue;
		argv[i] = NULL;
		if (count == COMMANDS_MAX)
			errx(64, "too many commands");
		commands[count++] = &argv[i + 1];
	}
	if (rounds < 1 || count == 0)
		errx(64, "usage: stopwatch [-u|-s|-c] ROUNDS /// COMMAND... [/// COMMAND...]...");
	for (int round = 0; round <= rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			int64_t took = measure_command(commands[i], measure);
			if (round > 0)
				(void)printf("%" PRId64 "%c", took, i + 1 < count ? '\t' : '\n');
		}
		(void)fflush(stdout);
	}
	return 0;
}
