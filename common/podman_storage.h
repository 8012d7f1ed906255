/* SPDX-License-Identifier: MIT
 *
 * podman_storage: whether a user's rootless Podman has images, without starting Podman, which would
 * make its storage first.
 *
 * Rests on containers-storage.conf(5), for the place, and on containers/storage, which lists the
 * images in one JSON file per storage driver: "[]", or an object for each.
 */
#ifndef OSS_CRS_PODMAN_STORAGE_H
#define OSS_CRS_PODMAN_STORAGE_H

#include "error.h"

/* Look into Podman's default storage below a directory for data: $XDG_DATA_HOME, or .local/share
 * in the home directory. Returns 1 if it has images, 0 if it has none or does not exist, or -1 with
 * an error. */
int podman_storage_has_images(const char *data, struct error *err);

#endif
