/* SPDX-License-Identifier: MIT
 *
 * trials: the table of trials, and what each tries. A trial that the kernel refuses prints the
 * kernel's reason. One that the OOM killer ends prints nothing.
 */
#include "trials.h"

#include "cgroup.h"
#include "cleanup.h"
#include "cpulist.h"
#include "fs.h"
#include "machine.h"
#include "processes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#define CHUNK_BYTES ((size_t)1 << 20)

/* A set of CPUs that is large enough for every kernel. cpu_set_t itself ends at CPU 1023, and with
 * a larger kernel sched_getaffinity(2) fails with EINVAL. */
struct cpu_mask {
	cpu_set_t words[CPULIST_MAX / CPU_SETSIZE];
};

/* Ask for every online CPU that the CRS does not have. sched_setaffinity(2) fails with EINVAL if
 * the cpuset allows none of them. */
static int try_cpus(const struct host *host, struct error *err)
{
	struct cpulist online;
	struct cpu_mask own;
	struct cpu_mask others;
	if (machine_cpus(host, &online, err) < 0)
		return -1;
	if (sched_getaffinity(0, sizeof own, own.words) < 0)
		return fail(err, errno, "sched_getaffinity");
	CPU_ZERO_S(sizeof others, others.words);
	for (unsigned cpu = cpulist_next(&online, 0); cpu < CPULIST_MAX;
		cpu = cpulist_next(&online, cpu + 1))
		if (!CPU_ISSET_S(cpu, sizeof own, own.words))
			CPU_SET_S(cpu, sizeof others, others.words);
	if (CPU_COUNT_S(sizeof others, others.words) == 0) {
		(void)printf("this host has no other CPU");
		return TRIAL_SKIPPED;
	}
	if (sched_setaffinity(0, sizeof others, others.words) == 0)
		return TRIAL_NOT_HELD;
	(void)printf("refused: %s", strerrordesc_np(errno));
	return TRIAL_HELD;
}

static int try_memory(const struct host *host, struct error *err)
{
	(void)host;
	char *memory = mmap(NULL, TRIAL_ASKED_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail(err, errno, "mmap");
	memset(memory, 1, TRIAL_ASKED_BYTES);
	return TRIAL_NOT_HELD;
}

/* Fill memory that belongs to no process. To the kernel, /dev/shm and tmpfs are the same. */
static int try_shared_memory(const struct host *host, struct error *err)
{
	(void)host;
	_cleanup_free_ char *chunk = calloc(1, CHUNK_BYTES);
	_cleanup_close_ int fd = memfd_create("oss-crs-selftest", MFD_CLOEXEC);
	if (!chunk || fd < 0)
		return fail(err, chunk ? errno : ENOMEM, "memfd");
	for (size_t written = 0; written < TRIAL_ASKED_BYTES; written += CHUNK_BYTES) {
		if (write(fd, chunk, CHUNK_BYTES) == (ssize_t)CHUNK_BYTES)
			continue;
		(void)printf("refused: %s", strerrordesc_np(errno));
		return TRIAL_HELD;
	}
	return TRIAL_NOT_HELD;
}

/* Enter what a container is in: a cgroup namespace whose root is the CRS (cgroup_namespaces(7)).
 * Outside of one, a process of the user owns these cgroups and may do with them what their owner
 * may. */
static int enter_namespace(void)
{
	return unshare(CLONE_NEWUSER | CLONE_NEWCGROUP);
}

/* Write to a file of a cgroup, which is named from the root of the hierarchy. Returns 0 if the
 * kernel accepted the write, or the errno value. */
static int attempt_write(
	const struct host *host, const char *cgroup, const char *file, const char *value)
{
	struct error problem = {0};
	return cgroup_set(host->cgroup, cgroup + 1, file, value, &problem) == 0 ? 0 : problem.code;
}

/* Try to write to a file of the CRS's cgroup, or of its sibling of that name, from inside a
 * namespace. */
static int try_write(const struct host *host, const char *sibling, const char *file,
	const char *value, struct error *err)
{
	char cgroup[CGROUP_PATH_MAX];
	if (process_cgroup(host, getpid(), cgroup, sizeof cgroup, err) < 0)
		return -1;
	if (sibling) {
		char *slash = strrchr(cgroup, '/');
		size_t room = slash ? sizeof cgroup - (size_t)(slash + 1 - cgroup) : 0;
		int n = slash ? snprintf(slash + 1, room, "%s", sibling) : -1;
		if (n < 0 || (size_t)n >= room)
			return fail(err, ENAMETOOLONG, "%s", sibling);
	}
	if (enter_namespace() < 0) {
		(void)printf("this user cannot create namespaces on this host: %s",
			strerrordesc_np(errno));
		return TRIAL_SKIPPED;
	}
	int errnum = attempt_write(host, cgroup, file, value);
	if (errnum == 0)
		return TRIAL_NOT_HELD;
	(void)printf("refused: %s", strerrordesc_np(errnum));
	return TRIAL_HELD;
}

static int try_move(const struct host *host, struct error *err)
{
	return try_write(host, TRIAL_ELSEWHERE, "cgroup.procs", "0", err);
}

static int try_raise(const struct host *host, struct error *err)
{
	return try_write(host, NULL, "memory.max", "max", err);
}

const struct trial trials[] = {
	{"cpus", "to run on a CPU outside its CRS", false, try_cpus},
	{"memory", "to use four times its memory limit", true, try_memory},
	{"shared-memory", "to use as much shared memory", true, try_shared_memory},
	{"move", "to move to another cgroup, from a cgroup namespace like a container's", false,
		try_move},
	{"raise", "to raise its own limit, from such a namespace", false, try_raise},
};

const size_t trial_count = sizeof trials / sizeof *trials;

const struct trial *trial_find(const char *name)
{
	for (size_t i = 0; i < trial_count; i++)
		if (strcmp(trials[i].name, name) == 0)
			return &trials[i];
	return NULL;
}
