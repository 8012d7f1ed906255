/* SPDX-License-Identifier: MIT
 *
 * entry: resets what this process inherits, so that none of it has to be trusted. main() calls the
 * first five functions before it looks at the arguments, in this order, and takes the claims of
 * caller.h from the environment before the fifth.
 */
#ifndef OSS_CRS_SETUP_ENTRY_H
#define OSS_CRS_SETUP_ENTRY_H

#include "error.h"

/* Open /dev/null on closed standard descriptors, so that no file opened later becomes standard
 * output, and close all other descriptors (close_range(2)). */
int entry_descriptors(struct error *err);

/* Refuse to run setuid, setgid or with file capabilities, by AT_SECURE (getauxval(3)) and by the
 * mode and capabilities of the file itself. EX_NOPERM. */
int entry_refuse_secure(struct error *err);

/* Reset all signals to their default action, unblock them, and stop timers that were set before
 * execve(2). SIGPIPE and SIGXFSZ are ignored, so that a failed write returns an errno. */
int entry_signals(struct error *err);

/* Set resource limits (as far as the hard limits can be raised), umask 022, and the working
 * directory "/". */
int entry_limits(struct error *err);

/* Replace the environment with a constant one (clearenv(3)). */
int entry_environment(struct error *err);

/* Refuse to run as root of a user namespace, which has not all users of the host: EX_UNAVAILABLE.
 * The root namespace maps every id to itself (user_namespaces(7)). */
int entry_refuse_namespace(struct error *err);

/* Block (hold is 1) or unblock (0) the signals that a terminal or a logout sends. While they are
 * blocked, a change that was begun is finished or undone. */
int entry_hold_signals(int hold, struct error *err);

#endif
