/* SPDX-License-Identifier: MIT
 *
 * requests: what the root side itself does about a request for a step: it opens what only root may
 * read, has a check judge the request (judge.h), and takes the step that this one has made.
 */
#ifndef OSS_CRS_SETUP_REQUESTS_H
#define OSS_CRS_SETUP_REQUESTS_H

#include "door.h"
#include "journal.h"
#include "judge.h"

#define REQUESTS_MAX      32768                      /* steps of a plan */
#define REQUESTS_TEXT_MAX ((size_t)16 * 1024 * 1024) /* bytes of one text of a step */

/* Make the step that the worker asks for by a DOOR_STEP with these files. *ret and its texts are
 * one piece of memory of *ret_size bytes, which the caller frees. */
int requests_make(const struct rights *rights, const struct journal *journal,
	const struct door_message *asked, const int files[DOOR_FILES_MAX], struct judged **ret,
	size_t *ret_size, struct error *err);

/* Open daemon.json or its backup. Only root may be able to change it and its directory: EX_CONFIG
 * otherwise. *ret is -1 if there is none; the caller closes it. */
int requests_open_daemon_json(
	const struct host *host, const char *path, int *ret, struct error *err);

#endif
