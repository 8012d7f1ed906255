/* SPDX-License-Identifier: MIT
 *
 * summary: what the steps of a plan amount to, from their kinds alone.
 */
#include "summary.h"

#include "cleanup.h"
#include "daemon_json.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>

#define CHECK "oss-crs-run check"

/* What is described. */
struct subject {
	const struct setup_plan *plan;
	const struct facts *facts;
	const struct policy *policy;
};

/* The first step of this kind; NULL if there is none. */
static const struct step *find_kind(const struct setup_plan *plan, enum step_kind kind)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].kind == kind)
			return &plan->steps[i];
	return NULL;
}

/* How many steps of this kind the plan has. */
static size_t count_kind(const struct setup_plan *plan, enum step_kind kind)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->count; i++)
		count += plan->steps[i].kind == kind;
	return count;
}

static bool is_undo(const struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->steps[i].undoes)
			return true;
	return false;
}

/* How many changes an undo takes back. The steps of one are next to each other. */
static size_t count_undone(const struct setup_plan *plan)
{
	size_t count = 0;
	unsigned last = 0;
	for (size_t i = 0; i < plan->count; i++) {
		unsigned number = plan->steps[i].undoes;
		count += number && number != last;
		last = number ? number : last;
	}
	return count;
}

/* The steps that give a user control of CPUs and memory. */
static bool delegates(const struct setup_plan *plan)
{
	static const enum step_kind kinds[] = {STEP_DROPIN, STEP_RELOAD, STEP_START_MANAGER,
		STEP_REALIZE, STEP_ENABLE, STEP_USER_ENABLE, STEP_USER_REMOVE, STEP_USER_MAKE};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (count_kind(plan, kinds[i]))
			return true;
	return false;
}

static bool changes_docker(const struct setup_plan *plan)
{
	return count_kind(plan, STEP_DAEMON_JSON) || count_kind(plan, STEP_RESTART);
}

/* Count the entries of a list of lines. */
static size_t count_lines(const char *text)
{
	size_t count = 0;
	for (; text && *text; count++) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return count;
}

/* A line in the making; what does not fit is cut. */
struct line {
	char text[2048];
};

static void append_text(struct line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void append_text(struct line *line, const char *fmt, ...)
{
	size_t used = strlen(line->text);
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line->text + used, sizeof line->text - used, fmt, ap);
	va_end(ap);
}

static void put_changes(struct line *line, const struct subject *subject)
{
	const struct setup_plan *plan = subject->plan;
	const char *user = subject->facts->user.name;
	const char *between = "";
	if (is_undo(plan)) {
		size_t count = count_undone(plan);
		append_text(
			line, "undo %zu change%s of oss-crs-setup", count, count == 1 ? "" : "s");
		return;
	}
	if (count_kind(plan, STEP_SWEEP)) {
		size_t count = count_lines(plan->steps[0].before);
		append_text(line, "remove %zu empty cgroup%s that dead runs of %s left", count,
			count == 1 ? "" : "s", user);
		return;
	}
	if (subject->facts->reserve.online) {
		const struct step *reserve = find_kind(plan, STEP_RESERVE);
		append_text(line, "reserve CPUs %s%sfor the runs of %s",
			reserve ? reserve->after : "", reserve ? " " : "", user);
		return;
	}
	if (delegates(plan)) {
		append_text(line, "give %s control of CPUs and memory in user@%u.service", user,
			(unsigned)subject->facts->user.uid);
		between = "; ";
	}
	if (count_kind(plan, STEP_LINGER)) {
		append_text(line, "%skeep %s's services running after logout", between, user);
		between = "; ";
	}
	if (count_kind(plan, STEP_DAEMON_JSON))
		append_text(line, "%sset Docker's cgroup driver to " DRIVER_WANTED, between);
	else if (count_kind(plan, STEP_RESTART))
		append_text(line, "%shave Docker use its cgroup driver " DRIVER_WANTED, between);
}

static void put_affected(struct line *line, const struct subject *subject)
{
	const struct setup_plan *plan = subject->plan;
	const char *users = subject->facts->user.name;
	bool docker = changes_docker(plan);
	bool others =
		delegates(plan) || count_kind(plan, STEP_LINGER) || count_kind(plan, STEP_SWEEP);
	if (is_undo(plan))
		users = "everyone for whom oss-crs-setup was run";
	else if (subject->facts->reserve.online)
		users = "everything else on this host: it may no longer run on these CPUs";
	else if (subject->policy->scope == SCOPE_ALL && count_kind(plan, STEP_DROPIN))
		users = "every user of this host";
	else if (!others)
		users = "";
	append_text(line, "%s%s%s", users, *users && docker ? ", and " : "",
		docker ? "everyone who uses Docker here" : "");
}

/* What a restart does to the containers that run. */
static void put_restart(struct line *line, const struct docker_facts *facts)
{
	const struct docker_state *state = &facts->state;
	bool one = state->running == 1;
	if (!facts->service.active)
		append_text(line, "starts");
	else if (state->running == 0)
		append_text(line, "restarts; no container is running");
	else
		append_text(line, "restarts; %ld running container%s %s: %s", state->running,
			one ? "" : "s",
			state->live_restore ? one ? "goes on" : "go on"
			: one               ? "is stopped"
					    : "are stopped",
			state->names ? state->names : "?");
}

static void put_docker(struct line *line, const struct subject *subject)
{
	const struct setup_plan *plan = subject->plan;
	if (count_kind(plan, STEP_RESTART))
		put_restart(line, &subject->facts->docker);
	else if (changes_docker(plan))
		append_text(line, "does not restart; it uses the new driver after its next start");
	else if (plan->blocked.msg[0])
		append_text(line, "stays as it is: %s", plan->blocked.msg);
	else
		append_text(line, "stays as it is, and does not restart");
}

/* Print one line: the label, and what `put` says. */
static void put_line(FILE *out, const char *label,
	void (*put)(struct line *line, const struct subject *subject),
	const struct subject *subject)
{
	struct line line = {.text = ""};
	put(&line, subject);
	text_line(out, "%-8s %s", label, line.text);
}

int summary_of_plan(const struct setup_plan *plan, const struct facts *facts,
	const struct policy *policy, char **ret, struct error *err)
{
	const struct subject subject = {plan, facts, policy};
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "describe the plan");
	put_line(out, "changes:", put_changes, &subject);
	put_line(out, "affects:", put_affected, &subject);
	put_line(out, "Docker:", put_docker, &subject);
	if (fclose(out) != 0)
		return fail(err, errno, "describe the plan");
	*ret = steal_ptr(text);
	return 0;
}

/* List what is still to do. Returns how much. */
static size_t put_missing(FILE *out, const struct summary_end *end)
{
	const struct request *request = end->request;
	size_t count = 0;
	for (size_t i = 0; i < end->findings->count; i++) {
		const struct finding *finding = &end->findings->list[i];
		if (finding->ok || !(finding->of_docker ? request_dockers(request)
							: request_delegates(request)))
			continue;
		text_line(out, "still to do: %s%s%s", finding->detail, finding->hint[0] ? ": " : "",
			finding->hint);
		count++;
	}
	if (end->engine != ENGINE_DOCKER || end->facts->docker.member != ANSWER_NO)
		return count;
	text_line(out,
		"still to do: allow %s to use Docker: sudo usermod -aG docker %s, and log in again "
		"(this grants root on this host)",
		end->facts->user.name, end->facts->user.name);
	return count + 1;
}

/* The end of undo or sweep. */
static void put_done(FILE *out, const struct summary_end *end)
{
	if (end->left == 0)
		text_line(out, "done");
	else
		text_line(out, "done, except for %zu change%s left alone, as said above", end->left,
			end->left == 1 ? "" : "s");
}

static void put_end(FILE *out, const struct summary_end *end)
{
	const char *said = end->request->verb == VERB_ALL ? "ready" : "done";
	if (!end->findings)
		put_done(out, end);
	else if (put_missing(out, end) > 0)
		return;
	else if (end->facts->user.known && !end->self)
		text_line(out, "%s; next, as %s: " CHECK, said, end->facts->user.name);
	else
		text_line(out, "%s; next: " CHECK, said);
}

int summary_of_end(const struct summary_end *end, char **ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return fail(err, errno, "describe the end");
	put_end(out, end);
	if (fclose(out) != 0)
		return fail(err, errno, "describe the end");
	*ret = steal_ptr(text);
	return 0;
}
