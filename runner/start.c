/* SPDX-License-Identifier: MIT
 *
 * start: see start.h.
 */
#include "start.h"

#include "machine.h"

static void tell(const void *data, bool warning, const char *text)
{
	const struct context *context = data;
	if (warning)
		log_warning(&context->log, "%s", text);
	else
		log_note(&context->log, LOG_NORMAL, "%s", text);
}

int start_claim(const struct context *context, const struct run_plan *plan, struct lease_claim *ret,
	struct error *err)
{
	struct lease_claim claim = {.cpus = plan->cpus, .memory = tree_memory(plan)};
	if (machine_memory(&context->host, &claim.host_memory, err) < 0)
		return -1;
	*ret = claim;
	return 0;
}

int start_tree(const struct context *context, const struct run_plan *plan, const struct tree_options *how,
	int ours, int signals, struct cg_tree *ret, struct ledger *ret_shared, struct error *err)
{
	struct queue_request request = {
		.host = &context->host,
		.plan = plan,
		.tree = how,
		.wait = context->options.wait,
		.share = context->options.share,
		.ours = ours,
		.signals = signals,
		.tell = tell,
		.data = context,
	};
	if (start_claim(context, plan, &request.claim, err) < 0)
		return -1;
	return queue_enter(&request, ret, ret_shared, err);
}
