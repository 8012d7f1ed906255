/* SPDX-License-Identifier: MIT
 *
 * setup_fixture: the host and the command line that decide what oss-crs-setup's worker may ask for.
 */
#ifndef OSS_CRS_SETUP_FIXTURE_H
#define OSS_CRS_SETUP_FIXTURE_H

#include "unit.h"

#include "journal.h"
#include "requests.h"
#include "setup.h"

#include <fcntl.h>
#include <unistd.h>

#define MANAGER "user.slice/user-1000.slice/user@1000.service"
#define OURS    "user.slice/user-1000.slice/user@1000.service/oss-crs"
#define DROPIN  "/etc/systemd/system/user@1000.service.d/50-oss-crs.conf"
#define JSON    "/etc/docker/daemon.json"
#define BACKUP  "/etc/docker/daemon.json.oss-crs-backup"
#define ABOVE   "user.slice/user-1000.slice/user@1000.service/oss-crs/../.."
#define APPS    "user.slice/user-1000.slice/user@1000.service/app.slice"
#define BOBS    "user.slice/user-1001.slice/user@1001.service/oss-crs"
#define OLD     "{\"debug\": false}\n"
#define NEW     "{\"debug\": false, \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"]}\n"

/* The host and the command line that decide. */
struct fixture {
	struct host host;
	struct policy policy;
	struct caller user;
	struct request request;
	struct journal journal;
	struct judged *steps[32]; /* the plan */
	size_t count;
};

static inline void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("SKIPPED: what is trusted is root's, and this is not root\n");
	skip();
}

static inline void make_path(int dir, const char *path)
{
	char part[256];
	for (size_t i = 1; path[i - 1]; i++) {
		if (path[i] && path[i] != '/')
			continue;
		(void)snprintf(part, sizeof part, "%.*s", (int)i, path);
		assert_true(mkdirat(dir, part, 0755) == 0 || errno == EEXIST);
	}
}

static inline void setup_fixture(void **state, enum verb verb, struct fixture *ret)
{
	int dir = unit_dir(state);
	struct error err = {0};
	static const char *const levels[] = {
		".", "user.slice", "user.slice/user-1000.slice", MANAGER};
	*ret = (struct fixture){.host = HOST_CLOSED,
		.user = {.known = true, .uid = 1000, .gid = 1000, .name = "alice"},
		.request = {.verb = verb, .yes = true},
		.journal = JOURNAL_CLOSED};
	policy_default(&ret->policy);
	/* The checks are nobody, and look at it. */
	assert_return_code(fchmodat(dir, ".", 0755, 0), errno);
	make_path(dir, "var/lib");
	make_path(dir, "run");
	make_path(dir, "etc/systemd/system");
	make_path(dir, "etc/docker");
	make_path(dir, "sys/fs/cgroup/" MANAGER);
	make_file(dir, &JSON[1], OLD);
	for (size_t i = 0; i < COUNT(levels); i++) {
		char path[256];
		(void)snprintf(
			path, sizeof path, "sys/fs/cgroup/%s/cgroup.subtree_control", levels[i]);
		make_file(dir, path, "memory\n");
	}
	assert_ok(host_open_at(dir, &ret->host, &err), err);
	assert_ok(journal_open(&ret->host, 1, &ret->journal, &err), err);
}

static inline void end_fixture(struct fixture *f)
{
	for (size_t i = 0; i < f->count; i++)
		free(f->steps[i]);
	journal_close(&f->journal);
	host_close(&f->host);
}

#endif
