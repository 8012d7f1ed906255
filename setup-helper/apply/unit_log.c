/* SPDX-License-Identifier: MIT
 *
 * unit_log: reads the system journal of this host. It goes to the end, back by the number of
 * messages wanted, and from there reads forwards.
 */
#include "unit_log.h"

#include "cleanup.h"

#include <systemd/sd-journal.h>

#define PREFIX "MESSAGE="

static void cleanup_journal(sd_journal **journal)
{
	sd_journal_close(*journal);
}

/* Match the messages of the unit's processes, and those of PID 1 about the unit. */
static int match_unit(sd_journal *journal, const char *unit)
{
	char match[256];
	(void)snprintf(match, sizeof match, "_SYSTEMD_UNIT=%s", unit);
	int r = sd_journal_add_match(journal, match, 0);
	if (r >= 0)
		r = sd_journal_add_disjunction(journal);
	if (r >= 0)
		r = sd_journal_add_match(journal, "_PID=1", 0);
	(void)snprintf(match, sizeof match, "UNIT=%s", unit);
	return r < 0 ? r : sd_journal_add_match(journal, match, 0);
}

static void give_line(sd_journal *journal, void (*on_line)(void *arg, const char *line), void *arg)
{
	const void *data = NULL;
	size_t len = 0;
	char line[UNIT_LOG_LINE_MAX];
	if (sd_journal_get_data(journal, "MESSAGE", &data, &len) < 0 || len < strlen(PREFIX))
		return;
	(void)snprintf(line, sizeof line, "%.*s", (int)(len - strlen(PREFIX)),
		(const char *)data + strlen(PREFIX));
	on_line(arg, line);
}

void unit_log_tail(
	const char *unit, unsigned count, void (*on_line)(void *arg, const char *line), void *arg)
{
	_cleanup_(cleanup_journal) sd_journal *journal = NULL;
	if (sd_journal_open(&journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM) < 0 ||
		match_unit(journal, unit) < 0 || sd_journal_seek_tail(journal) < 0)
		return;
	int found = sd_journal_previous_skip(journal, count);
	for (int i = 0; i < found; i++) {
		give_line(journal, on_line, arg);
		if (sd_journal_next(journal) <= 0)
			return;
	}
}
