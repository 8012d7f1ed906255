/* SPDX-License-Identifier: MIT
 *
 * findings: one function per finding, and the table of their ids. `check` looks at delegation and
 * Docker. What oss-crs-run does by itself, such as making oss-crs after a reboot, does not count
 * against the host.
 */
#include "findings.h"

#include "cgroup.h"
#include "daemon_json.h"
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DELEGATE_HINT "sudo oss-crs-setup delegate"
#define DOCKER_HINT   "sudo oss-crs-setup docker"
#define RESERVE_HINT  "sudo oss-crs-setup reserve --cpus LIST"

struct judge {
	const struct facts *facts;
	const struct policy *policy;
	enum engine engine;
	const struct confined *confined;
};

/* Fill in a finding. The hint is dropped if the finding is ok. */
static void set_finding(struct finding *finding, bool ok, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void set_finding(struct finding *finding, bool ok, const char *hint, const char *fmt, ...)
{
	char detail[sizeof finding->detail];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	(void)text_clean(detail, finding->detail, sizeof finding->detail);
	finding->ok = ok;
	(void)text_clean(ok ? "" : hint, finding->hint, sizeof finding->hint);
}

static void judge_cgroup2(const struct judge *judge, struct finding *ret)
{
	const struct error *err = &judge->facts->delegate.cgroup;
	set_finding(ret, !err->msg[0], err->hint, "%s", err->msg[0] ? err->msg : "cgroup v2");
}

static void judge_systemd(const struct judge *judge, struct finding *ret)
{
	const struct error *err = &judge->facts->delegate.systemd;
	set_finding(ret, !err->msg[0], err->hint, "%s", err->msg[0] ? err->msg : "systemd answers");
}

static void judge_delegation(const struct judge *judge, struct finding *ret)
{
	const struct delegate_facts *facts = &judge->facts->delegate;
	const char *wanted = judge->policy->controllers;
	bool ok = facts->delegated && cgroup_has(facts->delegated, wanted);
	set_finding(ret, ok, DELEGATE_HINT, "%s %s %s", facts->unit,
		ok ? "is configured to delegate" : "is not configured to delegate", wanted);
}

static void judge_controllers(const struct judge *judge, struct finding *ret)
{
	const struct delegate_facts *facts = &judge->facts->delegate;
	const struct level_facts *manager = &facts->levels[LEVEL_MANAGER];
	if (!manager->exists)
		set_finding(ret, false, "log in as the user, or: " DELEGATE_HINT " --linger=yes",
			"%s does not run", facts->unit);
	else
		set_finding(ret,
			cgroup_has(manager->controllers, judge->policy->controllers) &&
				manager->owned,
			DELEGATE_HINT, "%s has %s", facts->unit,
			manager->controllers[0] ? manager->controllers : "no controllers");
}

static void judge_oss_crs(const struct judge *judge, struct finding *ret)
{
	const struct level_facts *ours = &judge->facts->delegate.levels[LEVEL_OURS];
	const char *wanted = judge->policy->controllers;
	if (!ours->exists)
		set_finding(ret, true, "", "%s does not exist yet; it is created when needed",
			CGROUP_OSS_CRS);
	else if (!ours->owned)
		set_finding(ret, false, DELEGATE_HINT, "%s does not belong to the user",
			CGROUP_OSS_CRS);
	else
		set_finding(ret, cgroup_has(ours->controllers, wanted), DELEGATE_HINT,
			"%s belongs to the user and has %s", CGROUP_OSS_CRS,
			ours->controllers[0] ? ours->controllers : "no controllers");
}

/* CPUs need not be reserved. What is in force is the kernel's word. */
static void judge_reserved(const struct judge *judge, struct finding *ret)
{
	const struct reserve_facts *facts = &judge->facts->reserve;
	const char *state = facts->partition ? facts->partition : "member";
	bool valid = strcmp(state, "root") == 0;
	if (facts->problem.msg[0])
		set_finding(ret, false, facts->problem.hint, "%s", facts->problem.msg);
	else if (valid)
		set_finding(ret, true, "", "CPUs %.200s are reserved for the user's runs",
			facts->cpus ? facts->cpus : "?");
	else if (!facts->dropin && strcmp(state, "member") == 0)
		set_finding(ret, true, "", "no CPUs are reserved for the user's runs");
	else
		set_finding(ret, false, "stop the user's runs, then: " RESERVE_HINT,
			"CPUs are to be reserved for the user's runs, but are not: "
			"cpuset.cpus.partition of " CGROUP_OSS_CRS " is '%.200s'",
			state);
}

static void judge_linger(const struct judge *judge, struct finding *ret)
{
	bool lingers = judge->facts->delegate.lingers;
	set_finding(ret, lingers || !judge->policy->linger, DELEGATE_HINT " --linger=yes", "%s",
		lingers ? "services keep running after logout"
			: "services stop after the last logout");
}

static void judge_docker(const struct judge *judge, struct finding *ret)
{
	const struct docker_facts *facts = &judge->facts->docker;
	char why[ENGINE_WHY_MAX];
	if (!judge->policy->manage)
		set_finding(ret, true, "", "left alone (manage=no)");
	else if (judge->engine == ENGINE_PODMAN)
		set_finding(ret, true, "", "not needed: jobs will use Podman, because %s",
			engine_why_podman(facts, judge->facts->user.name, why));
	else if (facts->systemd.msg[0])
		set_finding(ret, false, facts->systemd.hint, "%s", facts->systemd.msg);
	else if (!facts->service.installed)
		set_finding(ret, true, "", "Docker is not installed");
	else if (!facts->service.active)
		set_finding(ret, false, "sudo systemctl start docker", "%s is not running (%s)",
			judge->policy->service, facts->service.active_text);
	else if (facts->api.status == EX_NOPERM)
		set_finding(ret, false, "to look at Docker as root: sudo oss-crs-setup check",
			"this user may not connect to Docker: %s", facts->api.msg);
	else if (facts->api.msg[0])
		set_finding(ret, false, facts->api.hint, "%s", facts->api.msg);
	else
		set_finding(ret, strcmp(facts->state.driver, DRIVER_WANTED) == 0, DOCKER_HINT,
			"Docker's cgroup driver is %s", facts->state.driver);
}

/* Judge the driver that Docker will use after its next start, which daemon.json or the command line
 * sets. */
static void judge_docker_config(const struct judge *judge, struct finding *ret)
{
	const struct docker_facts *facts = &judge->facts->docker;
	char driver[FACTS_DRIVER_MAX] = "";
	struct error err = {0};
	if (!judge->policy->manage || judge->engine == ENGINE_PODMAN || facts->systemd.msg[0] ||
		!facts->service.installed) {
		set_finding(ret, true, "", "nothing to set");
		return;
	}
	if (facts->kubelet[0]) {
		set_finding(ret, false, "Docker's driver and kubelet's have to be changed together",
			"a kubelet runs here (%s)", facts->kubelet);
		return;
	}
	if (facts->file.msg[0]) {
		set_finding(ret, false, facts->file.hint, "%s", facts->file.msg);
		return;
	}
	if (facts->text &&
		daemon_json_driver(facts->text, facts->len, driver, sizeof driver, &err) < 0) {
		set_finding(ret, false, err.hint, "%s", err.msg);
		return;
	}
	if (facts->flag[0] && driver[0])
		set_finding(ret, false, "remove it from one of them",
			"both %s and %s set the driver", facts->flag_where,
			judge->policy->daemon_json);
	else if (facts->flag[0])
		set_finding(ret, strcmp(facts->flag, DRIVER_WANTED) == 0,
			"remove it there, then: " DOCKER_HINT, "%s sets the driver %s",
			facts->flag_where, facts->flag);
	else
		set_finding(ret, strcmp(driver, DRIVER_WANTED) == 0, DOCKER_HINT, "%s sets %s",
			judge->policy->daemon_json, driver[0] ? driver : "no driver");
}

/* Always ok: which of these exist depends on the kernel, and none is required. */
static void judge_hardening(const struct judge *judge, struct finding *ret)
{
	const struct confined *confined = judge->confined;
	char landlock[32] = "no Landlock";
	if (confined->landlock)
		(void)snprintf(landlock, sizeof landlock, "Landlock ABI %d", confined->landlock);
	set_finding(ret, true, "", "in force here: no_new_privs, no capabilities, %s, %s", landlock,
		confined->seccomp ? "seccomp" : "no seccomp");
}

void findings_make(const struct facts *facts, const struct policy *policy, enum engine engine,
	const struct confined *confined, struct findings *ret)
{
	static const struct {
		const char *id;
		void (*judge)(const struct judge *judge, struct finding *ret);
		bool of_docker;
	} table[] = {
		{"cgroup2", judge_cgroup2, false},
		{"systemd", judge_systemd, false},
		{"delegation", judge_delegation, false},
		{"controllers", judge_controllers, false},
		{"oss-crs", judge_oss_crs, false},
		{"linger", judge_linger, false},
		{"reserved-cpus", judge_reserved, false},
		{"docker", judge_docker, true},
		{"docker-config", judge_docker_config, true},
		{"hardening", judge_hardening, false},
	};
	const struct judge judge = {facts, policy, engine, confined};
	*ret = (struct findings){.ready = true};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct finding *finding = &ret->list[ret->count++];
		finding->id = table[i].id;
		finding->of_docker = table[i].of_docker;
		table[i].judge(&judge, finding);
		ret->ready = ret->ready && finding->ok;
	}
}
