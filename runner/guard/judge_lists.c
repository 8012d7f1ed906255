/* SPDX-License-Identifier: MIT
 *
 * judge_lists: the keys of a creation whose value is a list of texts, or an object of them, each of
 * which is judged by itself.
 */
#include "judge_parts.h"

#include <string.h>
#include <strings.h>

/* Judge a list of texts, each of which must be fine by itself; `why` says what the others do. */
static int judge_texts(const char *where, const json_t *list, bool (*is_fine)(const char *text),
	const char *why, struct error *err)
{
	size_t i = 0;
	const json_t *item = NULL;
	if (!json_is_array(list))
		return judge_refuse(where, list, "not a list", err);
	json_array_foreach (list, i, item)
		if (!json_is_string(item) || !is_fine(json_string_value(item)))
			return judge_refuse(where, item, why, err);
	return 0;
}

/* Docker's default set, and SYS_PTRACE, which ends at the container's PID namespace. */
static bool is_harmless_capability(const char *text)
{
	static const char *const harmless[] = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER",
		"FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
		"SETPCAP", "SETUID", "SYS_CHROOT", "SYS_PTRACE"};
	const char *name = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (strcasecmp(name, harmless[i]) == 0)
			return true;
	return false;
}

int judge_capabilities(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)judging;
	return judge_texts(where, *value, is_harmless_capability,
		"a capability beyond Docker's own and SYS_PTRACE", err);
}

static bool is_harmless_security(const char *text)
{
	static const char *const harmless[] = {"no-new-privileges", "no-new-privileges:true",
		"no-new-privileges=true", "apparmor=docker-default", "seccomp=builtin", NULL};
	return text_is_in(text, harmless);
}

int judge_security(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)judging;
	return judge_texts(
		where, *value, is_harmless_security, "less confinement than the engine's own", err);
}

int judge_sysctls(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const char *const prefixes[] = {
		"fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm", "net."};
	const char *key = NULL;
	const json_t *item = NULL;
	(void)judging;
	if (!json_is_object(*value))
		return judge_refuse(where, *value, "not an object", err);
	json_object_foreach (*value, key, item) {
		size_t i = 0;
		while (i < sizeof prefixes / sizeof *prefixes &&
			strncmp(key, prefixes[i], strlen(prefixes[i])) != 0)
			i++;
		if (i == sizeof prefixes / sizeof *prefixes || !json_is_string(item))
			return judge_refuse(where, *value, "a setting of the whole host", err);
	}
	return 0;
}

static int judge_ulimit_name(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const char *const harmless[] = {"as", "core", "cpu", "data", "fsize", "locks",
		"memlock", "msgqueue", "nofile", "nproc", "rss", "sigpending", "stack", NULL};
	const char *name = json_string_value(*value);
	(void)judging;
	return name && text_is_in(name, harmless)
		       ? 0
		       : judge_refuse(
				 where, *value, "a limit that lets a process starve others", err);
}

int judge_ulimits(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const struct key_row rows[] = {
		ROW_CHECK("Name", judge_ulimit_name),
		ROW_PASS("Soft"),
		ROW_PASS("Hard"),
	};
	static const struct key_rows table = KEY_ROWS("HostConfig.Ulimits", rows);
	size_t i = 0;
	json_t *item = NULL;
	if (!json_is_array(*value))
		return judge_refuse(where, *value, "not a list", err);
	json_array_foreach (*value, i, item)
		if (judge_object(judging, &table, item, err) < 0)
			return -1;
	return 0;
}

static bool has_value(const char *variable)
{
	return strchr(variable, '=') != NULL;
}

/* Variables of the container. Docker unsets one without a value; Podman takes it from its own
 * environment, which may have passwords, and for "*" all of it. */
int judge_environment(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	return judging->scope->podman
		       ? judge_texts(where, *value, has_value,
				 "Podman would take it from its own environment", err)
		       : 0;
}

/* Podman's "keep-groups" stands for the groups of the user. */
static bool is_own_group(const char *text)
{
	return strcmp(text, "keep-groups") != 0;
}

int judge_groups(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)judging;
	return judge_texts(where, *value, is_own_group, "the groups of the run's user", err);
}
