/* SPDX-License-Identifier: MIT
 *
 * foreign: what the ledger counts of a cgroup that is not a run's. It may be anything: what it has
 * not set counts as unlimited, and what has not the controller as not set.
 */
#include "lease_parts.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>

const struct dirent *lease_next_cgroup(DIR *list, unsigned *left, struct error *err)
{
	const struct dirent *entry = NULL;
	int more = 0;
	do
		more = fs_next(list, &entry, err);
	while (more > 0 && entry->d_type != DT_DIR);
	if (more <= 0 || (*left)--)
		return entry;
	*left = 0;
	(void)fail_as(err, EX_UNAVAILABLE, "more than %d cgroups", LEDGER_USER_MAX);
	return NULL;
}

void lease_add_u64(uint64_t *sum, uint64_t value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = UINT64_MAX;
}

/* What a foreign cgroup has. */
struct share {
	struct cpulist cpus;
	uint64_t memory; /* its limit; what it uses, if it has none */
	bool is_limited;
};

/* Whether a failure to read a file of a cgroup says no more than that the cgroup lacks the
 * controller: it is there. */
static bool lacks_controller(int dir, const char *cg, const struct error *err)
{
	struct error ignored;
	uint64_t populated = 0;
	return err->code == ENOENT &&
	       cgroup_get_key(dir, cg, "cgroup.events", "populated", &populated, &ignored) == 0;
}

static int read_share(int dir, const char *cg, struct share *ret, struct error *err)
{
	char text[CPULIST_TEXT_MAX] = "";
	struct share share = {.memory = CGROUP_UNLIMITED};
	if ((cgroup_get(dir, cg, "cpuset.cpus", text, sizeof text, err) < 0 &&
		    !lacks_controller(dir, cg, err)) ||
		(*text && cpulist_parse(text, &share.cpus, err) < 0) ||
		(cgroup_get_u64(dir, cg, "memory.max", &share.memory, err) < 0 &&
			!lacks_controller(dir, cg, err)))
		return -1;
	share.is_limited = share.memory != CGROUP_UNLIMITED;
	if (!share.is_limited) {
		share.memory = 0;
		if (cgroup_get_u64(dir, cg, "memory.current", &share.memory, err) < 0 &&
			!lacks_controller(dir, cg, err))
			return -1;
	}
	*ret = share;
	return 0;
}

/* Add up what the cgroups in a foreign one have. */
static int read_shares_below(int foreign, unsigned *left, struct share *sum, struct error *err)
{
	_cleanup_closedir_ DIR *list = fs_list(foreign, ".", err);
	if (!list)
		return -1;
	const struct dirent *entry = NULL;
	struct error problem = {0};
	while ((entry = lease_next_cgroup(list, left, &problem))) {
		struct share share;
		if (read_share(dirfd(list), entry->d_name, &share, err) == 0) {
			cpulist_union(&sum->cpus, &share.cpus);
			lease_add_u64(&sum->memory, share.memory);
		} else if (!tree_is_gone(err)) {
			return -1;
		}
	}
	if (problem.status) {
		*err = problem;
		return -1;
	}
	return 0;
}

int lease_read_foreign(int foreign, unsigned *left, struct lease *lease, struct error *err)
{
	uint64_t populated = 0;
	struct share own, below = {.memory = 0};
	if (cgroup_get_key(foreign, ".", "cgroup.events", "populated", &populated, err) < 0)
		return -1;
	if (!populated)
		return 0;
	lease->state = LEASE_FOREIGN;
	if (read_share(foreign, ".", &own, err) < 0)
		return -1;
	/* Where it has limits of its own, they hold for all below it. The Python OSS-CRS sets them
	 * for the CRSs only. */
	bool any_cpus = cpulist_empty(&own.cpus);
	if ((any_cpus || !own.is_limited) && read_shares_below(foreign, left, &below, err) < 0)
		return -1;
	lease->cpus = any_cpus ? below.cpus : own.cpus;
	lease->memory = own.memory;
	if (!own.is_limited && below.memory > own.memory)
		lease->memory = below.memory;
	return 1;
}
