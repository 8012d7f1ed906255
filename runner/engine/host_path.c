/* SPDX-License-Identifier: MIT
 *
 * host_path: first the table of places that no container may get, then the rules by which a path is
 * known to be harmless. Both the path as it is written and the path that it leads to are compared
 * with the table: /proc/self is another process for the engine than for this program.
 */
#include "host_path.h"

#include "cleanup.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/syscall.h>

/* A directory above a place is refused, and so is the place with all that is in it, read-only or
 * not. */
static const struct place {
	const char *path; /* "~/…" is below the user's home */
	const char *why;
	bool engine;    /* an engine's socket is in it */
	bool read_only; /* it is harmless if it is read-only */
} places[] = {
	{"/run", "the sockets of the host's services", true, false},
	{"/var/run", "the sockets of the host's services", false, false},
	{"/proc", "the host's processes", false, false},
	{"/sys", "the host's kernel settings and cgroups", false, false},
	{"/dev", "the host's devices", false, false},
	{"/var/lib/docker", "Docker's own files", false, false},
	{"/var/lib/containerd", "containerd's own files", false, false},
	{"/var/lib/containers", "Podman's own files", false, false},
	{"~/.config", "what your user manager runs", false, true},
	{"~/.docker/run", "Docker's socket", false, false},
	{"~/.docker", "what Docker's client runs for you", false, true},
	{"~/.ssh", "who may log in as you", false, true},
	{"~/.local/share/systemd", "what your user manager runs", false, true},
	{"~/.local/share/docker", "Docker's own files", false, false},
	{"~/.local/share/containers", "Podman's own files", false, false},
};

static const char *const engine_sockets[] = {"docker.sock", "podman.sock", "containerd.sock"};

/* Whether path is dir, or below it. Neither ends in a slash, except "/" itself. */
static bool is_within(const char *path, const char *dir)
{
	size_t len = strlen(dir);
	if (len == 1 && *dir == '/')
		return *path == '/';
	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool is_below(const char *path, const char *dir)
{
	return is_within(path, dir) && strcmp(path, dir) != 0;
}

/* The path of a place for this user. Returns false if there is none. */
static bool expand_place(const struct host_user *user, const char *place, char buf[static PATH_MAX])
{
	const char *home = *place == '~' ? user->home : "";
	if (!home)
		return false;
	int len = snprintf(buf, PATH_MAX, "%s%s", home, *place == '~' ? place + 1 : place);
	return len > 0 && len < PATH_MAX;
}

static void refuse_path(struct host_path *found, const char *why)
{
	if (!found->why)
		found->why = why;
}

static void compare_with_places(
	const struct host_user *user, const char *path, bool writable, struct host_path *found)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const struct place *place = &places[i];
		char where[PATH_MAX];
		if (!expand_place(user, place->path, where))
			continue;
		bool inside = is_within(path, where) && (writable || !place->read_only);
		if (inside || is_below(where, path))
			refuse_path(found, place->why);
		found->engine = found->engine || (place->engine && is_within(where, path));
	}
	if (user->engine_socket && is_within(user->engine_socket, path)) {
		refuse_path(found, "the engine's socket");
		found->engine = true;
	}
	if (writable && (is_within(HOST_CGROUP_MOUNT, path) || is_within(path, HOST_CGROUP_MOUNT)))
		found->cgroups = true;
}

static bool is_engine_socket(const char *path)
{
	const char *name = strrchr(path, '/');
	for (size_t i = 0; name && i < sizeof engine_sockets / sizeof *engine_sockets; i++)
		if (strcmp(name + 1, engine_sockets[i]) == 0)
			return true;
	return false;
}

/* Whether the directory holds one of the places: then nothing is harmless for being below it. */
static bool holds_place(const struct host_user *user, const char *dir)
{
	struct host_path found = {.why = NULL};
	compare_with_places(user, dir, false, &found);
	return found.why != NULL;
}

static bool is_of_project(const struct host_user *user, const char *path)
{
	return user->project_dir && is_within(path, user->project_dir) &&
	       !holds_place(user, user->project_dir);
}

/* Whether it is in what programs of the user run or obey: the files of a home whose names begin
 * with a dot, and its programs. The Python OSS-CRS has its work in such a directory. */
static bool is_obeyed(const struct host_user *user, const char *path)
{
	if (!user->home || !is_below(path, user->home) || is_of_project(user, path))
		return false;
	const char *name = path + strlen(user->home);
	name += strspn(name, "/");
	return (*name == '.' && strncmp(name, ".oss-crs", 8) != 0) || is_within(name, "bin");
}

static bool is_of_user(const struct host_user *user, const char *path, const struct stat *st)
{
	bool at_home = user->home && strcmp(user->home, "/") != 0 && is_below(path, user->home);
	return at_home || (user->uid != 0 && st->st_uid == user->uid);
}

/* A read-only file, or what is in /usr, where there are no sockets. */
static bool is_read_by_all(const char *path, const struct stat *st)
{
	return (S_ISREG(st->st_mode) && (st->st_mode & S_IROTH)) || is_within(path, "/usr");
}

/* Open a path without any right to its content. A link of /proc, which leads somewhere else for
 * the engine than for this program, is ELOOP. */
static int open_path(const char *path, uint64_t flags)
{
	const struct open_how how = {
		.flags = O_PATH | O_CLOEXEC | flags, .resolve = RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

/* Open the path, or the nearest directory above it that exists; `path` is cut to what was opened.
 * Fails for a link that leads nowhere, since something may be put there later. */
static int open_nearest(char *path)
{
	int fd = open_path(path, 0);
	while (fd < 0 && errno == ENOENT && strlen(path) > 1) {
		_cleanup_close_ int link = open_path(path, O_NOFOLLOW);
		if (link >= 0)
			return -1;
		char *slash = strrchr(path, '/');
		if (strcmp(slash, "/..") == 0)
			return -1;
		slash[slash == path] = '\0';
		fd = open_path(path, 0);
	}
	return fd;
}

/* Where the path leads, with its missing part appended; the status is that of what exists. */
static bool resolve_path(const char *path, char ret[static PATH_MAX], struct stat *ret_st)
{
	char nearest[PATH_MAX];
	char link[64];
	if (snprintf(nearest, sizeof nearest, "%s", path) >= (int)sizeof nearest)
		return false;
	_cleanup_close_ int fd = open_nearest(nearest);
	if (fd < 0 || fstat(fd, ret_st) < 0)
		return false;
	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, ret, PATH_MAX);
	const char *missing = path + strlen(nearest);
	missing += strspn(missing, "/");
	if (len <= 0 || *ret != '/' || (size_t)len + strlen(missing) + 2 > PATH_MAX)
		return false;
	ret[len] = '\0';
	if (*missing)
		(void)snprintf(
			ret + len, PATH_MAX - (size_t)len, "%s%s", len > 1 ? "/" : "", missing);
	return true;
}

struct host_path host_path_judge(const struct host_user *user, const char *path, bool writable)
{
	struct host_path found = {.why = NULL};
	char real[PATH_MAX];
	struct stat st;
	if (*path != '/') {
		refuse_path(&found, "not an absolute path");
		return found;
	}
	compare_with_places(user, path, writable, &found);
	found.engine = found.engine || is_engine_socket(path);
	if (!resolve_path(path, real, &st)) {
		refuse_path(&found, "a path that cannot be checked");
		return found;
	}
	compare_with_places(user, real, writable, &found);
	if (writable && (is_obeyed(user, path) || is_obeyed(user, real)))
		refuse_path(&found, "what your shell and other programs run or obey");
	found.engine = found.engine || is_engine_socket(real);
	if (found.engine)
		refuse_path(&found, "the engine's socket");
	if (S_ISSOCK(st.st_mode))
		refuse_path(&found, "a socket of a process outside the CRS");
	else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		refuse_path(&found, "neither a file nor a directory");
	if (!is_of_project(user, real) && !is_of_user(user, real, &st) &&
		(writable || !is_read_by_all(real, &st)))
		refuse_path(&found, "neither part of the job nor yours");
	return found;
}
