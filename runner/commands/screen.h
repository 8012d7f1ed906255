/* SPDX-License-Identifier: MIT
 *
 * screen: a terminal that the program draws on again and again: the alternate screen, without a
 * cursor, and without echo of keys. A caller that opens it closes it on every path. The control
 * sequences are those of xterm (ctlseqs), which all current terminals know. It is not for
 * terminals with TERM=dumb: check screen_is_terminal() first.
 */
#ifndef OSS_CRS_SCREEN_H
#define OSS_CRS_SCREEN_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct screen {
	int out;              /* the terminal to draw on, which the caller closes; -1: closed */
	int keys;             /* the terminal to read keys from, likewise; -1: none */
	struct termios saved; /* the settings of `keys` before screen_open() */
};

#define SCREEN_CLOSED                 \
	{                             \
		.out = -1, .keys = -1 \
	}

/* Whether fd is a terminal that can be drawn on (TERM is set and not "dumb"), and whether to use
 * colours on it (NO_COLOR, no-color.org). */
bool screen_is_terminal(int fd);
bool screen_has_colours(int fd);

/* The size of a terminal (TIOCGWINSZ, ioctl_tty(2)); 24 lines of 80 columns if it does not report
 * one. */
void screen_size(int fd, unsigned *ret_lines, unsigned *ret_columns);

/* Switch `out` to the alternate screen. If `keys` is a terminal, a read(2) of it then returns
 * each key without waiting for a newline, and keys are not echoed. The caller keeps both
 * descriptors. screen_close() restores both terminals; it does nothing to a closed screen. */
int screen_open(int out, int keys, struct screen *ret, struct error *err);
void screen_close(struct screen *screen);

/* Replace what is on the screen with the lines of text, in one write(2). */
int screen_draw(const struct screen *screen, const char *text, struct error *err);

#endif
