/* SPDX-License-Identifier: MIT
 *
 * judge_answer: what the guard's judgement makes of a request, for the tests of it.
 */
#ifndef OSS_CRS_JUDGE_ANSWER_H
#define OSS_CRS_JUDGE_ANSWER_H

#include "unit.h"

#include "judged.h"

struct answer {
	char *target, *body;
	struct error err;
	int result;
};

static inline void answer_free(struct answer *answer)
{
	free(answer->target);
	free(answer->body);
}

/* Judge a request of a scope by its method, target and body. */
static inline struct answer judge_of(
	const struct judge_scope *scope, const char *method, const char *text, const char *body)
{
	_cleanup_(target_free) struct target target = TARGET_NONE;
	struct answer answer = {.result = -1};
	assert_ok(target_parse(text, &target, &answer.err), answer.err);
	const struct route *route = judge_route(method, &target, &answer.err);
	if (route)
		answer.result = judge_request(route, scope, &judged_lookup, &target, body,
			strlen(body), &answer.target, &answer.body, &answer.err);
	return answer;
}

static inline struct answer judge(const char *method, const char *text, const char *body)
{
	const struct judge_scope scope = judged_scope();
	return judge_of(&scope, method, text, body);
}

#endif
