/* SPDX-License-Identifier: MIT
 *
 * endpoint: Docker's settings, read as Docker's CLI reads them. A context has a directory below
 * contexts/meta; it is found by the name in the directory's meta.json, as `docker context ls`
 * finds it.
 */
#include "endpoint.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#define DEFAULT_ENDPOINT "unix:///var/run/docker.sock"
#define CONFIG_SIZE_MAX  (1U << 20)

/* Open the directory of Docker's CLI configuration, DOCKER_CONFIG or ~/.docker. Returns a
 * descriptor that the caller closes, or -1 with an error; ENOENT if there is none. */
static int open_config_dir(struct error *err)
{
	const char *dir = getenv("DOCKER_CONFIG");
	const char *home = getenv("HOME");
	bool own = dir && *dir;
	_cleanup_free_ char *path = NULL;
	if (!own && !home)
		return fail(err, ENOENT,
			"Docker's configuration: neither DOCKER_CONFIG nor HOME is set");
	if ((own ? asprintf(&path, "%s", dir) : asprintf(&path, "%s/.docker", home)) < 0)
		return fail(err, ENOMEM, "Docker's configuration");
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : fail(err, errno, "open %s", path);
}

/* Parse a file of the user's. It may be a symbolic link, as dotfiles often are; it is opened
 * with the user's rights. */
static json_t *load_json(int dir, const char *path, struct error *err)
{
	_cleanup_close_ int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (fd < 0) {
		(void)fail(err, errno, "open %s", path);
		return NULL;
	}
	if (fs_read_fd(fd, path, CONFIG_SIZE_MAX, &text, &len, err) < 0)
		return NULL;
	json_error_t problem;
	json_t *json = json_loadb(text, len, 0, &problem);
	if (!json) {
		(void)fail_as(err, EX_CONFIG, "%s:%d:%d: %s", path, problem.line, problem.column,
			problem.text);
		(void)add_hint(err, "this is a file of Docker's CLI in ~/.docker");
	}
	return json;
}

static int find_context(int config, const char *name, char **ret, struct error *err)
{
	int fd = openat(config, "contexts/meta", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry = NULL;
	while (list && (entry = readdir(list))) {
		char path[NAME_MAX + 32];
		(void)snprintf(path, sizeof path, "%s/meta.json", entry->d_name);
		_cleanup_json_ json_t *meta =
			entry->d_name[0] != '.' ? load_json(fd, path, err) : NULL;
		const char *its_name = json_string_value(json_object_get(meta, "Name"));
		if (!its_name || strcmp(its_name, name) != 0)
			continue;
		const json_t *docker =
			json_object_get(json_object_get(meta, "Endpoints"), "docker");
		const char *host = json_string_value(json_object_get(docker, "Host"));
		*ret = strdup(host ? host : DEFAULT_ENDPOINT);
		return *ret ? 0 : fail(err, ENOMEM, "context %s", name);
	}
	(void)fail_as(err, EX_UNAVAILABLE, "Docker context '%s' is not there", name);
	return add_hint(
		err, "see `docker context ls`; DOCKER_CONTEXT or `docker context use` chose it");
}

int endpoint_find(char **ret, struct error *err)
{
	const char *address = getenv("DOCKER_HOST");
	const char *context = getenv("DOCKER_CONTEXT");
	if (!address || !*address) {
		address = DEFAULT_ENDPOINT;
		_cleanup_close_ int config = open_config_dir(err);
		_cleanup_json_ json_t *json =
			config >= 0 ? load_json(config, "config.json", err) : NULL;
		if (config >= 0 && !json && err->code != ENOENT)
			return -1;
		if (!context || !*context)
			context = json_string_value(json_object_get(json, "currentContext"));
		if (context && *context && strcmp(context, "default") != 0)
			return find_context(config, context, ret, err);
	}
	*ret = strdup(address);
	return *ret ? 0 : fail(err, ENOMEM, "Docker's address");
}

int endpoint_socket(const char *endpoint, const char **ret, struct error *err)
{
	static const char scheme[] = "unix://";
	if (strncmp(endpoint, scheme, sizeof scheme - 1) == 0) {
		*ret = endpoint + sizeof scheme - 1;
		return 0;
	}
	(void)fail_as(err, EX_UNAVAILABLE,
		"Docker at %s is not on this host, and so are its cgroups", endpoint);
	return add_hint(
		err, "unset DOCKER_HOST and DOCKER_CONTEXT, or: docker context use default");
}
