/* SPDX-License-Identifier: MIT
 *
 * partition: writes and reads cpuset.cpus.partition. The kernel accepts the write also where the
 * partition is not valid, and gives the reason when the file is read.
 */
#include "partition.h"

#include "cgroup.h"

#include <errno.h>
#include <string.h>

#define HANDED_DOWN_FILE "cpuset.cpus.exclusive"
#define HOW_TO                                                                 \
	"reserve some: sudo oss-crs-setup reserve --cpus LIST (see EXCLUSIVE " \
	"CPUS in oss-crs-run(1))"

const char *partition_name(enum partition_kind kind)
{
	static const char *const names[] = {[PARTITION_NONE] = "member",
		[PARTITION_ROOT] = "root",
		[PARTITION_ISOLATED] = "isolated"};
	return names[kind];
}

int partition_read(int dir, const char *cg, char buf[static PARTITION_TEXT_MAX], struct error *err)
{
	if (cgroup_get(dir, cg, PARTITION_FILE, buf, PARTITION_TEXT_MAX, err) < 0) {
		buf[0] = '\0';
		return err->code == ENOENT ? 0 : -1;
	}
	return strcmp(buf, partition_name(PARTITION_ROOT)) == 0 ||
	       strcmp(buf, partition_name(PARTITION_ISOLATED)) == 0;
}

int partition_require(int oss_crs_fd, struct error *err)
{
	char text[PARTITION_TEXT_MAX];
	char cpus[4096];
	if (cgroup_get(oss_crs_fd, ".", HANDED_DOWN_FILE, cpus, sizeof cpus, err) < 0) {
		if (err->code != ENOENT)
			return -1;
		(void)fail_as(err, EX_UNAVAILABLE,
			"--exclusive needs remote cpuset partitions, which this kernel does not "
			"have");
		return add_hint(err, "boot Linux 6.7 or later, or run without --exclusive");
	}
	int valid = partition_read(oss_crs_fd, ".", text, err);
	if (valid)
		return valid < 0 ? -1 : 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"--exclusive: no CPUs are reserved for your runs: " PARTITION_FILE
		" of your " CGROUP_OSS_CRS " cgroup is '%s'",
		text);
	return add_hint(err, HOW_TO);
}

int partition_make(int dir, const char *name, enum partition_kind kind, struct error *err)
{
	char text[PARTITION_TEXT_MAX];
	if (cgroup_set(dir, ".", PARTITION_FILE, partition_name(kind), err) < 0)
		return -1;
	if (partition_read(dir, ".", text, err) < 0)
		return -1;
	if (strcmp(text, partition_name(kind)) == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"the kernel does not give run %s its CPUs as a partition: " PARTITION_FILE
		" is '%s'",
		name, text);
	return add_hint(err, "to see what else uses these CPUs, run: oss-crs-run status; dead "
			     "runs are removed by: oss-crs-run clean");
}
