/* SPDX-License-Identifier: MIT
 *
 * partition: cpuset partitions, by which the kernel gives CPUs to one cgroup and takes them from
 * all others (Documentation/admin-guide/cgroup-v2.rst, "cpuset.cpus.partition").
 *
 * The kernel lets only root (CAP_SYS_ADMIN) make a partition below a cgroup that is none, a remote
 * partition. It lets anybody who may write the file make a partition below another, a local one,
 * out of the CPUs of that one. So root makes the oss-crs cgroup of a user a partition, whose CPUs
 * only the runs of this user have; and `--exclusive` makes the cgroup of a run one below it, whose
 * CPUs not even the user's other runs can have.
 *
 * A partition whose conditions no longer hold becomes invalid: its file says so and why, and its
 * CPUs are everybody's again. It becomes a partition again when they hold.
 */
#ifndef OSS_CRS_PARTITION_H
#define OSS_CRS_PARTITION_H

#include "error.h"

#include <stdbool.h>

#define PARTITION_FILE      "cpuset.cpus.partition"
#define PARTITION_CPUS_FILE "cpuset.cpus.exclusive.effective" /* all CPUs of a partition */

/* Room for what PARTITION_FILE says, such as "root invalid (Parent is not a partition root)". */
#define PARTITION_TEXT_MAX 256

enum partition_kind {
	PARTITION_NONE,     /* no partition: "member" */
	PARTITION_ROOT,     /* its CPUs are its own */
	PARTITION_ISOLATED, /* and the kernel does not move processes between them */
};

/* "member", "root", "isolated". */
const char *partition_name(enum partition_kind kind);

/* Write to buf what PARTITION_FILE of the cgroup says. Returns 1 if the cgroup is a valid
 * partition; 0 if it is none, also where the kernel has no such file, and then buf is empty; or -1
 * with an error. */
int partition_read(int dir, const char *cg, char buf[static PARTITION_TEXT_MAX], struct error *err);

/* Check that a run below the oss-crs cgroup can be a partition: the kernel has remote partitions
 * (Linux 6.7), and the cgroup is a valid one. Fails with EX_UNAVAILABLE, the reason, and what to do
 * about it. */
int partition_require(int oss_crs_fd, struct error *err);

/* Make the cgroup in the open directory `dir` a partition of all the CPUs of its cpuset.cpus.
 * `name` is for messages. Fails with EX_UNAVAILABLE if the kernel does not accept that, with its
 * reason. */
int partition_make(int dir, const char *name, enum partition_kind kind, struct error *err);

#endif
