/* SPDX-License-Identifier: MIT
 *
 * usage: run a command and write what it took: microseconds of CPU time, of the clock, and KiB of
 * memory that it had resident at most. A large program cannot measure that by itself: until
 * execve(2), a child has as much memory as its parent, and the kernel remembers the most.
 *
 *   usage FILE COMMAND...
 *
 * Ends with the status of the command.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t microseconds(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage;
	int status = 0;
	if (argc < 3)
		errx(2, "usage: usage FILE COMMAND...");
	int64_t began = now();
	pid_t pid = fork();
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		err(1, "%s", argv[2]);
	int64_t took = now() - began;
	FILE *to = fopen(argv[1], "we");
	if (!to)
		err(1, "%s", argv[1]);
	(void)fprintf(to, "%" PRId64 " %" PRId64 " %ld\n",
		microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime), took,
		usage.ru_maxrss);
	if (fclose(to) != 0)
		err(1, "%s", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
