/* SPDX-License-Identifier: MIT
 *
 * screen: the terminal while something draws on it again and again: the alternate screen, no cursor, no echo of keys. Whoever
 * opens it closes it on every way out. Sequences are those of xterm (ctlseqs), which all terminals of today know; where
 * TERM is `dumb` nobody should come here.
 */
#ifndef OSS_CRS_SCREEN_H
#define OSS_CRS_SCREEN_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct screen {
	int out;              /* the terminal that is drawn on; the caller's. -1: closed */
	int keys;             /* the one that keys come from; the caller's. -1: none */
	struct termios saved; /* of the latter */
};

#define SCREEN_CLOSED                 \
	{                             \
		.out = -1, .keys = -1 \
	}

/* Whether a terminal can be drawn on, and whether it should have colours (no-color.org, TERM). */
bool screen_is_terminal(int fd);
bool screen_has_colours(int fd);

/* The size of a terminal (ioctl_tty(2), TIOCGWINSZ): 24 lines of 80 columns where it does not say. */
void screen_size(int fd, unsigned *ret_lines, unsigned *ret_columns);

int screen_open(int out, int keys, struct screen *ret, struct error *err);
void screen_close(struct screen *screen);

/* Put lines in the place of what is there, in one write(2). */
int screen_draw(const struct screen *screen, const char *text, struct error *err);

#endif
