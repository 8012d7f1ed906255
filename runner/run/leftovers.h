/* SPDX-License-Identifier: MIT
 *
 * leftovers: what there is of the user's runs, living and dead, and the removal of the dead.
 *
 * A run has up to three traces, which are made in this order and go in the opposite one: its files (scratch.h), its
 * cgroups (tree.h), and what the engine has of it: containers, networks, volumes, with labels that name the run, the user and
 * the owner (engine.h). The first two end with the user's last session and with the boot, the third does not; so each of
 * them is looked for by itself. A run lives if its owner does: by the lock on its cgroup, by that on its file, or
 * by the process that the labels name. Each is a question to the kernel that cannot go stale; one that says yes is enough.
 */
#ifndef OSS_CRS_LEFTOVERS_H
#define OSS_CRS_LEFTOVERS_H

#include "engine.h"
#include "log.h"

struct leftovers {
	const struct host *host;
	uid_t uid;
	struct engine *engines[ENGINE_KINDS]; /* the caller's; NULL: not to be asked */
	int oss_crs_fd;                       /* oss-crs; -1: there is none */
	int base, owners;                     /* of the files; -1: there are none */
	int signals; /* the caller's, from signals_open(): one ends a wait; or -1 */
};

#define LEFTOVERS_NONE                                                    \
	{                                                                 \
		.oss_crs_fd = -1, .base = -1, .owners = -1, .signals = -1 \
	}

struct left_run {
	struct engine_run run; /* owner: empty if the engine has nothing of it */
	enum engine_kind kind; /* of the engine that has it, or that its files name */
	bool has_cgroups, has_files, has_objects;
	bool live;
};

struct left_runs {
	struct left_run *list;
	size_t count;
};

#define LEFT_RUNS_NONE       \
	{                    \
		.list = NULL \
	}

/* Open what there is; makes no cgroup. One at a time of the user's processes may have it open to remove something:
 * without `wait`, another is EBUSY. The caller fills in engines and signals. */
int leftovers_open(
	const struct host *host, uid_t uid, bool wait, struct leftovers *ret, struct error *err);
void leftovers_close(struct leftovers *leftovers);

/* Ask Podman too, if it is ready: by a service of its own, which the lock on the leftovers keeps from being somebody else's as
 * well. ret is the caller's memory. Then end that service, if it was started. */
int leftovers_open_podman(struct leftovers *leftovers, struct engine *ret, struct error *err);
int leftovers_close_podman(struct leftovers *leftovers, struct error *err);

/* All runs of the user, by name, each judged. The caller frees. */
int leftovers_find(const struct leftovers *leftovers, struct left_runs *ret, struct error *err);
void left_runs_free(struct left_runs *runs);

/* Remove all traces of a run: containers first, since the engine would make a cgroup that it misses again, without limits and
 * as root's. Without the engine, a run that may have containers is an error, and stays. 1: something was there, 0: it
 * had gone already, -1: with an error. */
int leftovers_remove(
	const struct leftovers *leftovers, const struct left_run *run, struct error *err);

/* The cheap part, for the start of every run and before anything of it is there: remove what dead runs have left and nobody
 * wants to look at (--keep). Without an engine, only those that never had containers; Podman is started where files of a
 * dead run name it. Says what it has removed, and never fails; a signal of `signals` ends its wait, and is left there. */
void leftovers_sweep(const struct host *host, uid_t uid, const struct log *log,
	struct engine *engine, int signals);

#endif
