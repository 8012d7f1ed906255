/* SPDX-License-Identifier: MIT
 *
 * filter: the stream as a state machine, and the process that copies it. The process has no
 * descriptor but its ends and standard error, so that it holds no lock of the run; signals that end
 * a run are blocked in it as in the runner.
 */
#include "filter.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLEAR       "\033[2K" /* ECMA-48, "ERASE IN LINE" */
#define CLEAR_LEN   (sizeof CLEAR - 1)
#define FILTER_NAME "oss-crs-filter" /* as ps(1) shows it */
#define BLOCK       16384
#define ALIVE       3 /* the descriptor in the process */

/* Give back what was held. */
static size_t release_held(struct filter_state *state, char *to)
{
	size_t n = state->cleared;
	memcpy(to, CLEAR, n);
	if (state->carriage)
		to[n++] = '\r';
	state->inside = state->inside || n > 0;
	state->cleared = 0;
	state->carriage = false;
	return n;
}

size_t filter_text(struct filter_state *state, const char *text, size_t len, char *to)
{
	size_t n = 0;
	if (len == 0)
		return release_held(state, to);
	for (size_t i = 0; i < len; i++) {
		if (!state->inside && !state->carriage && text[i] == CLEAR[state->cleared]) {
			state->cleared = (state->cleared + 1) % CLEAR_LEN;
			continue;
		}
		if (text[i] == '\n')
			state->carriage = false;
		n += release_held(state, to + n);
		if (text[i] == '\r') {
			state->carriage = true;
			continue;
		}
		to[n++] = text[i];
		state->inside = text[i] != '\n';
	}
	return n;
}

static bool write_all(int to, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(to, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* Copy what there is. Returns false at the end of the stream, or if the copy cannot be written. */
static bool copy_block(struct filter_state *state)
{
	char in[BLOCK];
	char out[BLOCK + FILTER_HELD_MAX];
	ssize_t n = read(STDIN_FILENO, in, sizeof in);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return write_all(STDOUT_FILENO, out, filter_text(state, in, (size_t)n, out)) && n > 0;
}

/* The life of the process: copy until nothing can come any more, or until there is nothing to copy
 * and the runner has closed its end of `alive`. */
static _Noreturn void copy_stream(int from, int to, int alive)
{
	struct filter_state state = {.inside = false};
	char out[FILTER_HELD_MAX];
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = ALIVE, .events = POLLIN}};
	/* The descriptors that it gets are above those that it had. */
	if (dup2(from, STDIN_FILENO) < 0 || dup2(to, STDOUT_FILENO) < 0 || dup2(alive, ALIVE) < 0 ||
		close_range(ALIVE + 1, ~0U, 0) < 0)
		_exit(1);
	(void)prctl(PR_SET_NAME, FILTER_NAME);
	bool more = true;
	while (more) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		more = fds[0].revents ? copy_block(&state) : !fds[1].revents;
	}
	(void)write_all(STDOUT_FILENO, out, filter_text(&state, "", 0, out));
	_exit(0);
}

/* Start the process of one stream, which copies it to a descriptor. */
static int start_copy(int to, size_t i, struct filter *ret, struct error *err)
{
	int ends[2];
	int alive[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	if (pipe2(alive, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int theirs = alive[0];
	_cleanup_close_ int ours = alive[1];
	pid_t pid = fork();
	if (pid < 0)
		return fail(err, errno, "fork");
	if (pid == 0)
		copy_stream(reader, to, theirs);
	ret->pids[i] = pid;
	ret->ends[i] = steal_fd(&writer);
	ret->alive[i] = steal_fd(&ours);
	return 0;
}

static bool is_same_file(int a, int b)
{
	struct stat one;
	struct stat other;
	return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

int filter_begin(struct spawn *spawn, struct filter *ret, struct error *err)
{
	int out = spawn->out < 0 ? STDOUT_FILENO : spawn->out;
	int errors = spawn->err < 0 ? STDERR_FILENO : spawn->err;
	bool same = is_same_file(out, errors);
	if (!isatty(out)) {
		if (start_copy(out, 0, ret, err) < 0)
			return -1;
		spawn->out = ret->ends[0];
	}
	if (same && ret->ends[0] >= 0) {
		spawn->err = ret->ends[0];
	} else if (!isatty(errors)) {
		if (start_copy(errors, 1, ret, err) < 0)
			return -1;
		spawn->err = ret->ends[1];
	}
	return 0;
}

void filter_started(struct filter *filter)
{
	for (size_t i = 0; i < FILTERS_MAX; i++) {
		cleanup_close(&filter->ends[i]);
		filter->ends[i] = -1;
	}
}

void filter_end(struct filter *filter)
{
	filter_started(filter);
	for (size_t i = 0; i < FILTERS_MAX; i++) {
		cleanup_close(&filter->alive[i]);
		while (filter->pids[i] && waitpid(filter->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	}
	*filter = (struct filter)FILTER_NONE;
}
