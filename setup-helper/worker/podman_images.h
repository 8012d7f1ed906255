/* SPDX-License-Identifier: MIT
 *
 * podman_images: whether a user has images in rootless Podman. Its storage is below the user's
 * home, which often no other user may enter, so a child that has become the user looks.
 */
#ifndef OSS_CRS_SETUP_PODMAN_IMAGES_H
#define OSS_CRS_SETUP_PODMAN_IMAGES_H

#include "caller.h"
#include "facts.h"
#include "host.h"

/* Look into the storage that Podman uses by default (containers-storage.conf(5)). ANSWER_NO if no
 * Podman is installed; ANSWER_UNKNOWN if the home does not exist or does not answer in time. As
 * root, this needs PRIVS_BECOME. The user controls the answer, so only the default of a question
 * may rest on it. */
enum answer podman_images_look(const struct host *host, const struct caller *user);

/* The same for a home directory, in this process. Exposed for the tests. */
enum answer podman_images_in(const char *home);

#endif
