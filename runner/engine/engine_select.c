/* SPDX-License-Identifier: MIT
 *
 * engine_select: the choice of the engine, and its two records. The choice is a pure rule over
 * what a look at Docker and at Podman found. The run's scratch directory records the engine of
 * that run; a file in the user's state directory notes that the user has had runs on Podman.
 */
#include "engine_select.h"

#include "cleanup.h"
#include "fs.h"
#include "podman.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>

#define RECORD_FILE "engine"
#define PODMAN_NOTE "podman"

static bool is_ready(const struct error *problem)
{
	return !problem->msg[0];
}

int engine_select_by_rule(int wanted, const struct error *docker, const struct error *podman,
	enum engine_kind *ret, struct error *err)
{
	if (wanted != WANT_PODMAN && is_ready(docker)) {
		*ret = ENGINE_DOCKER;
		return 0;
	}
	/* Where Docker's settings cannot be read, nobody knows which engine has the images. */
	if (wanted == WANT_ANY_ENGINE && docker->status == EX_CONFIG) {
		*err = *docker;
		return -1;
	}
	if (wanted != WANT_DOCKER && is_ready(podman)) {
		*ret = ENGINE_PODMAN;
		return 0;
	}
	*err = wanted == WANT_PODMAN ? *podman : *docker;
	if (wanted != WANT_ANY_ENGINE)
		return -1;
	(void)fail_as(err, docker->status, "%s; %s", docker->msg, podman->msg);
	if (!podman->hint[0])
		return add_hint(err, "%s", docker->hint);
	return add_hint(err, "%s%swithout Docker: %s", docker->hint,
		docker->hint[0] ? "; or, " : "", podman->hint);
}

int engine_select_check_podman(const struct host *host, uid_t uid, struct error *err)
{
	_cleanup_free_ char *program = NULL;
	char version[PODMAN_VERSION_MAX];
	return podman_find(&program, err) < 0 || podman_ask_version(program, version, err) < 0 ||
			       podman_check_ids(host, uid, err) < 0 ||
			       podman_check_namespaces(host, program, err) < 0 ||
			       podman_check_manager(uid, err) < 0
		       ? -1
		       : 0;
}

int engine_select(const struct host *host, uid_t uid, int wanted, enum engine_kind *ret,
	struct engine *ret_docker, struct error *err)
{
	struct error docker = {0};
	struct error podman = {0};
	if (wanted != WANT_PODMAN && engine_open_docker(ret_docker, &docker) == 0) {
		*ret = ENGINE_DOCKER;
		return 0;
	}
	if (wanted != WANT_DOCKER && engine_select_check_podman(host, uid, &podman) == 0)
		podman = (struct error){0};
	return engine_select_by_rule(wanted, &docker, &podman, ret, err);
}

int engine_select_record(int scratch, enum engine_kind kind, struct error *err)
{
	const char *name = engine_name(kind);
	return fs_replace(scratch, RECORD_FILE, name, strlen(name), 0600, err);
}

int engine_select_recall(int base, const char *run, enum engine_kind *ret, struct error *err)
{
	char path[NAME_MAX + sizeof RECORD_FILE + 1];
	char text[32] = "";
	(void)snprintf(path, sizeof path, "%s/%s", run, RECORD_FILE);
	if (fs_read_attr(base, path, text, sizeof text, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	*ret = strcmp(text, engine_name(ENGINE_PODMAN)) == 0 ? ENGINE_PODMAN : ENGINE_DOCKER;
	return 0;
}

int engine_select_note_podman(struct error *err)
{
	_cleanup_close_ int dir = state_open(NULL, true, NULL, err);
	if (dir < 0)
		return -1;
	_cleanup_close_ int note = openat(dir, PODMAN_NOTE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return note < 0 ? fail(err, errno, "record that there are runs on Podman") : 0;
}

int engine_select_noted_podman(struct error *err)
{
	struct error problem;
	_cleanup_close_ int dir = state_open(NULL, false, NULL, &problem);
	if (dir < 0 && problem.code == ENOENT)
		return 0;
	if (dir < 0) {
		*err = problem;
		return -1;
	}
	if (faccessat(dir, PODMAN_NOTE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : fail(err, errno, "check for runs on Podman");
}

int engine_select_start_podman(
	uid_t uid, const char *run, const char *dir, struct engine *ret, struct error *err)
{
	_cleanup_free_ char *endpoint = NULL;
	if (engine_select_note_podman(err) < 0)
		return add_hint(err, "set XDG_STATE_HOME to a directory that you can write to");
	return podman_start(uid, run, dir, &endpoint, err) < 0
		       ? -1
		       : engine_open_at(ENGINE_PODMAN, endpoint, ret, err);
}
