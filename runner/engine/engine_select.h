/* SPDX-License-Identifier: MIT
 *
 * choice: which engine a job gets (--engine): a Docker of this host that this user may use and that puts containers into
 * cgroups that this user owns, else rootless Podman. What was chosen is kept in the run's scratch directory, for whoever cleans up.
 */
#ifndef OSS_CRS_ENGINE_SELECT_H
#define OSS_CRS_ENGINE_SELECT_H

#include "engine.h"

enum wanted_engine {
	WANT_ANY_ENGINE,
	WANT_DOCKER,
	WANT_PODMAN,
};

/* The rule by itself. docker, podman: why it cannot be used, with a message; without one it can. wanted is an enum
 * wanted_engine. Where neither will do, the error says why of each that was wanted, and the way to it. */
int engine_select_by_rule(int wanted, const struct error *docker, const struct error *podman,
	enum engine_kind *ret, struct error *err);

/* Choose by a look at this host: wanted is an enum wanted_engine, uid the user's. Docker is asked first, Podman only where
 * that does not settle it. Of Docker ret_docker is the connection, which the caller closes; Podman has none yet. */
int engine_select(const struct host *host, uid_t uid, int wanted, enum engine_kind *ret,
	struct engine *ret_docker, struct error *err);

/* Whether Podman is ready for this user, but for what only a run finds out. */
int engine_select_check_podman(const struct host *host, uid_t uid, struct error *err);

/* Write it down in a run's scratch directory, and read it again: base is what is above that. Without a record
 * nothing was started yet: *ret stays as it is. */
int engine_select_record(int scratch, enum engine_kind kind, struct error *err);
int engine_select_recall(int base, const char *run, enum engine_kind *ret, struct error *err);

/* Note for good, before the first of them, that the user has runs on Podman (state.h): what Podman has outlives the record
 * above. Then whether that is noted: 1, 0, or -1 with an error. */
int engine_select_note_podman(struct error *err);
int engine_select_noted_podman(struct error *err);

#endif
