/* SPDX-License-Identifier: MIT
 *
 * judge_create: the bodies of requests, by tables of their keys: what creates a container, changes
 * its limits, starts a process in it, or creates a volume. What a service of the Compose file may
 * have without a warning (service_keys.c) is passed here too, except what would be the host's
 * affair: published ports, devices, restarts after the run.
 */
#include "judge_parts.h"

#include <errno.h>
#include <string.h>

#define NAMESPACE "a namespace that is not the container's own"

/* ---- namespaces and networks ----------------------------------------------------------------- */

/* "container:NAME" of a container that the CRS has made, as its whole id. Returns 1, or 0 if the
 * value is something else. */
static int replace_container(struct judging *judging, json_t **value, struct error *err)
{
	static const char prefix[] = "container:";
	const char *text = json_string_value(*value);
	char id[CONTAINER_ID_MAX + 1];
	if (!text || strncmp(text, prefix, sizeof prefix - 1) != 0)
		return 0;
	const struct judge_lookup *lookup = judging->lookup;
	if (lookup->container(lookup->data, text + sizeof prefix - 1, id, err) < 0)
		return -1;
	*value = json_sprintf("%s%s", prefix, id);
	return *value ? 1 : fail(err, ENOMEM, "container");
}

static int judge_pid(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const char *const own[] = {"private", NULL};
	int shared = replace_container(judging, value, err);
	if (shared != 0)
		return shared < 0 ? -1 : 0;
	const char *text = json_string_value(*value);
	return text && text_is_in(text, own) ? 0 : judge_refuse(where, *value, NAMESPACE, err);
}

static int judge_ipc(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const char *const own[] = {"none", "private", "shareable", NULL};
	int shared = replace_container(judging, value, err);
	if (shared != 0)
		return shared < 0 ? -1 : 0;
	const char *text = json_string_value(*value);
	return text && text_is_in(text, own) ? 0 : judge_refuse(where, *value, NAMESPACE, err);
}

static bool is_own_network(const struct judging *judging, const char *name)
{
	static const char *const own[] = {"default", "bridge", "none", NULL};
	const struct judge_scope *scope = judging->scope;
	for (size_t i = 0; i < scope->network_count; i++)
		if (strcmp(scope->networks[i], name) == 0)
			return true;
	return text_is_in(name, own);
}

static int judge_network_mode(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	int shared = replace_container(judging, value, err);
	if (shared != 0)
		return shared < 0 ? -1 : 0;
	const char *text = json_string_value(*value);
	return text && is_own_network(judging, text)
		       ? 0
		       : judge_refuse(where, *value,
				 "not a network of the CRS's services, bridge or none", err);
}

/* NetworkingConfig.EndpointsConfig: a network each. An alias could be the name of a service of
 * another CRS. */
static int judge_endpoints(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const struct key_row rows[] = {
		ROW_PASS("GwPriority"),
		ROW_PASS("IPAMConfig"),
		ROW_PASS("MacAddress"),
	};
	static const struct key_rows table = KEY_ROWS("NetworkingConfig.EndpointsConfig", rows);
	const char *name = NULL;
	json_t *endpoint = NULL;
	if (!json_is_object(*value))
		return judge_refuse(where, *value, "not an object", err);
	json_object_foreach (*value, name, endpoint) {
		if (!is_own_network(judging, name))
			return fail_as(err, EX_NOPERM,
				"%s '%.64s': not a network of the CRS's services, bridge or none",
				where, name);
		if (!json_is_null(endpoint) && judge_object(judging, &table, endpoint, err) < 0)
			return -1;
	}
	return 0;
}

static int judge_networking(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const struct key_row rows[] = {ROW_CHECK("EndpointsConfig", judge_endpoints)};
	static const struct key_rows table = KEY_ROWS("NetworkingConfig", rows);
	(void)where;
	return judge_object(judging, &table, *value, err);
}

/* ---- HostConfig ------------------------------------------------------------------------------ */

/* The cgroup is the guard's to set. */
static int judge_parent(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	const char *text = json_string_value(*value);
	return text && strcmp(text, judging->scope->parent) == 0
		       ? 0
		       : judge_refuse(where, *value, "not the cgroup of the CRS", err);
}

static const struct key_row log_option_rows[] = {
	ROW_PASS("compress"),
	ROW_PASS("max-buffer-size"),
	ROW_PASS("max-file"),
	ROW_PASS("max-size"),
	ROW_PASS("mode"),
};

static const struct key_rows log_option_table =
	KEY_ROWS("HostConfig.LogConfig.Config", log_option_rows);

static const struct key_row log_rows[] = {
	ROW_PASS("Config"), /* judged by judge_log() */
	ROW_WORDS("Type", "a log driver that writes elsewhere as root", "json-file", "local",
		"none", "k8s-file"),
};

static const struct key_rows log_table = KEY_ROWS("HostConfig.LogConfig", log_rows);

static int judge_log(struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)where;
	if (judge_object(judging, &log_table, *value, err) < 0)
		return -1;
	json_t *config = json_object_get(*value, "Config");
	return config ? judge_object(judging, &log_option_table, config, err) : 0;
}

/* What starts again by itself would do so after the run, in a cgroup without limits. */
static const struct key_row restart_rows[] = {
	ROW_PASS("MaximumRetryCount"),
	ROW_WORDS("Name", "it would start again after the run", "no", "on-failure"),
};

static const struct key_rows restart_table = KEY_ROWS("RestartPolicy", restart_rows);

static int judge_restart(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)where;
	return judge_object(judging, &restart_table, *value, err);
}

static int judge_storage(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	static const struct key_row rows[] = {ROW_PASS("size")};
	static const struct key_rows table = KEY_ROWS("HostConfig.StorageOpt", rows);
	(void)where;
	return judge_object(judging, &table, *value, err);
}

static const struct key_row host_rows[] = {
	ROW_PASS("AutoRemove"),
	ROW_CHECK("Binds", judge_binds),
	ROW_CHECK("CapAdd", judge_capabilities),
	ROW_PASS("CapDrop"),
	ROW_CHECK("CgroupParent", judge_parent),
	ROW_WORDS("CgroupnsMode", "the host's cgroups", "private"),
	ROW_PASS("ConsoleSize"),
	ROW_PASS("Dns"),
	ROW_PASS("DnsOptions"),
	ROW_PASS("DnsSearch"),
	ROW_PASS("ExtraHosts"),
	ROW_CHECK("GroupAdd", judge_groups),
	ROW_PASS("Init"),
	ROW_CHECK("IpcMode", judge_ipc),
	ROW_WORDS("Isolation", "an isolation unknown to this program", "default"),
	ROW_CHECK("LogConfig", judge_log),
	ROW_PASS("MemorySwappiness"), /* not in cgroup v2 */
	ROW_CHECK("Mounts", judge_mounts),
	ROW_CHECK("NetworkMode", judge_network_mode),
	/* Not below zero: the kernel would kill processes of others first. */
	ROW_CHECK("OomScoreAdj", judge_count),
	ROW_CHECK("PidMode", judge_pid),
	ROW_PASS("ReadonlyRootfs"),
	ROW_CHECK("RestartPolicy", judge_restart),
	ROW_WORDS("Runtime", "a runtime unknown to this program", "crun", "runc"),
	ROW_CHECK("SecurityOpt", judge_security),
	ROW_CHECK("ShmSize", judge_count),
	ROW_CHECK("StorageOpt", judge_storage),
	ROW_CHECK("Sysctls", judge_sysctls),
	ROW_PASS("Tmpfs"), /* its memory is the CRS's */
	ROW_WORDS("UTSMode", NAMESPACE, "private"),
	ROW_CHECK("Ulimits", judge_ulimits),
	ROW_WORDS("UsernsMode", NAMESPACE, "private"),
	ROW_WORDS("VolumeDriver", "a volume driver that may mount anything", "local"),
	LIMIT_ROWS,
};

static const struct key_rows host_table = KEY_ROWS("HostConfig", host_rows);

static const struct key_row create_rows[] = {
	ROW_PASS("AttachStderr"),
	ROW_PASS("AttachStdin"),
	ROW_PASS("AttachStdout"),
	ROW_PASS("Cmd"),
	ROW_PASS("Domainname"),
	ROW_PASS("Entrypoint"),
	ROW_CHECK("Env", judge_environment),
	ROW_PASS("ExposedPorts"),
	ROW_PASS("Healthcheck"),
	ROW_PASS("HostConfig"), /* judged below */
	ROW_PASS("Hostname"),
	ROW_PASS("Image"),
	ROW_PASS("Labels"), /* judged below */
	ROW_PASS("MacAddress"),
	ROW_PASS("NetworkDisabled"),
	ROW_CHECK("NetworkingConfig", judge_networking),
	ROW_PASS("OpenStdin"),
	ROW_PASS("Shell"),
	ROW_PASS("StdinOnce"),
	ROW_PASS("StopSignal"),
	ROW_PASS("StopTimeout"),
	ROW_PASS("Tty"),
	ROW_PASS("User"),
	ROW_CHECK("Volumes", judge_anonymous),
	ROW_PASS("WorkingDir"),
};

static const struct key_rows create_table = KEY_ROWS("", create_rows);

/* Set the log driver, unless the container has one: the run's Podman cannot follow its default,
 * journald (compose_override.c). */
static int set_log_driver(const struct judge_scope *scope, json_t *host, struct error *err)
{
	json_t *config = json_object_get(host, "LogConfig");
	if (!scope->podman || json_object_get(config, "Type"))
		return 0;
	if (!config) {
		config = json_object();
		if (json_object_set_new(host, "LogConfig", config) < 0)
			return fail(err, ENOMEM, "LogConfig");
	}
	return json_object_set_new(config, "Type", json_string("k8s-file")) < 0
		       ? fail(err, ENOMEM, "LogConfig")
		       : 0;
}

int judge_create(struct judging *judging, struct error *err)
{
	json_t *body = judging->body;
	const char *name = target_parameter(judging->target, "name");
	if (name && *name && judge_name(judging, "name", name, err) < 0)
		return -1;
	if (judge_object(judging, &create_table, body, err) < 0)
		return -1;
	json_t *host = json_object_get(body, "HostConfig");
	if (!host) {
		host = json_object();
		if (json_object_set_new(body, "HostConfig", host) < 0)
			return fail(err, ENOMEM, "HostConfig");
	}
	if (judge_object(judging, &host_table, host, err) < 0 ||
		judge_limits(judging, host, err) < 0 ||
		set_log_driver(judging->scope, host, err) < 0 ||
		judge_labels(judging, body, "Labels", err) < 0)
		return -1;
	return json_object_set_new(host, "CgroupParent", json_string(judging->scope->parent)) < 0
		       ? fail(err, ENOMEM, "CgroupParent")
		       : 0;
}

/* ---- the other bodies ------------------------------------------------------------------------ */

int judge_update(struct judging *judging, struct error *err)
{
	static const struct key_row rows[] = {
		ROW_CHECK("RestartPolicy", judge_restart),
		LIMIT_ROWS,
	};
	static const struct key_rows table = KEY_ROWS("", rows);
	return judge_object(judging, &table, judging->body, err) < 0 ||
			       judge_limits(judging, judging->body, err) < 0
		       ? -1
		       : judge_container(judging, err);
}

/* The container's id, which docker-py repeats in the body. The one in the path counts. */
static int judge_repeated(
	struct judging *judging, const char *where, json_t **value, struct error *err)
{
	(void)judging;
	*value = json_null();
	return *value ? 0 : fail(err, ENOMEM, "%s", where);
}

int judge_exec_create(struct judging *judging, struct error *err)
{
	static const struct key_row rows[] = {
		ROW_PASS("AttachStderr"),
		ROW_PASS("AttachStdin"),
		ROW_PASS("AttachStdout"),
		ROW_PASS("Cmd"),
		ROW_PASS("ConsoleSize"),
		ROW_CHECK("Container", judge_repeated),
		ROW_PASS("Detach"),
		ROW_PASS("DetachKeys"),
		ROW_PASS("Env"),
		ROW_PASS("Tty"),
		ROW_PASS("User"),
		ROW_PASS("WorkingDir"),
	};
	static const struct key_rows table = KEY_ROWS("", rows);
	return judge_object(judging, &table, judging->body, err) < 0
		       ? -1
		       : judge_container(judging, err);
}

int judge_exec_start(struct judging *judging, struct error *err)
{
	static const struct key_row rows[] = {
		ROW_PASS("ConsoleSize"),
		ROW_PASS("Detach"),
		ROW_PASS("Tty"),
	};
	static const struct key_rows table = KEY_ROWS("", rows);
	return judge_object(judging, &table, judging->body, err) < 0 ? -1
								     : judge_exec(judging, err);
}

static const struct key_row volume_rows[] = {
	ROW_WORDS("Driver", "a volume driver that may mount anything", "local"),
	ROW_PASS("Labels"), /* judged by judge_volume_create() */
	ROW_PASS("Name"),   /* the same */
};

static const struct key_rows volume_table = KEY_ROWS("", volume_rows);

int judge_volume_create(struct judging *judging, struct error *err)
{
	if (judge_object(judging, &volume_table, judging->body, err) < 0 ||
		judge_labels(judging, judging->body, "Labels", err) < 0)
		return -1;
	const json_t *name = json_object_get(judging->body, "Name");
	if (!name)
		return 0;
	if (!json_is_string(name))
		return judge_refuse("Name", name, "not a text", err);
	/* The engine answers with a volume that exists, whoever made it. */
	return judge_name(judging, "Name", json_string_value(name), err) < 0
		       ? -1
		       : judging->lookup->volume(
				 judging->lookup->data, json_string_value(name), true, err);
}
