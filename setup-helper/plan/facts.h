/* SPDX-License-Identifier: MIT
 *
 * facts: what the host is like, as plain data. probe.c fills it in, plan.c reads it, tests make it up.
 *
 * A struct error in here is a finding ("could not be known, because"), not a failure of the probe: its msg is empty
 * where there is nothing to say.
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

/* What the Docker daemon answers. */
struct docker_state {
	char driver[FACTS_DRIVER_MAX]; /* CgroupDriver: "cgroupfs", "systemd" */
	long running;                  /* ContainersRunning */
	bool live_restore;             /* LiveRestoreEnabled: containers outlive the daemon */
	char *names; /* of the running ones, ", " between them; NULL if none runs */
};

/* The cgroups from the root down to ours, parent first. */
enum level {
	LEVEL_ROOT,
	LEVEL_USER_SLICE,
	LEVEL_USER_UID_SLICE,
	LEVEL_MANAGER, /* user@UID.service: from here on it is the user's */
	LEVEL_OURS,    /* oss-crs below it */
	LEVEL_COUNT,
};

struct level_facts {
	char path[FACTS_PATH_MAX]; /* below the cgroup mount; "." is the mount itself */
	bool exists;
	bool owned; /* the directory and the files to delegate belong to the user */
	char controllers[FACTS_CONTROLLERS_MAX]; /* cgroup.controllers */
	char enabled[FACTS_CONTROLLERS_MAX];     /* cgroup.subtree_control */
};

struct delegate_facts {
	struct error cgroup;       /* why this is no host with cgroup v2 */
	struct error systemd;      /* why systemd or logind could not be asked */
	char unit[FACTS_UNIT_MAX]; /* user@UID.service */
	char *dropin;              /* what is in the drop-in now; NULL if it is not there */
	bool dropin_read;          /* systemd knows of it */
	char *delegated; /* DelegateControllers of the unit, one a line; NULL if unknown */
	struct unit_state manager;
	bool lingers;
	struct level_facts levels[LEVEL_COUNT];
};

struct docker_facts {
	bool podman;          /* Podman is installed, which runs can have in Docker's place */
	char kubelet[64];     /* what shows that a kubelet runs; empty if nothing does */
	struct error systemd; /* why systemd could not be asked */
	struct unit_state service;
	struct error file; /* why daemon.json is left alone */
	char *text;        /* daemon.json; NULL if it is not there */
	size_t len;
	mode_t mode;
	struct error api; /* why the daemon could not be asked */
	struct docker_state state;
	/* the driver that the command line sets, and in which file; empty if it sets none */
	char flag[FACTS_DRIVER_MAX];
	char flag_where[FACTS_PATH_MAX];
};

/* A record of the journal, and what is there now of what it tells of. */
struct undo_item {
	const struct journal_record *record; /* in undo_facts.records */
	char *now;                           /* NULL: nothing */
	struct error unknown;                /* why it is not known what is there */
	bool active;                         /* whether the user's manager runs, */
	bool stale; /* and whether systemd has not read its files since they changed */
};

struct undo_facts {
	struct journal_record *records; /* oldest first */
	struct undo_item *items;        /* one a record, in the same order */
	size_t count;
};

/* What the user cannot remove of their own dead runs. */
struct sweep_facts {
	char ours[FACTS_PATH_MAX]; /* oss-crs, below the cgroup mount */
	char *names; /* empty cgroups below it that are not the user's, children first, one a line */
};

struct facts {
	struct caller user;
	struct delegate_facts delegate;
	struct docker_facts docker;
	struct undo_facts undo;
	struct sweep_facts sweep;
};

/* Release what the facts own. */
void facts_clear(struct facts *facts);
#define _cleanup_facts_ _cleanup_(facts_clear)

#endif
