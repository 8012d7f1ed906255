/* SPDX-License-Identifier: MIT
 *
 * control: an epoll(7) over the descriptor and a pidfd. Before the run has its cgroups, only a
 * hang-up counts (EPOLLHUP, EPOLLRDHUP), which the kernel reports whatever is left to read.
 */
#include "control.h"

#include "cleanup.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define MARKER "..."

static int add_event(
	const struct control *control, int operation, int fd, uint32_t events, struct error *err)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	return epoll_ctl(control->ended, operation, fd, &event) < 0
		       ? fail(err, errno, "wait for descriptor %d", fd)
		       : 0;
}

/* A pidfd of the process that started this one; -1 if it is in another PID namespace. If it has
 * ended since, the kernel has given this process another parent: then that is the one to wait for,
 * since nobody knows any more who it was, and the descriptor says the rest. */
static int open_caller(void)
{
	for (;;) {
		errno = 0;
		pid_t caller = getppid();
		int fd = caller > 0 ? pidfd_open(caller, 0) : -1;
		if (fd < 0 && errno == ESRCH && getppid() != caller)
			continue;
		if (fd < 0 || getppid() == caller)
			return fd;
		(void)close(fd);
	}
}

int control_open(int fd, struct control *ret, struct error *err)
{
	_cleanup_(control_close) struct control control = CONTROL_NONE;
	control.fd = fd;
	control.caller = open_caller();
	control.ended = epoll_create1(EPOLL_CLOEXEC);
	if (control.ended < 0)
		return fail(err, errno, "epoll");
	if (add_event(&control, EPOLL_CTL_ADD, fd, EPOLLRDHUP, err) < 0) {
		if (err->code != EBADF && err->code != EPERM)
			return -1;
		(void)fail_as(err, EX_USAGE, "descriptor %d %s", fd,
			err->code == EBADF ? "is not open"
					   : "is a file or a device, which never closes");
		return add_hint(err, "pass the reading end of a pipe, as standard input or with "
				     "--hold-fd: the run ends when the other end is closed");
	}
	if (control.caller >= 0 &&
		add_event(&control, EPOLL_CTL_ADD, control.caller, EPOLLIN, err) < 0)
		return -1;
	*ret = control;
	control = (struct control)CONTROL_NONE;
	return 0;
}

void control_close(struct control *control)
{
	cleanup_close(&control->caller);
	cleanup_close(&control->ended);
	*control = (struct control)CONTROL_NONE;
}

int control_add_signals(const struct control *control, int signals, struct error *err)
{
	return add_event(control, EPOLL_CTL_ADD, signals, EPOLLIN, err);
}

int control_take_data(const struct control *control, struct error *err)
{
	return add_event(control, EPOLL_CTL_MOD, control->fd, EPOLLIN | EPOLLRDHUP, err);
}

bool control_is_over(const struct control *control)
{
	enum { FD, CALLER, COUNT };
	struct pollfd fds[COUNT] = {
		[FD] = {.fd = control->fd, .events = POLLIN},
		[CALLER] = {.fd = control->caller, .events = POLLIN},
	};
	char discarded[4096];
	if (poll(fds, COUNT, 0) < 0)
		return false;
	if (fds[CALLER].revents)
		return true;
	if (!(fds[FD].revents & POLLIN))
		return fds[FD].revents != 0;
	ssize_t n = read(control->fd, discarded, sizeof discarded);
	return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

/* Whether a line that begins here is the marker; *ret_known is false if more text must come first.
 */
static bool is_marker(const char *line, size_t len, bool at_end, bool *ret_known)
{
	size_t size = strlen(MARKER);
	size_t part = len < size ? len : size;
	*ret_known = true;
	if (memcmp(line, MARKER, part) != 0)
		return false;
	if (len > size)
		return strchr(" \t\r\n", line[size]) && line[size];
	*ret_known = at_end;
	return at_end && len == size;
}

bool control_find_end(const char *text, size_t len, bool at_end, size_t *line)
{
	bool known = true;
	while (*line < len) {
		if (is_marker(text + *line, len - *line, at_end, &known))
			return true;
		const char *next = memchr(text + *line, '\n', len - *line);
		if (!known || !next)
			return false;
		*line = (size_t)(next - text) + 1;
	}
	return false;
}

static int fail_ended(struct error *err)
{
	(void)fail_as(err, EX_USAGE,
		"standard input has ended with the config, and nothing holds the run");
	return add_hint(err, "end the config with a line `...` and leave standard input open, or "
			     "hold the run by another descriptor: --hold-fd N");
}

int control_read_config(
	int fd, bool to_end, size_t max, char **ret, size_t *ret_len, struct error *err)
{
	size_t size = max + sizeof "\n" MARKER "\n"; /* to find the end, or to notice more */
	size_t len = 0;
	size_t line = 0;
	bool found = false;
	bool ended = false;
	_cleanup_free_ char *text = malloc(size + 1);
	if (!text)
		return fail(err, ENOMEM, "the config");
	while (!found && !ended && len < size) {
		struct pollfd polled = {.fd = fd, .events = POLLIN};
		ssize_t n = read(fd, text + len, size - len);
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && poll(&polled, 1, -1) >= 0)))
			continue;
		if (n < 0)
			return fail(err, errno, "read the config from standard input");
		len += (size_t)n;
		ended = n == 0;
		found = control_find_end(text, len, ended, &line);
	}
	if (!found && ended && !to_end)
		return fail_ended(err);
	if (found)
		len = line;
	if (len > max)
		return fail_as(
			err, EX_CONFIG, "standard input: the config has more than %zu bytes", max);
	text[len] = '\0';
	*ret = steal_ptr(text);
	*ret_len = len;
	return 0;
}
