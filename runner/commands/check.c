/* SPDX-License-Identifier: MIT
 *
 * check: the `check` command and its table of findings. A finding looks at one condition of the
 * host, changes nothing, and carries its own remedy. The ids are part of the `check --json`
 * format and do not change.
 *
 * The findings about the engines are in check_engine.c, those about the machine in
 * check_machine.c.
 */
#include "check_parts.h"
#include "commands.h"

#include "authority.h"
#include "cleanup.h"
#include "delegation.h"
#include "engine_select.h"
#include "fs.h"
#include "json_build.h"
#include "machine.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/utsname.h>

struct finding {
	const char *id;
	int (*look)(struct check_facts *facts, char *detail, struct error *err);
	enum need need;
};

struct finding_outcome {
	int result; /* as look() returned it */
	char detail[DETAIL_MAX];
	struct error problem;
};

static int look_cgroup2(struct check_facts *facts, char *detail, struct error *err)
{
	(void)snprintf(detail, DETAIL_MAX, "%s is cgroup v2", HOST_CGROUP_MOUNT);
	return host_cgroup2(&facts->context->host, err);
}

/* The newest kernel file that a run needs is cgroup.kill (5.14). memory.peak (5.19) is optional. */
static int look_kernel(struct check_facts *facts, char *detail, struct error *err)
{
	(void)facts;
	struct utsname self;
	unsigned major = 0;
	unsigned minor = 0;
	if (uname(&self) < 0)
		return fail(err, errno, "uname");
	if (sscanf(self.release, "%u.%u", &major, &minor) != 2)
		return fail(err, EINVAL, "kernel version '%s'", self.release);
	(void)snprintf(detail, DETAIL_MAX, "Linux %s", self.release);
	if (major > 5 || (major == 5 && minor >= 14))
		return 0;
	(void)fail_as(err, EX_UNAVAILABLE, "Linux %s is too old", self.release);
	return add_hint(err, "oss-crs-run needs Linux 5.14 or later (for cgroup.kill)");
}

static int look_delegation(struct check_facts *facts, char *detail, struct error *err)
{
	(void)snprintf(detail, DETAIL_MAX, "user@%u.service has cpuset and memory",
		(unsigned)facts->context->uid);
	if (delegation_check(&facts->context->host, facts->context->uid, err) == 0)
		return 0;
	char command[256];
	if (strcmp(err->hint, DELEGATION_HINT) != 0)
		return -1;
	authority_delegate(&facts->context->host, facts->context->uid, command, sizeof command);
	return add_hint(err, "run once: %s", command);
}

static const struct finding findings[] = {
	{"cgroup2", look_cgroup2, NEED_ALWAYS},
	{"kernel", look_kernel, NEED_ALWAYS},
	{"delegation", look_delegation, NEED_ALWAYS},
	{"docker", look_docker, NEED_DOCKER},
	{"docker-local", look_local, NEED_DOCKER},
	{"docker-cgroup-version", look_version, NEED_DOCKER},
	{"docker-cgroup-driver", look_driver, NEED_DOCKER},
	{"podman", look_podman, NEED_PODMAN},
	{"podman-ids", look_podman_ids, NEED_PODMAN},
	{"podman-namespaces", look_podman_namespaces, NEED_PODMAN},
	{"podman-manager", look_podman_manager, NEED_PODMAN},
	{"engine", look_engine, NEED_ALWAYS}, /* reads the results of the rows above */
	{"compose", look_compose, NEED_ALWAYS},
	{"images", look_images, NEED_ADVICE}, /* reads the result of `engine` */
	{"user-limits", look_user_limits, NEED_ADVICE},
	{"huge-pages", look_huge_pages, NEED_ADVICE},
	{"smt", look_smt, NEED_ADVICE},
	{"numa", look_numa, NEED_COMPARABLE},
	{"isolated-cpus", look_isolated, NEED_ADVICE},
	{"reserved-cpus", look_reserved, NEED_ADVICE},
	{"governor", look_governor, NEED_COMPARABLE},
	{"turbo", look_turbo, NEED_COMPARABLE},
	{"thp", look_thp, NEED_COMPARABLE},
	{"interrupts", look_interrupts, NEED_COMPARABLE},
	{"hidepid", look_hidepid, NEED_ADVICE},
};

#define FINDING_COUNT (sizeof findings / sizeof *findings)

/* Whether the job gets that engine. If no engine can be used, whether --engine asks for it. */
static bool is_engine_wanted(const struct check_facts *facts, enum engine_kind kind, int wanted)
{
	return facts->chosen ? facts->kind == kind : facts->context->options.engine == wanted;
}

/* Whether the host is not ready while a finding with this need is not met. */
static bool is_needed(const struct check_facts *facts, enum need need)
{
	switch (need) {
	case NEED_ALWAYS:
		return true;
	case NEED_DOCKER:
		return is_engine_wanted(facts, ENGINE_DOCKER, WANT_DOCKER);
	case NEED_PODMAN:
		return is_engine_wanted(facts, ENGINE_PODMAN, WANT_PODMAN);
	case NEED_COMPARABLE:
		return facts->context->options.strict_machine;
	case NEED_ADVICE:
		return false;
	}
	return false;
}

/* Whether a finding is about the machine and not about what every run needs. */
static bool is_advice(enum need need)
{
	return need == NEED_ADVICE || need == NEED_COMPARABLE;
}

static const char *word_of(
	const struct check_facts *facts, const struct finding *finding, int result)
{
	if (result == 0)
		return "ok";
	/* Where no engine is ready, either would do. */
	bool any = !facts->chosen && facts->context->options.engine == WANT_ANY_ENGINE;
	bool advice = is_advice(finding->need);
	if (is_needed(facts, finding->need) || (any && !advice))
		return result > 0 ? "unknown" : "missing";
	return !advice ? "not needed" : result > 0 ? "unknown" : "advice";
}

static void print_finding(const struct check_facts *facts, const struct finding *finding,
	const struct finding_outcome *outcome)
{
	const char *word = word_of(facts, finding, outcome->result);
	bool failed = outcome->result < 0;
	text_line(stdout, "%-10s %-22s %s", word, finding->id,
		failed ? outcome->problem.msg : outcome->detail);
	/* The hints for the engines are those of the finding `engine`. */
	bool hinted = is_advice(finding->need) || is_needed(facts, finding->need);
	if (failed && outcome->problem.hint[0] && hinted)
		text_line(stdout, "%35shint: %s", "", outcome->problem.hint);
}

static json_t *finding_to_json(struct json_build *build, const struct check_facts *facts,
	const struct finding *finding, const struct finding_outcome *outcome)
{
	bool failed = outcome->result < 0;
	return json_build_pack(build, "{s:s, s:b, s:b, s:o, s:s}", "id", finding->id, "ok",
		outcome->result == 0, "needed", is_needed(facts, finding->need), "detail",
		json_build_prose(failed ? outcome->problem.msg : outcome->detail), "hint",
		failed ? outcome->problem.hint : "");
}

/* Read the topology. If that fails, *ret stays empty, and the findings that use it report that
 * they do not know. */
static void read_topology(const struct context *context, struct topology *ret)
{
	struct error ignored = {0};
	_cleanup_close_ int sys =
		fs_open(context->host.root, "sys", O_PATH | O_DIRECTORY, 0, &ignored);
	if (sys >= 0)
		(void)machine_topology(sys, ret, &ignored);
}

/* Whether the job gets Docker, so that check can skip Podman: looking at Podman takes a process
 * and a connection to the user manager's bus. */
static bool is_without_podman(const struct check_facts *facts)
{
	int wanted = facts->context->options.engine;
	bool docker_ready = facts->connected && !facts->problems[NEED_DOCKER].msg[0];
	return wanted == WANT_DOCKER || (wanted == WANT_ANY_ENGINE && docker_ready);
}

static int look_at_finding(
	const struct finding *finding, struct check_facts *facts, struct finding_outcome *outcome)
{
	if (finding->need != NEED_PODMAN || !is_without_podman(facts)) {
		char detail[DETAIL_MAX] = "";
		int result = finding->look(facts, detail, &outcome->problem);
		(void)text_clean(detail, outcome->detail, DETAIL_MAX);
		return result;
	}
	(void)snprintf(outcome->detail, DETAIL_MAX,
		"not checked because Docker is used; see check --engine podman");
	return 1;
}

static void look_at_findings(
	struct check_facts *facts, struct finding_outcome outcomes[static FINDING_COUNT])
{
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		struct finding_outcome *outcome = &outcomes[i];
		struct error *first = &facts->problems[findings[i].need];
		*outcome = (struct finding_outcome){.result = 0};
		outcome->result = look_at_finding(&findings[i], facts, outcome);
		if (outcome->result < 0 && !first->msg[0])
			*first = outcome->problem;
	}
}

static int print_findings_json(const struct check_facts *facts,
	const struct finding_outcome outcomes[static FINDING_COUNT], bool ready, struct error *err)
{
	struct json_build build = JSON_BUILD_NONE;
	json_t *list = json_array();
	for (size_t i = 0; i < FINDING_COUNT; i++)
		json_build_append(
			&build, list, finding_to_json(&build, facts, &findings[i], &outcomes[i]));
	return json_build_print(&build,
		json_build_pack(
			&build, "{s:i, s:b, s:o}", "version", 1, "ready", ready, "findings", list),
		err);
}

int cmd_check(const struct context *context, struct error *err)
{
	struct finding_outcome outcomes[FINDING_COUNT];
	struct check_facts facts = {.context = context, .engine = ENGINE_NONE};
	bool quiet = context->options.quiet;
	bool ready = true;
	read_topology(context, &facts.topology);
	look_at_findings(&facts, outcomes);
	engine_close(&facts.engine);
	topology_free(&facts.topology);
	for (size_t i = 0; i < FINDING_COUNT; i++)
		ready = ready && (outcomes[i].result == 0 || !is_needed(&facts, findings[i].need));
	if (context->options.json) {
		if (print_findings_json(&facts, outcomes, ready, err) < 0)
			return -1;
	} else {
		for (size_t i = 0; i < FINDING_COUNT; i++)
			if (!quiet ||
				(outcomes[i].result != 0 && is_needed(&facts, findings[i].need)))
				print_finding(&facts, &findings[i], &outcomes[i]);
		if (!quiet)
			(void)puts(ready ? "ready" : "not ready");
	}
	return ready ? EX_OK : EX_UNAVAILABLE;
}
