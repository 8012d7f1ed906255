/* SPDX-License-Identifier: MIT
 *
 * facts: the state of the host, as plain data. The probe fills it in, the plan and the findings
 * read it, and the tests make it up.
 *
 * A struct error in here says why something could not be found out. That is a fact, not a failure
 * of the probe. Its msg is empty if there is no such problem.
 */
#ifndef OSS_CRS_SETUP_FACTS_H
#define OSS_CRS_SETUP_FACTS_H

#include "caller.h"
#include "cleanup.h"
#include "error.h"
#include "record.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FACTS_PATH_MAX        256
#define FACTS_CONTROLLERS_MAX 256
#define FACTS_UNIT_MAX        128
#define FACTS_DRIVER_MAX      32

/* A unit, as systemd describes it. */
struct unit_state {
	bool installed; /* LoadState is "loaded" */
	bool active;    /* ActiveState is "active" or "reloading" */
	char active_text[32];
	bool stale; /* NeedDaemonReload: its files have changed since systemd read them */
};

/* An answer that may be missing. */
enum answer {
	ANSWER_UNKNOWN,
	ANSWER_NO,
	ANSWER_YES,
};

/* What the Docker daemon reports. */
struct docker_state {
	char driver[FACTS_DRIVER_MAX]; /* CgroupDriver: "cgroupfs", "systemd" */
	long running;                  /* ContainersRunning */
	long images;                   /* Images */
	bool live_restore;             /* LiveRestoreEnabled: containers outlive the daemon */
	char *names; /* of the running containers, separated by ", "; NULL if none runs */
};

/* The cgroups from the root down to oss-crs, parents first. */
enum level {
	LEVEL_ROOT,
	LEVEL_USER_SLICE,
	LEVEL_USER_UID_SLICE,
	LEVEL_MANAGER, /* user@UID.service: from here down the cgroups are the user's */
	LEVEL_OURS,    /* oss-crs, below it */
	LEVEL_COUNT,
};

struct level_facts {
	char path[FACTS_PATH_MAX]; /* relative to the cgroup mount; "." is the mount itself */
	bool exists;
	bool owned; /* the user owns the directory and the files that delegation gives away */
	char controllers[FACTS_CONTROLLERS_MAX]; /* cgroup.controllers */
	char enabled[FACTS_CONTROLLERS_MAX];     /* cgroup.subtree_control */
};

struct delegate_facts {
	struct error cgroup;       /* why this is not a host with cgroup v2 */
	struct error systemd;      /* why systemd or logind could not be asked */
	char unit[FACTS_UNIT_MAX]; /* user@UID.service */
	char *dropin;              /* the text of the drop-in; NULL if there is none */
	bool dropin_read;          /* systemd has read it */
	char *delegated; /* DelegateControllers of the unit, one per line; NULL if unknown */
	struct unit_state manager;
	bool lingers;
	struct level_facts levels[LEVEL_COUNT];
};

/* CPUs that a drop-in reserves for another user, in the kernel's list format as far as is known. */
struct reserve_other {
	uid_t uid;
	char cpus[STEP_CPUS_MAX];
};

/* What there is of CPUs reserved for the user, and what can be. */
struct reserve_facts {
	struct error problem; /* why something could not be looked at */
	char *online;         /* the CPUs of the host, as the kernel lists them */
	bool remote;          /* the kernel has remote partitions (Linux 6.7) */
	bool installed;       /* systemd has the unit that applies the drop-in */
	char *dropin;         /* the text of the drop-in; NULL if there is none */
	bool dropin_read;     /* systemd has read it */
	char *partition;      /* cpuset.cpus.partition of oss-crs; NULL if there is no such file */
	char *cpus;           /* its cpuset.cpus.exclusive.effective; NULL likewise */
	struct reserve_other *others;
	size_t other_count;
};

struct docker_facts {
	bool podman;        /* a Podman that jobs can use is installed */
	enum answer member; /* the user is in the group of Docker's socket */
	/* the user has images in rootless Podman: not from the probe (worker/podman_images.h) */
	enum answer podman_images;
	char kubelet[64];     /* the unit or cgroup that shows a running kubelet; else empty */
	struct error systemd; /* why systemd could not be asked */
	struct unit_state service;
	struct error file; /* why daemon.json is left alone */
	char *text;        /* daemon.json; NULL if there is none */
	size_t len;
	mode_t mode;
	struct error api; /* why the daemon could not be asked */
	struct docker_state state;
	/* the driver that dockerd's command line sets, and the file that says so; empty if none */
	char flag[FACTS_DRIVER_MAX];
	char flag_where[FACTS_PATH_MAX];
};

/* A record of the journal, and the present state of what it describes. */
struct undo_item {
	const struct journal_record *record; /* in undo_facts.records */
	char *now;                           /* NULL if nothing is left */
	struct error unknown;                /* why the present state is unknown */
	bool active;                         /* the user's manager runs */
	bool stale; /* the files of its unit have changed since systemd read them */
};

struct undo_facts {
	struct journal_record *records; /* oldest first */
	struct undo_item *items;        /* one per record, in the same order */
	size_t count;
};

/* What dead runs of the user have left and the user cannot remove. */
struct sweep_facts {
	char ours[FACTS_PATH_MAX]; /* oss-crs, relative to the cgroup mount */
	char *names; /* empty cgroups below it that others own, children first, one per line */
};

struct facts {
	struct caller user;
	struct delegate_facts delegate;
	struct reserve_facts reserve;
	struct docker_facts docker;
	struct undo_facts undo;
	struct sweep_facts sweep;
};

/* Free what the facts own, and zero them. */
void facts_clear(struct facts *facts);
#define _cleanup_facts_ _cleanup_(facts_clear)

#endif
