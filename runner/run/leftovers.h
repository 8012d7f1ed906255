/* SPDX-License-Identifier: MIT
 *
 * leftovers: finds all runs of a user, active and dead, by the traces they leave, and removes the
 * dead ones.
 *
 * A run leaves up to three traces. It makes them in this order and removes them in the opposite
 * one: its files (scratch.h), its cgroups (tree.h), and its objects in the engine, which are
 * containers, networks and volumes with labels that name the run, the user and the owner
 * (engine.h). Files and cgroups disappear with the user's last session and at a reboot, the
 * engine's objects do not; so each trace is searched for separately. A run is active if its owner
 * is alive. Three things can show that: the lock on its cgroup, the lock on its file, or the
 * process that the labels name. The kernel answers each, so the answer cannot go stale, and one
 * yes is enough.
 */
#ifndef OSS_CRS_LEFTOVERS_H
#define OSS_CRS_LEFTOVERS_H

#include "engine.h"
#include "log.h"

struct leftovers {
	const struct host *host;
	uid_t uid;
	struct engine *engines[ENGINE_KINDS]; /* the caller's; NULL: not asked */
	int oss_crs_fd;                       /* the user's cgroup oss-crs; -1: none */
	int base, owners;                     /* directories of the files (scratch.h); -1: none */
	int signals; /* the caller's, from signals_open(): a signal ends a wait; -1: none */
};

#define LEFTOVERS_NONE                                                    \
	{                                                                 \
		.oss_crs_fd = -1, .base = -1, .owners = -1, .signals = -1 \
	}

struct left_run {
	struct engine_run run; /* owner: empty if the engine has no object of it */
	enum engine_kind kind; /* of the engine that has its objects, or that its files name */
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

/* Open the places where runs leave traces; makes no cgroup. Only one process of the user at a time
 * has them open where there are files: a second one waits, or without `wait` fails with EBUSY. The
 * caller sets engines and signals, and closes *ret with leftovers_close(). */
int leftovers_open(
	const struct host *host, uid_t uid, bool wait, struct leftovers *ret, struct error *err);
void leftovers_close(struct leftovers *leftovers);

/* Ask Podman too, if it is ready, through a service of its own; the lock that leftovers_open() took
 * keeps other processes of the user from using that service. ret is the caller's memory, and in use
 * until leftovers_close_podman(), which stops the service if it was started. */
int leftovers_open_podman(struct leftovers *leftovers, struct engine *ret, struct error *err);
int leftovers_close_podman(struct leftovers *leftovers, struct error *err);

/* Find all runs of the user, one entry per name, and judge whether each is active. The caller frees
 * *ret with left_runs_free(). */
int leftovers_find(const struct leftovers *leftovers, struct left_runs *ret, struct error *err);
void left_runs_free(struct left_runs *runs);

/* Remove all traces of a run. Containers go first, since the engine would make a missing cgroup
 * again, owned by root and without limits. A run that may have containers while its engine cannot
 * be asked is an error (EX_UNAVAILABLE) and stays. Returns 1 if something was removed, 0 if the run
 * was already gone, or -1 with an error. */
int leftovers_remove(
	const struct leftovers *leftovers, const struct left_run *run, struct error *err);

/* The cheap cleanup at the start of every run, before the run makes anything: remove the dead runs,
 * except those of --keep. Without `engine`, it removes only runs that never had containers. It
 * starts Podman where the files of a dead run name it. Logs what it removes and never fails. A
 * signal in `signals` ends its wait, and stays there for the caller to read. */
void leftovers_sweep(const struct host *host, uid_t uid, const struct log *log,
	struct engine *engine, int signals);

#endif
