/* SPDX-License-Identifier: MIT
 *
 * holder: a child process that holds the lock of a file (fs_lock()), as the owner of a run does,
 * until the test ends the process or the test itself exits.
 */
#ifndef OSS_CRS_UNIT_HOLDER_H
#define OSS_CRS_UNIT_HOLDER_H

#include "unit.h"

#include "fs.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Start the process. Returns its pid once the file is locked. */
static inline pid_t holder_start(int dir, const char *path)
{
	int ends[2];
	char byte = 0;
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct error err = {0};
		int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
		/* Do not outlive a test that fails. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || fd < 0 || fs_lock(fd, path, &err) < 0 ||
			write(ends[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	(void)close(ends[0]);
	return pid;
}

static inline void holder_end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#endif
