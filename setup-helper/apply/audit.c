/* SPDX-License-Identifier: MIT
 *
 * audit: see audit.h.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION /* which line of ours it was says nothing to whoever reads this */

#include "audit.h"

#include "daemon_json.h"
#include "facts.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

/* What may be told of a text: of a daemon.json the driver, of other files all (the drop-in is ours). */
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
