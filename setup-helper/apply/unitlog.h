/* SPDX-License-Identifier: MIT
 *
 * unitlog: the last lines that a unit left in the journal, for the moment in which a service does not start.
 */
#ifndef OSS_CRS_SETUP_UNITLOG_H
#define OSS_CRS_SETUP_UNITLOG_H

/* Give the last `count` messages of the unit, and of systemd about it, to on_line, oldest first, without control
 * characters. Rests on sd-journal(3). What cannot be read is left out: this is for people, nothing depends on it. */
void unitlog_tail(
	const char *unit, unsigned count, void (*on_line)(void *arg, const char *line), void *arg);

#endif
