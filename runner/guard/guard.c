/* SPDX-License-Identifier: MIT
 *
 * guard: the guard's process waits in poll(2) for connections, for the end of its children, and for
 * the run to close its end of a pair of sockets. A child serves one connection (serve.h): a flaw in
 * a parser, or an engine that hangs, concerns that connection alone. Refusals go through a pipe to
 * the run.
 */
#include "guard.h"

#include "cleanup.h"
#include "compose_guard.h"
#include "message.h"
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define GUARD_NAME "oss-crs-guard" /* as ps(1) shows it */
#define BACKLOG    128

/* A connection that a child serves. */
struct served {
	pid_t pid;
	size_t scope;
};

/* The guard, as its own process sees it. */
struct guarding {
	struct engine *engine;
	const struct judge_scope *scopes;
	size_t count;
	int *listeners;        /* a socket per scope */
	struct served *served; /* GUARD_CONNECTIONS_MAX per scope */
	size_t served_count;
	size_t *open; /* connections per scope */
	int refusals, alive, children;
};

/* ---- the guard's processes ------------------------------------------------------------------- */

struct telling {
	const struct guarding *guarding;
	size_t scope;
};

/* Without a reader (SIGPIPE is ignored) the run is over. */
static void tell_run(void *data, const char *request, const char *what)
{
	const struct telling *telling = data;
	struct refusal refusal = {.crs = (uint32_t)telling->scope};
	(void)snprintf(refusal.request, sizeof refusal.request, "%s", request);
	(void)snprintf(refusal.what, sizeof refusal.what, "%s", what);
	ssize_t n = 0;
	do
		n = write(telling->guarding->refusals, &refusal, sizeof refusal);
	while (n < 0 && errno == EINTR);
}

/* The whole life of a child. */
static _Noreturn void serve_and_exit(const struct guarding *guarding, size_t scope, int client)
{
	struct telling telling = {.guarding = guarding, .scope = scope};
	const struct serve serve = {.engine = guarding->engine,
		.scope = &guarding->scopes[scope],
		.refused = tell_run,
		.data = &telling};
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	serve_connection(&serve, client);
	_exit(EXIT_SUCCESS);
}

/* Have the kernel kill this process when its parent ends. */
static void die_with(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it has ended already */
		_exit(EXIT_SUCCESS);
}

static void accept_connection(struct guarding *guarding, size_t scope)
{
	_cleanup_close_ int client = accept4(guarding->listeners[scope], NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		die_with(self);
		serve_and_exit(guarding, scope, client);
	}
	if (pid < 0) /* the client sees the end of its connection */
		return;
	guarding->served[guarding->served_count++] = (struct served){.pid = pid, .scope = scope};
	guarding->open[scope]++;
}

static void reap_children(struct guarding *guarding)
{
	pid_t pid = 0;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		size_t i = 0;
		while (i < guarding->served_count && guarding->served[i].pid != pid)
			i++;
		if (i == guarding->served_count)
			continue;
		guarding->open[guarding->served[i].scope]--;
		guarding->served[i] = guarding->served[--guarding->served_count];
	}
}

static void on_children(struct guarding *guarding)
{
	struct signalfd_siginfo info;
	(void)!read(guarding->children, &info, sizeof info);
	reap_children(guarding);
}

/* Serve until the run closes its end. */
static void guard_loop(struct guarding *guarding, struct pollfd *fds)
{
	const size_t alive = guarding->count;
	const size_t children = guarding->count + 1;
	fds[alive] = (struct pollfd){.fd = guarding->alive, .events = POLLIN};
	fds[children] = (struct pollfd){.fd = guarding->children, .events = POLLIN};
	for (;;) {
		/* A CRS with too many connections waits until one of them ends. */
		for (size_t i = 0; i < guarding->count; i++)
			fds[i] = (struct pollfd){.fd = guarding->open[i] < GUARD_CONNECTIONS_MAX
							       ? guarding->listeners[i]
							       : -1,
				.events = POLLIN};
		if (poll(fds, guarding->count + 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (fds[alive].revents)
			return;
		if (fds[children].revents)
			on_children(guarding);
		for (size_t i = 0; i < guarding->count; i++)
			if (fds[i].revents & POLLIN)
				accept_connection(guarding, i);
	}
}

/* End the children: those that are starting something when that is done. What has not ended after
 * GUARD_STOP_MS is killed with this process. */
static void end_children(struct guarding *guarding)
{
	struct pollfd wait = {.fd = guarding->children, .events = POLLIN};
	for (size_t i = 0; i < guarding->count; i++)
		cleanup_close(&guarding->listeners[i]);
	for (size_t i = 0; i < guarding->served_count; i++)
		(void)kill(guarding->served[i].pid, SIGTERM);
	while (guarding->served_count > 0 && poll(&wait, 1, GUARD_STOP_MS) > 0)
		on_children(guarding);
}

static int compare_numbers(const void *a, const void *b)
{
	const int left = *(const int *)a;
	const int right = *(const int *)b;
	return (left > right) - (left < right);
}

/* Close all descriptors but these: the run's locks, its engine connections and what holds its
 * keeper are no business of the guard's. Sorts the list. */
static void close_others(int *keep, size_t count)
{
	unsigned from = 0;
	qsort(keep, count, sizeof *keep, compare_numbers);
	for (size_t i = 0; i < count; i++) {
		if ((unsigned)keep[i] > from)
			(void)close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	(void)close_range(from, ~0U, 0);
}

/* The guard keeps standard error, for the sanitizers' messages, and what it needs. */
static int enter_guard(struct guarding *guarding, int *keep)
{
	sigset_t set;
	size_t count = 0;
	(void)setsid();
	(void)prctl(PR_SET_NAME, GUARD_NAME);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigdelset(&set, SIGTERM);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return -1;
	guarding->children = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (guarding->children < 0)
		return -1;
	for (size_t i = 0; i < guarding->count; i++)
		keep[count++] = guarding->listeners[i];
	keep[count++] = STDIN_FILENO;
	keep[count++] = STDOUT_FILENO;
	keep[count++] = STDERR_FILENO;
	keep[count++] = guarding->refusals;
	keep[count++] = guarding->alive;
	keep[count++] = guarding->children;
	close_others(keep, count);
	return 0;
}

#define KEPT_MAX 6 /* descriptors beside the listeners */

/* The whole life of the guard. It says by a byte that it serves. */
static _Noreturn void guard_and_exit(struct guarding *guarding)
{
	size_t count = guarding->count;
	int *keep = calloc(count + KEPT_MAX, sizeof *keep);
	struct pollfd *fds = calloc(count + 2, sizeof *fds);
	guarding->served = calloc(count * GUARD_CONNECTIONS_MAX, sizeof *guarding->served);
	guarding->open = calloc(count, sizeof *guarding->open);
	if (!keep || !fds || !guarding->served || !guarding->open ||
		enter_guard(guarding, keep) < 0 || write(guarding->alive, "", 1) != 1)
		_exit(EXIT_FAILURE);
	guard_loop(guarding, fds);
	end_children(guarding);
	_exit(EXIT_SUCCESS);
}

/* ---- the run's side -------------------------------------------------------------------------- */

/* The address is through /proc, since a path may be longer than an address has room for. */
static int listen_at(int dir, size_t index, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char name[COMPOSE_GUARD_NAME_MAX];
	compose_guard_name(index, name);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(err, errno, "socket");
	(void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir, name);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
		fchmodat(dir, name, 0666, 0) < 0 || listen(fd, BACKLOG) < 0)
		return fail(err, errno, "socket %s", name);
	return steal_fd(&fd);
}

static void close_listeners(struct guarding *guarding)
{
	for (size_t i = 0; guarding->listeners && i < guarding->count; i++)
		cleanup_close(&guarding->listeners[i]);
	free(guarding->listeners);
	cleanup_close(&guarding->refusals);
	cleanup_close(&guarding->alive);
}

static int open_listeners(struct guarding *guarding, int dir, struct error *err)
{
	guarding->listeners = malloc(guarding->count * sizeof *guarding->listeners);
	if (!guarding->listeners)
		return fail(err, ENOMEM, "guard");
	for (size_t i = 0; i < guarding->count; i++)
		guarding->listeners[i] = -1;
	for (size_t i = 0; i < guarding->count; i++) {
		guarding->listeners[i] = listen_at(dir, i, err);
		if (guarding->listeners[i] < 0)
			return -1;
	}
	return 0;
}

int guard_start(int dir, struct engine *engine, const struct judge_scope *scopes, size_t count,
	struct guard *ret, struct error *err)
{
	int pipe[2];
	int ends[2];
	char byte = 0;
	_cleanup_(close_listeners) struct guarding guarding = {.engine = engine,
		.scopes = scopes,
		.count = count,
		.refusals = -1,
		.alive = -1,
		.children = -1};
	if (message_load(err) < 0 || open_listeners(&guarding, dir, err) < 0)
		return -1;
	if (pipe2(pipe, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int refusals = pipe[0];
	guarding.refusals = pipe[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, errno, "socketpair");
	_cleanup_close_ int alive = ends[0];
	guarding.alive = ends[1];
	pid_t self = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		die_with(self);
		guard_and_exit(&guarding);
	}
	int errnum = errno;
	cleanup_close(&guarding.alive);
	guarding.alive = -1;
	if (pid < 0 || read(alive, &byte, 1) != 1) {
		if (pid > 0)
			(void)waitpid(pid, NULL, 0);
		return fail(err, pid < 0 ? errnum : EPIPE, "start the guard");
	}
	(void)fcntl(refusals, F_SETFL, O_NONBLOCK);
	*ret = (struct guard){
		.pid = pid, .refusals = steal_fd(&refusals), .alive = steal_fd(&alive)};
	return 0;
}

int guard_read(
	struct guard *guard, void (*tell)(void *data, const struct refusal *refusal), void *data)
{
	struct refusal refusal;
	struct error ignored = {0};
	for (;;) {
		ssize_t n = read(guard->refusals, &refusal, sizeof refusal);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof refusal)
			return n != 0;
		refusal.request[sizeof refusal.request - 1] = '\0';
		refusal.what[sizeof refusal.what - 1] = '\0';
		if (refusals_add(&guard->seen, &refusal, &ignored) > 0 && tell)
			tell(data, &refusal);
	}
}

void guard_stop(struct guard *guard)
{
	if (!guard->pid)
		return;
	cleanup_close(&guard->alive);
	guard->alive = -1;
	/* Read meanwhile, so that no child waits for room in the pipe. It ends when all writers
	 * have. */
	struct pollfd wait = {.fd = guard->refusals, .events = POLLIN};
	while (poll(&wait, 1, GUARD_STOP_MS + 2000) > 0 && guard_read(guard, NULL, NULL)) {
	}
	(void)kill(guard->pid, SIGKILL);
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR) {
	}
	(void)guard_read(guard, NULL, NULL);
	cleanup_close(&guard->refusals);
	guard->refusals = -1;
	guard->pid = 0;
}

void guard_close(struct guard *guard)
{
	guard_stop(guard);
	refusals_free(&guard->seen);
}
