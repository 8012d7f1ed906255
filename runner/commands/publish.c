/* SPDX-License-Identifier: MIT
 *
 * publish: make one JSON document of a report and pass it on. The table for the user is printed
 * from that document too, so it is the same as the one that `report` prints later.
 */
#include "publish.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "fs.h"
#include "store.h"
#include "tables.h"

#include <errno.h>
#include <inttypes.h>

static int put_in_store(const struct context *context, const struct report *report,
	const char *text, struct error *err)
{
	_cleanup_(store_close) struct store store = STORE_CLOSED;
	if (store_open(true, &store, err) < 0)
		return -1;
	return store_put(
		&store, report->plan->name, text, strlen(text), context->options.keep_reports, err);
}

/* Print the table from the document, as `report` does. */
static int print_report_table(json_t *root, const char *name, struct error *err)
{
	_cleanup_(summary_free) struct summary summary = SUMMARY_NONE;
	return summary_read(name, root, &summary, err) < 0 ? -1
							   : tables_print(&summary, stderr, err);
}

void publish_time_limit(const struct context *context)
{
	log_note(&context->log, LOG_NORMAL, "ended: time limit of %" PRIu64 " s reached",
		context->options.timeout);
}

int publish_report(const struct context *context, const struct report *report, bool show, bool keep,
	struct error *err)
{
	const struct options *options = &context->options;
	struct error problem = {0};
	_cleanup_json_ json_t *root = NULL;
	if (report_json(report, &root, err) < 0)
		return -1;
	if (show && print_report_table(root, report->plan->name, &problem) < 0)
		log_error(&context->log, &problem);
	/* Samples are many numbers that nobody reads line by line. */
	_cleanup_free_ char *json =
		json_dumps(root, report->series ? JSON_COMPACT : JSON_INDENT(2));
	_cleanup_free_ char *text = NULL;
	if (!json || asprintf(&text, "%s\n", json) < 0)
		return fail(err, ENOMEM, "report");
	if (keep && options->keep_reports && put_in_store(context, report, text, &problem) < 0)
		log_warning(&context->log, "cannot keep the report: %s", problem.msg);
	if (options->json && fputs(text, stdout) == EOF)
		return fail(err, errno, "write standard output");
	return options->report ? fs_replace_path(options->report, text, strlen(text), err) : 0;
}
