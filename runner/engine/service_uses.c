/* SPDX-License-Identifier: MIT
 *
 * service_uses: what a service uses of the host or of the rest of its file: volumes, configs,
 * secrets and networks, with their definitions at the top level. Volumes are mappings in the output
 * of Docker's plugin, and "SOURCE:TARGET:MODE" in that of docker-compose 1.29.
 */
#include "risk_search.h"

#include "cleanup.h"
#include "compose_guard.h"

#include <errno.h>

#define ENGINE_SOCKET   "docker.sock"
#define WRITABLE_CGROUP "writable /sys/fs/cgroup"

static bool is_true(const struct doc_node *node)
{
	const char *text = doc_text(node);
	return text && strcmp(text, "true") == 0;
}

/* Judge a path of the host that the service gets; shown is what the file says. */
static void check_path(
	struct risk_search *search, const char *path, bool writable, const struct doc_node *shown)
{
	struct host_path found = host_path_judge(&search->scope->user, path, writable);
	if (found.engine)
		search_add(search, ENGINE_SOCKET, shown, found.why);
	if (found.cgroups)
		search_add(search, WRITABLE_CGROUP, shown, found.why);
	if (found.why && !found.engine && !found.cgroups)
		search_add(search, NULL, shown, found.why);
}

/* The same for a path that is mounted. The engine's socket is no risk where the guard's replaces
 * it. */
static void check_mounted_path(
	struct risk_search *search, const char *path, bool writable, const struct doc_node *shown)
{
	if (!compose_guard_replaces(search->scope->compose, search->scope->crs, path))
		check_path(search, path, writable, shown);
}

/* The definition of a name at the top level of the file. */
static const struct doc_node *find_definition(
	const struct risk_search *search, const char *section, const char *name)
{
	struct doc *doc = search->scope->doc;
	return doc_get(doc, doc_get(doc, doc_root(doc), section), name);
}

/* Judge the definition of what a service uses. Without one, nobody knows what it is. */
static void check_definition(struct risk_search *search, const char *section, const char *name,
	const struct doc_node *shown,
	void (*judge)(
		struct risk_search *search, const char *name, const struct doc_node *definition))
{
	const struct doc_node *definition = name ? find_definition(search, section, name) : NULL;
	if (!definition)
		search_add(search, NULL, shown, "not defined in the file");
	else
		search_definition(search, name, definition, judge);
}

/* The mount options of a volume that the engine mounts: of a bind mount, and of a tmpfs. */
static const char *const bind_options[] = {"bind", "rbind", "ro", "rw", NULL};
static const char *const tmpfs_options[] = {"gid=", "mode=", "nodev", "noexec", "nosuid",
	"nr_inodes=", "ro", "rw", "size=", "uid=", NULL};

/* The options are mount(2)'s. A bind mount is judged by its source, as if writable: the engine may
 * not pass `ro` on. */
static void check_driver_opts(struct risk_search *search, const struct doc_node *value)
{
	static const char *const no_type[] = {"", "bind", "none", NULL};
	static const char *const known[] = {"device", "o", "size", "type", NULL};
	struct doc *doc = search->scope->doc;
	const char *type = doc_text(doc_get(doc, value, "type"));
	const char *options = doc_text(doc_get(doc, value, "o"));
	const char *device = doc_text(doc_get(doc, value, "device"));
	bool fine = doc_is_map(value);
	struct doc_node *key = NULL;
	struct doc_node *item = NULL;
	for (size_t i = 0; fine && doc_pair(doc, value, i, &key, &item); i++)
		fine = doc_text(key) && doc_text(item) && text_is_in(doc_text(key), known);
	bool bind =
		options && (text_has_option(options, "bind") || text_has_option(options, "rbind"));
	if (fine && bind && device && text_has_only(options, bind_options) &&
		(!type || text_is_in(type, no_type)))
		check_path(search, device, true, value);
	else if (!fine || bind || (type && strcmp(type, "tmpfs") != 0) || (device && !type) ||
		 (options && (!type || !text_has_only(options, tmpfs_options))))
		search_add(search, NULL, value, "a mount that the engine makes as root");
}

static const struct key_rule volume_rules[] = {
	TEXTS("driver", "a volume driver that may mount anything", "local"),
	CHECKED("driver_opts", check_driver_opts),
	HARMLESS("external"),                 /* judged by check_existing_volume() */
	HARMLESS("labels"), HARMLESS("name"), /* the same */
};

const struct key_table volume_table = KEY_TABLE("volume", volume_rules);

/* Whether the project makes the volume, since nobody can have made it before: its name begins with
 * that of the project, which is the run's. */
static bool is_new_volume(
	const struct risk_search *search, const struct doc_node *definition, const char *name)
{
	const struct compose *compose = search->scope->compose;
	const struct doc_node *external = doc_get(search->scope->doc, definition, "external");
	const char *text = doc_text(external);
	size_t len = strlen(compose->project);
	return (!external || (text && strcmp(text, "false") == 0)) && !compose->is_named &&
	       strncmp(name, compose->project, len) == 0 && name[len] == '_';
}

/* Compose takes a volume that exists as it is, whatever the file says of it: ask the engine. */
static void check_existing_volume(
	struct risk_search *search, const char *key, const struct doc_node *definition)
{
	const struct risk_scope *scope = search->scope;
	_cleanup_free_ char *name = compose_engine_name(scope->compose, scope->doc, "volumes", key);
	if (!name) {
		search->failed = true;
		return;
	}
	if (is_new_volume(search, definition, name))
		return;
	struct error err;
	_cleanup_free_ char *text = NULL;
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	if (!scope->compose->running_engine) {
		search_add(search, NULL, definition, "a volume that only the engine knows");
		return;
	}
	if (engine_volume(scope->compose->running_engine, name, &text, &err) < 0) {
		if (err.code != ENOENT)
			search_add(search, NULL, definition, "a volume that cannot be checked");
		return;
	}
	if (doc_load("a volume", text, strlen(text), &doc, &err) < 0) {
		search_add(search, NULL, definition, "a volume that cannot be checked");
		return;
	}
	struct risk_scope there = *scope;
	there.doc = &doc;
	search->scope = &there;
	search_mapping_at(search, key, doc_root(&doc), &volume_table);
	search->scope = scope;
}

static void judge_volume(
	struct risk_search *search, const char *name, const struct doc_node *definition)
{
	if (!doc_is_null(definition))
		search_mapping_at(search, name, definition, &volume_table);
	check_existing_volume(search, name, definition);
}

static void check_volume(struct risk_search *search, const char *name, const struct doc_node *shown)
{
	check_definition(search, "volumes", name, shown, judge_volume);
}

static const struct key_rule bind_rules[] = {
	HARMLESS("create_host_path"),
	/* Only SYS_ADMIN makes a mount that others could see, and that has its own rule. */
	TEXTS("propagation", "a mode unknown to this program", "private", "rprivate", "rshared",
		"rslave", "shared", "slave"),
	HARMLESS("recursive"),
	HARMLESS("selinux"),
};

const struct key_table bind_table = KEY_TABLE("bind", bind_rules);

static const struct key_rule mount_rules[] = {
	MAPPING("bind", &bind_table),
	HARMLESS("consistency"),
	HARMLESS("image"),
	HARMLESS("read_only"),
	HARMLESS("source"), /* judged by check_mount() */
	HARMLESS("target"),
	HARMLESS("tmpfs"),
	TEXTS("type", "a mount unknown to this program", "bind", "image", "tmpfs", "volume"),
	HARMLESS("volume"),
};

const struct key_table mount_table = KEY_TABLE("mount", mount_rules);

/* Podman makes words of its command line of a mount, and takes them apart again: at the commas of
 * --mount, and a target without a source at the colons of --volume. */
static bool is_one_word(const char *text, const char *separators)
{
	return !text || !text[strcspn(text, separators)];
}

static void check_words(struct risk_search *search, const struct doc_node *mount)
{
	struct doc *doc = search->scope->doc;
	const char *const texts[] = {doc_text(doc_get(doc, mount, "source")),
		doc_text(doc_get(doc, mount, "consistency")),
		doc_text(doc_get(doc, doc_get(doc, mount, "volume"), "subpath")),
		doc_text(doc_get(doc, doc_get(doc, mount, "image"), "subpath"))};
	bool fine = is_one_word(doc_text(doc_get(doc, mount, "target")), ",\"\r\n:");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		fine = fine && is_one_word(texts[i], ",\"\r\n");
	if (!fine)
		search_add(search, NULL, mount, "a text that Podman would take apart");
}

static void check_mount(struct risk_search *search, const struct doc_node *mount)
{
	struct doc *doc = search->scope->doc;
	const char *type = doc_text(doc_get(doc, mount, "type"));
	const struct doc_node *source = doc_get(doc, mount, "source");
	search_mapping(search, mount, &mount_table);
	check_words(search, mount);
	if (!type)
		search_add(search, NULL, mount, "a mount without a type");
	else if (strcmp(type, "volume") == 0 && source)
		check_volume(search, doc_text(source), source);
	else if (strcmp(type, "bind") == 0)
		check_mounted_path(search, doc_text(source) ? doc_text(source) : "",
			!is_true(doc_get(doc, mount, "read_only")), source ? source : mount);
}

/* "SOURCE:TARGET:MODE", or "TARGET", which is a volume of its own. */
static void check_short_mount(struct risk_search *search, const struct doc_node *mount)
{
	static const char *const modes[] = {"Z", "cached", "consistent", "delegated", "nocopy",
		"private", "ro", "rprivate", "rshared", "rslave", "rw", "shared", "slave", "z",
		NULL};
	const char *text = doc_text(mount);
	const char *target = strchr(text, ':');
	if (!target)
		return;
	const char *mode = strchr(target + 1, ':');
	mode = mode ? mode + 1 : "rw";
	_cleanup_free_ char *source = strndup(text, (size_t)(target - text));
	if (!source) {
		search->failed = true;
		return;
	}
	if (!text_has_only(mode, modes))
		search_add(search, NULL, mount, "a mode unknown to this program");
	if (strchr("/.~", *source))
		check_mounted_path(search, source, !text_has_option(mode, "ro"), mount);
	else
		check_volume(search, source, mount);
}

void check_volumes(struct risk_search *search, const struct doc_node *value)
{
	struct doc_node *item = NULL;
	if (!doc_is_list(value))
		search_add(search, NULL, value, "not a list");
	for (size_t i = 0; doc_item(search->scope->doc, value, i, &item); i++) {
		if (doc_text(item))
			check_short_mount(search, item);
		else
			check_mount(search, item);
	}
}

/* Compose mounts the file of a config or a secret, read-only. */
static void check_granted_file(struct risk_search *search, const struct doc_node *value)
{
	check_path(search, doc_text(value) ? doc_text(value) : "", false, value);
}

static const struct key_rule file_rules[] = {
	HARMLESS("content"),
	REFUSED("driver", "a driver unknown to this program"),
	REFUSED("driver_opts", "options of a driver"),
	HARMLESS("environment"),
	TEXTS("external", "made outside the run", "false"),
	CHECKED("file", check_granted_file),
	HARMLESS("labels"),
	HARMLESS("name"),
	REFUSED("template_driver", "a driver unknown to this program"),
};

const struct key_table file_table = KEY_TABLE("file", file_rules);

static const struct key_rule grant_rules[] = {
	HARMLESS("gid"),
	HARMLESS("mode"),
	HARMLESS("source"), /* judged by check_grants() */
	HARMLESS("target"),
	HARMLESS("uid"),
};

const struct key_table grant_table = KEY_TABLE("grant", grant_rules);

static void judge_file(
	struct risk_search *search, const char *name, const struct doc_node *definition)
{
	if (!doc_is_null(definition))
		search_mapping_at(search, name, definition, &file_table);
}

static void check_grants(
	struct risk_search *search, const char *section, const struct doc_node *value)
{
	struct doc *doc = search->scope->doc;
	struct doc_node *item = NULL;
	if (!doc_is_list(value))
		search_add(search, NULL, value, "not a list");
	for (size_t i = 0; doc_item(doc, value, i, &item); i++) {
		const struct doc_node *source =
			doc_text(item) ? item : doc_get(doc, item, "source");
		if (!doc_text(item))
			search_mapping(search, item, &grant_table);
		check_definition(search, section, doc_text(source), item, judge_file);
	}
}

void check_secrets(struct risk_search *search, const struct doc_node *value)
{
	check_grants(search, "secrets", value);
}

void check_configs(struct risk_search *search, const struct doc_node *value)
{
	check_grants(search, "configs", value);
}

static const struct key_rule ipam_rules[] = {
	HARMLESS("config"),
	TEXTS("driver", "a driver unknown to this program", "default"),
	REFUSED("options", "options of a driver"),
};

const struct key_table ipam_table = KEY_TABLE("ipam", ipam_rules);

static const struct key_rule network_rules[] = {
	HARMLESS("attachable"),
	TEXTS("driver", "a network of the host", "bridge"),
	/* Not the bridge's name: it can be a bridge of the host. */
	KEYS("driver_opts", "an option that may name an interface of the host",
		"com.docker.network.bridge.enable_icc",
		"com.docker.network.bridge.enable_ip_masquerade",
		"com.docker.network.bridge.host_binding_ipv4", "com.docker.network.driver.mtu"),
	HARMLESS("enable_ipv4"),
	HARMLESS("enable_ipv6"),
	TEXTS("external", "a network made outside the run", "false"),
	HARMLESS("internal"),
	MAPPING("ipam", &ipam_table),
	HARMLESS("labels"),
	HARMLESS("name"),
};

const struct key_table network_table = KEY_TABLE("network", network_rules);

static const struct key_rule attachment_rules[] = {
	HARMLESS("aliases"),
	REFUSED("driver_opts", "options of a driver"),
	HARMLESS("gw_priority"),
	HARMLESS("interface_name"),
	HARMLESS("ipv4_address"),
	HARMLESS("ipv6_address"),
	HARMLESS("link_local_ips"),
	HARMLESS("mac_address"),
	HARMLESS("priority"),
};

const struct key_table attachment_table = KEY_TABLE("attachment", attachment_rules);

static void judge_network(
	struct risk_search *search, const char *name, const struct doc_node *definition)
{
	if (!doc_is_null(definition))
		search_mapping_at(search, name, definition, &network_table);
}

/* docker-compose 1.29 does not print the default network unless the file defines it. */
static void check_network(struct risk_search *search, const struct doc_node *used)
{
	const char *name = doc_text(used);
	bool unprinted =
		name && strcmp(name, "default") == 0 && !find_definition(search, "networks", name);
	if (!unprinted)
		check_definition(search, "networks", name, used, judge_network);
}

void check_networks(struct risk_search *search, const struct doc_node *value)
{
	struct doc *doc = search->scope->doc;
	struct doc_node *key = NULL;
	struct doc_node *item = NULL;
	if (doc_text(value))
		search_add(search, NULL, value, "not a list");
	for (size_t i = 0; doc_item(doc, value, i, &item); i++)
		check_network(search, item);
	for (size_t i = 0; doc_pair(doc, value, i, &key, &item); i++) {
		check_network(search, key);
		if (!doc_is_null(item))
			search_mapping(search, item, &attachment_table);
	}
}

void check_default_network(struct risk_search *search, const struct doc_node *body)
{
	struct doc *doc = search->scope->doc;
	const struct doc_node *definition = find_definition(search, "networks", "default");
	if (!definition || !value_is_empty(doc, doc_get(doc, body, "networks")) ||
		!value_is_empty(doc, doc_get(doc, body, "network_mode")))
		return;
	search->service_key = "networks";
	search_definition(search, "networks.default", definition, judge_network);
}
