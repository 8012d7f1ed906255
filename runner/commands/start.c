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

int start_claim(const struct context *context, const struct run_plan *plan, struct lease_claim *ret,
	struct error *err)
{
	struct lease_claim claim = {.cpus = plan->cpus, .memory = tree_memory(plan)};
	if (machine_memory(&context->host, &claim.host_memory, NULL, err) < 0)
		return -1;
	*ret = claim;
	return 0;
}

int start_tree(const struct context *context, const struct run_plan *plan,
	const struct tree_options *how, int oss_crs_fd, int signals, struct cg_tree *ret,
	struct ledger *ret_shared, struct error *err)
{
	struct waiting waiting = {.log = &context->log, .ticker = -1};
	struct queue_request request = {
		.host = &context->host,
		.plan = plan,
		.tree = how,
		.wait = context->options.wait,
		.share = context->options.share,
		.oss_crs_fd = oss_crs_fd,
		.signals = signals,
		.tell = tell_waiting_user,
		.tick = tick_progress,
		.data = &waiting,
	};
	if (start_claim(context, plan, &request.claim, err) < 0)
		return -1;
	if (request.wait)
		progress_begin(&waiting.progress, &context->log, "waiting for CPUs and memory");
	request.ticker = waiting.ticker = progress_timer(&waiting.progress, err);
	int result = queue_enter(&request, ret, ret_shared, err);
	progress_end(&waiting.progress);
	cleanup_close(&waiting.ticker);
	return result;
}
