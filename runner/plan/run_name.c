/* SPDX-License-Identifier: MIT
 *
 * run_name: the only file that knows the form of a run's name. The parser accepts what
 * run_name_format() writes and nothing else, so that a cgroup or a label that somebody made by
 * hand is not mistaken for a run.
 */
#include "run_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS     "0123456789"
#define HEX        "0123456789abcdef"
#define GOOD       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-" DIGITS
#define TIME_MAX   19 /* digits of a timestamp, so that it fits in 64 bits */
#define RANDOM_LEN 8

const char *phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_BUILD] = "build", [PHASE_RUN] = "run", [PHASE_EXEC] = "exec"};
	return names[phase];
}

static int fail_too_long(struct error *err)
{
	(void)fail_as(
		err, EX_USAGE, "run id and worker make a name longer than %d bytes", NAME_MAX);
	return add_hint(
		err, "use a shorter --run-id (the default is the name of the config's directory)");
}

static void copy_part(char to[static NAME_MAX + 1], const char *from)
{
	size_t i = 0;
	for (; from[i] && i < NAME_MAX; i++)
		to[i] = strchr(GOOD, from[i]) ? from[i] : '-';
	to[i] = '\0';
}

int run_name_set(struct run_name *name, const char *run_id, const char *worker, struct error *err)
{
	if (strlen(run_id) > NAME_MAX || strlen(worker) > NAME_MAX)
		return fail_too_long(err);
	copy_part(name->run_id, run_id);
	copy_part(name->worker, worker);
	/* The whole name is never "." or "..", since it has more parts, but a dot at the beginning
	 * would hide the run's files. */
	if (name->run_id[0] == '.')
		name->run_id[0] = '-';
	return 0;
}

int run_name_format(const struct run_name *name, char buf[static NAME_MAX + 1], struct error *err)
{
	int n = snprintf(buf, NAME_MAX + 1, "%s-%s-%" PRIu64 "-%08" PRIx32 "-%s", name->run_id,
		phase_name(name->phase), name->timestamp, name->random, name->worker);
	return n < 0 || n > NAME_MAX ? fail_too_long(err) : 0;
}

/* Parse "run-1764000000-0a1b2c3d-" at the beginning of text. Returns the text after it, or NULL. */
static const char *parse_middle(const char *text, struct run_name *ret)
{
	for (enum phase phase = PHASE_BUILD; phase <= PHASE_EXEC; phase++) {
		size_t len = strlen(phase_name(phase));
		if (strncmp(text, phase_name(phase), len) != 0 || text[len] != '-')
			continue;
		text += len + 1;
		size_t digits = strspn(text, DIGITS);
		const char *random = text + digits + 1;
		if (digits == 0 || digits > TIME_MAX || text[digits] != '-' ||
			strspn(random, HEX) != RANDOM_LEN || random[RANDOM_LEN] != '-')
			return NULL;
		ret->phase = phase;
		ret->timestamp = 0;
		for (; *text != '-'; text++)
			ret->timestamp = ret->timestamp * 10 + (uint64_t)(*text - '0');
		ret->random = (uint32_t)strtoul(random, NULL, 16);
		return random + RANDOM_LEN + 1;
	}
	return NULL;
}

bool run_name_parse(const char *text, struct run_name *ret)
{
	bool found = false;
	size_t len = strlen(text);
	if (len > NAME_MAX || text[0] == '.' || strspn(text, GOOD) != len)
		return false;
	for (const char *dash = strchr(text, '-'); dash; dash = strchr(dash + 1, '-')) {
		struct run_name parts;
		const char *worker = parse_middle(dash + 1, &parts);
		if (dash == text || !worker || !*worker)
			continue;
		(void)snprintf(parts.run_id, sizeof parts.run_id, "%.*s", (int)(dash - text), text);
		(void)snprintf(parts.worker, sizeof parts.worker, "%s", worker);
		*ret = parts;
		found = true;
	}
	return found;
}
