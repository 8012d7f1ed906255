/* SPDX-License-Identifier: MIT
 *
 * entry: what a process inherits is set here, not trusted. Called first, in the order of the declarations.
 */
#ifndef OSS_CRS_SETUP_ENTRY_H
#define OSS_CRS_SETUP_ENTRY_H

#include "error.h"

/* Fill closed standard descriptors from /dev/null, so that no file opened later becomes standard output, and close
 * every other one (close_range(2)). */
int entry_descriptors(struct error *err);

/* Refuse to run setuid, setgid or with file capabilities: AT_SECURE of getauxval(3), and what the file itself has. */
int entry_refuse_secure(struct error *err);

/* Default dispositions, nothing blocked, no timer that was set before execve(2); SIGPIPE and SIGXFSZ ignored so that a failed write is an errno. */
int entry_signals(struct error *err);

/* Resource limits (as far as they may be raised), umask 022, working directory "/". */
int entry_limits(struct error *err);

/* Replace the environment by a constant one (clearenv(3)). */
int entry_environment(struct error *err);

/* Hold back (1) or let through (0) the signals that a terminal or a logout sends, while changes are under way: what
 * was begun is then finished or put back. */
int entry_hold_signals(int hold, struct error *err);

#endif
