/* SPDX-License-Identifier: MIT
 *
 * images: whether an engine has an image. Docker and rootless Podman each have images of their own,
 * so an image that a run lacks is often in the other one.
 */
#ifndef OSS_CRS_IMAGES_H
#define OSS_CRS_IMAGES_H

#include "compose.h"
#include "engine.h"

/* Whether an engine has an image of that name. Returns 1, 0, or -1 with an error. */
int images_has(struct engine *engine, const char *image, struct error *err);

/* If the engine lacks an image of one of the services, set the hint of the error: how to copy it
 * from the other engine if that has it. Services that Compose builds are left out. Returns whether
 * it has set the hint. */
bool images_hint_missing(const struct compose *compose, struct engine *engine, struct error *err);

/* The command that copies an image to an engine from the other one. */
#define IMAGES_COMMAND_MAX 512
const char *images_copy_command(
	enum engine_kind to, const char *image, char buf[static IMAGES_COMMAND_MAX]);

#endif
