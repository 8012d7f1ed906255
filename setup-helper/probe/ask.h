/* SPDX-License-Identifier: MIT
 *
 * ask: what the worker asks the root side to open for it. Each function gives a descriptor to read
 * from, which the caller closes; -1 if there is nothing.
 */
#ifndef OSS_CRS_SETUP_ASK_H
#define OSS_CRS_SETUP_ASK_H

#include "connector.h"
#include "error.h"

/* Open Docker's daemon.json, or its backup. Only root can change it and its directory: EX_CONFIG
 * otherwise. */
int ask_daemon_json(int door, int backup, int *ret_file, struct error *err);

/* Open the record of the undo journal with the lowest number above `after`. *ret_number is its
 * number; 0 if there is none. */
int ask_record(int door, unsigned after, unsigned *ret_number, int *ret_file, struct error *err);

/* Ask Docker. *ret is its whole answer, head and body, with a NUL after it; the caller frees it.
 * Fails as speaker_ask_docker() does. */
int ask_docker(
	int door, enum docker_question question, char **ret, size_t *ret_len, struct error *err);

#endif
