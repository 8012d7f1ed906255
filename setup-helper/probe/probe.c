/* SPDX-License-Identifier: MIT
 *
 * probe: the entry point, and the facts about delegation: the cgroups from the root down to
 * oss-crs, the drop-in, and what systemd and logind report.
 */
#include "probe.h"

#include "bus_read.h"
#include "cgroup.h"
#include "cleanup.h"
#include "entry.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define DROPIN_MAX ((size_t)64 * 1024)

/* The root of the whole hierarchy is the only cgroup without cgroup.events (cgroup-v2.rst, "Core
 * Interface Files"). */
int probe_cgroups(const struct host *host, struct error *err)
{
	if (host_cgroup2(host, err) < 0)
		return -1;
	if (!host->real)
		return 0;
	if (entry_refuse_namespace(err) < 0)
		return -1;
	_cleanup_close_ int events = fs_open(host->cgroup, "cgroup.events", O_PATH, 0, err);
	if (events < 0)
		return err->code == ENOENT ? 0 : -1;
	(void)fail_as(err, EX_UNAVAILABLE,
		HOST_CGROUP_MOUNT " is not the root of the cgroup hierarchy: a container?");
	return add_hint(err, "run it on the host itself, not inside a container or namespace");
}

/* Whether the user owns the cgroup and those of its files that /sys/kernel/cgroup/delegate lists,
 * except the files of controllers. */
static bool level_owned(int cgroup, uid_t uid)
{
	static const char *const files[] = {
		".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct stat st;
		if (fstatat(cgroup, files[i], &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != uid)
			return false;
	}
	return true;
}

static int probe_level(
	const struct host *host, uid_t uid, struct level_facts *level, struct error *err)
{
	_cleanup_close_ int dir = cgroup_open(host->cgroup, level->path, err);
	if (dir < 0)
		return err->code == ENOENT ? 0 : -1;
	level->owned = level_owned(dir, uid);
	if (cgroup_get(dir, ".", "cgroup.controllers", level->controllers,
		    sizeof level->controllers, err) < 0 ||
		cgroup_get(dir, ".", "cgroup.subtree_control", level->enabled,
			sizeof level->enabled, err) < 0)
		return add_context(err, "%s/%s", HOST_CGROUP_MOUNT, level->path);
	level->exists = true;
	return 0;
}

static int probe_levels(
	const struct host *host, uid_t uid, struct level_facts *levels, struct error *err)
{
	unsigned id = (unsigned)uid;
	char manager[FACTS_PATH_MAX];
	if (cgroup_user_path(uid, manager, sizeof manager, err) < 0)
		return -1;
	(void)snprintf(levels[LEVEL_ROOT].path, FACTS_PATH_MAX, ".");
	(void)snprintf(levels[LEVEL_USER_SLICE].path, FACTS_PATH_MAX, "user.slice");
	(void)snprintf(
		levels[LEVEL_USER_UID_SLICE].path, FACTS_PATH_MAX, "user.slice/user-%u.slice", id);
	(void)snprintf(levels[LEVEL_MANAGER].path, FACTS_PATH_MAX, "%s", manager);
	int n = snprintf(levels[LEVEL_OURS].path, FACTS_PATH_MAX, "%s/" CGROUP_OSS_CRS, manager);
	if (n < 0 || n >= FACTS_PATH_MAX)
		return fail(err, ENAMETOOLONG, "cgroup of user %u", id);
	for (int i = 0; i < LEVEL_COUNT; i++)
		if (probe_level(host, uid, &levels[i], err) < 0)
			return -1;
	return 0;
}

static int probe_dropin(
	const struct probe_input *input, struct delegate_facts *ret, struct error *err)
{
	char path[POLICY_DROPIN_PATH_MAX];
	(void)policy_dropin_path(input->policy, input->user->uid, path, sizeof path);
	if (fs_read(input->host->root, path + 1, DROPIN_MAX, &ret->dropin, NULL, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	return 0;
}

static int ask_systemd(const struct probe_input *input, struct sd_bus *bus,
	struct delegate_facts *ret, struct error *err)
{
	uid_t uid = input->user->uid;
	char path[POLICY_DROPIN_PATH_MAX];
	(void)policy_dropin_path(input->policy, uid, path, sizeof path);
	if (bus_unit_state(bus, ret->unit, &ret->manager, err) < 0 ||
		bus_has_dropin(bus, ret->unit, path, &ret->dropin_read, err) < 0 ||
		bus_lingers(bus, uid, &ret->lingers, err) < 0)
		return -1;
	if (!ret->manager.installed)
		return fail_as(err, EX_UNAVAILABLE, "systemd has no %s", ret->unit);
	return bus_text_list(bus, ret->unit, "org.freedesktop.systemd1.Service",
		"DelegateControllers", &ret->delegated, err);
}

void probe_delegate(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct delegate_facts *ret)
{
	uid_t uid = input->user->uid;
	struct error err = {0};
	(void)snprintf(ret->unit, sizeof ret->unit, "user@%u.service", (unsigned)uid);
	if (probe_cgroups(input->host, &err) < 0 ||
		probe_levels(input->host, uid, ret->levels, &err) < 0 ||
		cgroup_check_kernel(input->host->cgroup, input->policy->controllers, &err) < 0)
		ret->cgroup = err;
	if (!bus) {
		ret->systemd = *no_bus;
		return;
	}
	if (probe_dropin(input, ret, &err) < 0 || ask_systemd(input, bus, ret, &err) < 0)
		ret->systemd = err;
}

static int fail_no_user(struct error *err)
{
	(void)fail_as(err, EX_USAGE, "no user is given; use --user NAME");
	return add_hint(err, "for example: oss-crs-setup check --user alice; or sudo as that user");
}

int probe(const struct probe_input *input, struct facts *ret, struct error *err)
{
	_cleanup_facts_ struct facts facts = {0};
	struct sd_bus *bus = input->bus;
	if ((input->delegate || input->sweep) && !input->user->known)
		return fail_no_user(err);
	if (input->delegate)
		probe_delegate(input, bus, input->no_bus, &facts.delegate);
	if (input->reserve)
		probe_reserve(input, bus, &facts.reserve);
	if (input->undo && probe_undo(input, bus, input->no_bus, &facts.undo, err) < 0)
		return -1;
	if (input->sweep && probe_sweep(input, &facts.sweep, err) < 0)
		return -1;
	if (input->docker)
		probe_docker(input, bus, input->no_bus, &facts.docker);
	facts.user = *input->user;
	*ret = facts;
	facts = (struct facts){0};
	return 0;
}
