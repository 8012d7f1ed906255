/* SPDX-License-Identifier: MIT
 *
 * run_name: see run_name.h.
 */
#include "run_name.h"

#include <stdio.h>

#include <string.h>

#define DIGITS     "0123456789"
#define HEX        "0123456789abcdef"
#define GOOD       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-" DIGITS
#define TIME_MAX   19 /* digits, so that the number fits */
#define RANDOM_LEN 8

/* "run-1764000000-0a1b2c3d-" at the beginning of text: where it ends, or NULL. */
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
		const char *worker = parse_middle(dash + 1, ret);
		if (dash == text || !worker || !*worker)
			continue;
		(void)snprintf(ret->run_id, sizeof ret->run_id, "%.*s", (int)(dash - text), text);
		(void)snprintf(ret->worker, sizeof ret->worker, "%s", worker);
		found = true;
	}
	return found;
}
