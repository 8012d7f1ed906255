/* SPDX-License-Identifier: MIT
 *
 * worker: the process that reads what others wrote, plans, asks the user and prints. It has the
 * privileges of nobody (or of the user who started the program, if that is not root), can change no
 * file and open no socket, and asks the root side for everything else. A worker that an attacker
 * has taken over can ask for what the caller could have asked for (apply/requests.h).
 */
#ifndef OSS_CRS_SETUP_WORKER_H
#define OSS_CRS_SETUP_WORKER_H

#include "caller.h"
#include "confine.h"
#include "facts.h"
#include "host.h"
#include "options.h"
#include "policy.h"

struct worker {
	const struct host *host;
	const struct policy *policy;
	const struct caller *user;
	const struct request *request;
	enum answer podman_images; /* looked for while this process could still become the user */
	struct confined *confined; /* worker_run() notes there what is in force */
	int door;                  /* to the root side */
};

/* Do what was requested, in a process that has already given up its privileges. Returns the exit
 * status. */
int worker_run(const struct worker *worker);

/* Print a text on standard output: EX_IOERR if that fails. */
int worker_print(const char *text, struct error *err);

/* Print an error as JSON on standard output, for programs that read nothing else. */
int worker_print_error(const struct error *failed, struct error *err);

#endif
