/* SPDX-License-Identifier: MIT
 *
 * podman: the checks of a Podman installation, and the run's own Podman service. One call of
 * StartTransientUnit creates NAME.socket and NAME.service: the service is an auxiliary unit of
 * the socket.
 */
#include "podman.h"

#include "cleanup.h"
#include "environment.h"
#include "fs.h"
#include "proc.h"
#include "program.h"
#include "user_manager.h"

#include <errno.h>
#include <pwd.h>
#include <sys/un.h>

#define INSTALL_HINT  "on Debian, run: sudo apt-get install podman uidmap catatonit passt nftables"
#define VERSION_MIN   5
#define SUBID_MAX     ((size_t)1 << 20)
#define SOCKET_FILE   "podman.sock"
#define UNIT_NAME_MAX 256
#define ANSWER_MAX    256

int podman_find(char **ret_path, struct error *err)
{
	*ret_path = program_find("podman");
	if (*ret_path)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "Podman is not installed");
	return add_hint(err, INSTALL_HINT);
}

int podman_check_version(const char *version, struct error *err)
{
	if (strtoul(version, NULL, 10) >= VERSION_MIN)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "Podman %s is too old", version);
	return add_hint(err, "oss-crs-run needs Podman %d, which Debian 13 has", VERSION_MIN);
}

/* The output is like "podman version 5.4.2"; the last word is the version. */
int podman_ask_version(const char *program, char buf[static PODMAN_VERSION_MAX], struct error *err)
{
	_cleanup_free_ char *text = NULL;
	int status = 0;
	struct spawn spawn = SPAWN(((const char *const[]){program, "--version", NULL}));
	/* Podman 5 makes the user's configuration directory even for --version: name one that
	 * exists. */
	spawn.env = (const char *const[]){"XDG_CONFIG_HOME=/", NULL};
	if (proc_capture(&spawn, ANSWER_MAX, &text, &status, err) < 0)
		return -1;
	if (status != 0)
		return fail_as(
			err, EX_UNAVAILABLE, "%s --version failed with status %d", program, status);
	text[strcspn(text, "\n")] = '\0';
	const char *version = strrchr(text, ' ');
	(void)snprintf(buf, PODMAN_VERSION_MAX, "%s", version ? version + 1 : text);
	return podman_check_version(buf, err);
}

/* Whether a line "NAME:FIRST:COUNT" is the user's; a line may name the user by number. */
static bool has_subid_range(const char *text, const char *name, const char *number)
{
	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, ":\n");
		if (line[len] == ':' &&
			((strlen(name) == len && strncmp(line, name, len) == 0) ||
				(strlen(number) == len && strncmp(line, number, len) == 0)))
			return true;
		line += strcspn(line, "\n");
	}
	return false;
}

static int check_subid_range(
	const struct host *host, const char *file, uid_t uid, struct error *err)
{
	const struct passwd *user = getpwuid(uid);
	char number[16];
	_cleanup_free_ char *text = NULL;
	(void)snprintf(number, sizeof number, "%u", (unsigned)uid);
	if (fs_read(host->root, file, SUBID_MAX, &text, NULL, err) < 0 && err->code != ENOENT)
		return -1;
	const char *name = user ? user->pw_name : number;
	if (text && has_subid_range(text, name, number))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "user %s has no subordinate ids in /%s", name, file);
	/* The ids must not have the user's own among them, as with users of a directory service. */
	unsigned first = uid < 100000 || uid > 165535 ? 100000 : 300000;
	return add_hint(err,
		"run: sudo usermod --add-subuids %u-%u --add-subgids %u-%u %s (choose a range that "
		"no other user has)",
		first, first + 65535, first, first + 65535, name);
}

/* Whether nsswitch.conf(5) has a subid line: then the ranges may come from another source. */
static bool asks_elsewhere(const struct host *host)
{
	struct error ignored;
	_cleanup_free_ char *text = NULL;
	if (fs_read(host->root, "etc/nsswitch.conf", SUBID_MAX, &text, NULL, &ignored) < 0)
		return false;
	return strncmp(text, "subid:", 6) == 0 || strstr(text, "\nsubid:");
}

int podman_check_ids(const struct host *host, uid_t uid, struct error *err)
{
	if (!program_exists("newuidmap") || !program_exists("newgidmap")) {
		(void)fail_as(
			err, EX_UNAVAILABLE, "newuidmap, which Podman needs, is not installed");
		return add_hint(err, "on Debian, run: sudo apt-get install uidmap");
	}
	if (asks_elsewhere(host))
		return 0;
	return check_subid_range(host, "etc/subuid", uid, err) < 0
		       ? -1
		       : check_subid_range(host, "etc/subgid", uid, err);
}

/* Whether a kernel setting has this value: 1, 0, or -1 with an error. It may not exist. */
static int setting_is(
	const struct host *host, const char *file, const char *value, struct error *err)
{
	char text[32];
	struct error problem;
	if (fs_read_attr(host->root, file, text, sizeof text, &problem) == 0)
		return strcmp(text, value) == 0;
	if (problem.code == ENOENT)
		return 0;
	*err = problem;
	return -1;
}

static int check_apparmor(const struct host *host, const char *program, struct error *err)
{
	int restricted =
		setting_is(host, "proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", err);
	if (restricted <= 0)
		return restricted;
	if (strcmp(program, "/usr/bin/podman") == 0 &&
		faccessat(host->root, "etc/apparmor.d/podman", F_OK, 0) == 0)
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE,
		"AppArmor keeps %s, for which it has no profile, from user namespaces", program);
	return add_hint(err,
		"install a profile with the rule `userns,` for it in /etc/apparmor.d, or "
		"run: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0");
}

int podman_check_namespaces(const struct host *host, const char *program, struct error *err)
{
	static const char *const settings[] = {
		"proc/sys/kernel/unprivileged_userns_clone", "proc/sys/user/max_user_namespaces"};
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		int off = setting_is(host, settings[i], "0", err);
		if (off < 0)
			return -1;
		if (!off)
			continue;
		(void)fail_as(err, EX_UNAVAILABLE,
			"users make no user namespaces here, which Podman needs: /%s is 0",
			settings[i]);
		return add_hint(err, "ask an administrator to change it, with sysctl(8)");
	}
	return check_apparmor(host, program, err);
}

int podman_check_manager(uid_t uid, struct error *err)
{
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	return user_manager_open(uid, &bus, err);
}

static void format_unit_name(const char *run, const char *kind, char ret[static UNIT_NAME_MAX])
{
	(void)snprintf(ret, UNIT_NAME_MAX, "oss-crs-podman-%.200s.%s", run, kind);
}

/* The variables that determine the storage and the programs of the user's Podman, and how it
 * reaches a registry: `podman pull` in the same shell gets the same image. */
static const char *const passed_on[] = {"HOME", "PATH", "TMPDIR", "XDG_CONFIG_HOME",
	"XDG_DATA_HOME", "CONTAINERS_CONF", "CONTAINERS_CONF_OVERRIDE",
	"CONTAINERS_REGISTRIES_CONF", "CONTAINERS_STORAGE_CONF", "STORAGE_DRIVER", "STORAGE_OPTS",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"REGISTRY_AUTH_FILE", "SSL_CERT_FILE", "SSL_CERT_DIR", NULL};

/* KillMode of the service is `process`, as in podman.service: Podman's pause process, which may
 * have started in this unit, holds the namespaces of all the user's containers. */
static int start_socket(struct sd_bus *bus, const char *socket, const char *service,
	const char *path, struct error *err)
{
	_cleanup_free_ char *program = NULL;
	_cleanup_(variables_free) struct variables environment = VARIABLES_NONE;
	if (podman_find(&program, err) < 0 || variables_add_own(&environment, passed_on, err) < 0)
		return -1;
	const char *const argv[] = {program, "--cgroup-manager=cgroupfs", "--events-backend=file",
		"system", "service", "--time=0", NULL};
	const struct socket_service what = {
		.socket = socket,
		.service = service,
		.name = "Podman",
		.description = "Podman for a run of oss-crs-run",
		.path = path,
		.argv = argv,
		.environment = (const char *const *)environment.list,
	};
	return user_manager_start_socket(bus, &what, err) == 0 || err->code == EEXIST ? 0 : -1;
}

int podman_start(
	uid_t uid, const char *run, const char *scratch, char **ret_endpoint, struct error *err)
{
	char socket[UNIT_NAME_MAX];
	char service[UNIT_NAME_MAX];
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	_cleanup_free_ char *endpoint = NULL;
	if (asprintf(&endpoint, "unix://%s/%s", scratch, SOCKET_FILE) < 0)
		return fail(err, ENOMEM, "Podman's socket");
	const char *path = endpoint + strlen("unix://");
	if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
		(void)fail_as(err, EX_USAGE, "%s is too long for a socket path", path);
		return add_hint(err, "use a shorter --run-id");
	}
	format_unit_name(run, "socket", socket);
	format_unit_name(run, "service", service);
	if (user_manager_open(uid, &bus, err) < 0 ||
		start_socket(bus, socket, service, path, err) < 0 ||
		user_manager_begin(bus, service, err) < 0)
		return -1;
	*ret_endpoint = steal_ptr(endpoint);
	return 0;
}

int podman_stop(uid_t uid, const char *run, struct error *err)
{
	char socket[UNIT_NAME_MAX];
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	format_unit_name(run, "socket", socket);
	if (user_manager_open(uid, &bus, err) < 0)
		return -1;
	return user_manager_stop(bus, socket, "Podman's service", err) == 0 || err->code == ENOENT
		       ? 0
		       : -1;
}
