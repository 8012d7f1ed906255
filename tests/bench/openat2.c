/* SPDX-License-Identifier: MIT
 *
 * openat2: preloaded into oss-crs-run for tests/bench/instructions, so that a valgrind that does
 * not know openat2(2) can run it with a directory as the cgroup mount. Opens files with openat(2);
 * one that is opened for writing is created, as the kernel does with the files of a cgroup, and
 * cpuset.cpus.effective is what is in cpuset.cpus. The machine has the CPUs that the file named by
 * BENCH_ONLINE lists.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *online;
static long (*real_syscall)(long number, ...);

static void __attribute__((constructor)) prepare(void)
{
	void *found = dlsym(RTLD_NEXT, "syscall");
	online = getenv("BENCH_ONLINE");
	memcpy(&real_syscall, &found, sizeof found);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text);
	size_t end_len = strlen(end);
	return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

static long open_instead(int dir, const char *path, const struct open_how *how)
{
	int flags = (int)how->flags;
	if (online && ends_with(path, "devices/system/cpu/online"))
		return open(online, flags);
	if ((flags & O_ACCMODE) != O_WRONLY)
		return openat(dir, path, flags, 0644);
	if (ends_with(path, "/cpuset.cpus")) {
		char effective[4096];
		(void)snprintf(effective, sizeof effective, "%s.effective", path);
		(void)!symlinkat("cpuset.cpus", dir, effective);
	}
	return openat(dir, path, flags | O_CREAT, 0644);
}

/* Takes the place of the C library's, whose parameter has a reserved name. The arguments of a
 * system call are words, and some of those are addresses. */
long syscall(long number, ...) /* NOLINT(readability-inconsistent-declaration-parameter-name) */
{
	long args[6];
	va_list ap;
	va_start(ap, number);
	for (size_t i = 0; i < sizeof args / sizeof *args; i++)
		args[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2) {
		const char *path = NULL;
		const struct open_how *how = NULL;
		memcpy(&path, &args[1], sizeof path);
		memcpy(&how, &args[2], sizeof how);
		return open_instead((int)args[0], path, how);
	}
	return real_syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}
