/* SPDX-License-Identifier: MIT
 *
 * test_risks: which services could leave their cgroup. The configs are in the formats of
 * docker-compose 1.29 and of `docker compose config`. The project has the services a and a_1 in
 * one CRS, b in another, and free in none.
 */
#include "unit.h"

#include "compose.h"
#include "risk_search.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct compose_service services[] = {{.name = (char[]){"a"}, .crs = 0},
	{.name = (char[]){"a_1"}, .crs = 0}, {.name = (char[]){"b"}, .crs = 1},
	{.name = (char[]){"free"}, .crs = COMPOSE_UNCONFINED}};
/* An engine that nobody runs. */
static struct engine engine = {
	.endpoint = (char[]){"unix:///nonexistent/engine"}, .socket = "/nonexistent/engine"};
static const struct compose project = {.services = services,
	.service_count = COUNT(services),
	.project = (char[]){"p"},
	.running_engine = &engine};

/* A project and a home that nothing in these tests is in. */
static const struct host_user somebody = {
	.project_dir = "/nonexistent/project", .home = "/nonexistent/home", .uid = 4321};

/* Find the risks of the service `a` of a document. The caller frees *ret. */
static void find_risks_in(const struct compose *compose, const char *text,
	const struct host_user *user, struct risks *ret)
{
	_cleanup_(doc_free) struct doc doc = DOC_NONE;
	struct error err = {0};
	assert_ok(doc_load("test", text, strlen(text), &doc, &err), err);
	_cleanup_(risk_memory_free) struct risk_memory memory = {.definitions = NULL};
	const struct risk_scope scope = {
		.doc = &doc, .compose = compose, .user = *user, .memory = &memory};
	const struct doc_node *body = doc_get(&doc, doc_get(&doc, doc_root(&doc), "services"), "a");
	assert_ok(risks_find(&scope, body, ret, &err), err);
}

static void find_risks(const char *text, const struct host_user *user, struct risks *ret)
{
	find_risks_in(&project, text, user, ret);
}

/* The names of the risks of the service `a`, in order, must be these. */
static void assert_risks(const char *text, const struct host_user *user, const char *expected)
{
	char names[1024] = "";
	size_t used = 0;
	_cleanup_(risks_free) struct risks risks = {.list = NULL};
	find_risks(text, user, &risks);
	for (size_t i = 0; i < risks.count; i++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "",
			risks.list[i].name);
	if (strcmp(names, expected) != 0)
		fail_test("%s: expected '%s', found '%s'", text, expected, names);
}

/* The same for a service of this body. */
static void assert_body(const char *body, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	assert_true(asprintf(&text, "services: {a: %s}", body) > 0);
	assert_risks(text, &somebody, expected);
}

static const struct key_table *const tables[] = {&service_table, &build_table, &deploy_table,
	&resources_table, &reservations_table, &logging_table, &hook_table, &gpu_table,
	&mount_table, &bind_table, &volume_table, &grant_table, &file_table, &attachment_table,
	&network_table, &ipam_table};

static const struct key_rule *find_row(const char *table, const char *key)
{
	for (size_t i = 0; i < COUNT(tables); i++)
		for (size_t j = 0; strcmp(tables[i]->name, table) == 0 && j < tables[i]->count; j++)
			if (strcmp(tables[i]->rules[j].key, key) == 0)
				return &tables[i]->rules[j];
	return NULL;
}

TEST(every_key_of_the_compose_specification_is_on_a_side)
{
	static const char *const sides[] = {[RULE_HARMLESS] = "harmless",
		[RULE_REFUSED] = "refused",
		[RULE_TEXTS] = "depends",
		[RULE_KEYS] = "depends",
		[RULE_MAPPING] = "depends",
		[RULE_CHECKED] = "depends"};
	char line[256];
	char table[64];
	char key[64];
	char side[64];
	size_t count = 0;
	_cleanup_fclose_ FILE *file = fopen(OSS_CRS_FIXTURES "/compose/keys", "re");
	assert_non_null(file);
	while (fgets(line, sizeof line, file)) {
		if (*line == '#')
			continue;
		assert_int_equal(sscanf(line, "%63s %63s %63s", table, key, side), 3);
		const struct key_rule *rule = find_row(table, key);
		if (!rule)
			fail_test("%s: the key %s has no row", table, key);
		if (strcmp(sides[rule->kind], side) != 0)
			fail_test("%s: %s is %s", table, key, sides[rule->kind]);
		count++;
	}
	size_t rows = 0;
	for (size_t i = 0; i < COUNT(tables); i++)
		rows += tables[i]->count;
	assert_int_equal(rows, count);
}

TEST(a_value_that_no_rule_knows_is_a_risk)
{
	for (size_t i = 0; i < service_table.count; i++) {
		const struct key_rule *rule = &service_table.rules[i];
		char body[128];
		(void)snprintf(body, sizeof body, "services: {a: {%s: [{no-such: 1}]}}", rule->key);
		_cleanup_(risks_free) struct risks risks = {.list = NULL};
		find_risks(body, &somebody, &risks);
		if ((risks.count > 0) == (rule->kind == RULE_HARMLESS))
			fail_test("%s: %zu risks", body, risks.count);
		for (size_t j = 0; j < risks.count; j++)
			assert_string_equal(risks.list[j].name, rule->key);
	}
	assert_body("{no_such_key: 1}", "unknown key");
	assert_body("{no_such_key: }", "unknown key");
	assert_body("{x-podman: {privileged: true}}", "");
	assert_body("{build: {context: ., no_such: 1}, deploy: {no_such: 1}}", "build, deploy");
	assert_body("[privileged]", "unknown key");
}

TEST(empty_values_are_no_risk)
{
	assert_body("{privileged: , devices: [], security_opt: [], annotations: {}, pid: '', "
		    "command: null, entrypoint: null, volumes: ~}",
		"");
}

TEST(what_jobs_need_is_harmless)
{
	static const char *const bodies[] = {
		"{image: x, privileged: false, cap_add: [SYS_PTRACE, cap_chown, Cap_Net_Raw], "
		"cap_drop: [ALL], pid: 'service:a_1', ipc: private, cgroup: private}",
		"{network_mode: none, user: '0', init: true, read_only: true, tmpfs: [/run], "
		"security_opt: ['no-new-privileges:true'], shm_size: 2g, pids_limit: 50}",
		"{cpuset: '0', mem_limit: 10g, oom_score_adj: 500, sysctls: {net.core.somaxconn: "
		"1}, "
		"ulimits: {nofile: {soft: 1, hard: 2}, core: 0}, ports: ['80:80'], gpus: all}",
		"{deploy: {replicas: 2, resources: {limits: {cpus: '1'}, reservations: {devices: "
		"[{capabilities: [gpu], driver: nvidia, count: 1}]}}}, devices: ['/dev/kvm']}",
		"{build: {context: /src, dockerfile: Dockerfile, args: {A: b}, network: none}, "
		"develop: {watch: []}, healthcheck: {test: [CMD, 'true']}}",
		"{logging: {driver: json-file, options: {max-size: 1m}}, volumes_from: "
		"['service:b:rw', a_1], network_mode: 'service:b', networks: {default: null}}",
		"{volumes: [/anonymous, {type: volume, target: /w, volume: {}}, {type: tmpfs, "
		"target: /t}]}",
		"{userns_mode: keep-id, uts: private, runtime: runc, devices: [{source: /dev/kvm, "
		"target: /dev/kvm, permissions: rwm}], post_start: [{command: x}]}",
	};
	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_body(bodies[i], "");
}

TEST(settings_that_let_a_service_leave_its_cgroup_are_named)
{
	static const struct {
		const char *body, *risks;
	} table[] = {
		{"{privileged: true}", "privileged"},
		{"{cgroup: host, pid: host}", "cgroup: host, pid: host"},
		{"{pid: 'service:b', ipc: 'service:b'}", "pid, ipc"},
		{"{pid: 'service:free'}", "pid"},
		{"{pid: 'container:x', ipc: host, uts: host, userns_mode: host}",
			"pid, ipc, uts, userns_mode"},
		{"{network_mode: host}", "network_mode"},
		{"{network_mode: 'container:x'}", "network_mode"},
		{"{cap_add: [NET_ADMIN, SYS_ADMIN]}", "cap_add, SYS_ADMIN"},
		{"{cap_add: [ALL]}", "SYS_ADMIN"},
		{"{cap_add: [all, sys_admin, cap_sys_admin, Cap_Sys_Module]}",
			"SYS_ADMIN, SYS_ADMIN, SYS_ADMIN, cap_add"},
		{"{cap_add: SYS_ADMIN}", "cap_add"},
		{"{security_opt: ['apparmor=unconfined', 'seccomp:unconfined', 'label:disable', "
		 "systempaths=unconfined, writable-cgroups=true, seccomp=p.json]}",
			"security_opt, security_opt, security_opt, security_opt, security_opt, "
			"security_opt"},
		{"{devices: ['/dev/sda:/dev/sda', {source: /dev/mem}, 'vendor.com/class=all']}",
			"devices, devices, devices"},
		{"{devices: ['/dev/../dev/mem:/dev/null']}", "devices"},
		{"{device_cgroup_rules: ['a *:* rwm']}", "device_cgroup_rules"},
		{"{use_api_socket: true, credential_spec: {file: x}, provider: {type: x}}",
			"use_api_socket, credential_spec, provider"},
		{"{models: [m], runtime: kata, isolation: hyperv, annotations: {a: b}}",
			"models, runtime, isolation, annotations"},
		{"{sysctls: {kernel.core_pattern: x}, oom_score_adj: -1}",
			"sysctls, oom_score_adj"},
		{"{sysctls: ['vm.swappiness=1', net.ipv4.ip_forward=1]}", "sysctls"},
		{"{ulimits: {rtprio: 99, nofile: 1}}", "ulimits"},
		{"{gpus: [{driver: cdi, capabilities: [tpu]}]}", "gpus, gpus"},
		{"{deploy: {resources: {reservations: {devices: [{driver: cdi, capabilities: "
		 "[gpu]}]}}}}",
			"deploy"},
		{"{build: {context: ., privileged: true, entitlements: [x], network: host, ssh: "
		 "[default]}, pull_policy: build}",
			"build, build, build, build, pull_policy"},
		{"{logging: {driver: gelf, options: {path: /etc/x}}}", "logging, logging"},
		{"{post_start: [{command: x, privileged: true}]}", "post_start"},
		{"{volumes_from: ['container:x:rw', absent]}", "volumes_from, volumes_from"},
		{"{external_links: [x]}", "external_links"},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_body(table[i].body, table[i].risks);
}

TEST(paths_of_the_host_are_named_however_they_are_written)
{
	static const struct {
		const char *volume, *risks;
	} table[] = {
		{"/var/run/docker.sock:/d:ro", "docker.sock"},
		{"{type: bind, source: /var/run/docker.sock, target: /d, read_only: true}",
			"docker.sock"},
		{"/run/user/1000/docker.sock:/var/run/docker.sock:ro", "docker.sock"},
		{"/nonexistent/home/.docker/run:/d:ro", "volumes"},
		{"/nonexistent/home/.docker/run/docker.sock:/d:ro", "docker.sock"},
		{"/srv/my/docker.sock:/d", "docker.sock"},
		{"/run:/host/run", "docker.sock"},
		{"/var/run/:/host/run:ro", "docker.sock"},
		{"/var:/host/var:ro", "volumes"},
		{"/run/dbus/system_bus_socket:/d", "volumes"},
		{"/sys/fs/cgroup:/c:rw", "writable /sys/fs/cgroup"},
		{"/sys/fs/cgroup/user.slice:/c", "writable /sys/fs/cgroup"},
		{"/sys/fs/cgroup:/c:ro", "volumes"},
		{"/sys/:/sys", "writable /sys/fs/cgroup"},
		{"/:/host", "docker.sock, writable /sys/fs/cgroup"},
		{"/:/host:ro", "docker.sock"},
		{"//:/host:ro", "docker.sock"},
		{"/usr/..:/host:ro", "docker.sock"},
		{"{type: bind, source: /, target: /host, read_only: true}", "docker.sock"},
		{"/proc:/p:ro", "volumes"},
		{"/proc/self/cwd:/p", "volumes"},
		{"/proc/1/root/run:/p", "volumes"},
		{"/dev:/d", "volumes"},
		{"/dev/shm:/d", "volumes"},
		{"/etc:/e", "volumes"},
		{"/var/lib/docker:/d:ro", "volumes"},
		{"/nonexistent:/d", "volumes"},
		{"/nonexistent/project:/d", ""},
		{"/nonexistent/home:/d:ro", "volumes"},
		{"/nonexistent/home/.ssh:/d", "volumes"},
		{"/nonexistent/home/work:/d", ""},
		{"/usr:/u:ro", ""},
		{"/usr:/u", "volumes"},
		{"/usr:/u:ro,rshared,odd", "volumes"},
		{"{type: bind, source: /usr, target: /u, read_only: true, bind: {propagation: "
		 "odd}}",
			"volumes"},
		{"/usr:/u:ro,rshared", ""},
		{"/usr:/u:ro,z=1", "volumes"},
		{"{type: volume, target: '/etc:/x'}", "volumes"},
		{"{type: bind, source: /usr, target: '/u,source=/etc', read_only: true}",
			"volumes"},
		{"{type: tmpfs, target: /t, consistency: 'x,type=bind'}", "volumes"},
		{"{type: volume, target: /t, volume: {subpath: 'a,b'}}", "volumes"},
		{"{type: volume, target: /t, volume: {subpath: a}}", ""},
		{"/etc/passwd:/p:ro", ""},
		{"/etc/passwd:/p", "volumes"},
		{"./relative:/r", "volumes"},
		{"{type: bind, target: /r}", "volumes"},
		{"{type: npipe, source: x, target: /r}", "volumes"},
		{"absent:/r", "volumes"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char body[256];
		const char *quote = *table[i].volume == '{' ? "" : "'";
		(void)snprintf(
			body, sizeof body, "{volumes: [%s%s%s]}", quote, table[i].volume, quote);
		assert_body(body, table[i].risks);
	}
}

TEST(what_a_service_uses_is_judged_by_its_definition)
{
	static const struct {
		const char *text, *risks;
	} table[] = {
		{"services: {a: {volumes: ['v:/v', {type: volume, source: v, target: /w}]}}\n"
		 "volumes: {v: {name: p_v, driver: local, labels: {x: y}}}",
			""},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: }", ""},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {type: tmpfs, "
		 "device: tmpfs, o: 'size=1m,uid=1'}}}",
			""},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {type: none, "
		 "o: bind, device: /}}}",
			"docker.sock, writable /sys/fs/cgroup"},
		{"services: {a: {volumes: [{type: volume, source: v, target: /v, read_only: "
		 "true}]}}"
		 "\nvolumes: {v: {driver_opts: {type: tmpfs, o: 'size=1m,bind', device: /}}}",
			"volumes"},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {o: 'ro,rbind', "
		 "device: /nonexistent/home/w}}}",
			""},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {type: nfs, o: "
		 "'addr=x', device: ':/x'}}}",
			"volumes"},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {driver_opts: {type: tmpfs, "
		 "device: tmpfs, o: 'nodev=0'}}}",
			"volumes"},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {driver: sshfs}}", "volumes"},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {external: true}}", "volumes"},
		{"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {external: {name: x}}}",
			"volumes"},
		{"services: {a: {image: x}}\nvolumes: {v: {driver: sshfs}}", ""},
		{"services: {a: {configs: [c], secrets: [{source: c, target: /s}]}}\n"
		 "configs: {c: {content: x}}\nsecrets: {c: {environment: X}}",
			""},
		{"services: {a: {configs: [c], secrets: [{source: c}]}}\n"
		 "configs: {c: {file: /run/docker.sock}}\nsecrets: {c: {file: /proc/version}}",
			"docker.sock, secrets"},
		{"services: {a: {configs: [c], secrets: [c]}}\nconfigs: {c: {external: true}}",
			"configs, secrets"},
		{"services: {a: {networks: {n: {aliases: [x]}, m: null}}}\n"
		 "networks: {n: {driver: bridge, name: x, internal: true}, m: null}",
			""},
		{"services: {a: {networks: [n]}}\nnetworks: {n: {driver: macvlan}}", "networks"},
		{"services: {a: {networks: [n]}}\nnetworks: {n: {external: true, name: host}}",
			"networks"},
		{"services: {a: {networks: [n]}}\nnetworks: {n: {driver_opts: "
		 "{com.docker.network.bridge.name: docker0}}}",
			"networks"},
		{"services: {a: {image: x}}\nnetworks: {default: {external: true, name: host}}",
			"networks"},
		{"services: {a: {networks: {}, network_mode: ''}}\n"
		 "networks: {default: {driver: macvlan}}",
			"networks"},
		{"services: {a: {network_mode: none}}\nnetworks: {default: {driver: macvlan}}", ""},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_risks(table[i].text, &somebody, table[i].risks);
}

/* Answer one request after the other with these texts; the caller ends the process. */
static pid_t serve(const char *path, const char *const *answers, size_t count)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
	assert_return_code(bind(listener, (struct sockaddr *)&address, sizeof address), errno);
	assert_return_code(listen(listener, 8), errno);
	pid_t pid = fork();
	for (size_t i = 0; pid == 0 && i < count; i++) {
		char request[4096];
		int fd = accept(listener, NULL, NULL);
		if (recv(fd, request, sizeof request, 0) <= 0 ||
			send(fd, answers[i], strlen(answers[i]), 0) < 0)
			_exit(1);
		(void)close(fd);
	}
	if (pid == 0)
		_exit(0);
	(void)close(listener);
	return pid;
}

TEST(a_volume_that_exists_is_judged_as_the_engine_has_it)
{
	static const struct {
		const char *definition, *answer, *risks;
	} table[] = {
		{"{external: true}",
			"200 OK\r\n\r\n{\"Name\":\"v\",\"Driver\":\"local\",\"Options\":null}", ""},
		{"{external: {name: other}}", "200 OK\r\n\r\n{\"Driver\":\"local\",\"Options\":{}}",
			""},
		{"{external: true, name: other}", "404 Not Found\r\n\r\n{\"message\":\"none\"}",
			""},
		{"{name: chosen}", "404 Not Found\r\n\r\n{\"message\":\"none\"}", ""},
		{"{name: chosen}",
			"200 OK\r\n\r\n{\"Driver\":\"local\",\"Options\":{\"type\":\"none\","
			"\"o\":\"bind\",\"device\":\"/\"}}",
			"docker.sock, writable /sys/fs/cgroup"},
		{"{external: true}", "200 OK\r\n\r\n{\"Driver\":\"sshfs\"}", "volumes"},
		{"{external: true}", "200 OK\r\n\r\n{}", "volumes"},
		{"{external: true}", "200 OK\r\n\r\n", "volumes"},
		{"{external: true}", "500 Oops\r\n\r\n{}", "volumes"},
		{"{external: true}", "200 OK\r\n\r\n[", "volumes"},
	};
	const struct unit_dir *dir = *state;
	char path[128];
	char answers[COUNT(table)][512];
	const char *list[COUNT(table)];
	for (size_t i = 0; i < COUNT(table); i++) {
		(void)snprintf(answers[i], sizeof answers[i], "HTTP/1.0 %s", table[i].answer);
		list[i] = answers[i];
	}
	(void)snprintf(path, sizeof path, "%s/engine", dir->path);
	const pid_t pid = serve(path, list, COUNT(table));
	engine.socket = path;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[256];
		(void)snprintf(text, sizeof text,
			"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: %s}",
			table[i].definition);
		assert_risks(text, &somebody, table[i].risks);
	}
	engine.socket = "/nonexistent/engine";
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Somebody may have made it before, so the engine is asked; this one does not answer. */
TEST(a_volume_that_may_be_older_than_the_run_is_not_taken_for_new)
{
	static const char *const names[] = {"p_v", "pest_v", "v"};
	struct compose named = project;
	named.is_named = true;
	for (size_t i = 0; i < COUNT(names); i++) {
		_cleanup_(risks_free) struct risks own = {.list = NULL}, given = {.list = NULL};
		char text[128];
		(void)snprintf(text, sizeof text,
			"services: {a: {volumes: ['v:/v']}}\nvolumes: {v: {name: %s}}", names[i]);
		find_risks_in(&project, text, &somebody, &own);
		assert_int_equal(own.count, i > 0);
		find_risks_in(&named, text, &somebody, &given);
		assert_int_equal(given.count, 1);
	}
}

TEST(a_risk_says_where_it_is)
{
	const struct unit_dir *dir = *state;
	char first[128];
	char second[128];
	make_file(unit_dir(state), "first", "services:\n  a:\n    pid: host\n    cap_add: [BPF]\n");
	make_file(unit_dir(state), "second",
		"services:\n  a:\n    build:\n      network: host\n    pid: host\n");
	(void)snprintf(first, sizeof first, "%s/first", dir->path);
	(void)snprintf(second, sizeof second, "%s/second", dir->path);
	char *files[] = {first, second, (char[]){"/nonexistent"}};
	struct compose_service located[] = {
		{.name = (char[]){"0"}, .crs = 0}, {.name = (char[]){"a"}, .crs = 0}};
	const struct compose compose = {.files = files,
		.file_count = COUNT(files),
		.services = located,
		.service_count = COUNT(located)};
	_cleanup_(risks_free) struct risks risks = {.list = NULL};
	find_risks("services: {a: {pid: host, cap_add: [BPF], build: {network: host}, ipc: host}}",
		&somebody, &risks);
	located[1].risks = risks;
	struct error err = {0};
	assert_ok(risks_locate(&compose, &err), err);
	assert_int_equal(risks.count, 4);
	assert_contains(risks.list[0].place, "/second:5:10");
	assert_contains(risks.list[1].place, "/first:4:14");
	assert_contains(risks.list[2].place, "/second:4:7");
	assert_null(risks.list[3].place);
	_cleanup_free_ char *text = NULL;
	assert_ok(risk_describe(&risks.list[2], &text, &err), err);
	assert_string_equal(text, "build.network: host (a build in a network of the host)");
}

TEST(a_long_value_is_cut_between_characters)
{
	char text[1024] = "services: {a: {pid: '";
	size_t len = strlen(text);
	for (size_t i = 0; i < 200; i++, len += 2)
		(void)snprintf(text + len, sizeof text - len, "\xc3\xa9");
	(void)snprintf(text + len, sizeof text - len, "x'}}");
	text[21] = 'e';
	text[22] = 'e';
	_cleanup_(risks_free) struct risks risks = {.list = NULL};
	find_risks(text, &somebody, &risks);
	assert_int_equal(risks.count, 1);
	size_t cut = strlen(risks.list[0].value);
	assert_true(cut <= RISK_VALUE_MAX && cut > RISK_VALUE_MAX - 2);
	assert_int_equal((unsigned char)risks.list[0].value[cut - 1], 0xa9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		RUN(every_key_of_the_compose_specification_is_on_a_side),
		RUN(a_value_that_no_rule_knows_is_a_risk),
		RUN(empty_values_are_no_risk),
		RUN(what_jobs_need_is_harmless),
		RUN(settings_that_let_a_service_leave_its_cgroup_are_named),
		RUN(paths_of_the_host_are_named_however_they_are_written),
		RUN(what_a_service_uses_is_judged_by_its_definition),
		RUN_IN_DIR(a_volume_that_exists_is_judged_as_the_engine_has_it),
		RUN(a_volume_that_may_be_older_than_the_run_is_not_taken_for_new),
		RUN_IN_DIR(a_risk_says_where_it_is),
		RUN(a_long_value_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
