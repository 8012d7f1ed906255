/* SPDX-License-Identifier: MIT
 *
 * error: the description of a failure. The caller owns it.
 *
 * Every function that can fail takes a struct error and returns 0, or -1 by `return fail(...)`.
 * Its results are called ret_x and stay untouched on failure. Nothing here prints or exits: the
 * main files do that.
 */
#ifndef OSS_CRS_ERROR_H
#define OSS_CRS_ERROR_H

#include <stdbool.h>
#include <sysexits.h>

/* Exit statuses that sysexits.h does not have; docs/exit-status.md lists all of them. */
#define EX_TIMEOUT 124
#define EX_SIGNAL  128 /* plus the number of the signal */

struct error {
	int code;       /* errno of the failed call; 0 if no call failed */
	int status;     /* the exit status for the program */
	char msg[1024]; /* what failed and where, in one line that is clean (text.h) */
	char hint[512]; /* what the user can do, clean too; empty if there is no advice */
};

/* Describe a failed call: "MESSAGE: TEXT OF ERRNUM". errnum is an errno value and becomes the
 * code. The exit status is EX_NOPERM for EPERM and EACCES, EX_SOFTWARE for all others. Clears the
 * hint. Returns -1. */
int fail(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Describe a failure that is not a failed call, with an exit status of sysexits.h. The code is 0.
 * Clears the hint. Returns -1. */
int fail_as(struct error *err, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Set the hint of an error that is already described. Returns -1, for `return add_hint(err,
 * …)`. */
int add_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prefix an error's message with "TEXT: ", as in "config.yaml:3:7: …". Returns -1. */
int add_context(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Copy an error that another process has made, whatever is in it: its texts get an end, and are
 * clean. */
void error_take(struct error *ret, const struct error *from);

/* From now on, leave the messages of this process raw, or clean them again. For a process whose
 * errors all go to another one, which gets them by error_take(). */
void error_leave_raw(bool raw);

#endif
