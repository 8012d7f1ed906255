/* SPDX-License-Identifier: MIT
 *
 * queue: take the lock, and wait for the run's turn.
 *
 * queue_lock() first tries flock(2) without waiting; only if that fails does it start a child that
 * waits for the lock. queue_enter() reads the ledger under the lock. If the claim fits, it makes
 * the tree. If not, it reserves the tree, drops the lock and polls until an owner ends; then it
 * reads the ledger again.
 */
#include "queue.h"

#include "cleanup.h"
#include "fs.h"
#include "lock_holder.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

static int timer_set(int timer, uint64_t seconds, struct error *err)
{
	struct itimerspec when = {.it_value = {.tv_sec = (time_t)seconds}};
	if (seconds != QUEUE_FOREVER && timerfd_settime(timer, 0, &when, NULL) < 0)
		return fail(err, errno, "timerfd");
	return 0;
}

static int timer_open(uint64_t seconds, struct error *err)
{
	_cleanup_close_ int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (timer < 0)
		return fail(err, errno, "timerfd");
	return timer_set(timer, seconds, err) < 0 ? -1 : steal_fd(&timer);
}

/* ---- the lock ---- */

static int fail_locked(
	const struct host *host, int fd, const struct lock_holder *holder, struct error *err)
{
	char who[LOCK_HOLDER_MAX];
	(void)fail_as(err, EX_TEMPFAIL, "/" QUEUE_LOCK " has been locked for %d s %s",
		QUEUE_LOCK_SECONDS, lock_holder_describe(host, fd, holder, who));
	return add_hint(err, "try again; a run holds the lock for milliseconds unless it is "
			     "stopped. As root, lslocks or fuser /" QUEUE_LOCK " shows the holder");
}

/* flock(2) cannot be polled and has no timeout. So a child waits in flock(2) and reports success
 * through an eventfd(2), which can be polled. The lock belongs to the open file description, which
 * parent and child share. The child lives until the parent drops the lock, because the kernel
 * reports the child's PID as the holder. */
static int start_locker(int fd, int event, struct child *ret, struct error *err)
{
	const uint64_t one = 1;
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid < 0)
		return fail(err, errno, "fork");
	if (pid == 0) {
		bool orphan = prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent;
		if (orphan || flock(fd, LOCK_EX) < 0 || write(event, &one, sizeof one) < 0)
			_exit(EX_OSERR);
		for (;;)
			(void)pause();
	}
	*ret = (struct child){.pid = pid, .pidfd = pidfd_open(pid, 0)};
	if (ret->pidfd >= 0)
		return 0;
	int errnum = errno;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return fail(err, errnum, "pidfd_open");
}

/* Wait until the child has the lock. One process may hold it for QUEUE_LOCK_SECONDS; if the holders
 * change, the wait lasts for up to QUEUE_LOCK_TURNS such periods. */
static int poll_locker(const struct host *host, int fd, int event, const struct child *child,
	int signals, struct error *err)
{
	_cleanup_close_ int timer = timer_open(QUEUE_LOCK_SECONDS, err);
	if (timer < 0)
		return -1;
	enum { EVENT, CHILD, SIGNALS, TIMER, COUNT };
	struct pollfd fds[COUNT] = {
		[EVENT] = {.fd = event, .events = POLLIN},
		[CHILD] = {.fd = child->pidfd, .events = POLLIN},
		[SIGNALS] = {.fd = signals, .events = POLLIN},
		[TIMER] = {.fd = timer, .events = POLLIN},
	};
	struct lock_holder holder;
	lock_holder_find(host, fd, &holder);
	for (unsigned turn = 0;;) {
		if (poll(fds, COUNT, -1) < 0) {
			if (errno != EINTR)
				return fail(err, errno, "poll");
			continue;
		}
		if (fds[EVENT].revents)
			return 0;
		if (fds[SIGNALS].revents || fds[CHILD].revents)
			return fail(err, fds[SIGNALS].revents ? EINTR : EIO, "lock /" QUEUE_LOCK);
		struct lock_holder now;
		lock_holder_find(host, fd, &now);
		/* A process that has ended in between may have left its PID to another. */
		if ((now.pid && now.pid == holder.pid) || ++turn == QUEUE_LOCK_TURNS)
			return fail_locked(host, fd, now.pid == holder.pid ? &holder : &now, err);
		holder = now;
		if (timer_set(timer, QUEUE_LOCK_SECONDS, err) < 0)
			return -1;
	}
}

static int wait_locked(
	const struct host *host, int signals, struct queue_lock *lock, struct error *err)
{
	_cleanup_close_ int event = eventfd(0, EFD_CLOEXEC);
	if (event < 0)
		return fail(err, errno, "eventfd");
	if (start_locker(lock->fd, event, &lock->locker, err) < 0)
		return -1;
	return poll_locker(host, lock->fd, event, &lock->locker, signals, err);
}

int queue_lock(const struct host *host, int oss_crs_fd, int signals, struct queue_lock *ret,
	struct error *err)
{
	_cleanup_(queue_unlock) struct queue_lock lock = QUEUE_UNLOCKED;
	lock.fd = fs_open(host->root, QUEUE_LOCK, O_RDONLY, 0, err);
	lock.own = lock.fd < 0 && err->code == ENOENT;
	if (lock.own)
		lock.fd = fs_open(oss_crs_fd, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (lock.fd < 0)
		return -1;
	if (flock(lock.fd, LOCK_EX | LOCK_NB) < 0 &&
		(errno != EWOULDBLOCK ? fail(err, errno, "lock /" QUEUE_LOCK)
				      : wait_locked(host, signals, &lock, err)) < 0)
		return -1;
	*ret = lock;
	lock = (struct queue_lock)QUEUE_UNLOCKED;
	return 0;
}

void queue_unlock(struct queue_lock *lock)
{
	struct error ignored;
	int status = 0;
	cleanup_close(&lock->fd);
	if (lock->locker.pid > 0) {
		(void)proc_signal(&lock->locker, SIGKILL, &ignored);
		(void)proc_wait(&lock->locker, &status, &ignored);
	}
	*lock = (struct queue_lock)QUEUE_UNLOCKED;
}

/* ---- the queue ---- */

struct entry {
	const struct queue_request *request;
	struct lease_claim claim;
	struct cg_tree tree;
	struct ledger ledger; /* as it was last read */
	struct lease_view view;
	struct queue_lock lock;
	int timer;
	bool own_lock; /* QUEUE_LOCK is missing */
	bool told;     /* notify_warnings() has run */
};

/* Pass text to the user. Never under the lock: the reader of the output may be slow, and so may the
 * look-up of a user's name. */
static void notify_user(const struct entry *entry, bool warning, const char *text)
{
	entry->request->tell(entry->request->data, warning, text);
}

/* Tell the user of cgroups that are not runs. Those in conflict are told with it. */
static void notify_foreign(const struct entry *entry)
{
	char text[LEASE_FOREIGN_MAX];
	for (size_t i = 0; i < entry->ledger.count; i++) {
		const struct lease *lease = &entry->ledger.list[i];
		if (lease->state == LEASE_FOREIGN && !lease->conflicts)
			notify_user(entry, cpulist_empty(&lease->cpus),
				lease_describe_foreign(lease, text));
	}
}

/* Warn the user, once per run, of conflicts that the ledger cannot prevent. */
static void notify_warnings(struct entry *entry)
{
	char text[1024];
	struct ledger *ledger = &entry->ledger;
	if (entry->told)
		return;
	entry->told = true;
	ledger_read_dead(entry->request->host, ledger);
	if (entry->own_lock)
		notify_user(entry, true,
			"/" QUEUE_LOCK
			" is missing: a run that another user starts at the same moment may get "
			"the same CPUs (to create it, run: sudo systemd-tmpfiles --create "
			"oss-crs.conf)");
	if (ledger->hidden) {
		char why[LEDGER_HIDDEN_MAX];
		(void)snprintf(text, sizeof text,
			"not all runs are visible, so this run may share CPUs and memory with "
			"them: %s",
			ledger_describe_hidden(ledger, why));
		notify_user(entry, true, text);
	}
	for (size_t i = 0; i < ledger->count; i++) {
		char user[64];
		char cpus[CPULIST_TEXT_MAX] _unfilled_;
		struct cpulist common = ledger->list[i].cpus;
		cpulist_intersect(&common, &entry->claim.cpus);
		if (ledger->list[i].state != LEASE_LEFT || cpulist_empty(&common))
			continue;
		(void)snprintf(text, sizeof text,
			"CPUs %.64s are also used by processes that the dead run %s of %s left "
			"(to end them, run: oss-crs-run clean)",
			cpulist_format(&common, cpus), ledger->list[i].name,
			lease_user(&ledger->list[i], user, sizeof user));
		notify_user(entry, true, text);
	}
	notify_foreign(entry);
}

/* Choose the plan's CPUs of those that are free now, and judge the result like a list. */
static int choose_cpus(struct entry *entry, struct error *err)
{
	const struct queue_request *request = entry->request;
	struct lease_claim claim = entry->claim;
	struct cpulist left;
	struct cpulist taken = claim.host_cpus;
	lease_free_cpus(&entry->ledger, claim.id, &claim.host_cpus, &left);
	cpulist_subtract(&taken, &left);
	if (request->choose(request->chooser, &taken, err) < 0)
		return -1;
	claim.cpus = request->plan->cpus;
	claim.any = 0;
	entry->view = lease_judge(&entry->ledger, &claim);
	return 0;
}

/* Take the lock, read the ledger and judge the claim. The caller drops the lock. */
static int look_at_ledger(struct entry *entry, struct error *err)
{
	const struct queue_request *request = entry->request;
	if (queue_lock(request->host, request->oss_crs_fd, request->signals, &entry->lock, err) < 0)
		return -1;
	entry->own_lock = entry->lock.own;
	ledger_free(&entry->ledger);
	if (ledger_read(request->host, entry->claim.id, &entry->ledger, err) < 0)
		return -1;
	entry->view = lease_judge(&entry->ledger, &entry->claim);
	return entry->view.fits && entry->claim.any ? choose_cpus(entry, err) : 0;
}

/* A run that cannot be read may have any CPUs. Waiting does not help: its end is unknown. */
static int fail_hidden(const struct entry *entry, struct error *err)
{
	char why[LEDGER_HIDDEN_MAX];
	(void)fail_as(err, EX_UNAVAILABLE,
		"not all runs are visible, so free CPUs and memory are unknown: %s",
		ledger_describe_hidden(&entry->ledger, why));
	return add_hint(
		err, "to list the runs, run: oss-crs-run status; to run anyway, use --share");
}

static int fail_taken(const struct entry *entry, bool waited, struct error *err)
{
	char text[900];
	(void)fail_as(err, EX_TEMPFAIL, "%s%s", waited ? "gave up waiting: " : "",
		lease_describe(&entry->ledger, &entry->claim, &entry->view, text, sizeof text));
	return add_hint(err, "%s, or use --share to run at the same time",
		waited ? "wait longer (--wait alone has no time limit)" : "use --wait to queue");
}

static void notify_shared(const struct entry *entry)
{
	char text[900];
	char line[1024];
	(void)snprintf(line, sizeof line,
		"this run shares CPUs or memory; its figures are not comparable: %s",
		lease_describe(&entry->ledger, &entry->claim, &entry->view, text, sizeof text));
	notify_user(entry, true, line);
}

static void notify_place(const struct entry *entry)
{
	char text[900];
	char line[1024];
	(void)snprintf(line, sizeof line, "waiting at position %u in the queue: %s",
		entry->view.ahead + 1,
		lease_describe(&entry->ledger, &entry->claim, &entry->view, text, sizeof text));
	notify_user(entry, false, line);
}

/* Add a pidfd of a lease's owner to the descriptors to poll. The PID may belong to another process
 * by now; the pidfd is the owner's if the lease still has that owner after pidfd_open(2). Returns
 * 1, 0 if the owner has ended and the ledger should be read again, or -1. */
static int add_owner(const struct host *host, const struct lease *lease, struct pollfd *fds,
	size_t *count, struct error *err)
{
	if (lease->owner <= 0) {
		(void)fail_as(err, EX_TEMPFAIL, "the owner of run %s is in another PID namespace",
			lease->name);
		return add_hint(err, "its end is not visible from here; try again later");
	}
	_cleanup_close_ int pidfd = pidfd_open(lease->owner, 0);
	if (pidfd < 0)
		return errno == ESRCH ? 0 : fail(err, errno, "wait for run %s", lease->name);
	int live = lease_is_live(host, lease, err);
	if (live > 0)
		fds[(*count)++] = (struct pollfd){.fd = steal_fd(&pidfd), .events = POLLIN};
	return live;
}

/* Add the file by which the kernel tells that a foreign cgroup has lost its last process. Returns
 * the same as add_owner(). */
static int add_foreign(const struct host *host, const struct lease *lease, struct pollfd *fds,
	size_t *count, struct error *err)
{
	char text[256];
	uint64_t populated = 0;
	_cleanup_close_ int cg = lease_open(host, lease, err);
	_cleanup_close_ int events = cg < 0 ? -1 : fs_open(cg, "cgroup.events", O_RDONLY, 0, err);
	if (events < 0)
		return tree_is_gone(err) ? 0 : -1;
	/* Reading the file arms the notification. */
	ssize_t n = pread(events, text, sizeof text - 1, 0);
	if (n < 0)
		return errno == ENODEV ? 0 : fail(err, errno, "wait for cgroup %s", lease->name);
	text[n] = '\0';
	if (cgroup_find_key(text, "populated", &populated) < 0)
		return fail(err, ENODATA, "wait for cgroup %s", lease->name);
	if (populated)
		fds[(*count)++] = (struct pollfd){.fd = steal_fd(&events), .events = POLLPRI};
	return populated ? 1 : 0;
}

/* Add the owners to wait for, as the head of queue.h says. Returns the same as add_owner(). */
static int add_owners(
	const struct entry *entry, struct pollfd *fds, size_t *count, struct error *err)
{
	const struct ledger *ledger = &entry->ledger;
	bool cpus = entry->view.cpus_short || !cpulist_empty(&entry->view.taken);
	int wait = 1;
	for (size_t i = ledger->count; i-- > 0 && wait > 0;) {
		const struct lease *lease = &ledger->list[i];
		if (!(lease->conflicts & (cpus ? LEASE_HAS_CPUS : LEASE_HAS_MEMORY)))
			continue;
		wait = lease->state == LEASE_FOREIGN
			       ? add_foreign(entry->request->host, lease, fds, count, err)
			       : add_owner(entry->request->host, lease, fds, count, err);
		if (cpus && !entry->view.cpus_short)
			break;
	}
	return wait;
}

enum { TIMER, SIGNALS, TICKER, OWNERS };

/* Wait until an owner ends. Fails with EX_TEMPFAIL when the time is up, EINTR at a signal. */
static int wait_for_event(
	const struct entry *entry, struct pollfd *fds, size_t count, struct error *err)
{
	for (;;) {
		int ready = poll(fds, count, -1);
		if (ready < 0 && errno != EINTR)
			return fail(err, errno, "poll");
		if (ready <= 0)
			continue;
		bool ticked = fds[TICKER].revents;
		if (ticked)
			entry->request->tick(entry->request->data);
		if (ready > ticked)
			break;
	}
	if (fds[SIGNALS].revents)
		return fail(err, EINTR, "wait");
	return fds[TIMER].revents ? fail_taken(entry, true, err) : 0;
}

/* Wait until the ledger should be read again. Returns -1 with an error if the wait is over. */
static int wait_turn(struct entry *entry, struct error *err)
{
	if (entry->timer < 0)
		entry->timer = timer_open(entry->request->wait, err);
	_cleanup_free_ struct pollfd *fds = calloc(entry->ledger.count + OWNERS, sizeof *fds);
	if (entry->timer < 0 || !fds)
		return entry->timer < 0 ? -1 : fail(err, ENOMEM, "wait");
	fds[TIMER] = (struct pollfd){.fd = entry->timer, .events = POLLIN};
	fds[SIGNALS] = (struct pollfd){.fd = entry->request->signals, .events = POLLIN};
	fds[TICKER] = (struct pollfd){.fd = entry->request->ticker, .events = POLLIN};
	size_t count = OWNERS;
	int result = add_owners(entry, fds, &count, err);
	if (result > 0)
		result = wait_for_event(entry, fds, count, err);
	while (count > OWNERS)
		(void)close(fds[--count].fd);
	return result;
}

/* Make the run's cgroup, which enters the run in the ledger, unless that is done. The run either
 * begins now, with the plan's CPUs, or waits for those of the claim. */
static int reserve_tree(struct entry *entry, bool begins, struct error *err)
{
	const struct queue_request *request = entry->request;
	if (entry->tree.plan)
		return 0;
	const struct tree_claim claim = {.cpus = begins ? &request->plan->cpus : &entry->claim.cpus,
		.any = begins ? 0 : entry->claim.any,
		.waits = !begins};
	if (tree_reserve(request->oss_crs_fd, request->plan, &claim, &entry->tree, err) < 0)
		return -1;
	entry->claim.id = entry->tree.id;
	return 0;
}

/* Read the ledger until the claim fits, then make the tree and begin the run. */
static int pass_through_queue(struct entry *entry, struct error *err)
{
	const struct queue_request *request = entry->request;
	while (look_at_ledger(entry, err) == 0) {
		if (entry->ledger.hidden && !request->share) {
			queue_unlock(&entry->lock);
			return fail_hidden(entry, err);
		}
		if (!entry->view.fits && request->share &&
			ledger_check_partitions(request->host, &entry->ledger, err) < 0)
			return -1;
		if (entry->view.fits || request->share)
			return reserve_tree(entry, true, err) < 0
				       ? -1
				       : tree_fill(&entry->tree, request->tree, err);
		if (request->wait && reserve_tree(entry, false, err) < 0)
			return -1;
		queue_unlock(&entry->lock);
		notify_warnings(entry);
		if (!request->wait)
			return fail_taken(entry, false, err);
		notify_place(entry);
		if (wait_turn(entry, err) < 0)
			return -1;
	}
	return -1;
}

int queue_enter(const struct queue_request *request, struct cg_tree *ret, struct ledger *ret_shared,
	struct error *err)
{
	struct entry entry = {
		.request = request,
		.claim = request->claim,
		.tree = TREE_NONE,
		.ledger = LEDGER_NONE,
		.lock = QUEUE_UNLOCKED,
		.timer = -1,
	};
	int result = pass_through_queue(&entry, err);
	struct error removal = {0};
	if (result < 0)
		(void)tree_destroy(&entry.tree, &removal);
	queue_unlock(&entry.lock);
	cleanup_close(&entry.timer);
	if (result < 0) {
		ledger_free(&entry.ledger);
		return -1;
	}
	*ret = entry.tree;
	*ret_shared = entry.ledger;
	notify_warnings(&entry);
	if (request->share && !entry.view.fits)
		notify_shared(&entry);
	return 0;
}
