/* SPDX-License-Identifier: MIT
 *
 * unit_log: the last lines that a unit logged, shown when a service does not start.
 */
#ifndef OSS_CRS_SETUP_UNIT_LOG_H
#define OSS_CRS_SETUP_UNIT_LOG_H

#define UNIT_LOG_LINE_MAX 400 /* bytes of a line, with its NUL; the rest is cut */

/* Pass the last `count` messages of the unit, and of systemd about it, to on_line, oldest first,
 * each as its process wrote it: the caller prints it cleaned (text.h). Rests on sd-journal(3). A
 * message that cannot be read is left out: people read them, and nothing else depends on them. */
void unit_log_tail(
	const char *unit, unsigned count, void (*on_line)(void *arg, const char *line), void *arg);

#endif
