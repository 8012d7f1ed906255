/* SPDX-License-Identifier: MIT
 *
 * engine: which engine the jobs of a user will use, where both Docker and Podman are installed. The
 * host shows the default; a user with a terminal is asked.
 */
#ifndef OSS_CRS_SETUP_ENGINE_H
#define OSS_CRS_SETUP_ENGINE_H

#include "facts.h"

enum engine {
	ENGINE_UNDECIDED,
	ENGINE_DOCKER,
	ENGINE_PODMAN,
};

/* The engine that the jobs of the user will most likely use: Podman if the user may not use Docker,
 * or has images in Podman while Docker has neither images nor running containers; Docker otherwise,
 * and where nobody can say. Never ENGINE_UNDECIDED. */
enum engine engine_guess(const struct docker_facts *facts);

/* Write to buf why engine_guess() says Podman, as a phrase about the user of this name. */
#define ENGINE_WHY_MAX 512
const char *engine_why_podman(
	const struct docker_facts *facts, const char *user, char buf[static ENGINE_WHY_MAX]);

/* The question, with what the host shows about both engines and the default. The caller frees
 * *ret. */
int engine_question(const struct facts *facts, char **ret, struct error *err);

/* Read an answer, with or without its newline: "docker", "podman", their first letters, or nothing
 * or yes for the default. ENGINE_UNDECIDED if it is none of these. */
enum engine engine_answer(const char *line, enum engine guess);

#endif
