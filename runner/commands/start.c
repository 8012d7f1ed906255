/* SPDX-License-Identifier: MIT
 *
 * start: turn the options into a request for the queue (queue.h), and show the user the wait: the
 * queue's messages, and a progress line that a timer redraws.
 */
#include "start.h"

#include "cleanup.h"
#include "machine.h"
#include "progress.h"

struct waiting {
	const struct log *log;
	struct progress progress;
	int ticker;
};

static void tell_waiting_user(const void *data, bool warning, const char *text)
{
	const struct waiting *waiting = data;
	progress_clear(&waiting->progress);
	if (warning)
		log_warning(waiting->log, "%s", text);
	else
		log_note(waiting->log, LOG_NORMAL, "%s", text);
}

static void tick_progress(const void *data)
{
	const struct waiting *waiting = data;
	progress_tick(&waiting->progress, waiting->ticker);
}

static int choose_loaded(void *chooser, const struct cpulist *taken, struct error *err)
{
	return load_choose(chooser, taken, err);
}

struct start start_loaded(struct loaded *loaded)
{
	return (struct start){
		.plan = &loaded->plan,
		.host_cpus = loaded->request.host_cpus,
		.given = loaded->given,
		.any = loaded->any,
		.choose = choose_loaded,
		.chooser = loaded,
	};
}

int start_choose_engine(const struct context *context, enum engine_kind *ret,
	struct engine *ret_docker, struct error *err)
{
	const int wanted = context->options.engine;
	if (engine_select(&context->host, context->uid, wanted, ret, ret_docker, err) < 0)
		return -1;
	if (*ret == ENGINE_PODMAN && wanted == WANT_ANY_ENGINE)
		log_note(&context->log, LOG_NORMAL,
			"using rootless Podman because Docker is not ready (see oss-crs-run "
			"check)");
	return 0;
}

int start_claim(const struct context *context, const struct start *start, struct lease_claim *ret,
	struct error *err)
{
	bool share = context->options.share;
	struct lease_claim claim = {
		.cpus = share ? start->plan->cpus : start->given,
		.any = share ? 0 : start->any,
		.host_cpus = start->host_cpus,
		.memory = tree_memory(start->plan),
	};
	if (machine_memory(&context->host, &claim.host_memory, NULL, err) < 0)
		return -1;
	*ret = claim;
	return 0;
}

/* See that the CPUs of an exclusive run are its alone. */
static int look_at_others(const struct context *context, const struct cg_tree *tree,
	struct exclusive *ret, struct error *err)
{
	if (exclusive_look(&context->host, tree, ret, err) < 0)
		return -1;
	if (!ret->unknown.msg[0])
		return 0;
	if (context->options.strict_limits) {
		*err = ret->unknown;
		err->status = EX_SOFTWARE;
		return add_context(err, "cannot check what else may use the run's CPUs");
	}
	log_warning(&context->log, "cannot check what else may use the run's CPUs: %s",
		ret->unknown.msg);
	return 0;
}

/* Call queue_enter(), and look at the CPUs of an exclusive run. */
static int enter_queue(const struct context *context, const struct start *start,
	const struct queue_request *request, struct cg_tree *ret, struct ledger *ret_shared,
	struct error *err)
{
	struct error removal = {0};
	if (queue_enter(request, ret, ret_shared, err) < 0)
		return -1;
	if (!start->exclusive || !ret->partition ||
		look_at_others(context, ret, start->exclusive, err) == 0)
		return 0;
	ledger_free(ret_shared);
	(void)tree_destroy(ret, &removal);
	return -1;
}

int start_tree(const struct context *context, const struct start *start, struct cg_tree *ret,
	struct ledger *ret_shared, struct error *err)
{
	struct waiting waiting = {.log = &context->log, .ticker = -1};
	struct tree_options tree = start->tree;
	tree.oom_group = context->options.oom == OOM_GROUP;
	if (start->exclusive)
		tree.partition = (enum partition_kind)context->options.exclusive;
	struct queue_request request = {
		.host = &context->host,
		.plan = start->plan,
		.tree = &tree,
		.choose = start->choose,
		.chooser = start->chooser,
		.wait = context->options.wait,
		.share = context->options.share,
		.oss_crs_fd = start->oss_crs_fd,
		.signals = start->signals,
		.tell = tell_waiting_user,
		.tick = tick_progress,
		.data = &waiting,
	};
	if ((tree.partition && partition_require(start->oss_crs_fd, err) < 0) ||
		start_claim(context, start, &request.claim, err) < 0)
		return -1;
	if (request.wait)
		progress_begin(&waiting.progress, &context->log, "waiting for CPUs and memory");
	request.ticker = waiting.ticker = progress_timer(&waiting.progress, err);
	int result = enter_queue(context, start, &request, ret, ret_shared, err);
	progress_end(&waiting.progress);
	cleanup_close(&waiting.ticker);
	return result;
}

int start_watch(const struct context *context, struct watch *watch, struct record **ret_record,
	struct error *err)
{
	watch->host = &context->host;
	watch->log = &context->log;
	watch->strict = context->options.strict_limits;
	if (watch_open(watch, err) < 0)
		return -1;
	if (!context->options.record)
		return 0;
	if (record_open(watch->tree, ret_record, err) < 0)
		return -1;
	watch->sources[watch->source_count++] = record_source(*ret_record);
	return 0;
}
