/* SPDX-License-Identifier: MIT
 *
 * entered: reads the CPU time of the run's cgroup, and only if there is any, that of each CRS.
 */
#include "entered.h"

#include "cgroup.h"

#include <stdio.h>

#define NAMED_MAX 3 /* CRSs that the sentence names */

static int read_usage(int dir, const char *cg, uint64_t *ret, struct error *err)
{
	return cgroup_get_key(dir, cg, "cpu.stat", "usage_usec", ret, err);
}

/* "CRS 'a', 'b' and 2 more" */
static void name_crs(const struct cg_tree *tree, const bool *empty, char *buf, size_t size)
{
	size_t used = 0;
	size_t count = 0;
	buf[0] = '\0';
	for (size_t i = 0; i < tree->plan->crs_count; i++) {
		if (!empty[i] || count++ >= NAMED_MAX || used >= size)
			continue;
		int n = snprintf(buf + used, size - used, "%s'%s'", count > 1 ? ", " : "CRS ",
			tree->plan->crs[i].name);
		used += n > 0 ? (size_t)n : 0;
	}
	if (count > NAMED_MAX && used < size)
		(void)snprintf(buf + used, size - used, " and %zu more", count - NAMED_MAX);
}

const char *entered_describe(const struct cg_tree *tree, char buf[static ENTERED_TEXT_MAX])
{
	bool empty[JOB_CRS_MAX] = {false};
	bool any = false;
	uint64_t usage = 0;
	struct error err = {0};
	buf[0] = '\0';
	int result = read_usage(tree->worker, ".", &usage, &err);
	bool none = result == 0 && usage == 0;
	for (size_t i = 0; i < tree->plan->crs_count && result == 0; i++) {
		if (!none)
			result = read_usage(tree->worker, tree->plan->crs[i].name, &usage, &err);
		empty[i] = result == 0 && usage == 0;
		any = any || empty[i];
	}
	if (result < 0) {
		(void)snprintf(buf, ENTERED_TEXT_MAX,
			"whether any process was in the cgroup of each CRS is unknown: %.300s",
			err.msg);
		return buf;
	}
	char names[NAMED_MAX * (JOB_NAME_MAX + 8) + 32];
	if (!any)
		return buf;
	name_crs(tree, empty, names, sizeof names);
	(void)snprintf(buf, ENTERED_TEXT_MAX, "no process was ever in the cgroup of %s", names);
	return buf;
}
