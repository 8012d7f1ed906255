/* SPDX-License-Identifier: MIT
 *
 * screen: draw text on a terminal, frame by frame. Each frame is made in memory and written over
 * the one before, clearing the rest of every line, so nothing has to be cleared first.
 */
#include "screen.h"

#include "cleanup.h"

#include <errno.h>
#include <sys/ioctl.h>

#define ENTER "\033[?1049h\033[?25l" /* the alternate screen, without a cursor */
#define LEAVE "\033[?25h\033[?1049l"
#define HOME  "\033[H"
#define EOL   "\033[K\r\n" /* clear the rest of the line */
#define EOS   "\033[J"     /* clear the rest of the screen */

static bool is_dumb(void)
{
	const char *term = getenv("TERM");
	return !term || !*term || strcmp(term, "dumb") == 0;
}

bool screen_is_terminal(int fd)
{
	return isatty(fd) && !is_dumb();
}

bool screen_has_colours(int fd)
{
	const char *no_colour = getenv("NO_COLOR");
	return screen_is_terminal(fd) && !(no_colour && *no_colour);
}

void screen_size(int fd, unsigned *ret_lines, unsigned *ret_columns)
{
	struct winsize size = {0};
	bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col;
	*ret_lines = known ? size.ws_row : 24;
	*ret_columns = known ? size.ws_col : 80;
}

static int write_to_terminal(int fd, const char *text, size_t len, struct error *err)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "draw");
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int screen_open(int out, int keys, struct screen *ret, struct error *err)
{
	struct screen screen = {.out = out, .keys = -1};
	if (isatty(keys) && tcgetattr(keys, &screen.saved) == 0) {
		struct termios raw = screen.saved;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		screen.keys = tcsetattr(keys, TCSADRAIN, &raw) == 0 ? keys : -1;
	}
	if (write_to_terminal(out, ENTER, strlen(ENTER), err) < 0) {
		screen_close(&screen);
		return -1;
	}
	*ret = screen;
	return 0;
}

void screen_close(struct screen *screen)
{
	struct error ignored;
	if (screen->out >= 0)
		(void)write_to_terminal(screen->out, LEAVE, strlen(LEAVE), &ignored);
	if (screen->keys >= 0)
		(void)tcsetattr(screen->keys, TCSADRAIN, &screen->saved);
	*screen = (struct screen)SCREEN_CLOSED;
}

int screen_draw(const struct screen *screen, const char *text, struct error *err)
{
	_cleanup_free_ char *frame = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&frame, &size);
	if (!out)
		return fail(err, ENOMEM, "draw");
	(void)fputs(HOME, out);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		bool last = !line[len] || !line[len + 1];
		/* A line break after the last line would scroll the screen. */
		(void)fprintf(out, "%.*s%s", (int)len, line, last ? "\033[K" : EOL);
		line += len + (line[len] == '\n');
	}
	(void)fputs(EOS, out);
	if (fclose(out) != 0)
		return fail(err, ENOMEM, "draw");
	return write_to_terminal(screen->out, frame, size, err);
}
