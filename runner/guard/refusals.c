/* SPDX-License-Identifier: MIT
 *
 * refusals: a list in the order in which each kind came first.
 */
#include "refusals.h"

#include "cleanup.h"
#include "text.h"

#include <errno.h>

int refusals_add(struct refusals *refusals, const struct refusal *refusal, struct error *err)
{
	struct refusal clean = {.crs = refusal->crs};
	char request[REFUSAL_REQUEST_MAX];
	char what[REFUSAL_WHAT_MAX];
	(void)snprintf(request, sizeof request, "%.*s", REFUSAL_REQUEST_MAX - 1, refusal->request);
	(void)snprintf(what, sizeof what, "%.*s", REFUSAL_WHAT_MAX - 1, refusal->what);
	(void)text_clean(request, clean.request, sizeof clean.request);
	(void)text_clean(what, clean.what, sizeof clean.what);
	refusals->total++;
	for (size_t i = 0; i < refusals->count; i++) {
		struct refusal_count *known = &refusals->list[i];
		if (known->refusal.crs == clean.crs &&
			strcmp(known->refusal.request, clean.request) == 0 &&
			strcmp(known->refusal.what, clean.what) == 0) {
			known->count++;
			return 0;
		}
	}
	if (refusals->count == REFUSALS_MAX)
		return 0;
	struct refusal_count *larger =
		reallocarray(refusals->list, refusals->count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "refusals");
	refusals->list = larger;
	larger[refusals->count++] = (struct refusal_count){.refusal = clean, .count = 1};
	return 1;
}

void refusals_free(struct refusals *refusals)
{
	free(refusals->list);
	*refusals = (struct refusals)REFUSALS_NONE;
}
