/* SPDX-License-Identifier: MIT
 *
 * lease_text: leases in words, for messages. A user's name may come from a slow service, so nothing
 * here is called under the lock of queue.h.
 */
#include "lease.h"

#include "cleanup.h"
#include "clock.h"
#include "size.h"
#include "text.h"

#include <pwd.h>

#define DESCRIBED_MAX 3 /* runs that a message names */

const char *lease_state_name(enum lease_state state)
{
	static const char *const names[] = {[LEASE_RUNNING] = "running",
		[LEASE_WAITING] = "waiting",
		[LEASE_DEAD] = "dead",
		[LEASE_LEFT] = "left",
		[LEASE_EMPTY] = "empty",
		[LEASE_FOREIGN] = "foreign"};
	return names[state];
}

const char *lease_user(const struct lease *lease, char *buf, size_t size)
{
	const struct passwd *user = getpwuid(lease->uid);
	if (user)
		(void)text_clean(user->pw_name, buf, size);
	else
		(void)snprintf(buf, size, "uid %u", (unsigned)lease->uid);
	return buf;
}

const char *lease_cpus_text(
	const struct cpulist *cpus, unsigned any, char buf[static LEASE_CPUS_MAX])
{
	char text[CPULIST_TEXT_MAX] _unfilled_;
	(void)cpulist_format(cpus, text);
	if (!any && !*text)
		(void)snprintf(buf, LEASE_CPUS_MAX, "any CPUs");
	else if (!any)
		(void)snprintf(buf, LEASE_CPUS_MAX, "CPUs %.64s", text);
	else if (!*text)
		(void)snprintf(buf, LEASE_CPUS_MAX, "%u CPU%s", any, any == 1 ? "" : "s");
	else
		(void)snprintf(buf, LEASE_CPUS_MAX, "CPUs %.64s and %u more", text, any);
	return buf;
}

static void describe_one(FILE *out, const struct lease *lease, const struct lease_claim *claim)
{
	char user[64];
	char cpus[LEASE_CPUS_MAX];
	char memory[SIZE_TEXT_MAX];
	char since[CLOCK_TEXT_MAX];
	struct cpulist common = lease->cpus;
	cpulist_intersect(&common, &claim->cpus);
	/* Where CPUs are counted, all of the run's are in conflict. */
	if (cpulist_empty(&common))
		common = lease->cpus;
	(void)fprintf(out, "%s %s of %s %s",
		lease->state == LEASE_FOREIGN ? "foreign cgroup" : "run", lease->name,
		lease_user(lease, user, sizeof user),
		lease->state == LEASE_WAITING ? "waits for" : "has");
	if (lease->conflicts & LEASE_HAS_CPUS)
		(void)fprintf(out, " %s", lease_cpus_text(&common, lease->any, cpus));
	if (lease->conflicts & LEASE_HAS_MEMORY)
		(void)fprintf(out, "%s %s of memory",
			lease->conflicts & LEASE_HAS_CPUS ? " and" : "",
			size_format(lease->memory, memory));
	(void)fprintf(out, " since %s", clock_text(lease->since, since));
}

/* Write what the claim is short of. */
static void describe_shortage(
	FILE *out, const struct lease_claim *claim, const struct lease_view *view)
{
	char cpus[CPULIST_TEXT_MAX] _unfilled_;
	char want[SIZE_TEXT_MAX];
	char left[SIZE_TEXT_MAX];
	const char *and = "";
	if (!cpulist_empty(&view->taken)) {
		(void)fprintf(out, "CPUs %.64s are taken", cpulist_format(&view->taken, cpus));
		and = " and ";
	}
	if (view->cpus_short) {
		if (claim->any)
			(void)fprintf(out, "%sthe run needs %u CPUs, but only %u are free", and,
				claim->any, view->cpus_free);
		else
			(void)fprintf(out, "%sruns ahead in the queue wait for the free CPUs", and);
		and = " and ";
	}
	if (view->memory_short)
		(void)fprintf(out, "%sthe run needs %s of memory, but only %s is free", and,
			size_format(claim->memory, want), size_format(view->memory_free, left));
}

const char *lease_describe_foreign(const struct lease *lease, char buf[static LEASE_FOREIGN_MAX])
{
	char user[64];
	char cpus[LEASE_CPUS_MAX];
	char memory[SIZE_TEXT_MAX];
	(void)snprintf(buf, LEASE_FOREIGN_MAX,
		"cgroup %s of %s, which oss-crs-run did not create, has %s and %s of memory",
		lease->name, lease_user(lease, user, sizeof user),
		lease_cpus_text(&lease->cpus, 0, cpus), size_format(lease->memory, memory));
	return buf;
}

const char *lease_describe(const struct ledger *ledger, const struct lease_claim *claim,
	const struct lease_view *view, char *buf, size_t size)
{
	/* fmemopen(3) writes no NUL to a buffer that is full, so keep one at the end. */
	buf[0] = '\0';
	buf[size - 1] = '\0';
	_cleanup_fclose_ FILE *out = fmemopen(buf, size - 1, "w");
	if (!out)
		return buf;
	describe_shortage(out, claim, view);
	unsigned described = 0;
	unsigned more = 0;
	for (size_t i = 0; i < ledger->count; i++) {
		if (!ledger->list[i].conflicts)
			continue;
		if (described == DESCRIBED_MAX) {
			more++;
			continue;
		}
		(void)fputs(described++ ? "; " : ": ", out);
		describe_one(out, &ledger->list[i], claim);
	}
	if (more)
		(void)fprintf(out, "; and %u more", more);
	return buf;
}

const char *ledger_describe_hidden(const struct ledger *ledger, char buf[static LEDGER_HIDDEN_MAX])
{
	char user[64];
	char more[64] = "";
	const struct lease whose = {.uid = ledger->first_hidden.uid};
	const char *name = ledger->first_hidden.name;
	if (ledger->hidden > 1)
		(void)snprintf(more, sizeof more, "; and %u more", ledger->hidden - 1);
	(void)snprintf(buf, LEDGER_HIDDEN_MAX, "%s%s of %s: %.400s%s", *name ? "run " : "the runs",
		name, lease_user(&whose, user, sizeof user), ledger->first_hidden.why.msg, more);
	return buf;
}
