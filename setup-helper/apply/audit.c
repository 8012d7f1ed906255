/* SPDX-License-Identifier: MIT
 *
 * audit: builds the fields of an entry, and decides how much of a text may be in it.
 */
/* The source line that wrote an entry means nothing to the people who read it. */
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "audit.h"

#include "daemon_json.h"
#include "facts.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

/* The part of a text that an entry may have: if it may hold secrets, as daemon.json may, only the
 * cgroup driver that it sets; otherwise all of it. Returns text, buf or a constant. */
static const char *audited_text(const struct step *step, const char *text, char *buf, size_t size)
{
	char driver[FACTS_DRIVER_MAX] = "";
	struct error unreadable = {0};
	if (!text)
		return "";
	if (!step_is_secret(step->kind))
		return text;
	if (daemon_json_driver(text, strlen(text), driver, sizeof driver, &unreadable) < 0)
		return "(not shown)";
	(void)snprintf(buf, size, "%s%s", driver[0] ? DRIVER_OPTION : "no " DRIVER_OPTION, driver);
	return buf;
}

void audit_step(const struct audit *audit, const struct step *step, const char *result,
	const struct error *err)
{
	char before[128];
	char after[128];
	(void)sd_journal_send("MESSAGE=%s: %s %s: %s%s%s", audit->verb, step_title(step->kind),
		step->target, result, err ? ": " : "", err ? err->msg : "",
		"MESSAGE_ID=" AUDIT_MESSAGE_ID, "PRIORITY=%d", err ? LOG_ERR : LOG_NOTICE,
		"SYSLOG_FACILITY=%d", LOG_FAC(LOG_AUTHPRIV), "SYSLOG_IDENTIFIER=oss-crs-setup",
		"OSS_CRS_VERB=%s", audit->verb, "OSS_CRS_STEP=%s", step_name(step->kind),
		"OSS_CRS_TARGET=%s", step->target, "OSS_CRS_RESULT=%s", result, "OSS_CRS_ERROR=%s",
		err ? err->msg : "", "OSS_CRS_BEFORE=%s",
		audited_text(step, step->before, before, sizeof before), "OSS_CRS_AFTER=%s",
		audited_text(step, step->after, after, sizeof after), "OSS_CRS_USER_ID=%u",
		(unsigned)step->uid, "OSS_CRS_CALLER_ID=%u", (unsigned)audit->caller,
		"OSS_CRS_BY=%s", audit->by, NULL);
}
