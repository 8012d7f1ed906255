/* SPDX-License-Identifier: MIT
 *
 * cmd_experiment_host: `experiment host DIR HOST ACTION`, the other end of the engine ssh (ssh.h):
 * what a host has of an experiment, and what is done with that there. Another oss-crs-run calls it
 * over ssh(1).
 */
#include "cleanup.h"
#include "crew.h"
#include "experiment_parts.h"
#include "fs.h"
#include "lanes.h"
#include "queue_file.h"
#include "ranges.h"
#include "ssh.h"
#include "user_manager.h"

#include <errno.h>

#define INPUT_MAX ((size_t)16 << 20) /* bytes of indices */

/* What every action gets. */
struct host_call {
	const struct context *context;
	const struct submitted *submitted;
	const char *host; /* its name in the experiment */
	const char *more; /* the word after the action; NULL: none */
	int dir;          /* hosts/HOST */
};

/* ---- what it has --------------------------------------------------------------------------- */

static int list_runs(const struct host_call *call, struct error *err)
{
	size_t count = call->submitted->runs.count;
	_cleanup_free_ enum placer_state *states = calloc(count, sizeof *states);
	if (!states)
		return fail(err, ENOMEM, "runs");
	if (crew_list(call->dir, states, count, err) < 0)
		return -1;
	_cleanup_free_ char *text = ssh_listing(states, count);
	if (!text)
		return fail(err, ENOMEM, "runs");
	(void)fputs(text, stdout);
	return 0;
}

/* Whatever would keep the runs from being started is an error now, before any is. */
static int check_host(const struct host_call *call, struct error *err)
{
	_cleanup_(user_manager_close) struct sd_bus *bus = NULL;
	if (ssh_see_token(call->submitted->dir, call->more ? call->more : "", err) < 0) {
		if (err->code == ENOENT)
			(void)fail_as(err, EX_UNAVAILABLE,
				"%s on host '%s' is not the directory that was submitted",
				call->submitted->path, call->host);
		return -1;
	}
	_cleanup_close_ int queue = queue_file_open(call->dir, err);
	if (queue < 0 || user_manager_open(call->context->uid, &bus, err) < 0)
		return -1;
	/* crew_list() opens it again. */
	(void)close(steal_fd(&queue));
	return list_runs(call, err);
}

/* ---- what it does -------------------------------------------------------------------------- */

struct intake {
	const enum placer_state *states;
	size_t *indices;
	size_t count;
};

/* What the host has already is not taken a second time. */
static void take_index(size_t index, void *data)
{
	struct intake *intake = data;
	if (intake->states[index] == PLACER_NONE)
		intake->indices[intake->count++] = index;
}

/* The host's part of the experiment's limit; 0 is as in lanes_limit(). */
static int find_limit(const struct host_call *call, unsigned *ret, struct error *err)
{
	const struct experiment_place *place = &call->submitted->experiment.place;
	unsigned limit = ssh_limit(place, call->host);
	if (place->limit && !limit)
		return fail_as(err, EX_CONFIG, "the experiment's `limit` has nothing for host '%s'",
			call->host);
	*ret = limit;
	return 0;
}

static int submit_runs(const struct host_call *call, struct error *err)
{
	const struct submitted *submitted = call->submitted;
	size_t count = submitted->runs.count;
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ enum placer_state *states = calloc(count, sizeof *states);
	_cleanup_free_ size_t *indices = calloc(count, sizeof *indices);
	struct intake intake = {.states = states, .indices = indices};
	size_t len = 0;
	unsigned limit = 0;
	if (!states || !indices)
		return fail(err, ENOMEM, "runs");
	if (find_limit(call, &limit, err) < 0 ||
		fs_read_fd(STDIN_FILENO, "standard input", INPUT_MAX, &text, &len, err) < 0 ||
		crew_list(call->dir, states, count, err) < 0)
		return -1;
	if (len && text[--len] != '\n')
		return fail_as(err, EX_DATAERR,
			"the list of runs on standard input is cut off: it has no end of line");
	if (ranges_parse("standard input", text, len, count, take_index, &intake, err) < 0)
		return -1;
	const char *const argv[] = {
		"experiment", "host", submitted->path, call->host, SSH_LANE, NULL};
	const struct crew crew = {.dir = call->dir,
		.uid = call->context->uid,
		.name = submitted->experiment.name,
		.limit = lanes_limit(limit, runs_least_cpus(&submitted->runs)),
		.argv = argv};
	return intake.count ? crew_submit(&crew, indices, intake.count, err) : 0;
}

static int be_lane(const struct host_call *call, struct error *err)
{
	unsigned limit = 0;
	return find_limit(call, &limit, err) < 0
		       ? -1
		       : experiment_lane(call->submitted, call->dir, limit, err);
}

static int cancel_runs(const struct host_call *call, struct error *err)
{
	return crew_cancel(call->dir, err);
}

/* ---- the verb ------------------------------------------------------------------------------ */

int experiment_host(const struct context *context, struct error *err)
{
	static const struct {
		const char *name;
		int (*run)(const struct host_call *call, struct error *err);
	} actions[] = {{SSH_LIST, list_runs}, {SSH_CHECK, check_host}, {SSH_SUBMIT, submit_runs},
		{SSH_LANE, be_lane}, {SSH_CANCEL, cancel_runs}};
	_cleanup_(submitted_free) struct submitted submitted = SUBMITTED_NONE;
	const struct options *options = &context->options;
	if (submitted_read(options->args[1], &submitted, err) < 0)
		return -1;
	_cleanup_close_ int dir = ssh_open_host(submitted.dir, options->args[2], err);
	if (dir < 0)
		return -1;
	const struct host_call call = {.context = context,
		.submitted = &submitted,
		.host = options->args[2],
		.more = options->arg_count > 4 ? options->args[4] : NULL,
		.dir = dir};
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (strcmp(options->args[3], actions[i].name) == 0)
			return actions[i].run(&call, err) < 0 ? -1 : EX_OK;
	return fail_as(err, EX_USAGE, "experiment host does not know '%.40s'", options->args[3]);
}
