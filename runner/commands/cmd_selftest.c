/* SPDX-License-Identifier: MIT
 *
 * cmd_selftest: the `selftest` command. It makes a temporary run of one CRS on this host and
 * starts real processes in it that try to get more than the CRS has (trials.h). The kernel stops
 * them; this file starts them, looks at how they ended, and prints the result.
 */
#include "commands.h"

#include "cgroup_stat.h"
#include "cleanup.h"
#include "cleanup_json.h"
#include "delegation.h"
#include "json_build.h"
#include "launch.h"
#include "machine.h"
#include "proc.h"
#include "scope.h"
#include "start.h"
#include "text.h"
#include "trials.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/random.h>
#include <time.h>

#define CRS_NAME   "selftest"
#define OUTPUT_MAX 256

struct trial_outcome {
	enum trial_result result;
	char detail[OUTPUT_MAX];
};

struct selftest {
	const struct context *context;
	struct plan_request request;
	struct job job;
	struct run_plan plan;
	struct cg_tree tree;
	struct ledger shared; /* empty: selftest shares nothing */
	int oss_crs_fd, signals;
};

/* Plan one CRS with the lowest CPU that is not taken, and a second cgroup beside it that a trial
 * tries to move to. A plan that was made before is replaced. */
static int choose_selftest_cpu(void *chooser, const struct cpulist *taken, struct error *err)
{
	struct selftest *self = chooser;
	struct cpulist left = self->request.host_cpus;
	struct job job = JOB_NONE;
	struct run_plan plan = PLAN_NONE;
	char config[256];
	cpulist_subtract(&left, taken);
	unsigned cpu = cpulist_next(&left, 0);
	int n = snprintf(config, sizeof config,
		CRS_NAME ": {cpuset: \"%u\", memory: %zuB}\n" TRIAL_ELSEWHERE
			 ": {cpuset: \"%u\", memory: %zuB}\n",
		cpu, TRIAL_LIMIT_BYTES, cpu, TRIAL_LIMIT_BYTES);
	if (job_parse("selftest", config, (size_t)n, "local", &job, err) < 0)
		return -1;
	if (plan_make(&job, &self->request, &plan, err) < 0) {
		job_free(&job);
		return -1;
	}
	plan_free(&self->plan);
	job_free(&self->job);
	self->job = job;
	self->plan = plan;
	self->plan.job = &self->job;
	return 0;
}

static int make_selftest_plan(struct selftest *self, struct error *err)
{
	const struct cpulist none = {0};
	self->request = (struct plan_request){.phase = PHASE_EXEC,
		.run_id = CRS_NAME,
		.worker = "local",
		.timestamp = (uint64_t)time(NULL),
		.uid = self->context->uid};
	if (machine_cpus(&self->context->host, &self->request.host_cpus, err) < 0 ||
		machine_memory(&self->context->host, &self->request.host_memory, NULL, err) < 0)
		return -1;
	if (getrandom(&self->request.random, sizeof self->request.random, 0) !=
		sizeof self->request.random)
		return fail(err, errno, "getrandom");
	return choose_selftest_cpu(self, &none, err);
}

/* Make the cgroups on a CPU that belongs to no run, since the trials must not disturb one. */
static int make_selftest_tree(struct selftest *self, struct error *err)
{
	const struct start start = {
		.plan = &self->plan,
		.host_cpus = self->request.host_cpus,
		.any = 1,
		.choose = choose_selftest_cpu,
		.chooser = self,
		.tree = {.leaf_crs = CRS_NAME},
		.oss_crs_fd = self->oss_crs_fd,
		.signals = self->signals,
	};
	if (start_tree(self->context, &start, &self->tree, &self->shared, err) == 0)
		return 0;
	return err->status == EX_TEMPFAIL ? add_hint(err, "try again when one of the runs has "
							  "ended; see: oss-crs-run status")
					  : -1;
}

/* Run a trial: start this program again inside the CRS, with the trial's name, and wait for it.
 * What it prints comes through a pipe into `words`. */
static int run_trial(const struct selftest *self, const struct trial *trial,
	struct launch_end *ret_end, char words[static OUTPUT_MAX], struct error *err)
{
	_cleanup_close_ int cgroup = cgroup_open(self->tree.worker, CRS_NAME, err);
	int ends[2];
	if (cgroup < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	struct spawn spawn =
		SPAWN(((const char *const[]){"/proc/self/exe", "selftest", trial->name, NULL}));
	spawn.cgroup = cgroup;
	spawn.out = writer;
	struct child child = CHILD_NONE;
	if (proc_spawn(&spawn, &child, err) < 0)
		return -1;
	(void)close(steal_fd(&writer));
	struct launch launch = {.child = &child,
		.grace_ms = LAUNCH_GRACE_MS,
		.signals = self->signals,
		.worker = self->tree.worker,
		.child_has_terminal = true};
	if (launch_wait(&launch, ret_end, err) < 0)
		return -1;
	ssize_t n = read(reader, words, OUTPUT_MAX - 1);
	words[n > 0 ? n : 0] = '\0';
	return 0;
}

/* Judge a trial that printed nothing. It was held if the limit of its CRS killed it: it ended by
 * SIGKILL, the CRS counts one more OOM kill, and the CRS's peak, where the kernel reports it, is
 * within the limit. */
static int judge_kill(const struct selftest *self, int status, uint64_t kills_before,
	struct trial_outcome *ret, struct error *err)
{
	struct cgroup_stat usage;
	if (cgroup_stat_read_at(self->tree.worker, CRS_NAME, CGROUP_STAT_LIVE, &usage, err) < 0)
		return -1;
	bool held = status == EX_SIGNAL + SIGKILL && usage.oom_kills > kills_before &&
		    (usage.memory_peak <= TRIAL_LIMIT_BYTES ||
			    usage.memory_peak == CGROUP_STAT_UNKNOWN);
	ret->result = held ? TRIAL_HELD : TRIAL_NOT_HELD;
	(void)snprintf(ret->detail, sizeof ret->detail,
		held ? "killed at %zu MiB of the %zu MiB it wanted"
		     : "not killed at its limit of %zu MiB: it wanted %zu MiB",
		TRIAL_LIMIT_BYTES >> 20, TRIAL_ASKED_BYTES >> 20);
	return 0;
}

static int judge_trial(const struct selftest *self, const struct trial *trial,
	struct trial_outcome *ret, struct error *err)
{
	struct cgroup_stat before;
	struct launch_end end = {0};
	char words[OUTPUT_MAX] = "";
	if (cgroup_stat_read_at(self->tree.worker, CRS_NAME, CGROUP_STAT_LIVE, &before, err) < 0 ||
		run_trial(self, trial, &end, words, err) < 0)
		return -1;
	if (end.reason == REASON_SIGNAL)
		return fail_as(err, EX_SIGNAL + end.signal, "interrupted");
	if (trial->killed && !*words)
		return judge_kill(self, end.status, before.oom_kills, ret, err);
	if (end.status != TRIAL_HELD && end.status != TRIAL_SKIPPED && end.status != TRIAL_NOT_HELD)
		return fail_as(err, EX_SOFTWARE, "trial '%s' ended with status %d", trial->name,
			end.status);
	ret->result = (enum trial_result)end.status;
	(void)snprintf(ret->detail, sizeof ret->detail, "%s",
		ret->result == TRIAL_NOT_HELD ? "nothing stopped it" : words);
	return 0;
}

/* Swap has no trial of its own. Judge by how much swap the memory trials have used. */
static int judge_swap(const struct selftest *self, struct trial_outcome *ret, struct error *err)
{
	uint64_t used = 0;
	ret->result = TRIAL_SKIPPED;
	if (cgroup_get_u64(self->tree.worker, CRS_NAME, "memory.swap.current", &used, err) < 0) {
		(void)snprintf(ret->detail, sizeof ret->detail, "this kernel does not count swap");
		return err->code == ENOENT ? 0 : -1;
	}
	uint64_t peak = used;
	struct error ignored;
	/* memory.swap.peak exists since Linux 6.5. */
	(void)cgroup_get_u64(self->tree.worker, CRS_NAME, "memory.swap.peak", &peak, &ignored);
	ret->result = used == 0 && peak == 0 ? TRIAL_HELD : TRIAL_NOT_HELD;
	(void)snprintf(ret->detail, sizeof ret->detail, "%" PRIu64 " bytes of swap used",
		peak > used ? peak : used);
	return 0;
}

static void print_outcome(const struct context *context, struct json_build *build, json_t *list,
	const char *name, const char *what, const struct trial_outcome *outcome)
{
	static const char *const words[] = {
		[TRIAL_HELD] = "held", [TRIAL_NOT_HELD] = "NOT HELD", [TRIAL_SKIPPED] = "skipped"};
	json_build_append(build, list,
		json_build_pack(build, "{s:s, s:b, s:b, s:o}", "id", name, "held",
			outcome->result == TRIAL_HELD, "skipped", outcome->result == TRIAL_SKIPPED,
			"detail", json_build_prose(outcome->detail)));
	if (!context->options.json && !context->options.quiet)
		text_line(stdout, "%-8s %-13s tries %s: %s", words[outcome->result], name, what,
			outcome->detail);
}

static int run_trials(const struct selftest *self, struct json_build *build, json_t *list,
	bool *ret_held, struct error *err)
{
	*ret_held = true;
	for (size_t i = 0; i <= trial_count; i++) {
		bool swap = i == trial_count;
		struct trial_outcome outcome = {.result = TRIAL_SKIPPED};
		if ((swap ? judge_swap(self, &outcome, err)
			  : judge_trial(self, &trials[i], &outcome, err)) < 0)
			return -1;
		print_outcome(self->context, build, list, swap ? "swap" : trials[i].name,
			swap ? "to swap instead (in the memory trials)" : trials[i].what, &outcome);
		*ret_held = *ret_held && outcome.result != TRIAL_NOT_HELD;
	}
	return 0;
}

static int run_selftest(struct selftest *self, struct error *err)
{
	const struct context *context = self->context;
	if (make_selftest_plan(self, err) < 0)
		return -1;
	self->signals = signals_open(err);
	self->oss_crs_fd =
		self->signals < 0 ? -1 : delegation_open(&context->host, context->uid, err);
	if (self->oss_crs_fd < 0 || scope_enter(&context->host, context->uid, CRS_NAME, err) < 0 ||
		make_selftest_tree(self, err) < 0)
		return -1;
	struct json_build build = JSON_BUILD_NONE;
	_cleanup_json_ json_t *list = json_array();
	bool held = false;
	int result = run_trials(self, &build, list, &held, err);
	struct error removal = {0};
	if (tree_destroy(&self->tree, &removal) < 0 && result == 0) {
		*err = removal;
		return -1;
	}
	if (result < 0)
		return -1;
	if (context->options.json) {
		json_t *root = json_build_pack(
			&build, "{s:i, s:b, s:O}", "version", 1, "held", held, "trials", list);
		if (json_build_print(&build, root, err) < 0)
			return -1;
	} else if (!context->options.quiet) {
		(void)puts(held ? "held" : "not held");
	}
	return held ? EX_OK : EX_SOFTWARE;
}

static void selftest_close(struct selftest *self)
{
	tree_close(&self->tree);
	ledger_free(&self->shared);
	cleanup_close(&self->oss_crs_fd);
	cleanup_close(&self->signals);
	plan_free(&self->plan);
	job_free(&self->job);
}

int cmd_selftest(const struct context *context, struct error *err)
{
	if (context->options.arg_count == 1) {
		/* This is the process inside the CRS: run the named trial. */
		const struct trial *trial = trial_find(context->options.args[0]);
		if (!trial)
			return fail_as(
				err, EX_USAGE, "no trial named '%s'", context->options.args[0]);
		return trial->run(&context->host, err);
	}
	_cleanup_(selftest_close) struct selftest self = {.context = context,
		.job = JOB_NONE,
		.plan = PLAN_NONE,
		.tree = TREE_NONE,
		.shared = LEDGER_NONE,
		.oss_crs_fd = -1,
		.signals = -1};
	return run_selftest(&self, err);
}
