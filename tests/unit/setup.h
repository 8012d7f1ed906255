/* SPDX-License-Identifier: MIT
 *
 * setup: what the tests of oss-crs-setup share.
 */
#ifndef OSS_CRS_UNIT_SETUP_H
#define OSS_CRS_UNIT_SETUP_H

#include "cleanup.h"
#include "journal.h"
#include "step.h"

#include <stdio.h>
#include <sys/prctl.h>

/* A step of alice, whose uid is 1000. */
static inline struct step make_step(
	enum step_kind kind, const char *target, char *before, char *after)
{
	struct step step = {.kind = kind,
		.before = before,
		.after = after,
		.mode = 0644,
		.uid = 1000,
		.gid = 1000};
	(void)snprintf(step.target, sizeof step.target, "%s", target);
	return step;
}

/* Record a step, as the root side does with the text that the judge has made. */
static inline int add_record(struct journal *journal, const struct step *step, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	return journal_record_text(step, &text, err) < 0 ? -1 : journal_add(journal, text, err);
}

/* For cmocka: the program sets this first of all; the checks are confined by what rests on it. */
static inline int set_no_new_privs(void **state)
{
	(void)state;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

#endif
