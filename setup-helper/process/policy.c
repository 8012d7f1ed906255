/* SPDX-License-Identifier: MIT
 *
 * policy: the table of keys, the check of each value, and the path of the drop-in. conf.h parses
 * the INI syntax.
 */
#include "policy.h"

#include "cleanup.h"
#include "conf.h"
#include "fs.h"
#include "trusted.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

struct key {
	const char *section;
	const char *name;
	size_t offset; /* of the field in struct policy */
	int (*set)(const char *value, void *field, struct error *err);
};

void policy_default(struct policy *ret)
{
	*ret = (struct policy){
		.controllers = "cpuset memory",
		.linger = true,
		.scope = SCOPE_USER,
		.manage = true,
		.daemon_json = "/etc/docker/daemon.json",
		.service = "docker.service",
		.socket = "/run/docker.sock",
		.restart = RESTART_AUTO,
	};
}

const char *policy_dropin_path(const struct policy *policy, uid_t uid, char *buf, size_t size)
{
	char instance[16] = "";
	if (policy->scope == SCOPE_USER)
		(void)snprintf(instance, sizeof instance, "%u", (unsigned)uid);
	(void)snprintf(
		buf, size, "/etc/systemd/system/user@%s.service.d/50-oss-crs.conf", instance);
	return buf;
}

const char *policy_reserve_path(uid_t uid, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/etc/systemd/system/user@%u.service.d/60-oss-crs-reserve.conf",
		(unsigned)uid);
	return buf;
}

int policy_parse_bool(const char *text, bool *ret, struct error *err)
{
	static const char *const words[] = {"no", "yes", NULL};
	int i = conf_word(text, words);
	if (i < 0)
		return fail_as(err, EX_USAGE, "'%.32s' is neither yes nor no", text);
	*ret = i == 1;
	return 0;
}

int policy_parse_restart(const char *text, enum restart *ret, struct error *err)
{
	static const char *const words[] = {"auto", "never", "force", NULL};
	int i = conf_word(text, words);
	if (i < 0)
		return fail_as(err, EX_USAGE, "'%.32s' is none of auto, never, force", text);
	*ret = (enum restart)i;
	return 0;
}

static int set_bool(const char *value, void *field, struct error *err)
{
	return policy_parse_bool(value, field, err);
}

static int set_restart(const char *value, void *field, struct error *err)
{
	return policy_parse_restart(value, field, err);
}

static int set_scope(const char *value, void *field, struct error *err)
{
	static const char *const words[] = {"user", "all", NULL};
	int i = conf_word(value, words);
	if (i < 0)
		return fail_as(err, EX_CONFIG, "'%.32s' is neither user nor all", value);
	*(enum scope *)field = (enum scope)i;
	return 0;
}

static int set_text(const char *value, char *field, struct error *err)
{
	int n = snprintf(field, POLICY_TEXT_MAX, "%s", value);
	return n > 0 && n < POLICY_TEXT_MAX
		       ? 0
		       : fail_as(err, EX_CONFIG, "the value must be 1 to %d bytes long",
				 POLICY_TEXT_MAX - 1);
}

static int set_path(const char *value, void *field, struct error *err)
{
	size_t len = strlen(value);
	if (*value != '/' || len < 2 || value[len - 1] == '/')
		return fail_as(err, EX_CONFIG, "'%.64s' is not an absolute path of a file", value);
	for (const char *part = value; part; part = strchr(part + 1, '/'))
		if (strncmp(part, "//", 2) == 0 || strncmp(part, "/./", 3) == 0 ||
			strncmp(part, "/../", 4) == 0 || strcmp(part, "/.") == 0 ||
			strcmp(part, "/..") == 0)
			return fail_as(err, EX_CONFIG, "'%.64s' is not a plain path", value);
	return set_text(value, field, err);
}

static int set_service(const char *value, void *field, struct error *err)
{
	static const char suffix[] = ".service";
	size_t len = strlen(value);
	bool good = len > strlen(suffix) && strcmp(value + len - strlen(suffix), suffix) == 0;
	for (const char *c = value; good && *c; c++)
		good = isalnum((unsigned char)*c) || strchr(":-_.@", *c);
	return good ? set_text(value, field, err)
		    : fail_as(err, EX_CONFIG, "'%.64s' is not the name of a service", value);
}

static int set_controllers(const char *value, void *field, struct error *err)
{
	static const char *const known[] = {"cpu", "cpuset", "io", "memory", "pids", NULL};
	char copy[POLICY_TEXT_MAX];
	char list[POLICY_TEXT_MAX] = "";
	unsigned seen = 0;
	if (set_text(value, copy, err) < 0)
		return -1;
	char *rest = NULL;
	for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		int i = conf_word(word, known);
		if (i < 0)
			return fail_as(err, EX_CONFIG,
				"'%.32s' is not a controller (cpu cpuset io memory pids)", word);
		if (seen & 1U << i)
			return fail_as(err, EX_CONFIG, "%s is given twice", word);
		seen |= 1U << i;
		size_t used = strlen(list);
		(void)snprintf(list + used, sizeof list - used, "%s%s", used ? " " : "", word);
	}
	if (!(seen & 1U << 1) || !(seen & 1U << 3))
		return fail_as(err, EX_CONFIG, "cpuset and memory must be among the controllers");
	return set_text(list, field, err);
}

static const struct key keys[] = {
	{"delegate", "controllers", offsetof(struct policy, controllers), set_controllers},
	{"delegate", "linger", offsetof(struct policy, linger), set_bool},
	{"delegate", "scope", offsetof(struct policy, scope), set_scope},
	{"docker", "manage", offsetof(struct policy, manage), set_bool},
	{"docker", "daemon_json", offsetof(struct policy, daemon_json), set_path},
	{"docker", "service", offsetof(struct policy, service), set_service},
	{"docker", "restart", offsetof(struct policy, restart), set_restart},
	{"docker", "socket", offsetof(struct policy, socket), set_path},
};

static int set_policy_key(
	void *data, const char *section, const char *name, const char *value, struct error *err)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(section, keys[i].section) != 0 || strcmp(name, keys[i].name) != 0)
			continue;
		if (keys[i].set(value, (char *)data + keys[i].offset, err) < 0)
			return add_context(err, "[%s] %s", section, name);
		return (int)i;
	}
	return fail_as(err, EX_CONFIG, "[%.32s] %.32s is not known", section, name);
}

int policy_parse(const char *text, size_t len, struct policy *ret, struct error *err)
{
	struct policy policy;
	policy_default(&policy);
	if (conf_parse(POLICY_FILE, text, len, set_policy_key, &policy, err) < 0)
		return -1;
	*ret = policy;
	return 0;
}

int policy_open(const struct host *host, int *ret, struct error *err)
{
	_cleanup_close_ int fd =
		fs_open(host->root, &POLICY_FILE[1], O_RDONLY | O_NONBLOCK, 0, err);
	if (fd < 0 && err->code != ENOENT && err->code != ENOTDIR)
		return -1;
	if (fd >= 0 && trusted_file(fd, POLICY_FILE, NULL, err) < 0)
		return -1;
	*ret = steal_fd(&fd);
	return 0;
}

int policy_read(int fd, struct policy *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (fs_read_fd(fd, POLICY_FILE, CONF_SIZE_MAX, &text, &len, err) < 0)
		return -1;
	return policy_parse(text, len, ret, err);
}

int policy_check(const struct policy *policy, struct error *err)
{
	struct policy copy;
	unsigned char flags[2];
	memcpy(&flags[0], &policy->linger, 1);
	memcpy(&flags[1], &policy->manage, 1);
	if (flags[0] > 1 || flags[1] > 1 || (unsigned)policy->scope > SCOPE_ALL ||
		(unsigned)policy->restart > RESTART_FORCE)
		return fail_as(err, EX_CONFIG, "a value of " POLICY_FILE " is out of range");
	const char *texts[] = {
		policy->controllers, policy->daemon_json, policy->service, policy->socket};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!memchr(texts[i], '\0', POLICY_TEXT_MAX))
			return fail_as(err, EX_CONFIG, "a value of " POLICY_FILE " has no end");
	if (set_controllers(policy->controllers, copy.controllers, err) < 0 ||
		set_path(policy->daemon_json, copy.daemon_json, err) < 0 ||
		set_service(policy->service, copy.service, err) < 0 ||
		set_path(policy->socket, copy.socket, err) < 0)
		return add_context(err, POLICY_FILE);
	return strcmp(policy->controllers, copy.controllers) == 0
		       ? 0
		       : fail_as(err, EX_CONFIG, POLICY_FILE ": controllers");
}
