/* SPDX-License-Identifier: MIT
 *
 * hostile_worker: what oss-crs-setup is linked with instead of worker/worker.c to see what a worker
 * that an attacker has taken over can do. Its privileges are the real worker's. The first word of
 * /etc/oss-crs/hostile says what it does:
 *
 *	trial   try what only root may do, without the root side; "not refused: ..." for what works
 *	random  send 20,000 random requests, others for each command
 *	cut     send messages of other sizes
 *	silent  take the lock, and never say anything again
 *	flood   send requests and read no answer
 *	early   close the door, and go on running
 */
#include "worker.h"

#include "bus.h"
#include "bus_message.h"
#include "cleanup.h"
#include "door.h"
#include "random_request.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define REQUESTS 20000 /* 100,000 of the five commands */

static int bad;

static void expect_refused(const char *what, bool refused)
{
	(void)printf(
		"%s: %s (%s)\n", refused ? "refused" : "not refused", what, strerrorname_np(errno));
	bad += !refused;
}

static int connect_to_docker(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&address, sizeof address);
}

/* What the trial of an earlier version could do as root: a setuid file, the death of root's
 * processes, a transient unit. */
static void run_trial(sd_bus *bus)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	static const char victim[] = "/usr/local/bin/victim";
	int own = memfd_create("own", MFD_CLOEXEC);
	expect_refused("chmod 4755", chmod(victim, 04755) < 0);
	expect_refused("fchmod 4755", fchmod(own, 04755) < 0);
	expect_refused("write a file", open(victim, O_WRONLY | O_CLOEXEC) < 0);
	expect_refused(
		"make a file", open("/tmp/hostile", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0);
	expect_refused("remove a file", unlink(victim) < 0);
	expect_refused("read /etc/shadow", open("/etc/shadow", O_RDONLY | O_CLOEXEC) < 0);
	expect_refused("kill the root side", kill(getppid(), SIGKILL) < 0);
	expect_refused("kill systemd", kill(1, SIGTERM) < 0);
	expect_refused("reach the root side by a pidfd", syscall(SYS_pidfd_open, getppid(), 0) < 0);
	expect_refused("become root", setuid(0) < 0);
	expect_refused("trace the root side", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0);
	expect_refused("run a program", execl("/bin/true", "true", NULL) < 0);
	expect_refused("connect to Docker", connect_to_docker() < 0);
	expect_refused("type into the terminal", ioctl(STDIN_FILENO, TIOCSTI, "x") < 0);
	errno = 0;
	int r = !bus ? -ENOTCONN
		     : sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
			       "StartTransientUnit", &error, NULL, "ssa(sv)a(sa(sv))",
			       "hostile.service", "replace", 1, "ExecStart", "a(sasb)", 1,
			       "/bin/true", 1, "/bin/true", 0, 0);
	errno = r < 0 ? -r : 0;
	expect_refused("start a transient unit", bus && r < 0);
}

static void send_random(int door, enum verb verb)
{
	struct error err = {0};
	static const char *const texts[] = {"{}", "{\"exec-opts\":[]}\n", "../x\n", "dead\n"};
	int files[sizeof texts / sizeof *texts];
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		files[i] = door_file(texts[i], strlen(texts[i]), &err);
	int done = 0;
	random_state = (uint32_t)verb + 1;
	for (; done < REQUESTS; done++) {
		struct door_message answer;
		int received[DOOR_FILES_MAX] = {-1, -1};
		const int sent[] = {
			next_random(20) ? -1 : files[next_random(4)], files[next_random(4)]};
		const struct door_message m = random_request();
		if (door_send(door, &m, sent, &err) < 0)
			break;
		do {
			if (door_receive(door, &answer, received, &err) <= 0)
				goto out;
			cleanup_close(&received[0]);
			cleanup_close(&received[1]);
		} while (answer.what != DOOR_ANSWER);
	}
out:
	(void)printf("%d requests answered\n", done);
}

static void send_cut(int door)
{
	const struct door_message m = random_request();
	for (size_t size = 1; size < sizeof m; size += 100)
		(void)send(door, &m, size, MSG_NOSIGNAL);
}

static void send_flood(int door)
{
	const struct door_message request = {.what = DOOR_DAEMON_JSON};
	struct error err = {0};
	while (door_send(door, &request, NULL, &err) == 0)
		;
}

static int take_lock(int door)
{
	const struct door_message request = {.what = DOOR_LOCK};
	struct error err = {0};
	return door_ask(door, &request, NULL, NULL, NULL, &err);
}

int worker_run(const struct worker *worker)
{
	char mode[16] = "";
	struct error err = {0};
	_cleanup_bus_ sd_bus *bus = NULL;
	(void)bus_open(&bus, &err);
	int file = open("/etc/oss-crs/hostile", O_RDONLY | O_CLOEXEC);
	if (file < 0 || read(file, mode, sizeof mode - 1) <= 0 ||
		confine_files(NULL, 0, worker->confined, &err) < 0 ||
		confine_calls(CONFINE_WORKER, worker->confined, &err) < 0)
		return EX_SOFTWARE;
	bool silent = strncmp(mode, "silent", 6) == 0;
	bool early = strncmp(mode, "early", 5) == 0;
	if (strncmp(mode, "trial", 5) == 0)
		run_trial(bus);
	if (strncmp(mode, "random", 6) == 0)
		send_random(worker->door, worker->request->verb);
	if (strncmp(mode, "cut", 3) == 0)
		send_cut(worker->door);
	if (strncmp(mode, "flood", 5) == 0)
		send_flood(worker->door);
	if (early)
		(void)close(worker->door);
	if (silent)
		bad += take_lock(worker->door) < 0;
	(void)fflush(stdout);
	if (early || silent)
		for (;;)
			(void)pause();
	return bad > 0;
}

int worker_print(const char *text, struct error *err)
{
	return puts(text) < 0 ? fail(err, errno, "print") : 0;
}

int worker_print_error(const struct error *failed, struct error *err)
{
	return worker_print(failed->msg, err);
}
