/* SPDX-License-Identifier: MIT
 *
 * error: what went wrong, as a value that the caller owns.
 *
 * Every function that can fail takes a struct error and returns 0, or -1 by `return fail(...)`. Its outputs are
 * called ret_x and stay untouched on failure. Nothing here prints or exits: the main files do.
 */
#ifndef OSS_CRS_ERROR_H
#define OSS_CRS_ERROR_H

#include <sysexits.h>

/* Statuses of ours beside those of sysexits.h; see the table in docs/exit-status.md. */
#define EX_TIMEOUT 124
#define EX_SIGNAL  128 /* plus the signal's number */

struct error {
	int code;       /* errno of the call that failed, 0 where no call did */
	int status;     /* what the program should exit with */
	char msg[1024]; /* what and where, one line */
	char hint[512]; /* what to do about it; empty if there is nothing to say */
};

/* Describe a failed call: "<message>: <text of errnum>". The status becomes EX_NOPERM for EPERM and EACCES,
 * EX_SOFTWARE for the rest. errnum is an errno value. Returns -1. */
int fail(struct error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Describe a failure that is no failed call, with the exit status it deserves (sysexits.h). Returns -1. */
int fail_as(struct error *err, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Add what to do to an error that is already described. Returns -1, so `return add_hint(err, …)` reads well. */
int add_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Put "<text>: " before an error's message, as in "config.yaml:3:7: …". Returns -1. */
int add_context(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
