/* SPDX-License-Identifier: MIT
 *
 * engine_select: which engine a job gets (--engine): Docker, if it is on this host, this user
 * may use it, and it puts containers into cgroups that this user owns; else rootless Podman. The
 * choice is recorded in the run's scratch directory, so that the process that cleans up knows
 * the engine.
 */
#ifndef OSS_CRS_ENGINE_SELECT_H
#define OSS_CRS_ENGINE_SELECT_H

#include "engine.h"

enum wanted_engine {
	WANT_ANY_ENGINE,
	WANT_DOCKER,
	WANT_PODMAN,
};

/* The rule alone. docker and podman each say why that engine cannot be used; an error with an
 * empty message means that it is ready. wanted is an enum wanted_engine. If no wanted engine is
 * ready, the error says why for each of them, and the hint how to make it ready. Podman does not
 * stand in for a Docker whose settings cannot be read (EX_CONFIG). */
int engine_select_by_rule(int wanted, const struct error *docker, const struct error *podman,
	enum engine_kind *ret, struct error *err);

/* Look at this host and choose. wanted is an enum wanted_engine, uid is the user's. Podman is
 * checked only if Docker is not wanted or not ready. If the choice is Docker, *ret_docker is
 * open and the caller closes it; Podman has no socket yet, so *ret_docker stays as it is. */
int engine_select(const struct host *host, uid_t uid, int wanted, enum engine_kind *ret,
	struct engine *ret_docker, struct error *err);

/* Whether Podman is ready for this user: it is installed and not too old, it has user ids for
 * containers, and the user manager answers. Starts no service: one of a Podman that is then refused
 * would leave a process, a cgroup and directories of the user. */
int engine_select_check_podman(const struct host *host, uid_t uid, struct error *err);

/* Write the engine into a run's scratch directory, and read it back; base is the directory above
 * the scratch directories. A run without a record has started nothing yet:
 * engine_select_recall() then returns 0 and leaves *ret as it is. */
int engine_select_record(int scratch, enum engine_kind kind, struct error *err);
int engine_select_recall(int base, const char *run, enum engine_kind *ret, struct error *err);

/* Note that this user has runs on Podman, before the first of them starts. The note is in the
 * user's state directory (state.h) and stays there, since Podman's containers outlive the record
 * above. */
int engine_select_note_podman(struct error *err);
/* Whether that is noted: 1, 0, or -1 with an error. */
int engine_select_noted_podman(struct error *err);

/* Note that, and start the run's own Podman service, with its socket in the directory `dir`
 * (podman_start()). Does not connect. The caller releases *ret with engine_close(), and ends the
 * service with podman_stop(). */
int engine_select_start_podman(
	uid_t uid, const char *run, const char *dir, struct engine *ret, struct error *err);

#endif
