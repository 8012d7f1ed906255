/* SPDX-License-Identifier: MIT
 *
 * audit: makes the fields of an entry, in a check, and decides how much of a text may be in it. The
 * entry goes to journald as a datagram or, if it is long, as a sealed file, as by
 * sd_journal_send(3).
 */
#include "audit.h"

#include "checks.h"
#include "cleanup.h"
#include "daemon_json.h"
#include "door.h"
#include "facts.h"
#include "text.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>

int audit_open(unsigned timeout_s)
{
	static const struct sockaddr_un journald = {
		.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	const struct timeval patience = {.tv_sec = timeout_s};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
		connect(fd, (const struct sockaddr *)&journald, sizeof journald) < 0)
		return -1;
	return steal_fd(&fd);
}

/* Write a field. A value of several lines has its length in front, so that no line of it is taken
 * for a field. */
static void write_field(FILE *out, const char *name, const char *value)
{
	uint64_t len = htole64(strlen(value));
	if (!strchr(value, '\n')) {
		(void)fprintf(out, "%s=%s\n", name, value);
		return;
	}
	(void)fprintf(out, "%s\n", name);
	(void)fwrite(&len, sizeof len, 1, out);
	(void)fprintf(out, "%s\n", value);
}

static void write_number(FILE *out, const char *name, unsigned value)
{
	(void)fprintf(out, "%s=%u\n", name, value);
}

/* Write a field with a text of the step: if it may hold secrets, as daemon.json may, only the
 * cgroup driver that it sets; otherwise all of it. */
static void write_state(FILE *out, const char *name, const struct step *step, const char *text)
{
	char driver[FACTS_DRIVER_MAX];
	char phrase[sizeof driver + sizeof "no " DRIVER_OPTION];
	struct error unreadable = {0};
	if (!text || !step_is_secret(step->kind)) {
		write_field(out, name, text ? text : "");
		return;
	}
	if (daemon_json_driver(text, strlen(text), driver, sizeof driver, &unreadable) < 0)
		(void)snprintf(phrase, sizeof phrase, "(not shown)");
	else
		(void)snprintf(phrase, sizeof phrase, "%s" DRIVER_OPTION "%s",
			driver[0] ? "" : "no ", driver);
	write_field(out, name, phrase);
}

int audit_text(const struct audit *audit, const struct step *step, const char *result,
	const struct error *why, char **ret, size_t *ret_len, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *message = NULL;
	char reason[sizeof why->msg] = "";
	size_t len = 0;
	if (why)
		(void)text_clean(why->msg, reason, sizeof reason);
	FILE *out = open_memstream(&text, &len);
	if (!out || asprintf(&message, "%s: %s %s: %s%s%s", audit->verb, step_title(step->kind),
			    step->target, result, why ? ": " : "", reason) < 0) {
		cleanup_fclose(&out);
		message = NULL;
		return fail(err, ENOMEM, "make an entry of the audit trail");
	}
	write_field(out, "MESSAGE", message);
	write_field(out, "MESSAGE_ID", AUDIT_MESSAGE_ID);
	write_number(out, "PRIORITY", why ? LOG_ERR : LOG_NOTICE);
	write_number(out, "SYSLOG_FACILITY", LOG_FAC(LOG_AUTHPRIV));
	write_field(out, "SYSLOG_IDENTIFIER", "oss-crs-setup");
	write_field(out, "OSS_CRS_VERB", audit->verb);
	write_field(out, "OSS_CRS_STEP", step_name(step->kind));
	write_field(out, "OSS_CRS_TARGET", step->target);
	write_field(out, "OSS_CRS_RESULT", result);
	write_field(out, "OSS_CRS_ERROR", reason);
	write_state(out, "OSS_CRS_BEFORE", step, step->before);
	write_state(out, "OSS_CRS_AFTER", step, step->after);
	write_number(out, "OSS_CRS_USER_ID", (unsigned)step->uid);
	write_number(out, "OSS_CRS_CALLER_ID", (unsigned)audit->caller);
	write_field(out, "OSS_CRS_BY", audit->by);
	if (fclose(out) != 0 || !text)
		return fail(err, ENOMEM, "make an entry of the audit trail");
	*ret = steal_ptr(text);
	*ret_len = len;
	return 0;
}

struct entry {
	const struct audit *audit;
	const struct step *step;
	const char *result;
	const struct error *why;
};

static int work_entry(const struct check *check, int out, struct error *err)
{
	const struct entry *entry = check->question;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	return audit_text(entry->audit, entry->step, entry->result, entry->why, &text, &len, err) <
			       0
		       ? -1
		       : door_write(out, text, len, err);
}

void audit_step(const struct audit *audit, const struct step *step, const char *result,
	const struct error *err)
{
	const struct entry entry = {audit, step, result, err};
	const struct check check = {.work = work_entry, .question = &entry};
	struct error unsaid = {0};
	int file = -1;
	if (audit->socket < 0 || check_run(&check, &file, &unsaid) < 0)
		return;
	(void)door_pass(audit->socket, file, &unsaid);
	(void)close(file);
}

void audit_done(const struct audit *audit, const struct step *step, const char *entry, size_t len)
{
	if (audit->socket >= 0 && send(audit->socket, entry, len, MSG_NOSIGNAL) < 0 &&
		errno == EMSGSIZE)
		audit_step(audit, step, AUDIT_DONE, NULL);
}
