/* SPDX-License-Identifier: MIT
 *
 * allowance: walks the path of the user's oss-crs cgroup from the root down, and reads the same
 * files at each level.
 */
#include "allowance.h"

#include "partition.h"
#include "processes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Read one level: 0, or -1 with an error. */
typedef int level_reader(const struct host *host, const char *cg, void *data, struct error *err);

/* Call `reader` for each ancestor of path but the root, and for path itself if `with_last`. */
static int walk_down(const struct host *host, const char *path, bool with_last,
	level_reader *reader, void *data, struct error *err)
{
	char cg[CGROUP_PATH_MAX];
	path += *path == '/';
	for (const char *end = strchr(path, '/'); end || with_last; end = strchr(end + 1, '/')) {
		int len = end ? (int)(end - path) : (int)strlen(path);
		(void)snprintf(cg, sizeof cg, "%.*s", len, path);
		if (reader(host, cg, data, err) < 0)
			return -1;
		if (!end)
			break;
	}
	return 0;
}

static int oss_crs_path(uid_t uid, char buf[static CGROUP_PATH_MAX], struct error *err)
{
	char user[CGROUP_PATH_MAX / 2];
	if (cgroup_user_path(uid, user, sizeof user, err) < 0)
		return -1;
	(void)snprintf(buf, CGROUP_PATH_MAX, "%s/%s", user, CGROUP_OSS_CRS);
	return 0;
}

static void name_file(const char *cg, const char *file, char buf[static CGROUP_PATH_MAX])
{
	(void)snprintf(buf, CGROUP_PATH_MAX, "%s/%.3000s/%s", HOST_CGROUP_MOUNT, cg, file);
}

/* Keep a limit if it is less than the least so far. A file that does not exist limits nothing. */
static void keep_least(
	struct allowance_limit *limit, uint64_t value, const char *cg, const char *file)
{
	if (value >= limit->value)
		return;
	limit->value = value;
	name_file(cg, file, limit->file);
}

static int read_limit(const struct host *host, const char *cg, const char *file,
	struct allowance_limit *limit, struct error *err)
{
	uint64_t value = 0;
	if (cgroup_get_u64(host->cgroup, cg, file, &value, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	keep_least(limit, value, cg, file);
	return 0;
}

/* The levels of a user's cgroups, read from the root down. */
struct levels {
	struct allowance allowance;
	bool differ; /* whether the last one has other CPUs in force than the one above it */
};

/* Keep the CPUs of the file that allowance->cpus_file names. A partition that has handed on all its
 * CPUs has none in force. */
static int keep_cpus(struct levels *levels, const char *text, struct error *err)
{
	struct cpulist cpus = {0};
	if (*text && cpulist_parse(text, &cpus, err) < 0)
		return add_context(err, "%s", levels->allowance.cpus_file);
	levels->differ = memcmp(&cpus, &levels->allowance.cpus, sizeof cpus) != 0;
	levels->allowance.cpus = cpus;
	return 0;
}

static int read_level(const struct host *host, const char *cg, void *data, struct error *err)
{
	struct levels *levels = data;
	char text[CPULIST_TEXT_MAX] _unfilled_;
	if (read_limit(host, cg, "memory.max", &levels->allowance.memory, err) < 0)
		return -1;
	if (cgroup_get(host->cgroup, cg, "cpuset.cpus.effective", text, sizeof text, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	/* The deepest says what is left of all of them. */
	name_file(cg, "cpuset.cpus.effective", levels->allowance.cpus_file);
	return keep_cpus(levels, text, err);
}

/* A partition (partition.h) has CPUs that the cgroup above it does not have, and those that it has
 * handed on to a run are not among the ones in force. */
static int read_partition(
	const struct host *host, const char *path, struct levels *levels, struct error *err)
{
	char state[PARTITION_TEXT_MAX];
	char text[CPULIST_TEXT_MAX] _unfilled_;
	int valid = partition_read(host->cgroup, path, state, err);
	if (valid <= 0)
		return valid;
	if (cgroup_get(host->cgroup, path, PARTITION_CPUS_FILE, text, sizeof text, err) < 0)
		return -1;
	name_file(path, PARTITION_CPUS_FILE, levels->allowance.cpus_file);
	return keep_cpus(levels, text, err);
}

int allowance_read(const struct host *host, uid_t uid, struct allowance *ret, struct error *err)
{
	struct levels levels = {.allowance.memory.value = CGROUP_UNLIMITED};
	char path[CGROUP_PATH_MAX];
	if (oss_crs_path(uid, path, err) < 0)
		return -1;
	if (host->cgroup >= 0 &&
		(walk_down(host, path, true, read_level, &levels, err) < 0 ||
			(levels.differ && read_partition(host, path, &levels, err) < 0)))
		return -1;
	*ret = levels.allowance;
	return 0;
}

static int read_memory_level(const struct host *host, const char *cg, void *data, struct error *err)
{
	return read_limit(host, cg, "memory.max", data, err);
}

int allowance_read_process(
	const struct host *host, pid_t pid, struct allowance *ret, struct error *err)
{
	struct allowance allowance = {.memory.value = CGROUP_UNLIMITED};
	char path[CGROUP_PATH_MAX];
	if (process_cpus(host, pid, &allowance.cpus, err) < 0 ||
		process_cgroup(host, pid, path, sizeof path, err) < 0)
		return -1;
	(void)snprintf(
		allowance.cpus_file, sizeof allowance.cpus_file, "/proc/%d/status", (int)pid);
	/* The root of the hierarchy has no limits. */
	if (host->cgroup >= 0 && path[1] &&
		walk_down(host, path, true, read_memory_level, &allowance.memory, err) < 0)
		return -1;
	*ret = allowance;
	return 0;
}

/* cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD". */
static int read_quota(
	const struct host *host, const char *cg, struct allowance_limit *limit, struct error *err)
{
	char text[64];
	uint64_t quota = 0;
	uint64_t period = 0;
	if (cgroup_get(host->cgroup, cg, "cpu.max", text, sizeof text, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	if (strncmp(text, "max ", 4) == 0)
		return 0;
	if (sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) != 2 || period == 0)
		return fail(err, EINVAL, "%s/%s/cpu.max", HOST_CGROUP_MOUNT, cg);
	keep_least(limit, quota * 100 / period, cg, "cpu.max");
	return 0;
}

/* io.max: a line for each device that is limited. */
static int read_io(
	const struct host *host, const char *cg, struct allowance_limit *limit, struct error *err)
{
	char text[64];
	int result = cgroup_get(host->cgroup, cg, "io.max", text, sizeof text, err);
	if (result < 0 && err->code != EFBIG)
		return err->code == ENOENT ? 0 : -1;
	if (result < 0 || *text)
		keep_least(limit, 0, cg, "io.max");
	return 0;
}

static int read_advice_level(const struct host *host, const char *cg, void *data, struct error *err)
{
	struct allowance_advice *advice = data;
	return read_limit(host, cg, "memory.high", &advice->memory_high, err) < 0 ||
			       read_quota(host, cg, &advice->cpu, err) < 0 ||
			       read_limit(host, cg, "pids.max", &advice->tasks, err) < 0 ||
			       read_io(host, cg, &advice->io, err) < 0
		       ? -1
		       : 0;
}

int allowance_read_advice(
	const struct host *host, uid_t uid, struct allowance_advice *ret, struct error *err)
{
	struct allowance_advice advice = {.memory_high.value = CGROUP_UNLIMITED,
		.cpu.value = CGROUP_UNLIMITED,
		.tasks.value = CGROUP_UNLIMITED,
		.io.value = CGROUP_UNLIMITED};
	char path[CGROUP_PATH_MAX];
	if (oss_crs_path(uid, path, err) < 0)
		return -1;
	if (host->cgroup >= 0 && walk_down(host, path, true, read_advice_level, &advice, err) < 0)
		return -1;
	*ret = advice;
	return 0;
}

static int add_events(const struct host *host, const char *cg, void *data, struct error *err)
{
	static const struct {
		const char *file, *key;
	} counters[ALLOWANCE_EVENTS] = {
		[ALLOWANCE_THROTTLED] = {"cpu.stat", "throttled_usec"},
		[ALLOWANCE_TASKS] = {"pids.events", "max"},
		[ALLOWANCE_MEMORY_HIGH] = {"memory.events.local", "high"},
	};
	uint64_t *sums = data;
	for (size_t i = 0; i < ALLOWANCE_EVENTS; i++) {
		uint64_t value = 0;
		if (cgroup_get_key(
			    host->cgroup, cg, counters[i].file, counters[i].key, &value, err) == 0)
			sums[i] += value;
		else if (err->code != ENOENT && err->code != ENODATA)
			return -1;
	}
	return 0;
}

int allowance_read_events(const struct host *host, const char *path,
	uint64_t ret[static ALLOWANCE_EVENTS], struct error *err)
{
	uint64_t sums[ALLOWANCE_EVENTS] = {0};
	if (walk_down(host, path, false, add_events, sums, err) < 0)
		return -1;
	memcpy(ret, sums, sizeof sums);
	return 0;
}
