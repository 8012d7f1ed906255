/* SPDX-License-Identifier: MIT
 *
 * checks: what root has to know of text that others wrote, found out in a child. Each check forks;
 * the child becomes nobody, can do next to nothing (CONFINE_CHECK), reads the one text, writes a
 * result of a fixed size into memory that it shares with root, and ends. So a flaw in a parser
 * gains the author of that text a wrong answer to that one question.
 *
 * A check that fails returns the child's error.
 */
#ifndef OSS_CRS_SETUP_CHECKS_H
#define OSS_CRS_SETUP_CHECKS_H

#include "facts.h"
#include "policy.h"
#include "step.h"

#include <stddef.h>

/* A text that is not NUL-terminated. */
struct text_view {
	const char *text;
	size_t len;
};

/* Read the policy of this host; without a file, *ret is the default policy (policy.h). */
int checks_policy(const struct host *host, struct policy *ret, struct error *err);

/* Whether `after` is what daemon_json_merge() makes of `before`: only exec-opts differs.
 * EX_TEMPFAIL if not. */
int checks_daemon_json(struct text_view before, struct text_view after, struct error *err);

/* Whether the step undoes the change of this record and nothing else (undo_allows()). */
int checks_undo(struct text_view record, const struct step *step, struct error *err);

/* Ask Docker over the speaker. Only driver, running and live_restore of *ret are set; `names`, of
 * CHECKS_NAMES_MAX bytes, has the names of the running containers, separated by ", ". */
#define CHECKS_NAMES_MAX 1024
int checks_docker(int speaker, struct docker_state *ret, char *names, struct error *err);

/* The cgroup driver that the text of a daemon.json sets, for the audit trail, as a phrase. */
#define CHECKS_DRIVER_MAX 128
void checks_driver(const char *text, char *buf);

/* Pass the last lines that the unit logged to on_line, oldest first (unit_log.h). */
void checks_unit_log(const char *unit, void (*on_line)(void *arg, const char *line), void *arg);

#endif
