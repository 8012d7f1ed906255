/* SPDX-License-Identifier: MIT
 *
 * service_keys: every key of a service, of its build, its deployment and its hooks, and which side
 * it is on. What only limits the service further, what the container's own namespaces hold, and
 * what Compose itself reads as the user is harmless. The keys are those of the Compose
 * specification; tests/fixtures/compose/keys lists them, and each must have its row here.
 */
#include "risk_search.h"

#include "cleanup.h"

/* Not rtprio and nice: a process in real time starves the kernel's own threads on its CPU. */
#define HARMLESS_ULIMITS                                                                         \
	"as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nofile", "nproc", \
		"rss", "sigpending", "stack"
#define STARVES "a limit that lets a process starve others"

/* Docker's default set, which a container has anyway, and SYS_PTRACE, which fuzzers need: it
 * reaches the processes of the container's PID namespace, and a shared one has its own rule. */
static const char *const harmless_capabilities[] = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE",
	"FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
	"SETPCAP", "SETUID", "SYS_CHROOT", "SYS_PTRACE", NULL};

/* Docker takes a capability in any case, with or without its prefix. */
static bool is_capability(const char *text, const char *const *list)
{
	const char *name = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;
	for (; *list; list++)
		if (strcasecmp(name, *list) == 0)
			return true;
	return false;
}

static void check_cap_add(struct risk_search *search, const struct doc_node *value)
{
	static const char *const admin[] = {"SYS_ADMIN", "ALL", NULL};
	struct doc_node *item = NULL;
	if (!doc_is_list(value))
		search_add(search, NULL, value, "not a list");
	for (size_t i = 0; doc_item(search->scope->doc, value, i, &item); i++) {
		const char *text = doc_text(item);
		if (!text || !is_capability(text, harmless_capabilities))
			search_add(search, text && is_capability(text, admin) ? "SYS_ADMIN" : NULL,
				item, "a capability beyond Docker's own and SYS_PTRACE");
	}
}

/* With a score below zero the kernel kills processes of others first. */
static bool is_natural(const struct risk_search *search, const char *text)
{
	(void)search;
	return text[strspn(text, "0123456789")] == '\0';
}

/* "service:NAME" of a service of the same CRS: what they share stays in the CRS. */
static bool is_same_crs(const struct risk_search *search, const char *text)
{
	static const char prefix[] = "service:";
	size_t len = strlen(prefix);
	if (strncmp(text, prefix, len) != 0)
		return false;
	int crs = compose_crs(search->scope->compose, text + len);
	return crs != COMPOSE_UNCONFINED && crs == search->scope->crs;
}

static bool is_own_ipc(const struct risk_search *search, const char *text)
{
	static const char *const own[] = {"none", "private", "shareable", NULL};
	return text_is_in(text, own) || is_same_crs(search, text);
}

/* A service that shares another's network reaches what that one reaches, and no more. */
static bool is_own_network(const struct risk_search *search, const char *text)
{
	static const char *const own[] = {"bridge", "default", "none", NULL};
	(void)search;
	return text_is_in(text, own) || strncmp(text, "service:", 8) == 0;
}

/* The kernel has these per namespace, and the engine refuses them where the namespace is the
 * host's. */
static bool is_own_sysctl(const struct risk_search *search, const char *text)
{
	static const char *const prefixes[] = {"fs.mqueue.", "kernel.msg", "kernel.shm", "net."};
	(void)search;
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return strcmp(text, "kernel.sem") == 0;
}

/* Devices that every container has, and KVM: a guest's CPUs are threads of the process that runs it
 * and its memory is that process's memory. */
static const char *const harmless_devices[] = {"/dev/full", "/dev/kvm", "/dev/null", "/dev/random",
	"/dev/tty", "/dev/urandom", "/dev/zero", NULL};

static void check_devices(struct risk_search *search, const struct doc_node *value)
{
	struct doc *doc = search->scope->doc;
	struct doc_node *item = NULL;
	if (!doc_is_list(value))
		search_add(search, NULL, value, "not a list");
	for (size_t i = 0; doc_item(doc, value, i, &item); i++) {
		const char *text = doc_text(item);
		const char *source = text ? text : doc_text(doc_get(doc, item, "source"));
		_cleanup_free_ char *path = source ? strndup(source, strcspn(source, ":")) : NULL;
		if (!path || !text_is_in(path, harmless_devices))
			search_add(search, NULL, item, "a device of the host");
	}
}

static const struct key_rule gpu_rules[] = {
	TEXTS("capabilities", "a device that is not a GPU", "compute", "gpu", "graphics", "nvidia",
		"utility", "video"),
	HARMLESS("count"),
	HARMLESS("device_ids"),
	TEXTS("driver", "a driver that may add mounts and hooks", "nvidia"),
	REFUSED("options", "options of a driver that runs as root"),
};

const struct key_table gpu_table = KEY_TABLE("gpu", gpu_rules);

/* A GPU gives device files and a library. The processes that use it stay in their cgroup, with its
 * CPUs and memory. What runs on the GPU no CRS limits, and none claims to. */
static void check_gpus(struct risk_search *search, const struct doc_node *value)
{
	const char *text = doc_text(value);
	struct doc_node *item = NULL;
	if (text ? strcmp(text, "all") != 0 : !doc_is_list(value))
		search_add(search, NULL, value, "not a list of GPUs");
	for (size_t i = 0; doc_item(search->scope->doc, value, i, &item); i++)
		search_mapping(search, item, &gpu_table);
}

static const struct key_rule hook_rules[] = {
	HARMLESS("command"),
	HARMLESS("environment"),
	TEXTS("privileged", "full root rights on the host", "false"),
	HARMLESS("user"),
	HARMLESS("working_dir"),
};

const struct key_table hook_table = KEY_TABLE("hook", hook_rules);

static void check_hooks(struct risk_search *search, const struct doc_node *value)
{
	struct doc_node *item = NULL;
	if (!doc_is_list(value))
		search_add(search, NULL, value, "not a list");
	for (size_t i = 0; doc_item(search->scope->doc, value, i, &item); i++)
		search_mapping(search, item, &hook_table);
}

/* Containers of services of this run, whose own mounts have been judged. With a guard, only of the
 * service's own CRS: the socket that they have mounted is that CRS's. */
static bool is_of_run(const struct risk_search *search, const char *text)
{
	if (strncmp(text, "container:", 10) == 0)
		return false;
	if (strncmp(text, "service:", 8) == 0)
		text += 8;
	const struct compose *compose = search->scope->compose;
	_cleanup_free_ char *name = strndup(text, strcspn(text, ":"));
	if (!name || !compose_find(compose, name))
		return false;
	int crs = compose_crs(compose, name);
	return compose->guard == COMPOSE_GUARD_NONE ||
	       (crs != COMPOSE_UNCONFINED && crs == search->scope->crs);
}

static const struct key_rule logging_rules[] = {
	TEXTS("driver", "a log driver that writes elsewhere as root", "journald", "json-file",
		"local", "none"),
	/* Not `path`, by which Podman writes a log anywhere. */
	KEYS("options", "an option that may name a file or an address", "compress", "env",
		"env-regex", "labels", "labels-regex", "max-buffer-size", "max-file", "max-size",
		"mode", "tag"),
};

const struct key_table logging_table = KEY_TABLE("logging", logging_rules);

/* A build runs before its service and outside every CRS; docs/attestation.md says so. What gives it
 * more than any build has is refused. */
static const struct key_rule build_rules[] = {
	HARMLESS("additional_contexts"),
	HARMLESS("args"),
	HARMLESS("cache_from"),
	REFUSED("cache_to", "a build that writes elsewhere"),
	HARMLESS("context"),
	HARMLESS("dockerfile"),
	HARMLESS("dockerfile_inline"),
	REFUSED("entitlements", "a build with privileges on the host"),
	HARMLESS("extra_hosts"),
	TEXTS("isolation", "an isolation unknown to this program", "default"),
	HARMLESS("labels"),
	TEXTS("network", "a build in a network of the host", "default", "none"),
	HARMLESS("no_cache"),
	HARMLESS("platforms"),
	TEXTS("privileged", "a build with full root rights on the host", "false"),
	HARMLESS("provenance"),
	HARMLESS("pull"),
	HARMLESS("sbom"),
	HARMLESS("secrets"),
	HARMLESS("shm_size"),
	REFUSED("ssh", "your SSH agent"),
	HARMLESS("tags"),
	HARMLESS("target"),
	KEYS("ulimits", STARVES, HARMLESS_ULIMITS),
};

const struct key_table build_table = KEY_TABLE("build", build_rules);

static const struct key_rule reservations_rules[] = {
	HARMLESS("cpus"),
	CHECKED("devices", check_gpus),
	REFUSED("generic_resources", "a device of the host"),
	HARMLESS("memory"),
};

const struct key_table reservations_table = KEY_TABLE("reservations", reservations_rules);

static const struct key_rule resources_rules[] = {
	HARMLESS("limits"),
	MAPPING("reservations", &reservations_table),
};

const struct key_table resources_table = KEY_TABLE("resources", resources_rules);

static const struct key_rule deploy_rules[] = {
	HARMLESS("endpoint_mode"),
	HARMLESS("labels"),
	HARMLESS("mode"),
	HARMLESS("placement"),
	HARMLESS("replicas"),
	MAPPING("resources", &resources_table),
	HARMLESS("restart_policy"),
	HARMLESS("rollback_config"),
	HARMLESS("update_config"),
};

const struct key_table deploy_table = KEY_TABLE("deploy", deploy_rules);

/* Compose builds at `up` although the image is there. */
static bool is_pull(const struct risk_search *search, const char *text)
{
	(void)search;
	return strcmp(text, "build") != 0;
}

static const struct key_rule service_rules[] = {
	REFUSED("annotations", "instructions that a runtime may follow as root"),
	HARMLESS("attach"),
	HARMLESS("blkio_config"),
	MAPPING("build", &build_table),
	CHECKED("cap_add", check_cap_add),
	HARMLESS("cap_drop"),
	TEXTS("cgroup", "the host's cgroups", "private"),
	HARMLESS("cgroup_parent"), /* one outside the run is an error: compose_services.c */
	HARMLESS("command"),
	CHECKED("configs", check_configs),
	HARMLESS("container_name"),
	HARMLESS("cpu_count"),
	HARMLESS("cpu_percent"),
	HARMLESS("cpu_period"),
	HARMLESS("cpu_quota"),
	HARMLESS("cpu_rt_period"),
	HARMLESS("cpu_rt_runtime"),
	HARMLESS("cpu_shares"),
	HARMLESS("cpus"),
	HARMLESS("cpuset"),
	REFUSED("credential_spec", "credentials of the host"),
	HARMLESS("depends_on"),
	MAPPING("deploy", &deploy_table),
	HARMLESS("develop"), /* for `watch` alone */
	REFUSED("device_cgroup_rules", "devices of the host"),
	CHECKED("devices", check_devices),
	HARMLESS("dns"),
	HARMLESS("dns_opt"),
	HARMLESS("dns_search"),
	HARMLESS("domainname"),
	HARMLESS("entrypoint"),
	HARMLESS("env_file"),
	HARMLESS("environment"),
	HARMLESS("expose"),
	HARMLESS("extends"), /* `config` has resolved it */
	REFUSED("external_links", "containers outside the run"),
	HARMLESS("extra_hosts"),
	CHECKED("gpus", check_gpus),
	HARMLESS("group_add"),
	HARMLESS("healthcheck"),
	HARMLESS("hostname"),
	HARMLESS("image"),
	HARMLESS("init"),
	TEXTS_IF("ipc", is_own_ipc, "shared memory outside the CRS"),
	TEXTS("isolation", "an isolation unknown to this program", "default"),
	HARMLESS("label_file"),
	HARMLESS("labels"),
	HARMLESS("links"),
	MAPPING("logging", &logging_table),
	HARMLESS("mac_address"),
	HARMLESS("mem_limit"),
	HARMLESS("mem_reservation"),
	HARMLESS("mem_swappiness"),
	HARMLESS("memswap_limit"),
	REFUSED("models", "a model that runs outside the CRS"),
	TEXTS_IF("network_mode", is_own_network, "services that listen on the host alone"),
	CHECKED("networks", check_networks),
	HARMLESS("oom_kill_disable"), /* not in cgroup v2 */
	TEXTS_IF("oom_score_adj", is_natural, "a process that the kernel kills after all others"),
	TEXTS_IF("pid", is_same_crs, "processes outside the CRS"),
	HARMLESS("pids_limit"),
	HARMLESS("platform"),
	HARMLESS("ports"),
	CHECKED("post_start", check_hooks),
	CHECKED("pre_stop", check_hooks),
	TEXTS("privileged", "full root rights on the host", "false"),
	HARMLESS("profiles"),
	REFUSED("provider", "a program that Compose runs outside any container"),
	TEXTS_IF("pull_policy", is_pull, "a build, which runs outside the CRS"),
	HARMLESS("pull_refresh_after"),
	HARMLESS("read_only"),
	HARMLESS("restart"),
	TEXTS("runtime", "a runtime unknown to this program", "crun", "runc"),
	HARMLESS("scale"),
	CHECKED("secrets", check_secrets),
	/* What restricts, and the engine's own profiles by name. */
	TEXTS("security_opt", "less confinement than the engine's own", "no-new-privileges",
		"no-new-privileges:true", "no-new-privileges=true", "apparmor:docker-default",
		"apparmor=docker-default", "seccomp:builtin", "seccomp=builtin"),
	HARMLESS("shm_size"),
	HARMLESS("stdin_open"),
	HARMLESS("stop_grace_period"),
	HARMLESS("stop_signal"),
	KEYS("storage_opt", "an option of the engine's storage", "size"),
	KEYS_IF("sysctls", is_own_sysctl, "a setting of the whole host"),
	HARMLESS("tmpfs"), /* its memory is the CRS's */
	HARMLESS("tty"),
	KEYS("ulimits", STARVES, HARMLESS_ULIMITS),
	TEXTS("use_api_socket", "the engine's socket", "false"),
	HARMLESS("user"),
	/* Podman's: each maps the user's own ids, as without the key. */
	TEXTS("userns_mode", "the host's user ids", "auto", "keep-id", "nomap", "private"),
	TEXTS("uts", "the host's name", "private"),
	CHECKED("volumes", check_volumes),
	TEXTS_IF("volumes_from", is_of_run,
		"what a container of another CRS, or outside the run, has mounted"),
	HARMLESS("working_dir"),
};

const struct key_table service_table = KEY_TABLE("service", service_rules);
