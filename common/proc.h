/* SPDX-License-Identifier: MIT
 *
 * proc: start a program, hold it by a pidfd, learn how it ended.
 */
#ifndef OSS_CRS_PROC_H
#define OSS_CRS_PROC_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct spawn {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
	const char *const *env;  /* NULL-terminated; NULL: the caller's environment */
	int in, out, err;        /* descriptors for 0, 1, 2; -1 inherits */
	int cgroup; /* descriptor of the cgroup to be born in (CLONE_INTO_CGROUP); -1: the caller's */
	bool keep_descriptors; /* the ones that this program was itself started with go on to the child */
	bool dies_with_parent; /* killed when this process ends, however that ends (PR_SET_PDEATHSIG) */
	bool own_group; /* in a process group of its own, so that the terminal's Ctrl-C does not reach it */
};

#define SPAWN(argv_)                                                          \
	{                                                                     \
		.argv = (argv_), .in = -1, .out = -1, .err = -1, .cgroup = -1 \
	}

struct child {
	pid_t pid;
	int pidfd; /* readable once the child has ended (pidfd_open(2)) */
};

#define CHILD_NONE                     \
	{                              \
		.pid = -1, .pidfd = -1 \
	}

/* Open /dev/null for each of the descriptors 0, 1 and 2 that is closed, so that no file of ours takes its number and a
 * message never lands in it. */
int proc_standard_descriptors(struct error *err);

/* Start a program by clone3(2), with no signal caught or blocked (what the caller ignores stays ignored, as nohup(1)
 * wants it, SIGPIPE apart) and no descriptors but 0, 1 and 2 unless told to keep them. That it could not be executed is an error here, not an
 * exit status of the child: ENOENT is EX_UNAVAILABLE. */
int proc_spawn(const struct spawn *spawn, struct child *ret, struct error *err);

/* Wait for the end and release the child. ret_status is as a shell's $?: the exit status or 128 plus the signal. */
int proc_wait(struct child *child, int *ret_status, struct error *err);

/* Send a signal (pidfd_send_signal(2)). A child that has ended is fine. */
int proc_signal(const struct child *child, int signal, struct error *err);

/* Run a program and read its standard output, at most max bytes. The caller frees *ret_out. */
int proc_capture(
	const struct spawn *spawn, size_t max, char **ret_out, int *ret_status, struct error *err);

#endif
