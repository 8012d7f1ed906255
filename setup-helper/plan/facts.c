/* SPDX-License-Identifier: MIT
 *
 * facts: frees what the facts own. The probe allocates all of it.
 */
#include "facts.h"

#include <stdlib.h>

void facts_clear(struct facts *facts)
{
	free(facts->delegate.dropin);
	free(facts->delegate.delegated);
	free(facts->reserve.online);
	free(facts->reserve.dropin);
	free(facts->reserve.partition);
	free(facts->reserve.cpus);
	free(facts->reserve.others);
	free(facts->docker.text);
	free(facts->docker.state.names);
	for (size_t i = 0; i < facts->undo.count; i++) {
		if (facts->undo.items)
			free(facts->undo.items[i].now);
		journal_record_clear(&facts->undo.records[i]);
	}
	free(facts->undo.items);
	free(facts->undo.records);
	free(facts->sweep.names);
	*facts = (struct facts){0};
}
