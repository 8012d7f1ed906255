/* SPDX-License-Identifier: MIT
 *
 * tunnel: a flow per direction. Each has a pipe, which splice(2) fills from one socket and empties
 * into the other; the loop waits for the socket that the flow needs next.
 */
#include "tunnel.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#define PIPE_SIZE (1 << 20) /* the most that a user may ask for (pipe(7)) */

struct flow {
	int from, to;
	int pipe[2];
	size_t held; /* bytes in the pipe */
	bool ended;  /* no more will come out of `from` */
	bool over;   /* and all of it is in `to` */
};

static void flow_close(struct flow *flow)
{
	cleanup_close(&flow->pipe[0]);
	cleanup_close(&flow->pipe[1]);
}

static int flow_open(struct flow *flow, int from, int to, struct error *err)
{
	flow->from = from;
	flow->to = to;
	if (pipe2(flow->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail(err, errno, "pipe");
	(void)fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	return 0;
}

/* Splice once. Returns the number of bytes, 0 at the end, or -1; EAGAIN is not an error. */
static ssize_t splice_once(int from, int to, size_t len)
{
	ssize_t n = 0;
	do
		n = splice(from, NULL, to, NULL, len, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Move what can be moved. Returns false if the other side no longer takes anything. */
static bool flow_move(struct flow *flow)
{
	while (!flow->over) {
		if (flow->held == 0 && !flow->ended) {
			ssize_t n = splice_once(flow->from, flow->pipe[1], PIPE_SIZE);
			if (n < 0 && errno == EAGAIN)
				return true;
			flow->ended = n <= 0;
			flow->held = n > 0 ? (size_t)n : 0;
		}
		if (flow->held > 0) {
			ssize_t n = splice_once(flow->pipe[0], flow->to, flow->held);
			if (n < 0 && errno == EAGAIN)
				return true;
			if (n <= 0)
				return false;
			flow->held -= (size_t)n;
		}
		if (flow->held == 0 && flow->ended) {
			(void)shutdown(flow->to, SHUT_WR);
			flow->over = true;
		}
	}
	return true;
}

/* What the flow waits for, on the socket that it reads or on the one that it writes. */
static void flow_wants(const struct flow *flow, struct pollfd *from, struct pollfd *to)
{
	if (flow->over)
		return;
	if (flow->held > 0)
		to->events |= POLLOUT;
	else
		from->events |= POLLIN;
}

static int set_nonblocking(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);
	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? fail(err, errno, "fcntl")
								       : 0;
}

/* Wait until a flow can go on. `gone` says that the client has closed its socket in both directions
 * (POLLHUP), and becomes true when it has. */
static int wait_for_flows(
	const struct flow *down, const struct flow *up, bool *gone, struct error *err)
{
	struct pollfd fds[] = {{.fd = down->to}, {.fd = down->from}};
	if (!*gone)
		flow_wants(down, &fds[1], &fds[0]);
	flow_wants(up, &fds[0], &fds[1]);
	/* A socket whose other end has closed would wake the loop without end. */
	if (*gone && fds[0].events == 0)
		fds[0].fd = -1;
	if (fds[1].events == 0)
		fds[1].fd = -1;
	if (poll(fds, 2, -1) < 0)
		return errno == EINTR ? 0 : fail(err, errno, "poll");
	*gone = *gone || (fds[0].revents & (POLLHUP | POLLERR));
	return 0;
}

/* The tunnel is over when all that the server sent is with the client, or the client is gone and
 * all that it sent is with the server. */
static int carry(struct flow *down, struct flow *up, struct error *err)
{
	bool gone = false;
	for (;;) {
		if (!gone && !flow_move(down))
			gone = true;
		/* The server takes nothing more: what it still says goes to the client. */
		if (!flow_move(up))
			up->over = true;
		if (down->over || (gone && up->over))
			return 0;
		if (wait_for_flows(down, up, &gone, err) < 0)
			return -1;
	}
}

static void flows_close(struct flow (*flows)[2])
{
	flow_close(&(*flows)[0]);
	flow_close(&(*flows)[1]);
}

int tunnel_run(int client, int server, bool both_ways, struct error *err)
{
	_cleanup_(flows_close) struct flow flows[2] = {
		{.pipe = {-1, -1}}, {.pipe = {-1, -1}, .over = !both_ways}};
	return set_nonblocking(client, err) < 0 || set_nonblocking(server, err) < 0 ||
			       flow_open(&flows[0], server, client, err) < 0 ||
			       (both_ways && flow_open(&flows[1], client, server, err) < 0)
		       ? -1
		       : carry(&flows[0], &flows[1], err);
}
