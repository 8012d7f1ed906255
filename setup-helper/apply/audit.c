/* SPDX-License-Identifier: MIT
 *
 * audit: builds the fields of an entry, and decides how much of a text may be in it.
 */
#include "audit.h"

#include "checks.h"
#include "cleanup.h"
#include "speaker.h"

#include <syslog.h>

/* The part of a text that an entry may have: if it may hold secrets, as daemon.json may, only the
 * cgroup driver that it sets; otherwise all of it. Returns text, buf or a constant. */
static const char *audited_text(const struct step *step, const char *text, char *buf)
{
	if (!text)
		return "";
	if (!step_is_secret(step->kind))
		return text;
	checks_driver(text, buf);
	return buf;
}

/* Add a field and its NUL. */
static void add_field(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, "%s=%s%c", name, value, '\0');
}

static void add_number(FILE *out, const char *name, unsigned value)
{
	(void)fprintf(out, "%s=%u%c", name, value, '\0');
}

void audit_step(int speaker, const struct audit *audit, const struct step *step, const char *result,
	const struct error *err)
{
	char before[CHECKS_DRIVER_MAX];
	char after[CHECKS_DRIVER_MAX];
	_cleanup_free_ char *fields = NULL;
	size_t len = 0;
	struct error unsaid = {0};
	FILE *out = open_memstream(&fields, &len);
	if (!out)
		return;
	(void)fprintf(out, "MESSAGE=%s: %s %s: %s%s%s%c", audit->verb, step_title(step->kind),
		step->target, result, err ? ": " : "", err ? err->msg : "", '\0');
	add_field(out, "MESSAGE_ID", AUDIT_MESSAGE_ID);
	add_number(out, "PRIORITY", err ? LOG_ERR : LOG_NOTICE);
	add_number(out, "SYSLOG_FACILITY", LOG_FAC(LOG_AUTHPRIV));
	add_field(out, "SYSLOG_IDENTIFIER", "oss-crs-setup");
	add_field(out, "OSS_CRS_VERB", audit->verb);
	add_field(out, "OSS_CRS_STEP", step_name(step->kind));
	add_field(out, "OSS_CRS_TARGET", step->target);
	add_field(out, "OSS_CRS_RESULT", result);
	add_field(out, "OSS_CRS_ERROR", err ? err->msg : "");
	add_field(out, "OSS_CRS_BEFORE", audited_text(step, step->before, before));
	add_field(out, "OSS_CRS_AFTER", audited_text(step, step->after, after));
	add_number(out, "OSS_CRS_USER_ID", (unsigned)step->uid);
	add_number(out, "OSS_CRS_CALLER_ID", (unsigned)audit->caller);
	add_field(out, "OSS_CRS_BY", audit->by);
	if (fclose(out) == 0)
		(void)speaker_audit(speaker, fields, len, &unsaid);
}
