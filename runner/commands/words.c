/* SPDX-License-Identifier: MIT
 *
 * words: CONFIG is the first word of the command line and stays here; PROJECT follows, then HARNESS
 * for `run`, and all others are ARG….
 */
#include "words.h"

#include "cleanup.h"
#include "text.h"

#include <errno.h>

static const char *argument(const struct context *context, int i)
{
	return i < context->options.arg_count ? context->options.args[i] : NULL;
}

int words_check(const struct context *context, struct error *err)
{
	for (int i = 1; argument(context, i); i++)
		if (!text_is_utf8(argument(context, i)))
			return fail_as(err, EX_USAGE, "argument %d is not UTF-8: '%.128s'", i + 1,
				argument(context, i));
	return 0;
}

/* The ARG… of the command line, joined by spaces, for the containers. The caller frees *ret. */
static int join_args(const struct context *context, int first, char **ret, struct error *err)
{
	_cleanup_free_ char *joined = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&joined, &size);
	if (!out)
		return fail(err, errno, "arguments");
	for (int i = first; argument(context, i); i++)
		(void)fprintf(out, "%s%s", i > first ? " " : "", argument(context, i));
	if (fclose(out) != 0)
		return fail(err, ENOMEM, "arguments");
	*ret = steal_ptr(joined);
	return 0;
}

int words_add_variables(const struct context *context, const struct run_plan *plan,
	enum phase phase, struct variables *variables, struct error *err)
{
	_cleanup_free_ char *args = NULL;
	bool run = phase == PHASE_RUN;
	if (join_args(context, run ? 3 : 2, &args, err) < 0)
		return -1;
	const struct run_words words = {
		.project = argument(context, 1),
		.harness = run ? argument(context, 2) : NULL,
		.args = args,
	};
	return run_variables_add(variables, plan, phase, &words, err);
}
