/* SPDX-License-Identifier: MIT
 *
 * steps: opens everything that a plan works on, has the kernel confine this process to that, and
 * then runs the steps. A failed restart of Docker is put back here.
 */
#include "steps.h"

#include "checks.h"
#include "cleanup.h"
#include "fs.h"
#include "operations.h"
#include "privs.h"
#include "speaker.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>

unsigned steps_privs(struct judged *const *steps, size_t count, size_t first)
{
	unsigned privs = PRIVS_NONE;
	for (size_t i = first; i < count; i++)
		privs |= operation_kinds[steps[i]->step.kind].privs | PRIVS_BECOME;
	return privs;
}

/* A plan that is being carried out: the descriptors that its steps use, opened once, and the undo
 * journal. */
struct apply_ctx {
	const struct steps_context *context;
	size_t count;
	struct judged *const *steps;
	struct operation *operations; /* one per step */
	struct confine_rule *rules;   /* apply_ctx_end() closes their descriptors */
	size_t rule_count;
};

static void apply_ctx_end(struct apply_ctx *ctx)
{
	for (size_t i = 0; ctx->operations && i < ctx->count; i++)
		cleanup_close(&ctx->operations[i].dir);
	for (size_t i = 0; i < ctx->rule_count; i++)
		cleanup_close(&ctx->rules[i].fd);
	free(ctx->operations);
	free(ctx->rules);
}

/* Allow `access` to fd and to everything below it, and leave it to ctx to close fd. Each step may
 * add RULES_PER_STEP rules. Returns -1 if fd is -1. */
#define RULES_PER_STEP 2
static int allow_access(struct apply_ctx *ctx, int fd, unsigned access)
{
	if (fd >= 0)
		ctx->rules[ctx->rule_count++] = (struct confine_rule){fd, access};
	return fd < 0 ? -1 : 0;
}

/* Open the directory of a file and allow changes in it. If the step removes the file, the directory
 * may become empty; removing it is allowed as well. */
static int prepare_file(struct apply_ctx *ctx, struct operation *op, struct error *err)
{
	char name[FACTS_PATH_MAX];
	const struct host *host = ctx->context->host;
	bool removes = op->step->kind == STEP_REMOVE_FILE || op->step->kind == STEP_FORGET;
	op->dir = removes ? operation_open_parent(host->root, op->step->target + 1, &op->name, err)
			  : operation_open_directory(host, op->step->target, &op->name, err);
	if (op->dir < 0)
		return removes && err->code == ENOENT ? 0 : -1;
	if (removes && trusted_directory(op->dir, op->step->target, err) < 0)
		return add_context(err, "the directory of");
	int dir = fcntl(op->dir, F_DUPFD_CLOEXEC, 0);
	if (dir < 0 || allow_access(ctx, dir, CONFINE_REPLACE) < 0)
		return fail(err, errno, "duplicate a descriptor");
	if (!removes)
		return 0;
	return allow_access(ctx,
		operation_open_above(host, op->step->target, name, sizeof name, err),
		CONFINE_RMDIR);
}

/* Allow access to the nearest cgroup that exists, upwards from the target or, if the step makes or
 * removes the target, from its parent. */
static int prepare_cgroup(
	struct apply_ctx *ctx, const struct step *step, unsigned access, struct error *err)
{
	char path[STEP_TARGET_MAX + sizeof "/cgroup.subtree_control"];
	int cgroup = ctx->context->host->cgroup;
	(void)snprintf(path, sizeof path, "%s%s", step->target,
		step->kind == STEP_ENABLE ? "/cgroup.subtree_control" : "");
	if (access & CONFINE_CGROUPS && strrchr(path, '/'))
		*strrchr(path, '/') = '\0';
	for (;;) {
		int fd = fs_open(cgroup, path, O_PATH, 0, err);
		if (fd >= 0 || err->code != ENOENT || !strrchr(path, '/'))
			return allow_access(ctx, fd, access);
		*strrchr(path, '/') = '\0';
	}
}

/* Open what the steps work on, and confine this process to it. */
static int prepare_steps(struct apply_ctx *ctx, struct error *err)
{
	size_t count = ctx->count;
	ctx->operations = calloc(count + 1, sizeof *ctx->operations);
	ctx->rules = calloc(count * RULES_PER_STEP + 1, sizeof *ctx->rules);
	if (!ctx->operations || !ctx->rules) {
		(void)fail(err, ENOMEM, "carry out the plan");
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		ctx->operations[i] = (struct operation){ctx->context, &ctx->steps[i]->step, -1, ""};
	for (size_t i = 0; i < count; i++) {
		const struct step *step = &ctx->steps[i]->step;
		if (operation_kinds[step->kind].traits & FILE_STEP && step->target[0] == '/' &&
			prepare_file(ctx, &ctx->operations[i], err) < 0)
			return -1;
		if (operation_kinds[step->kind].cgroups &&
			prepare_cgroup(ctx, step, operation_kinds[step->kind].cgroups, err) < 0)
			return -1;
	}
	int journal = fcntl(ctx->context->journal->dir, F_DUPFD_CLOEXEC, 0);
	if (journal < 0 || allow_access(ctx, journal, CONFINE_REPLACE) < 0)
		return fail(err, errno, "duplicate a descriptor");
	return confine_enter(
		ctx->context->ruleset, ctx->rules, ctx->rule_count, ctx->context->confined, err);
}

/* Docker is down, or runs with the wrong driver, after step `failed`: undo the step before it,
 * which made the restart necessary, and restart Docker. Returns -1. */
static int put_back_docker(struct apply_ctx *ctx, size_t failed, struct error *err)
{
	const struct steps_context *context = ctx->context;
	const char *unit = ctx->steps[failed]->step.target;
	const struct operation *op = failed > 0 ? &ctx->operations[failed - 1] : NULL;
	struct error back = {0};
	int log = -1;
	if (checks_unit_log(context->host, unit, &log, &back) == 0)
		context->on_news(context->arg, DOOR_LOG, failed, log, NULL);
	cleanup_close(&log);
	if (!op || !operation_kinds[op->step->kind].undo)
		return -1;
	int result = operation_kinds[op->step->kind].undo(op, &back);
	audit_step(&context->audit, op->step, "put-back", result < 0 ? &back : NULL);
	if (result < 0)
		return add_hint(err, "putting %s back failed too: %s", op->step->target, back.msg);
	if (speaker_call(context->speaker, BUS_RESTART_DOCKER, 0, &back) < 0)
		return add_hint(
			err, "the old settings are back, but Docker does not start: %s", back.msg);
	err->status = EX_PUT_BACK;
	return add_hint(err,
		"the old settings are back and Docker runs with them; see journalctl -u %s", unit);
}

/* Returns 0 if the step is done, OPERATION_LEFT if it is left alone (err has the reason), or -1. */
static int apply_step(struct apply_ctx *ctx, size_t i, struct error *err)
{
	const struct judged *judged = ctx->steps[i];
	const struct steps_context *context = ctx->context;
	const struct operation *op = &ctx->operations[i];
	const struct step *step = op->step;
	const char *text = (const char *)judged;
	/* What the step changes is in the undo journal first. */
	if (privs_limit(steps_privs(ctx->steps, ctx->count, i), err) < 0 ||
		(judged->record && journal_add(context->journal, text + judged->record, err) < 0))
		return -1;
	context->on_news(context->arg, DOOR_BEGUN, i, -1, NULL);
	int result = operation_kinds[step->kind].apply(op, err);
	if (result == 0)
		audit_done(&context->audit, step, text + judged->entry, judged->entry_len);
	else
		audit_step(&context->audit, step, result < 0 ? "failed" : "left", err);
	if (result < 0 && step->kind == STEP_RESTART)
		return put_back_docker(ctx, i, err);
	if (result == 0 && step->record)
		return journal_forget(context->journal, step->record, err);
	return result;
}

int steps_apply(const struct steps_context *context, struct judged *const *steps, size_t count,
	struct error *err)
{
	_cleanup_(apply_ctx_end) struct apply_ctx ctx = {
		.context = context, .steps = steps, .count = count};
	if (prepare_steps(&ctx, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int result = apply_step(&ctx, i, err);
		if (result < 0)
			return -1;
		if (result == OPERATION_LEFT)
			context->on_news(context->arg, DOOR_LEFT, i, -1, err);
	}
	return privs_limit(PRIVS_NONE, err);
}
