/* SPDX-License-Identifier: MIT
 *
 * check: the table of findings. Each looks at one thing, changes nothing, and carries its own remedy. The ids are
 * part of `check --json` and do not change.
 */
#include "check.h"

#include "authority.h"
#include "cgroup.h"
#include "check_parts.h"
#include "cleanup.h"
#include "compose.h"
#include "delegation.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/utsname.h>

struct finding {
	const char *id;
	int (*look)(struct facts *facts, char *detail, struct error *err);
	bool advice; /* the host is ready without it */
};

static int not_connected(char *detail)
{
	(void)snprintf(detail, DETAIL_MAX, "cannot be told without Docker");
	return 1;
}

static int look_cgroup2(struct facts *facts, char *detail, struct error *err)
{
	(void)snprintf(detail, DETAIL_MAX, "%s is cgroup v2", HOST_CGROUP_MOUNT);
	return host_cgroup2(&facts->context->host, err);
}

/* cgroup.kill is the newest file that cannot be done without; memory.peak (5.19) can. */
static int look_kernel(struct facts *facts, char *detail, struct error *err)
{
	(void)facts;
	struct utsname self;
	unsigned major = 0;
	unsigned minor = 0;
	if (uname(&self) < 0 || sscanf(self.release, "%u.%u", &major, &minor) != 2)
		return fail(err, errno, "kernel version");
	(void)snprintf(detail, DETAIL_MAX, "Linux %s", self.release);
	if (major > 5 || (major == 5 && minor >= 14))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "Linux %s is too old", self.release);
	return add_hint(err, "it needs Linux 5.14 or later, for cgroup.kill");
}

static int look_delegation(struct facts *facts, char *detail, struct error *err)
{
	(void)snprintf(
		detail, DETAIL_MAX, "user@%u.service has cpuset and memory", (unsigned)facts->context->uid);
	if (delegation_check(&facts->context->host, facts->context->uid, err) == 0)
		return 0;
	char command[256];
	if (strcmp(err->hint, DELEGATION_HINT) != 0)
		return -1;
	authority_delegate(facts->context->uid, command, sizeof command);
	return add_hint(err, "run once: %s", command);
}

static int look_docker(struct facts *facts, char *detail, struct error *err)
{
	if (engine_open(&facts->engine, err) < 0 || engine_info(&facts->engine, &facts->info, err) < 0)
		return -1;
	facts->connected = true;
	(void)snprintf(detail, DETAIL_MAX, "Docker %s at %s", facts->info.version, facts->engine.endpoint);
	return 0;
}

static int look_local(struct facts *facts, char *detail, struct error *err)
{
	if (!facts->connected)
		return not_connected(detail);
	(void)snprintf(detail, DETAIL_MAX, "the daemon runs on this host");
	return engine_check_local(&facts->engine, &facts->info, err);
}

static int look_version(struct facts *facts, char *detail, struct error *err)
{
	if (!facts->connected)
		return not_connected(detail);
	(void)snprintf(detail, DETAIL_MAX, "Docker uses cgroup v2");
	return engine_check_version(&facts->info, err);
}

static int look_driver(struct facts *facts, char *detail, struct error *err)
{
	if (!facts->connected)
		return not_connected(detail);
	(void)snprintf(detail, DETAIL_MAX, "Docker's cgroup driver is cgroupfs");
	return engine_check_driver(&facts->info, err);
}

static int look_compose(struct facts *facts, char *detail, struct error *err)
{
	(void)facts;
	const char *tool[2] = {NULL, NULL};
	if (compose_find_tool(tool, err) < 0)
		return -1;
	(void)snprintf(detail, DETAIL_MAX, "%s%s%s", tool[0], tool[1] ? " " : "", tool[1] ? tool[1] : "");
	return 0;
}

static const struct finding findings[] = {
	{"cgroup2", look_cgroup2, false},
	{"kernel", look_kernel, false},
	{"delegation", look_delegation, false},
	{"docker", look_docker, false},
	{"docker-local", look_local, false},
	{"docker-cgroup-version", look_version, false},
	{"docker-cgroup-driver", look_driver, false},
	{"compose", look_compose, false},
	{"smt", look_smt, true},
	{"numa", look_numa, true},
	{"isolated-cpus", look_isolated, true},
	{"governor", look_governor, true},
};

static void print_finding(
	const struct finding *finding, int result, const char *detail, const struct error *err)
{
	const char *word = result == 0 ? "ok" : result > 0 ? "?" : finding->advice ? "warn" : "no";
	(void)printf("%-4s %-22s %s\n", word, finding->id, result < 0 ? err->msg : detail);
	if (result < 0 && err->hint[0])
		(void)printf("%29shint: %s\n", "", err->hint);
}

static json_t *finding_to_json(
	const struct finding *finding, int result, const char *detail, const struct error *err)
{
	return json_pack("{s:s, s:b, s:s, s:s}", "id", finding->id, "ok", result == 0, "detail",
		result < 0 ? err->msg : detail, "hint", result < 0 ? err->hint : "");
}

/* Without it the findings about it cannot be told. */
static void read_topology(const struct context *context, struct topology *ret)
{
	struct error ignored = {0};
	_cleanup_close_ int sys = fs_open(context->host.root, "sys", O_PATH | O_DIRECTORY, 0, &ignored);
	if (sys >= 0)
		(void)topology_read(sys, ret, &ignored);
}

int cmd_check(const struct context *context, struct error *err)
{
	struct facts facts = {.context = context, .engine = ENGINE_NONE};
	read_topology(context, &facts.topology);
	json_t *list = json_array();
	bool ready = true;
	for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
		char detail[DETAIL_MAX] = "";
		struct error problem = {0};
		const struct finding *finding = &findings[i];
		int result = finding->look(&facts, detail, &problem);
		ready = ready && (result == 0 || finding->advice);
		if (context->options.json)
			(void)json_array_append_new(list, finding_to_json(finding, result, detail, &problem));
		else if (result != 0 || !context->options.quiet)
			print_finding(finding, result, detail, &problem);
	}
	engine_close(&facts.engine);
	topology_free(&facts.topology);
	json_t *root = json_pack("{s:i, s:b, s:o}", "version", 1, "ready", ready, "findings", list);
	int printed = context->options.json ? json_dumpf(root, stdout, JSON_INDENT(2)) : 0;
	json_decref(root);
	if (context->options.json)
		(void)putchar('\n');
	else if (!context->options.quiet)
		(void)puts(ready ? "ready" : "not ready");
	if (printed != 0)
		return fail(err, EIO, "print the findings");
	return ready ? EX_OK : EX_UNAVAILABLE;
}

int check_open_engine(struct engine *ret, struct error *err)
{
	struct engine engine = ENGINE_NONE;
	struct engine_info info = {0};
	if (engine_open(&engine, err) < 0)
		return -1;
	if (engine_info(&engine, &info, err) < 0 || engine_check_local(&engine, &info, err) < 0 ||
		engine_check_version(&info, err) < 0 || engine_check_driver(&info, err) < 0) {
		engine_close(&engine);
		return -1;
	}
	*ret = engine;
	return 0;
}

int check_engine(struct error *err)
{
	struct engine engine = ENGINE_NONE;
	if (check_open_engine(&engine, err) < 0)
		return -1;
	engine_close(&engine);
	return 0;
}
