/* SPDX-License-Identifier: MIT
 *
 * engine: the default, from who may use Docker and where the images are, and the question about it.
 */
#include "engine.h"

#include "cleanup.h"
#include "text.h"

#include <errno.h>

/* Docker has something that its jobs could need; true if it could not be asked. */
static bool docker_is_used(const struct docker_facts *facts)
{
	bool asked = facts->service.active && !facts->api.msg[0];
	return !asked || facts->state.images > 0 || facts->state.running > 0;
}

enum engine engine_guess(const struct docker_facts *facts)
{
	if (!facts->podman)
		return ENGINE_DOCKER;
	if (facts->member == ANSWER_NO)
		return ENGINE_PODMAN;
	return facts->podman_images == ANSWER_YES && !docker_is_used(facts) ? ENGINE_PODMAN
									    : ENGINE_DOCKER;
}

const char *engine_why_podman(
	const struct docker_facts *facts, const char *user, char buf[static ENGINE_WHY_MAX])
{
	if (facts->member == ANSWER_NO)
		(void)snprintf(buf, ENGINE_WHY_MAX, "%s may not use Docker", user);
	else
		(void)snprintf(
			buf, ENGINE_WHY_MAX, "%s has images in Podman, and Docker has none", user);
	return buf;
}

static void put_docker(FILE *out, const struct docker_facts *facts, const char *user)
{
	static const char *const may[] = {
		[ANSWER_UNKNOWN] = "may be allowed to use it (unknown)",
		[ANSWER_NO] = "may not use it (not in its group)",
		[ANSWER_YES] = "may use it",
	};
	char has[128] = "not running";
	if (facts->service.active && facts->api.msg[0])
		(void)snprintf(has, sizeof has, "does not answer");
	else if (facts->service.active)
		(void)snprintf(has, sizeof has, "%ld image%s, %ld container%s running",
			facts->state.images, facts->state.images == 1 ? "" : "s",
			facts->state.running, facts->state.running == 1 ? "" : "s");
	text_line(out, "  docker  %s; %s %s", has, user, may[facts->member]);
}

static void put_podman(FILE *out, const struct docker_facts *facts, const char *user)
{
	static const char *const has[] = {
		[ANSWER_UNKNOWN] = "may have images in it (unknown)",
		[ANSWER_NO] = "has no images in it",
		[ANSWER_YES] = "has images in it",
	};
	text_line(out, "  podman  %s %s; no part of a job runs as root", user,
		has[facts->podman_images]);
}

int engine_question(const struct facts *facts, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	bool podman = engine_guess(&facts->docker) == ENGINE_PODMAN;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "describe the engines");
	text_line(out, "Docker and Podman are both installed. Which one will the jobs of %s use?",
		facts->user.name);
	put_docker(out, &facts->docker, facts->user.name);
	put_podman(out, &facts->docker, facts->user.name);
	(void)fputs(podman ? "Engine [podman]: " : "Engine [docker]: ", out);
	if (fclose(out) != 0)
		return fail(err, errno, "describe the engines");
	*ret = steal_ptr(text);
	return 0;
}

enum engine engine_answer(const char *line, enum engine guess)
{
	static const struct {
		const char *word;
		enum engine engine;
	} words[] = {
		{"docker", ENGINE_DOCKER},
		{"d", ENGINE_DOCKER},
		{"podman", ENGINE_PODMAN},
		{"p", ENGINE_PODMAN},
	};
	size_t len = strcspn(line, "\n");
	if (len == 0 || strcasecmp(line, "y\n") == 0 || strcasecmp(line, "yes\n") == 0)
		return guess;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].word) == len && strncasecmp(line, words[i].word, len) == 0)
			return words[i].engine;
	return ENGINE_UNDECIDED;
}
