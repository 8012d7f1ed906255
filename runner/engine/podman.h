/* SPDX-License-Identifier: MIT
 *
 * podman: rootless Podman as the engine of a run.
 *
 * Podman has no daemon. What Compose and engine.h talk to is a service of the run's own: a socket in the run's scratch
 * directory, and behind it `podman system service`, which systemd starts at the first connection. Both are transient units
 * of the user manager's, named after the run: they outlive a runner that was killed, start anew should Podman crash,
 * and whoever knows the run's name stops them.
 *
 * From the user's own Podman it differs by what its command line says: cgroups are made by Podman itself (cgroupfs), since
 * by systemd they can be in slices only. Images, containers and volumes are those of the user's storage. No file and no
 * service of the user's is changed.
 *
 * conmon, which keeps a container's end and output, and Podman stay in the unit, beside the run and not in it, as Docker's
 * shims and its daemon do.
 *
 * Rests on podman-system-service(1), "systemd socket activation" in systemd.socket(5), and subuid(5).
 */
#ifndef OSS_CRS_PODMAN_H
#define OSS_CRS_PODMAN_H

#include "error.h"
#include "host.h"

#include <sys/types.h>

/* The conditions that Podman needs, one finding each; EX_UNAVAILABLE with a hint where one is not met. */
int podman_find(
	char **ret_path, struct error *err); /* it is installed; the caller frees the path */
int podman_check_version(const char *version, struct error *err); /* "5.4.2": not too old */
int podman_check_ids(
	const struct host *host, uid_t uid, struct error *err); /* user ids for its containers */
int podman_check_manager(uid_t uid, struct error *err);         /* who starts the service */

/* Start the service of a run and do not wait for it: whoever connects does. One that is there already is fine. scratch:
 * the path of the run's directory. ret_endpoint is "unix://…", the caller frees it. */
int podman_start(
	uid_t uid, const char *run, const char *scratch, char **ret_endpoint, struct error *err);

/* Stop it; what has been stopped is fine. Its containers are not stopped by this. */
int podman_stop(uid_t uid, const char *run, struct error *err);

#endif
