/* SPDX-License-Identifier: MIT
 *
 * daemon_json: the one change that is ever made to Docker's daemon.json, on text alone. Fuzzed.
 *
 * Rests on dockerd(8), "Daemon configuration file": exec-opts is an array of strings, native.cgroupdriver one of its
 * options.
 */
#ifndef OSS_CRS_SETUP_DAEMON_JSON_H
#define OSS_CRS_SETUP_DAEMON_JSON_H

#include "error.h"

#include <stddef.h>

#define DAEMON_JSON_MAX   ((size_t)1024 * 1024)
#define DAEMON_JSON_DEPTH 64
#define DRIVER_OPTION     "native.cgroupdriver="
#define DRIVER_WANTED     "cgroupfs"

/* Give the text that has native.cgroupdriver=cgroupfs in exec-opts and everything else as it was, keys in their
 * order; NULL if `text` says so already. The caller frees *ret. Empty text counts as no settings, as for dockerd.
 * EX_CONFIG for what is not an object, is larger than DAEMON_JSON_MAX, nested deeper than DAEMON_JSON_DEPTH, has a key
 * twice, is not UTF-8, or has exec-opts that is no array of strings. */
int daemon_json_merge(const char *text, size_t len, char **ret, struct error *err);

/* Copy the driver that `text` (valid, as above) sets into buf; "" if it sets none. */
int daemon_json_driver(const char *text, size_t len, char *buf, size_t size, struct error *err);

#endif
