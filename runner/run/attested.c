/* SPDX-License-Identifier: MIT
 *
 * attested: a list with one entry per container of the run, found by the container's id.
 */
#include "attested.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int attested_note(
	struct attested *attested, const char *id, enum attested_state state, struct error *err)
{
	for (size_t i = 0; i < attested->count; i++) {
		struct attested_container *container = &attested->list[i];
		if (strcmp(container->id, id) != 0)
			continue;
		if (state == container->state || state != ATTESTED_UNKNOWN)
			return 0;
		container->state = state;
		return 1;
	}
	struct attested_container *larger =
		reallocarray(attested->list, attested->count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "containers");
	attested->list = larger;
	struct attested_container *added = &larger[attested->count++];
	*added = (struct attested_container){.state = state};
	(void)snprintf(added->id, sizeof added->id, "%s", id);
	return 1;
}

size_t attested_count(const struct attested *attested, enum attested_state state)
{
	size_t count = state == ATTESTED_UNKNOWN ? attested->unanswered : 0;
	for (size_t i = 0; i < attested->count; i++)
		count += attested->list[i].state == state;
	return count;
}

void attested_free(struct attested *attested)
{
	free(attested->list);
	*attested = (struct attested){.list = NULL};
}
