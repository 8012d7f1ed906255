/* SPDX-License-Identifier: MIT
 *
 * probe_reserve: the facts about reserved CPUs: the drop-in and whether systemd has read it, the
 * unit that applies it, what the kernel says of the user's oss-crs cgroup, and what other users
 * have.
 */
#include "probe.h"

#include "bus_read.h"
#include "cgroup.h"
#include "cleanup.h"
#include "cpulist.h"
#include "fs.h"
#include "step.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#define DROPIN_MAX ((size_t)64 * 1024)

/* Read a file of a cgroup; *ret stays NULL if there is none. */
static int read_cgroup_text(
	const struct host *host, const char *cg, const char *file, char **ret, struct error *err)
{
	char text[CPULIST_TEXT_MAX];
	if (cgroup_get(host->cgroup, cg, file, text, sizeof text, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	*ret = strdup(text);
	return *ret ? 0 : fail(err, ENOMEM, "read %s", file);
}

static int look_at_kernel(
	const struct probe_input *input, struct reserve_facts *ret, struct error *err)
{
	const struct host *host = input->host;
	char manager[FACTS_PATH_MAX];
	char ours[FACTS_PATH_MAX];
	char text[CPULIST_TEXT_MAX];
	_cleanup_free_ char *handed_down = NULL;
	if (fs_read_attr(host->root, "sys/devices/system/cpu/online", text, sizeof text, err) < 0 ||
		cgroup_user_path(input->user->uid, manager, sizeof manager, err) < 0)
		return -1;
	(void)snprintf(ours, sizeof ours, "%.200s/" CGROUP_OSS_CRS, manager);
	ret->online = strdup(text);
	if (!ret->online)
		return fail(err, ENOMEM, "read the online CPUs");
	if (read_cgroup_text(host, "user.slice", "cpuset.cpus.exclusive", &handed_down, err) < 0 ||
		read_cgroup_text(host, ours, "cpuset.cpus.partition", &ret->partition, err) < 0)
		return -1;
	ret->remote = handed_down != NULL;
	return read_cgroup_text(host, ours, "cpuset.cpus.exclusive.effective", &ret->cpus, err);
}

/* The user to whose manager a directory of drop-ins belongs; 0 if it is none of that kind. */
static uid_t manager_of(const char *name)
{
	static const char prefix[] = "user@";
	const char *digits = name + sizeof prefix - 1;
	char *end = NULL;
	if (strncmp(name, prefix, sizeof prefix - 1) != 0 || *digits < '1' || *digits > '9')
		return 0;
	unsigned long uid = strtoul(digits, &end, 10);
	return strcmp(end, ".service.d") == 0 && uid < UINT32_MAX ? (uid_t)uid : 0;
}

/* Note the CPUs that a drop-in reserves for a user, if there is one. */
static int look_at_other(
	const struct host *host, uid_t uid, struct reserve_facts *ret, struct error *err)
{
	char path[POLICY_DROPIN_PATH_MAX];
	_cleanup_free_ char *text = NULL;
	struct reserve_other other = {.uid = uid};
	(void)policy_reserve_path(uid, path, sizeof path);
	if (fs_read(host->root, path + 1, DROPIN_MAX, &text, NULL, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	if (!step_reserve_cpus(text, other.cpus))
		return fail_as(err, EX_CONFIG, "%s names no CPUs", path);
	struct reserve_other *others =
		reallocarray(ret->others, ret->other_count + 1, sizeof *others);
	if (!others)
		return fail(err, ENOMEM, "read %s", path);
	ret->others = others;
	ret->others[ret->other_count++] = other;
	return 0;
}

static int look_at_others(
	const struct probe_input *input, struct reserve_facts *ret, struct error *err)
{
	_cleanup_closedir_ DIR *list = fs_list(input->host->root, "etc/systemd/system", err);
	if (!list)
		return err->code == ENOENT ? 0 : -1;
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		uid_t uid = manager_of(entry->d_name);
		if (uid && uid != input->user->uid && look_at_other(input->host, uid, ret, err) < 0)
			return -1;
	}
	return more;
}

static int look_at_units(const struct probe_input *input, struct sd_bus *bus,
	struct reserve_facts *ret, struct error *err)
{
	uid_t uid = input->user->uid;
	char path[POLICY_DROPIN_PATH_MAX];
	char manager[FACTS_UNIT_MAX];
	char unit[FACTS_UNIT_MAX];
	struct unit_state state = {0};
	(void)policy_reserve_path(uid, path, sizeof path);
	(void)snprintf(manager, sizeof manager, "user@%u.service", (unsigned)uid);
	(void)snprintf(unit, sizeof unit, STEP_RESERVE_UNIT "%u.service", (unsigned)uid);
	if (fs_read(input->host->root, path + 1, DROPIN_MAX, &ret->dropin, NULL, err) < 0 &&
		err->code != ENOENT)
		return -1;
	if (!bus)
		return 0; /* the facts about delegation say why */
	if (bus_unit_state(bus, unit, &state, err) < 0 ||
		bus_has_dropin(bus, manager, path, &ret->dropin_read, err) < 0)
		return -1;
	ret->installed = state.installed;
	return 0;
}

void probe_reserve(const struct probe_input *input, struct sd_bus *bus, struct reserve_facts *ret)
{
	struct error err = {0};
	if (look_at_kernel(input, ret, &err) < 0 || look_at_others(input, ret, &err) < 0 ||
		look_at_units(input, bus, ret, &err) < 0)
		ret->problem = err;
}
