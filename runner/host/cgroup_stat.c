/* SPDX-License-Identifier: MIT
 *
 * cgroup_stat: read the figures of a cgroup. One table lists the files, each with the function that
 * parses its text. One pread(2) at offset 0 reads a whole file, and each such read makes the kernel
 * generate the text anew.
 */
#include "cgroup_stat.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

const char *const pressure_names[PRESSURE_KINDS] = {
	[PRESSURE_CPU] = "cpu", [PRESSURE_MEMORY] = "memory", [PRESSURE_IO] = "io"};

static int parse_cpu_stat(const char *text, struct cgroup_stat *figures)
{
	(void)cgroup_find_key(text, "throttled_usec", &figures->throttled_usec);
	return cgroup_find_key(text, "usage_usec", &figures->cpu_usec);
}

static int parse_events(const char *text, struct cgroup_stat *figures)
{
	return cgroup_find_key(text, "oom_kill", &figures->oom_kills);
}

static int parse_number(const char *text, uint64_t *ret)
{
	char *end = NULL;
	if (strcmp(text, "max") == 0) {
		*ret = CGROUP_UNLIMITED;
		return 0;
	}
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno || *end)
		return -1;
	*ret = value;
	return 0;
}

static int parse_current(const char *text, struct cgroup_stat *figures)
{
	return parse_number(text, &figures->memory_current);
}

static int parse_peak(const char *text, struct cgroup_stat *figures)
{
	return parse_number(text, &figures->memory_peak);
}

static int parse_swap(const char *text, struct cgroup_stat *figures)
{
	return parse_number(text, &figures->swap_max);
}

static int parse_max(const char *text, struct cgroup_stat *figures)
{
	return parse_number(text, &figures->memory_max);
}

static int parse_pids(const char *text, struct cgroup_stat *figures)
{
	return parse_number(text, &figures->pids);
}

/* Parse "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". The line "full" after it is not used. */
static int parse_pressure(const char *text, struct pressure *ret)
{
	char whole[4];
	char hundredths[3];
	uint64_t total = 0;
	if (sscanf(text, "some avg10=%3[0-9].%2[0-9] avg60=%*[0-9.] avg300=%*[0-9.] total=%" SCNu64,
		    whole, hundredths, &total) != 3 ||
		strlen(hundredths) != 2)
		return -1;
	unsigned long avg10 = strtoul(whole, NULL, 10) * 100 + strtoul(hundredths, NULL, 10);
	if (avg10 > 10000)
		return -1;
	*ret = (struct pressure){.stalled_usec = total, .avg10 = (unsigned)avg10};
	return 0;
}

static int parse_cpu_pressure(const char *text, struct cgroup_stat *figures)
{
	return parse_pressure(text, &figures->pressure[PRESSURE_CPU]);
}

static int parse_memory_pressure(const char *text, struct cgroup_stat *figures)
{
	return parse_pressure(text, &figures->pressure[PRESSURE_MEMORY]);
}

static int parse_io_pressure(const char *text, struct cgroup_stat *figures)
{
	return parse_pressure(text, &figures->pressure[PRESSURE_IO]);
}

static int parse_list(const char *text, struct cpulist *ret)
{
	struct error ignored;
	return *text == '\n' || !*text ? 0 : cpulist_parse(text, ret, &ignored);
}

static int parse_cpus(const char *text, struct cgroup_stat *figures)
{
	return parse_list(text, &figures->cpus);
}

static int parse_effective(const char *text, struct cgroup_stat *figures)
{
	return parse_list(text, &figures->cpus_effective);
}

/* An optional file may be missing: on an older kernel, where PSI is switched off, or where a
 * controller is not enabled. */
static const struct {
	const char *name;
	int (*parse)(const char *text, struct cgroup_stat *figures);
	bool optional;
} files[CGROUP_STAT_ALL] = {
	[CGROUP_STAT_CPU_STAT] = {"cpu.stat", parse_cpu_stat, false},
	[CGROUP_STAT_MEMORY_CURRENT] = {"memory.current", parse_current, false},
	[CGROUP_STAT_MEMORY_EVENTS] = {"memory.events", parse_events, false},
	[CGROUP_STAT_CPU_PRESSURE] = {"cpu.pressure", parse_cpu_pressure, true},
	[CGROUP_STAT_MEMORY_PRESSURE] = {"memory.pressure", parse_memory_pressure, true},
	[CGROUP_STAT_IO_PRESSURE] = {"io.pressure", parse_io_pressure, true},
	[CGROUP_STAT_MEMORY_PEAK] = {"memory.peak", parse_peak, true},
	[CGROUP_STAT_SWAP_MAX] = {"memory.swap.max", parse_swap, true},
	[CGROUP_STAT_MEMORY_MAX] = {"memory.max", parse_max, false},
	[CGROUP_STAT_PIDS] = {"pids.current", parse_pids, true},
	[CGROUP_STAT_CPUS] = {"cpuset.cpus", parse_cpus, false},
	[CGROUP_STAT_CPUS_EFFECTIVE] = {"cpuset.cpus.effective", parse_effective, false},
};

static void set_unknown(struct cgroup_stat *figures)
{
	*figures = (struct cgroup_stat){
		.cpu_usec = CGROUP_STAT_UNKNOWN,
		.throttled_usec = CGROUP_STAT_UNKNOWN,
		.memory_current = CGROUP_STAT_UNKNOWN,
		.memory_peak = CGROUP_STAT_UNKNOWN,
		.memory_max = CGROUP_UNLIMITED,
		.swap_max = CGROUP_UNLIMITED,
		.oom_kills = CGROUP_STAT_UNKNOWN,
		.pids = CGROUP_STAT_UNKNOWN,
	};
	for (size_t i = 0; i < PRESSURE_KINDS; i++)
		figures->pressure[i].stalled_usec = CGROUP_STAT_UNKNOWN;
}

static int read_stat_file(int fd, size_t i, struct cgroup_stat *figures, struct error *err)
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	/* A pressure file cannot be read if cgroup.pressure has switched PSI off. */
	if (n < 0 && files[i].optional && errno == EOPNOTSUPP)
		return 0;
	if (n < 0)
		return fail(err, errno, "read %s", files[i].name);
	if ((size_t)n == sizeof text - 1)
		return fail(err, EFBIG, "read %s", files[i].name);
	text[n] = '\0';
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return files[i].parse(text, figures) == 0
		       ? 0
		       : fail(err, EINVAL, "'%.64s' in %s", text, files[i].name);
}

/* Open a file of a cgroup. Returns a descriptor, or -1; err->code is 0 if the file is an optional
 * one that does not exist. openat(2) is safe here: the kernel's file names contain no links, and
 * `cgroup` itself was opened beneath another directory. */
static int open_file(int cgroup, size_t i, struct error *err)
{
	int fd = openat(cgroup, files[i].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	err->code = 0;
	if (fd < 0 && !(files[i].optional && (errno == ENOENT || errno == EOPNOTSUPP)))
		return fail(err, errno, "open %s", files[i].name);
	return fd;
}

int cgroup_stat_read(
	int cgroup, const char *name, unsigned wanted, struct cgroup_stat *ret, struct error *err)
{
	struct cgroup_stat figures;
	set_unknown(&figures);
	set_unknown(ret);
	for (size_t i = 0; i < CGROUP_STAT_ALL; i++) {
		if (!(wanted & 1U << i))
			continue;
		_cleanup_close_ int fd = open_file(cgroup, i, err);
		if ((fd < 0 && err->code) || (fd >= 0 && read_stat_file(fd, i, &figures, err) < 0))
			return add_context(err, "%s", name);
	}
	*ret = figures;
	return 0;
}

int cgroup_stat_read_at(
	int dir, const char *cg, unsigned wanted, struct cgroup_stat *ret, struct error *err)
{
	_cleanup_close_ int cgroup = cgroup_open(dir, cg, err);
	if (cgroup < 0)
		set_unknown(ret);
	return cgroup < 0 ? -1 : cgroup_stat_read(cgroup, cg, wanted, ret, err);
}

int cgroup_stat_open(
	int dir, const char *cg, int fds[static CGROUP_STAT_SAMPLED], struct error *err)
{
	for (size_t i = 0; i < CGROUP_STAT_SAMPLED; i++)
		fds[i] = -1;
	_cleanup_close_ int cgroup = cgroup_open(dir, cg, err);
	if (cgroup < 0)
		return -1;
	for (size_t i = 0; i < CGROUP_STAT_SAMPLED; i++) {
		fds[i] = open_file(cgroup, i, err);
		if (fds[i] < 0 && err->code)
			return add_context(err, "%s", cg);
	}
	return 0;
}

int cgroup_stat_sample(
	const int fds[static CGROUP_STAT_SAMPLED], struct cgroup_stat *ret, struct error *err)
{
	struct cgroup_stat figures;
	set_unknown(&figures);
	for (size_t i = 0; i < CGROUP_STAT_SAMPLED; i++)
		if (fds[i] >= 0 && read_stat_file(fds[i], i, &figures, err) < 0)
			return -1;
	*ret = figures;
	return 0;
}
