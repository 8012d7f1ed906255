/* SPDX-License-Identifier: MIT
 *
 * probe_docker: the facts about Docker: its unit, the unit's command line, daemon.json, and the
 * answers of the daemon if it runs. A stopped daemon is not asked, because a connection to its
 * socket would start it.
 */
#include "ask.h"
#include "bus_read.h"
#include "cleanup.h"
#include "daemon_json.h"
#include "dockerapi.h"
#include "fs.h"
#include "probe.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define SERVICE       "org.freedesktop.systemd1.Service"
#define UNIT          "org.freedesktop.systemd1.Unit"
#define UNIT_FILE_MAX ((size_t)256 * 1024)

/* Whether the command line uses the variable, as $NAME or ${NAME}. Its name is the len bytes at
 * `name`. */
static bool uses_variable(const char *exec_start, const char *name, size_t len)
{
	for (const char *at = strchr(exec_start, '$'); at; at = strchr(at + 1, '$')) {
		const char *start = at + 1 + (at[1] == '{');
		if (strncmp(start, name, len) != 0)
			continue;
		char next = start[len];
		if (at[1] == '{' ? next == '}' : next == '\n' || next == ' ' || next == '\0')
			return true;
	}
	return false;
}

/* Copy the driver that the first len bytes of text set. Returns false if they set none. */
static bool copy_flag(const char *text, size_t len, char *buf, size_t size)
{
	const char *at = memmem(text, len, DRIVER_OPTION, strlen(DRIVER_OPTION));
	if (!at)
		return false;
	at += strlen(DRIVER_OPTION);
	(void)snprintf(buf, size, "%.*s", (int)strcspn(at, " \t\n\"'"), at);
	return true;
}

static const char *next_unit_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end ? end + 1 : line + strlen(line);
}

/* Whether the line is a comment in a unit file or environment file (systemd.exec(5)). `line` points
 * past any leading blanks. */
static bool is_comment(const char *line)
{
	return *line == '#' || *line == ';';
}

bool probe_find_flag(const char *exec_start, const char *environment, char *buf, size_t size)
{
	if (copy_flag(exec_start, strlen(exec_start), buf, size))
		return true;
	for (const char *line = environment; *line; line = next_unit_line(line)) {
		const char *start = line + strspn(line, " \t");
		size_t name = strcspn(start, "=\n");
		if (!is_comment(start) && start[name] == '=' &&
			uses_variable(exec_start, start, name) &&
			copy_flag(start, strcspn(start, "\n"), buf, size))
			return true;
	}
	return false;
}

unsigned probe_flag_line(const char *text)
{
	unsigned number = 1;
	char value[FACTS_DRIVER_MAX];
	for (const char *line = text; *line; line = next_unit_line(line), number++) {
		const char *start = line + strspn(line, " \t");
		if (!is_comment(start) &&
			copy_flag(start, strcspn(start, "\n"), value, sizeof value))
			return number;
	}
	return 0;
}

/* Read a file that systemd names. Returns NULL if it cannot be read; *ret_hidden, if not NULL, says
 * whether it exists but is hidden from this process, which has no privileges. The path may go
 * through a symbolic link (/lib), so fs_open() cannot open it. The caller frees the text. */
static char *read_unit_file(const struct host *host, const char *path, bool *ret_hidden)
{
	struct error unreadable = {0};
	char *text = NULL;
	if (*path != '/')
		return NULL;
	_cleanup_close_ int fd =
		openat(host->root, path + 1, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (ret_hidden)
		*ret_hidden = fd < 0 && errno == EACCES;
	if (fd < 0 || fs_read_fd(fd, path, UNIT_FILE_MAX, &text, NULL, &unreadable) < 0)
		return NULL;
	return text;
}

static int fail_hidden(const char *path, struct error *err)
{
	(void)fail_as(err, EX_UNAVAILABLE,
		"%s may set Docker's cgroup driver, and not every user may read it", path);
	return add_hint(err, "put secrets into another file, then: chmod a+r %s", path);
}

/* Find the file that sets the driver and note its path and line. `paths` has one path per line;
 * strtok_r(3) changes it. */
static bool name_flag_file(const struct host *host, char *paths, struct docker_facts *ret)
{
	char *rest = NULL;
	for (char *path = strtok_r(paths, "\n", &rest); path; path = strtok_r(NULL, "\n", &rest)) {
		_cleanup_free_ char *text = read_unit_file(host, path, NULL);
		unsigned line = text ? probe_flag_line(text) : 0;
		if (line == 0)
			continue;
		(void)snprintf(ret->flag_where, sizeof ret->flag_where, "%s:%u", path, line);
		return true;
	}
	return false;
}

/* Join the environment and the texts of the files (one path per line). Returns a string that the
 * caller frees, or NULL with err set. */
static char *whole_environment(
	const struct host *host, const char *environment, const char *files, struct error *err)
{
	_cleanup_free_ char *all = NULL;
	_cleanup_free_ char *paths = strdup(files);
	size_t size = 0;
	bool hidden = false;
	FILE *out = paths ? open_memstream(&all, &size) : NULL;
	if (!out) {
		(void)fail(err, ENOMEM, "environment files");
		return NULL;
	}
	(void)fputs(environment, out);
	char *rest = NULL;
	char *path = strtok_r(paths, "\n", &rest);
	for (; path && !hidden; path = hidden ? path : strtok_r(NULL, "\n", &rest)) {
		_cleanup_free_ char *text = read_unit_file(host, path, &hidden);
		if (text)
			(void)fprintf(out, "%s\n", text);
	}
	if (fclose(out) != 0) {
		(void)fail(err, errno, "environment files");
		return NULL;
	}
	if (!hidden)
		return steal_ptr(all);
	(void)fail_hidden(path, err);
	return NULL;
}

static int probe_command_line(const struct probe_input *input, struct sd_bus *bus,
	struct docker_facts *ret, struct error *err)
{
	const char *unit = input->policy->service;
	_cleanup_free_ char *exec = NULL;
	_cleanup_free_ char *variables = NULL;
	_cleanup_free_ char *files = NULL;
	_cleanup_free_ char *fragment = NULL;
	_cleanup_free_ char *dropins = NULL;
	if (bus_exec_start(bus, unit, &exec, err) < 0 ||
		bus_text_list(bus, unit, SERVICE, "Environment", &variables, err) < 0 ||
		bus_environment_files(bus, unit, &files, err) < 0 ||
		bus_text(bus, unit, UNIT, "FragmentPath", &fragment, err) < 0 ||
		bus_text_list(bus, unit, UNIT, "DropInPaths", &dropins, err) < 0)
		return -1;
	_cleanup_free_ char *environment = whole_environment(input->host, variables, files, err);
	if (!environment)
		return -1;
	if (!probe_find_flag(exec, environment, ret->flag, sizeof ret->flag))
		return 0;
	if (!name_flag_file(input->host, dropins, ret) &&
		!name_flag_file(input->host, files, ret) &&
		!name_flag_file(input->host, fragment, ret))
		(void)snprintf(
			ret->flag_where, sizeof ret->flag_where, "the command line of %s", unit);
	return 0;
}

static int probe_daemon_json(
	const struct probe_input *input, struct docker_facts *ret, struct error *err)
{
	const char *path = input->policy->daemon_json;
	char driver[FACTS_DRIVER_MAX];
	int file = -1;
	if (ask_daemon_json(input->door, 0, &file, err) < 0)
		return -1;
	_cleanup_close_ int fd = file;
	if (fd < 0)
		return 0;
	if (trusted_whole_file(fd, path, &ret->mode, err) < 0 ||
		fs_read_fd(fd, path, DAEMON_JSON_MAX, &ret->text, &ret->len, err) < 0)
		return -1;
	if (daemon_json_driver(ret->text, ret->len, driver, sizeof driver, err) < 0) {
		(void)add_context(err, "%s", path);
		return add_hint(err, "correct it by hand and run this again; it was not changed");
	}
	return 0;
}

static int probe_daemon(
	const struct probe_input *input, struct docker_state *ret, struct error *err)
{
	_cleanup_free_ char *info = NULL;
	_cleanup_free_ char *containers = NULL;
	size_t len = 0;
	struct docker_state state = {0};
	if (ask_docker(input->door, DOCKER_INFO, &info, &len, err) < 0)
		return -1;
	if (dockerapi_info(info, len, &state, err) < 0)
		return add_context(err, "/info on %s", input->policy->socket);
	if (state.running > 0 &&
		ask_docker(input->door, DOCKER_CONTAINERS, &containers, &len, err) < 0)
		return -1;
	if (state.running > 0 && dockerapi_names(containers, len, &state.names, err) < 0)
		return add_context(err, "/containers/json on %s", input->policy->socket);
	*ret = state;
	return 0;
}

/* Look for a kubelet: kubelet.service, or the cgroup that every kubelet makes for its pods, under
 * the name that either cgroup driver gives it. */
static int probe_kubelet(const struct probe_input *input, struct sd_bus *bus,
	struct docker_facts *ret, struct error *err)
{
	static const char *const cgroups[] = {"kubepods.slice", "kubepods"};
	struct unit_state kubelet = {0};
	if (bus_unit_state(bus, "kubelet.service", &kubelet, err) < 0)
		return -1;
	if (kubelet.active)
		(void)snprintf(ret->kubelet, sizeof ret->kubelet, "kubelet.service");
	for (size_t i = 0; input->host->cgroup >= 0 && i < sizeof cgroups / sizeof *cgroups; i++)
		if (faccessat(input->host->cgroup, cgroups[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			(void)snprintf(ret->kubelet, sizeof ret->kubelet, HOST_CGROUP_MOUNT "/%s",
				cgroups[i]);
	return 0;
}

/* Quadlet came with Podman 4.4: the 4.3 of Debian 12, which is too old, does not have it. Nothing
 * is executed here, so there is no better way to the version. */
bool probe_has_podman(const struct host *host)
{
	static const char *const prefixes[] = {"usr", "usr/local"};
	static const char *const parts[] = {"bin/podman", "libexec/podman/quadlet"};
	unsigned found = 0;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		for (unsigned part = 0; part < sizeof parts / sizeof *parts; part++) {
			char path[64];
			(void)snprintf(path, sizeof path, "%s/%s", prefixes[i], parts[part]);
			if (faccessat(host->root, path, F_OK, 0) == 0)
				found |= 1U << part;
		}
	return found == 3;
}

/* With an access control list, the mode does not say who may. */
enum answer probe_member(const struct probe_input *input)
{
	struct stat st;
	char socket[64];
	_cleanup_close_ int fd =
		openat(input->host->root, input->policy->socket + 1, O_PATH | O_CLOEXEC);
	if (!input->groups || fd < 0 || fstat(fd, &st) < 0)
		return ANSWER_UNKNOWN;
	(void)snprintf(socket, sizeof socket, "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < input->group_count && st.st_mode & S_IWGRP; i++)
		if (input->groups[i] == st.st_gid)
			return ANSWER_YES;
	return getxattr(socket, "system.posix_acl_access", NULL, 0) > 0 ? ANSWER_UNKNOWN
									: ANSWER_NO;
}

void probe_docker(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct docker_facts *ret)
{
	struct error err = {0};
	ret->mode = 0644;
	ret->podman = probe_has_podman(input->host);
	if (!input->policy->manage)
		return;
	if (!bus) {
		ret->systemd = *no_bus;
		return;
	}
	if (probe_kubelet(input, bus, ret, &err) < 0 ||
		bus_unit_state(bus, input->policy->service, &ret->service, &err) < 0 ||
		(ret->service.installed && probe_command_line(input, bus, ret, &err) < 0)) {
		ret->systemd = err;
		return;
	}
	if (!ret->service.installed)
		return;
	ret->member = probe_member(input);
	if (probe_daemon_json(input, ret, &err) < 0) {
		ret->file = err;
		ret->file.status = EX_CONFIG;
	}
	if (ret->service.active && probe_daemon(input, &ret->state, &err) < 0)
		ret->api = err;
}
