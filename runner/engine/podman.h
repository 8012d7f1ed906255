/* SPDX-License-Identifier: MIT
 *
 * podman: rootless Podman as the engine of a run.
 *
 * Podman has no daemon. Compose and engine.h talk to a service that each run has for itself: a
 * socket in the run's scratch directory, and behind it `podman system service`, which systemd
 * starts at the first connection. Both are transient units of the user manager, named after the
 * run. So they outlive a runner that is killed, systemd starts Podman again if it crashes, and
 * the run's name is enough to stop them.
 *
 * The service differs from the user's own Podman by its command line: Podman creates the cgroups
 * itself (cgroupfs), since systemd would put them into slices only. Images, containers and
 * volumes are those of the user's storage. No file and no service of the user is changed.
 *
 * conmon, which holds a container's output and exit status, and Podman itself stay in the unit's
 * cgroup, beside the run and not in it, as Docker's shims and daemon do.
 *
 * Rests on podman-system-service(1), "systemd socket activation" in systemd.socket(5), and
 * subuid(5).
 */
#ifndef OSS_CRS_PODMAN_H
#define OSS_CRS_PODMAN_H

#include "error.h"
#include "host.h"

#include <sys/types.h>

/* The conditions for Podman, each of them a finding of `check`. Each returns 0, or -1 with an
 * error and a hint; EX_UNAVAILABLE if the condition is not met. */
/* Podman is installed. The caller frees the path. */
int podman_find(char **ret_path, struct error *err);
/* The version, such as "5.4.2", is not too old. */
int podman_check_version(const char *version, struct error *err);
/* Ask the program at a path for its version, and check it. Starts no service and changes nothing.
 * buf holds PODMAN_VERSION_MAX bytes; it is set as soon as the version is known. */
#define PODMAN_VERSION_MAX 64
int podman_ask_version(const char *program, char buf[static PODMAN_VERSION_MAX], struct error *err);
/* The user has subordinate user and group ids for containers, and newuidmap and newgidmap are
 * installed. */
int podman_check_ids(const struct host *host, uid_t uid, struct error *err);
/* The kernel lets a user's Podman, the program at that path, make user namespaces. AppArmor may
 * keep from them what has no profile, as on Ubuntu since 24.04, whose profile is of
 * /usr/bin/podman. A kernel without one of the settings does not restrict by it; one that cannot
 * be read is an error. */
int podman_check_namespaces(const struct host *host, const char *program, struct error *err);
/* The user manager, which starts the service, answers. */
int podman_check_manager(uid_t uid, struct error *err);

/* Start a run's service without waiting for it: the first client that connects waits. It is no
 * error if the service exists already. scratch is the path of the run's scratch directory.
 * *ret_endpoint is "unix://…"; the caller frees it. A path that is too long for a socket is
 * EX_USAGE. */
int podman_start(
	uid_t uid, const char *run, const char *scratch, char **ret_endpoint, struct error *err);

/* Stop a run's service. It is no error if the service does not exist. The containers keep
 * running. */
int podman_stop(uid_t uid, const char *run, struct error *err);

#endif
