/* SPDX-License-Identifier: MIT
 *
 * proc: start a program, hold it by a pidfd, and get its exit status.
 */
#ifndef OSS_CRS_PROC_H
#define OSS_CRS_PROC_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spawn {
	const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH */
	const char *const *env;  /* NULL-terminated; NULL: the caller's environment */
	int in, out, err;        /* descriptors for 0, 1 and 2; -1: the caller's */
	/* Descriptor of the cgroup to start the child in (CLONE_INTO_CGROUP); -1: the caller's. */
	int cgroup;
	/* Pass on the descriptors that this program inherited. */
	bool keep_descriptors;
	/* The kernel kills the child when this process ends, for any reason (PR_SET_PDEATHSIG). */
	bool dies_with_parent;
	/* Start the child in its own process group, so that Ctrl-C at the terminal does not reach
	 * it. */
	bool own_group;
	/* The PID of this process's parent, if the program is to be that process's child
	 * (CLONE_PARENT) and dies_with_parent is about it; 0: this process's own child. The parent
	 * waits for the program, which this process cannot. */
	pid_t parent;
};

#define SPAWN(argv_)                                                          \
	{                                                                     \
		.argv = (argv_), .in = -1, .out = -1, .err = -1, .cgroup = -1 \
	}

struct child {
	pid_t pid;
	int pidfd; /* becomes readable when the child ends (pidfd_open(2)) */
};

#define CHILD_NONE                     \
	{                              \
		.pid = -1, .pidfd = -1 \
	}

/* Open /dev/null for each of the descriptors 0, 1 and 2 that is closed. Otherwise a file that the
 * program opens would get that number, and a message could end up in it. Returns 0, or -1 with an
 * error. */
int proc_standard_descriptors(struct error *err);

/* Start a program with clone3(2). The child has no signal blocked or caught; signals that the
 * caller ignores stay ignored, as nohup(1) needs, except SIGPIPE. The child inherits only the
 * descriptors 0, 1 and 2, unless keep_descriptors is set. Returns 0, or -1 with an error. A
 * program that cannot be executed is an error here, not an exit status of the child; for ENOENT
 * the status is EX_UNAVAILABLE. The caller releases *ret with proc_wait(). */
int proc_spawn(const struct spawn *spawn, struct child *ret, struct error *err);

/* Wait until the child ends, close its pidfd and reset *child to CHILD_NONE. *ret_status is what a
 * shell has in $?: the exit status, or 128 plus the number of the signal. */
int proc_wait(struct child *child, int *ret_status, struct error *err);

/* Send a signal with pidfd_send_signal(2). A child that has already ended is not an error. */
int proc_signal(const struct child *child, int signal, struct error *err);

/* Run a program and read its standard output; more than max bytes fail with EFBIG. The caller
 * frees *ret_out. *ret_status is as in proc_wait(). */
int proc_capture(
	const struct spawn *spawn, size_t max, char **ret_out, int *ret_status, struct error *err);

#endif
