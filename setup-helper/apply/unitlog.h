/* SPDX-License-Identifier: MIT
 *
 * unitlog: the last lines that a unit logged, shown when a service does not start.
 */
#ifndef OSS_CRS_SETUP_UNITLOG_H
#define OSS_CRS_SETUP_UNITLOG_H

/* Pass the last `count` messages of the unit, and of systemd about it, to on_line, oldest first,
 * each as its process wrote it: the caller prints it cleaned (text.h). Rests on sd-journal(3). A
 * message that cannot be read is left out: people read them, and nothing else depends on them. */
void unitlog_tail(
	const char *unit, unsigned count, void (*on_line)(void *arg, const char *line), void *arg);

#endif
