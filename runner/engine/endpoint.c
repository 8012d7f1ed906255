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

/* The path of the directory of Docker's CLI configuration, DOCKER_CONFIG or ~/.docker. The caller
 * frees it. NULL with an error; ENOENT if there is none that this user may enter: HOME can be
 * another user's, and Docker's CLI goes on without it too. */
static char *config_dir(struct error *err)
{
	const char *dir = getenv("DOCKER_CONFIG");
	const char *home = getenv("HOME");
	bool own = dir && *dir;
	char *path = NULL;
	if (!own && !home) {
		(void)fail(err, ENOENT,
			"find Docker's configuration: neither DOCKER_CONFIG nor HOME is set");
		return NULL;
	}
	if ((own ? asprintf(&path, "%s", dir) : asprintf(&path, "%s/.docker", home)) < 0) {
		(void)fail(err, ENOMEM, "Docker's configuration");
		return NULL;
	}
	if (access(path, X_OK) == 0)
		return path;
	free(path);
	(void)fail(err, ENOENT, "Docker's configuration");
	return NULL;
}

/* Read the text of a file of Docker's CLI. It may be a symbolic link, as dotfiles often are; it is
 * opened with the user's rights. EX_CONFIG if it cannot be read. */
static int read_text(const char *path, char **ret, size_t *ret_len, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		(void)fail(err, errno, "open %s", path);
	else if (fs_read_fd(fd, path, CONFIG_SIZE_MAX, ret, ret_len, err) == 0)
		return 0;
	err->status = EX_CONFIG;
	if (err->code == EACCES)
		(void)add_hint(err,
			"this file is Docker's; to own it again, run: sudo chown $USER %s", path);
	return -1;
}

/* Parse a file of Docker's CLI. EX_CONFIG, and ENOENT in err->code if it is not there. */
static json_t *load_json(const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (read_text(path, &text, &len, err) < 0)
		return NULL;
	json_error_t problem;
	json_t *json = json_loadb(text, len, 0, &problem);
	if (!json) {
		(void)fail_as(err, EX_CONFIG, "%s:%d:%d: %s", path, problem.line, problem.column,
			problem.text);
		(void)add_hint(err, "this file belongs to Docker's CLI");
	}
	return json;
}

/* Take the address of a context from its meta.json. Returns 1 if the context has that name, 0 if
 * not, or -1 with an error. */
static int take_context(const char *path, const char *name, char **ret, struct error *err)
{
	_cleanup_json_ json_t *meta = load_json(path, err);
	if (!meta)
		return err->code == ENOENT ? 0 : -1;
	const char *its_name = json_string_value(json_object_get(meta, "Name"));
	if (!its_name || strcmp(its_name, name) != 0)
		return 0;
	const json_t *docker = json_object_get(json_object_get(meta, "Endpoints"), "docker");
	const char *host = json_string_value(json_object_get(docker, "Host"));
	*ret = strdup(host ? host : DEFAULT_ENDPOINT);
	return *ret ? 1 : fail(err, ENOMEM, "context %s", name);
}

/* Look for a context in the directory of contexts. Returns 1 if it is there, else 0; then *unread
 * says what could not be read, if anything, and may be the context. */
static int search_contexts(const char *dir, const char *name, char **ret, struct error *unread)
{
	_cleanup_closedir_ DIR *list = opendir(dir);
	const struct dirent *entry = NULL;
	int found = 0;
	if (!list && errno != ENOENT)
		(void)fail(unread, errno, "open %s", dir);
	struct error problem = {0};
	int more = 0;
	while (list && found <= 0 && (more = fs_next(list, &entry, &problem)) > 0) {
		_cleanup_free_ char *path = NULL;
		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&path, "%s/%s/meta.json", dir, entry->d_name) < 0)
			found = fail(&problem, ENOMEM, "context %s", name);
		else
			found = take_context(path, name, ret, &problem);
		if (found < 0 && !unread->msg[0])
			*unread = problem;
	}
	if (more < 0 && !unread->msg[0])
		*unread = problem;
	return found > 0;
}

/* Find a context by its name. config is NULL if there is no directory of Docker's CLI. */
static int find_context(const char *config, const char *name, char **ret, struct error *err)
{
	_cleanup_free_ char *dir = NULL;
	struct error unread = {0};
	if (config && asprintf(&dir, "%s/contexts/meta", config) < 0)
		return fail(err, ENOMEM, "context %s", name);
	if (dir && search_contexts(dir, name, ret, &unread))
		return 0;
	(void)fail_as(err, EX_CONFIG, "no Docker context named '%s'%s%s", name,
		unread.msg[0] ? ", or it cannot be read: " : "", unread.msg);
	return add_hint(err,
		"to list contexts, run: docker context ls; DOCKER_CONTEXT or `docker context use` "
		"selected this one");
}

/* The address that the context names, which DOCKER_CONTEXT or config.json names. */
static int find_by_context(char **ret, struct error *err)
{
	const char *context = getenv("DOCKER_CONTEXT");
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ json_t *json = NULL;
	_cleanup_free_ char *config = config_dir(err);
	if (!config && err->code != ENOENT)
		return -1;
	if (config && asprintf(&path, "%s/config.json", config) < 0)
		return fail(err, ENOMEM, "Docker's configuration");
	if (path && !(json = load_json(path, err)) && err->code != ENOENT)
		return -1;
	if (!context || !*context)
		context = json_string_value(json_object_get(json, "currentContext"));
	if (context && *context && strcmp(context, "default") != 0)
		return find_context(config, context, ret, err);
	*ret = strdup(DEFAULT_ENDPOINT);
	return *ret ? 0 : fail(err, ENOMEM, "Docker's address");
}

int endpoint_find(char **ret, struct error *err)
{
	const char *address = getenv("DOCKER_HOST");
	if (!address || !*address)
		return find_by_context(ret, err);
	*ret = strdup(address);
	return *ret ? 0 : fail(err, ENOMEM, "Docker's address");
}

/* Whether the address is one of this host's own TCP ports. */
static bool is_loopback(const char *endpoint)
{
	static const char *const loopback[] = {"tcp://127.", "tcp://localhost:", "tcp://[::1]"};
	for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
		if (strncmp(endpoint, loopback[i], strlen(loopback[i])) == 0)
			return true;
	return false;
}

int endpoint_socket(const char *endpoint, const char **ret, struct error *err)
{
	static const char scheme[] = "unix://";
	if (strncmp(endpoint, scheme, sizeof scheme - 1) == 0) {
		*ret = endpoint + sizeof scheme - 1;
		return 0;
	}
	if (endpoint[0] == '/') {
		(void)fail_as(err, EX_UNAVAILABLE, "Docker's address %s has no scheme", endpoint);
		return add_hint(err, "write it as unix://%s", endpoint);
	}
	if (is_loopback(endpoint)) {
		(void)fail_as(err, EX_UNAVAILABLE,
			"Docker at %s is reached over TCP; oss-crs-run needs its unix socket",
			endpoint);
		return add_hint(err, "unset DOCKER_HOST, or set it to " DEFAULT_ENDPOINT);
	}
	(void)fail_as(err, EX_UNAVAILABLE,
		"Docker at %s is not on this host, and neither are its cgroups", endpoint);
	return add_hint(
		err, "unset DOCKER_HOST and DOCKER_CONTEXT, or run: docker context use default");
}
