/* SPDX-License-Identifier: MIT
 *
 * checks: what root has to know of text that others wrote, or to decide by it, found out in a
 * child. Each check forks; the child becomes nobody, can do next to nothing, works on its one
 * question, and ends. Its answer is a file in memory, or an error. So a flaw in a parser gains the
 * author of that text a wrong answer to that one question.
 */
#ifndef OSS_CRS_SETUP_CHECKS_H
#define OSS_CRS_SETUP_CHECKS_H

#include "host.h"
#include "policy.h"

#include <stdbool.h>
#include <stddef.h>

/* A check that computes has its files and can open nothing (CONFINE_CHECK). One that looks at the
 * host can read what every user can (CONFINE_LOOK), and one with a group what that can, by the C
 * library (CONFINE_WORKER). */
struct check {
	/* writes the answer to `out` by door_write(), or fails */
	int (*work)(const struct check *check, int out, struct error *err);
	const void *question;
	int files[3];            /* 0 and -1: none */
	const struct host *host; /* the host that it looks at; NULL: it computes */
	gid_t group;             /* a group that it has; 0: none */
	bool lists;              /* its first file is a directory, which it lists */
};

/* Run a check. *ret_file is its answer, sealed (door.h), which the caller closes; ret_file is NULL
 * if there is no answer but the error. Fails with the child's error. */
int check_run(const struct check *check, int *ret_file, struct error *err);

/* Run a check, and read an answer of at most max bytes, as fs_read_fd() does. */
int check_read(
	const struct check *check, size_t max, char **ret, size_t *ret_len, struct error *err);

/* Read the policy of this host; without a file, *ret is the default policy (policy.h). */
int checks_policy(const struct host *host, struct policy *ret, struct error *err);

/* Ask Docker over these doors; it must answer. Fails with the error of plan_check_idle() if no
 * container may run and one does, and with EX_UNAVAILABLE if it has not this cgroup driver; NULL:
 * any will do. */
int checks_docker(int speaker, int connector, const struct policy *policy, bool idle,
	const char *driver, struct error *err);

/* Read the last lines that the unit logged (unit_log.h). *ret_file has them oldest first, each with
 * its NUL; the caller closes it. */
#define CHECKS_LOG_LINES 10
int checks_unit_log(const struct host *host, const char *unit, int *ret_file, struct error *err);

#endif
