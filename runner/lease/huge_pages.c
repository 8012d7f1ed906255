/* SPDX-License-Identifier: MIT
 *
 * huge_pages: the sizes of huge pages are those whose files the first CRS has.
 */
#include "huge_pages.h"

#include "cgroup.h"
#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>

#define CONTROLLER "hugetlb"

/* "hugetlb.2MB.max", "hugetlb.2MB.rsvd.max" */
static bool is_limit(const char *name)
{
	static const char prefix[] = CONTROLLER ".";
	static const char suffix[] = ".max";
	size_t len = strlen(name);
	return len > sizeof prefix - 1 + sizeof suffix - 1 &&
	       strncmp(name, prefix, sizeof prefix - 1) == 0 &&
	       strcmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

static int list_limits(int worker, const char *crs, struct huge_pages *ret, struct error *err)
{
	_cleanup_closedir_ DIR *list = fs_list(worker, crs, err);
	if (!list)
		return -1;
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		if (!is_limit(entry->d_name))
			continue;
		size_t len = strlen(entry->d_name) + 1;
		if (ret->count == HUGE_PAGES_FILES_MAX || len > sizeof *ret->files)
			return fail(err, E2BIG, "sizes of huge pages in %s", crs);
		memcpy(ret->files[ret->count++], entry->d_name, len);
	}
	return more;
}

int huge_pages_forbid(int oss_crs, int worker, const struct run_plan *plan, struct huge_pages *ret,
	struct error *err)
{
	char controllers[512];
	struct huge_pages found = {.count = 0};
	if (cgroup_get(oss_crs, ".", "cgroup.controllers", controllers, sizeof controllers, err) <
		0)
		return -1;
	if (!cgroup_has(controllers, CONTROLLER) || plan->crs_count == 0)
		return 0;
	if (cgroup_enable(oss_crs, ".", CONTROLLER, err) < 0 ||
		cgroup_enable(worker, ".", CONTROLLER, err) < 0 ||
		list_limits(worker, plan->crs[0].name, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->crs_count; i++)
		for (size_t j = 0; j < found.count; j++)
			if (cgroup_set(worker, plan->crs[i].name, found.files[j], HUGE_PAGES_MAX,
				    err) < 0)
				return -1;
	*ret = found;
	return 0;
}
