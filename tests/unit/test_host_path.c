/* SPDX-License-Identifier: MIT
 *
 * test_host_path: which paths of the host a container may get, on a tree with links, a socket and
 * a FIFO.
 */
#include "unit.h"

#include "host_path.h"

#include <sys/socket.h>
#include <sys/un.h>

/* The directory of a test, with project/, home/ and other/, and what is in them. */
static void make_tree(void **state)
{
	const int dir = unit_dir(state);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct unit_dir *where = *state;
	make_dir(dir, "project");
	make_dir(dir, "home");
	make_dir(dir, "home/own");
	make_dir(dir, "other");
	make_file(dir, "project/data", "");
	make_file(dir, "other/public", "");
	make_file(dir, "other/secret", "");
	assert_return_code(fchmodat(dir, "other/secret", 0600, 0), errno);
	assert_return_code(symlinkat("/run", dir, "project/link"), errno);
	assert_return_code(symlinkat("/proc/self/cwd", dir, "project/magic"), errno);
	assert_return_code(symlinkat("nowhere", dir, "project/dangling"), errno);
	assert_return_code(symlinkat("../home/own", dir, "project/home"), errno);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/project/bus", where->path);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof address), errno);
	assert_return_code(mkfifoat(dir, "project/fifo", 0600), errno);
}

static const struct {
	const char *path;
	bool writable, harmless;
} paths[] = {
	{"project", true, true},
	{"project/", true, true},
	{"project/data", true, true},
	{"project/not/yet", true, true},
	{"project/home", true, true},
	{"project/link", false, false},
	{"project/link/docker.sock", false, false},
	{"project/magic", false, false},
	{"project/dangling", false, false},
	{"project/dangling/below", false, false},
	{"project/not/../../other", true, false},
	{"project/bus", false, false},
	{"project/fifo", false, false},
	{"home", true, false},
	{"home/own", true, true},
	{"home/.ssh", true, false},
	{"home/.ssh", false, true},
	{"home/.ssh/config", false, true},
	{"home/.bashrc", true, false},
	{"home/.bashrc", false, true},
	{"home/.bash_logout", true, false},
	{"home/.local/state/oss-crs", true, false},
	{"home/.gitconfig", true, false},
	{"home/.oss-crs/work", true, true},
	{"home/.oss-crs-workdir", true, true},
	{"home/bin", true, false},
	{"home/bin/tool", true, false},
	{"home/bin/tool", false, true},
	{"home/binaries", true, true},
	{"home/own/.cache", true, true},
	{"project/.cache", true, true},
	{"project/home/../.profile", true, false},
	{"home/.docker", false, false},
	{"home/.docker/run/x", false, false},
	{"other", false, false},
	{"other/public", false, true},
	{"other/public", true, false},
	{"other/secret", false, false},
	{"", false, false},
};

TEST(paths_are_judged_by_where_they_lead_and_whose_they_are)
{
	make_tree(state);
	const struct unit_dir *dir = *state;
	char project_dir[128];
	char home[128];
	char socket_path[128];
	(void)snprintf(project_dir, sizeof project_dir, "%s/project", dir->path);
	(void)snprintf(home, sizeof home, "%s/home", dir->path);
	(void)snprintf(socket_path, sizeof socket_path, "%s/project/engine/s", dir->path);
	struct host_user user = {.project_dir = project_dir, .home = home, .uid = 4321};
	for (size_t i = 0; i < COUNT(paths); i++) {
		char path[256];
		(void)snprintf(path, sizeof path, "%s/%s", dir->path, paths[i].path);
		struct host_path found = host_path_judge(&user, path, paths[i].writable);
		if (!found.why != paths[i].harmless)
			fail_test("%s: %s", paths[i].path, found.why ? found.why : "harmless");
	}
	user.engine_socket = socket_path;
	assert_true(host_path_judge(&user, project_dir, false).engine);
	user.engine_socket = NULL;
	/* A project may be in such a directory. */
	char work[256];
	(void)snprintf(project_dir, sizeof project_dir, "%s/home/.jobs", dir->path);
	(void)snprintf(work, sizeof work, "%s/work", project_dir);
	assert_null(host_path_judge(&user, work, true).why);
	/* A project directory that holds such a place makes nothing harmless. */
	user.project_dir = "/";
	assert_non_null(host_path_judge(&user, "/etc", true).why);
}

TEST(what_the_user_owns_is_harmless_except_for_root)
{
	const struct unit_dir *dir = *state;
	const struct host_user other = {.uid = getuid() + 1};
	const struct host_user owner = {.uid = getuid()};
	assert_non_null(host_path_judge(&other, dir->path, true).why);
	assert_int_equal(!host_path_judge(&owner, dir->path, true).why, getuid() != 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN_IN_DIR(paths_are_judged_by_where_they_lead_and_whose_they_are),
		RUN_IN_DIR(what_the_user_owns_is_harmless_except_for_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
