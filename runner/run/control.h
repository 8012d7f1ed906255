/* SPDX-License-Identifier: MIT
 *
 * control: what holds a run for another program (`hold`): a descriptor of which the other end is
 * open, and the process that started the runner. The run is over when either ends. Where the
 * descriptor is the standard input, the config comes on it first.
 */
#ifndef OSS_CRS_CONTROL_H
#define OSS_CRS_CONTROL_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

struct control {
	int fd;     /* the caller's descriptor */
	int caller; /* pidfd of the process that started this one; -1: it cannot be seen */
	/* Readable when one of them has ended, or a signal of control_add_signals() is pending. */
	int ended;
};

#define CONTROL_NONE                                \
	{                                           \
		.fd = -1, .caller = -1, .ended = -1 \
	}

/* Begin to watch the descriptor, which the caller keeps, and the parent of this process. Fails with
 * EX_USAGE for a descriptor that is not open, or that cannot be waited for: a file, /dev/null. The
 * caller closes *ret with control_close(). */
int control_open(int fd, struct control *ret, struct error *err);
void control_close(struct control *control);

/* Let pending signals (signals_open()) make `ended` readable too, for a wait that either ends. */
int control_add_signals(const struct control *control, int signals, struct error *err);

/* Let data make `ended` readable too, so that control_is_over() can discard it. What only the end
 * of the data tells, such as Ctrl-D at a terminal, goes unnoticed until then. */
int control_take_data(const struct control *control, struct error *err);

/* Whether the other end of the descriptor is closed or the process has ended. Discards data that
 * came. Never waits. */
bool control_is_over(const struct control *control);

/* Find the end of the document in a text of len bytes: the first line that is `...`, alone or
 * before a blank (YAML's document end marker). *line is the beginning of a line to look from, and
 * becomes that of the marker's line or, without a marker, that of the line to look from when there
 * is more text. at_end: no more will come, and a last line needs no end. */
bool control_find_end(const char *text, size_t len, bool at_end, size_t *line);

/* Read a config of at most max bytes: until a document end marker or, if to_end is set, until the
 * descriptor ends. What follows a marker is discarded. EX_USAGE if the descriptor ends without a
 * marker and to_end is not set, EX_CONFIG for a longer config. The caller frees *ret. */
int control_read_config(
	int fd, bool to_end, size_t max, char **ret, size_t *ret_len, struct error *err);

#endif
