/* SPDX-License-Identifier: MIT
 *
 * engine_request: for the files that ask the engine (engine.c, engine_removal.c): one request, and
 * its JSON answer. The paths are those of the Engine API of Docker, version 1.41, which Podman
 * serves too.
 */
#ifndef OSS_CRS_ENGINE_REQUEST_H
#define OSS_CRS_ENGINE_REQUEST_H

#include "engine.h"

#include <jansson.h>

/* Make one request. *ret is the answer's JSON, or NULL if the answer is empty; the caller drops the
 * reference. A status from 400 on is an error; 404 and 409 have ENOENT and EBUSY in err->code, all
 * others EIO. */
int engine_request(struct engine *engine, const char *method, const char *path, json_t **ret,
	struct error *err);

/* The same with a POST request and a body, which is short JSON (http.h). */
int engine_post(
	struct engine *engine, const char *path, const char *body, json_t **ret, struct error *err);

/* Get the list at the path `what`, filtered to what has this label with this value. It is the
 * answer or, with `key`, what the answer has there. An answer without a list is an error. The
 * caller drops the reference. */
int engine_list(struct engine *engine, const char *what, const char *key, const char *label,
	const char *value, json_t **ret, struct error *err);

/* Refuse, before there is a request, what cannot be an id. Returns -1; err->code is EINVAL. */
int engine_fail_id(const struct engine *engine, const char *id, struct error *err);

/* The text that an object has at a key; "" if it has none there. It belongs to the object. */
const char *engine_text(const json_t *object, const char *key);

/* The same, copied to a buffer of `size` bytes, cut if it is longer. */
void engine_copy_text(char *to, size_t size, const json_t *object, const char *key);

#endif
