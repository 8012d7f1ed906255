/* SPDX-License-Identifier: MIT
 *
 * daemon_json: the only change that this program makes to Docker's daemon.json, as a function of
 * its text. Fuzzed.
 *
 * Rests on dockerd(8), "Daemon configuration file": exec-opts is an array of strings, and
 * native.cgroupdriver is one of its options.
 */
#ifndef OSS_CRS_SETUP_DAEMON_JSON_H
#define OSS_CRS_SETUP_DAEMON_JSON_H

#include "error.h"

#include <stddef.h>

#define DAEMON_JSON_MAX   ((size_t)1024 * 1024)
#define DAEMON_JSON_DEPTH 64
#define DRIVER_OPTION     "native.cgroupdriver="
#define DRIVER_WANTED     "cgroupfs"

/* Set native.cgroupdriver=cgroupfs in exec-opts and keep everything else, with the keys in their
 * order. *ret is the new text, which the caller frees, or NULL if `text` has that setting already.
 * Empty text means no settings, as it does to dockerd. EX_CONFIG for text that is not UTF-8, is
 * larger than DAEMON_JSON_MAX bytes or nested deeper than DAEMON_JSON_DEPTH, is not an object, has
 * a key twice, or has an exec-opts that is not an array of strings. */
int daemon_json_merge(const char *text, size_t len, char **ret, struct error *err);

/* Copy to buf the driver that `text` sets, or "" if it sets none. EX_CONFIG as above. */
int daemon_json_driver(const char *text, size_t len, char *buf, size_t size, struct error *err);

#endif
