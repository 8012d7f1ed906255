/* SPDX-License-Identifier: MIT
 *
 * judge: the table, and the functions that make the steps. Before it parses the text of a
 * daemon.json or of a record, the process gives up everything but computing.
 */
#include "judge.h"

#include "cgroup.h"
#include "cleanup.h"
#include "confine.h"
#include "daemon_json.h"
#include "door.h"
#include "fs.h"
#include "journal.h"
#include "operations.h"
#include "trusted.h"

#include <errno.h>

#define DROPIN_FILE_MAX ((size_t)64 * 1024)

/* A step in the making: the target and the texts that it should have, besides `asked`. */
struct making {
	const struct rights *rights;
	const struct step *asked;
	int present; /* daemon.json or the record, as root opened it; -1: none */
	char target[STEP_TARGET_MAX];
	char text[STEP_DROPIN_MAX];
	char *file; /* the present text of the file, which cleanup_making() frees */
	const char *before;
	const char *after;
	mode_t mode;
};

static void cleanup_making(struct making *m)
{
	free(m->file);
}

static int refuse_step(const struct step *asked, struct error *err)
{
	return fail_as(err, EX_SOFTWARE, "'%s %s' is not a step of this command",
		asked->kind < STEP_KINDS ? step_name(asked->kind) : "?", asked->target);
}

/* The CPUs that the command line reserves, of those that are online now. */
static int read_reserved(const struct making *m, char buf[static STEP_CPUS_MAX], struct error *err)
{
	char online[CPULIST_TEXT_MAX];
	return fs_read_attr(m->rights->host->root, "sys/devices/system/cpu/online", online,
		       sizeof online, err) < 0
		       ? -1
		       : plan_reserved_cpus(m->rights->request, online, buf, err);
}

static int make_dropin(struct making *m, struct error *err)
{
	const struct policy *policy = m->rights->policy;
	uid_t uid = m->rights->user->uid;
	char cpus[STEP_CPUS_MAX];
	if (m->rights->request->verb == VERB_RESERVE) {
		if (read_reserved(m, cpus, err) < 0)
			return -1;
		(void)policy_reserve_path(uid, m->target, sizeof m->target);
		m->after = step_reserve_text(uid, cpus, m->text, sizeof m->text);
	} else {
		(void)policy_dropin_path(policy, uid, m->target, sizeof m->target);
		m->after = step_dropin_text(policy->controllers, m->text, sizeof m->text);
	}
	if (fs_read(m->rights->host->root, m->target + 1, DROPIN_FILE_MAX, &m->file, NULL, err) <
			0 &&
		err->code != ENOENT)
		return -1;
	m->before = m->file;
	return 0;
}

static int make_reload(struct making *m, struct error *err)
{
	(void)err;
	(void)snprintf(m->target, sizeof m->target, "systemd");
	m->after = "daemon-reload";
	return 0;
}

static int make_linger(struct making *m, struct error *err)
{
	(void)err;
	(void)snprintf(m->target, sizeof m->target, "%s", m->rights->user->name);
	m->before = "no";
	m->after = "yes";
	return 0;
}

static int make_manager(struct making *m, struct error *err)
{
	(void)err;
	uid_t uid = m->asked->undoes ? m->asked->uid : m->rights->user->uid;
	(void)snprintf(m->target, sizeof m->target, "user@%u.service", (unsigned)uid);
	m->after = m->asked->undoes ? "as before" : m->rights->policy->controllers;
	return 0;
}

static int make_reserve(struct making *m, struct error *err)
{
	uid_t uid = m->asked->undoes ? m->asked->uid : m->rights->user->uid;
	(void)snprintf(m->target, sizeof m->target, STEP_RESERVE_UNIT "%u.service", (unsigned)uid);
	if (!m->asked->undoes && read_reserved(m, m->text, err) < 0)
		return -1;
	m->after = m->asked->undoes ? "as before" : m->text;
	return 0;
}

/* Enable controllers in one of root's cgroups, or one of the user's. */
static int make_enable(struct making *m, struct error *err)
{
	const struct host *host = m->rights->host;
	unsigned uid = (unsigned)m->rights->user->uid;
	char paths[LEVEL_COUNT][FACTS_PATH_MAX] = {
		[LEVEL_ROOT] = ".", [LEVEL_USER_SLICE] = "user.slice"};
	bool roots = m->asked->kind == STEP_ENABLE;
	(void)snprintf(
		paths[LEVEL_USER_UID_SLICE], FACTS_PATH_MAX, "user.slice/user-%u.slice", uid);
	if (cgroup_user_path(m->rights->user->uid, paths[LEVEL_MANAGER], FACTS_PATH_MAX, err) < 0)
		return -1;
	(void)snprintf(
		paths[LEVEL_OURS], FACTS_PATH_MAX, "%.200s/" CGROUP_OSS_CRS, paths[LEVEL_MANAGER]);
	int level = roots ? LEVEL_ROOT : LEVEL_MANAGER;
	int end = roots ? LEVEL_MANAGER : LEVEL_COUNT;
	while (level < end && strcmp(paths[level], m->asked->target) != 0)
		level++;
	if (level == end)
		return refuse_step(m->asked, err);
	(void)snprintf(m->target, sizeof m->target, "%s", paths[level]);
	m->file = calloc(1, FACTS_CONTROLLERS_MAX);
	if (!m->file)
		return fail(err, ENOMEM, "enable controllers");
	if (cgroup_get(host->cgroup, m->target, "cgroup.subtree_control", m->file,
		    FACTS_CONTROLLERS_MAX, err) == 0)
		m->before = m->file;
	else if (err->code != ENOENT)
		return -1;
	step_enabled_after(m->file, m->rights->policy->controllers, m->text, sizeof m->text);
	m->after = m->text;
	return 0;
}

static int make_ours(struct making *m, struct error *err)
{
	char manager[FACTS_PATH_MAX];
	if (cgroup_user_path(m->rights->user->uid, manager, sizeof manager, err) < 0)
		return -1;
	(void)snprintf(m->target, sizeof m->target, "%s/" CGROUP_OSS_CRS, manager);
	if (m->asked->kind == STEP_USER_REMOVE)
		m->before = "not the user's";
	if (m->asked->kind == STEP_USER_MAKE)
		m->after = m->rights->user->name;
	return 0;
}

static int make_docker_unit(struct making *m, struct error *err)
{
	(void)err;
	(void)snprintf(m->target, sizeof m->target, "%s", m->rights->policy->service);
	if (m->asked->kind == STEP_IDLE)
		m->after = "no containers run";
	else if (!m->asked->undoes)
		m->after = DRIVER_WANTED;
	return 0;
}

/* Give up everything but computing. */
static int confine_to_computing(struct error *err)
{
	struct confined confined = {0};
	return confine_calls(CONFINE_CHECK, &confined, err);
}

/* Read daemon.json into m->file, and its mode. */
static int read_daemon_json(struct making *m, struct error *err)
{
	const char *path = m->rights->policy->daemon_json;
	if (m->present < 0)
		return 0;
	return trusted_whole_file(m->present, path, &m->mode, err) < 0
		       ? -1
		       : fs_read_fd(m->present, path, DAEMON_JSON_MAX, &m->file, NULL, err);
}

static int make_backup(struct making *m, struct error *err)
{
	(void)snprintf(m->target, sizeof m->target, "%s" PLAN_BACKUP_SUFFIX,
		m->rights->policy->daemon_json);
	if (read_daemon_json(m, err) < 0)
		return -1;
	m->after = m->file;
	return m->file ? confine_to_computing(err) : refuse_step(m->asked, err);
}

static int make_daemon_json(struct making *m, struct error *err)
{
	(void)snprintf(m->target, sizeof m->target, "%s", m->rights->policy->daemon_json);
	if (!m->asked->after)
		return refuse_step(m->asked, err);
	if (read_daemon_json(m, err) < 0)
		return -1;
	m->before = m->file;
	m->after = m->asked->after;
	_cleanup_free_ char *merged = NULL;
	const char *before = m->before ? m->before : "";
	if (confine_to_computing(err) < 0 ||
		daemon_json_merge(before, strlen(before), &merged, err) < 0)
		return -1;
	if (merged && strcmp(merged, m->after) == 0)
		return 0;
	(void)fail_as(err, EX_TEMPFAIL, "daemon.json has changed since the plan was made");
	return add_hint(err, "nothing was written; run this again");
}

/* A path that stays below the directory that it is relative to; each of its parts is a name. */
static bool is_plain_path(const char *path, size_t len)
{
	for (size_t i = 0; i <= len; i++) {
		size_t part = 0;
		while (i + part < len && path[i + part] != '/')
			part++;
		if (part == 0 ||
			(path[i] == '.' && (part == 1 || (part == 2 && path[i + 1] == '.'))))
			return false;
		i += part;
	}
	return true;
}

static int make_sweep(struct making *m, struct error *err)
{
	const char *names = m->asked->before ? m->asked->before : "";
	if (make_ours(m, err) < 0)
		return -1;
	for (const char *name = names; *name;) {
		size_t len = strcspn(name, "\n");
		if (!is_plain_path(name, len))
			return refuse_step(m->asked, err);
		name += len + (name[len] == '\n');
	}
	m->before = names;
	m->after = NULL;
	return *names ? 0 : refuse_step(m->asked, err);
}

/* An undo: `asked` must be what its record says, and the record is root's own. */
static int make_undo(struct making *m, struct error *err)
{
	const struct step *asked = m->asked;
	_cleanup_free_ char *text = NULL;
	_cleanup_record_ struct journal_record record = {0};
	size_t len = 0;
	if (m->present < 0 || (asked->record != 0 && asked->record != asked->undoes))
		return refuse_step(asked, err);
	if (fs_read_fd(m->present, JOURNAL_DIR, JOURNAL_RECORD_MAX, &text, &len, err) < 0 ||
		confine_to_computing(err) < 0 || journal_record_parse(text, len, &record, err) < 0)
		return -1;
	if (!undo_allows(&record, asked))
		return fail_as(err, EX_SOFTWARE, "the undo journal has no such change of %s",
			asked->target);
	(void)snprintf(m->target, sizeof m->target, "%s", asked->target);
	m->before = asked->before;
	m->after = asked->after;
	m->mode = asked->mode;
	if (asked->kind == STEP_RELOAD)
		return make_reload(m, err);
	if (asked->kind == STEP_REALIZE)
		return make_manager(m, err);
	if (asked->kind == STEP_RESERVE)
		return make_reserve(m, err);
	return asked->kind == STEP_RESTART ? make_docker_unit(m, err) : 0;
}

#define VERB(verb)     (1U << (verb))
#define DELEGATE_VERBS (VERB(VERB_ALL) | VERB(VERB_DELEGATE))
#define DOCKER_VERBS   (VERB(VERB_ALL) | VERB(VERB_DOCKER))

/* Which commands may ask for a step, and what makes it; of an undo it is make_undo() but for
 * STEP_IDLE, which only looks. */
static const struct {
	unsigned verbs;
	bool undo;
	int (*make)(struct making *m, struct error *err);
} table[STEP_KINDS] = {
	[STEP_DROPIN] = {DELEGATE_VERBS | VERB(VERB_RESERVE), true, make_dropin},
	[STEP_RELOAD] = {DELEGATE_VERBS | VERB(VERB_RESERVE), true, make_reload},
	[STEP_LINGER] = {DELEGATE_VERBS, false, make_linger},
	[STEP_START_MANAGER] = {DELEGATE_VERBS, false, make_manager},
	[STEP_REALIZE] = {DELEGATE_VERBS, true, make_manager},
	[STEP_ENABLE] = {DELEGATE_VERBS, false, make_enable},
	[STEP_USER_ENABLE] = {DELEGATE_VERBS, false, make_enable},
	[STEP_USER_REMOVE] = {DELEGATE_VERBS, false, make_ours},
	[STEP_USER_MAKE] = {DELEGATE_VERBS, false, make_ours},
	[STEP_IDLE] = {DOCKER_VERBS | VERB(VERB_UNDO), false, make_docker_unit},
	[STEP_BACKUP] = {DOCKER_VERBS, true, make_backup},
	[STEP_DAEMON_JSON] = {DOCKER_VERBS, true, make_daemon_json},
	[STEP_RESTART] = {DOCKER_VERBS, true, make_docker_unit},
	[STEP_REMOVE_FILE] = {0, true, NULL},
	[STEP_UNLINGER] = {0, true, NULL},
	[STEP_USER_UNMAKE] = {0, true, NULL},
	[STEP_USER_DISABLE] = {0, true, NULL},
	[STEP_FORGET] = {0, true, NULL},
	[STEP_RESERVE] = {VERB(VERB_RESERVE), true, make_reserve},
	[STEP_SWEEP] = {VERB(VERB_SWEEP), false, make_sweep},
};

/* Whether the policy allows a restart of Docker: with restart=auto only after a look at what
 * runs. */
static bool may_restart(const struct rights *rights)
{
	if (rights->policy->restart != RESTART_AUTO)
		return rights->policy->restart == RESTART_FORCE;
	for (size_t i = 0; i < rights->count; i++)
		if (rights->steps[i]->step.kind == STEP_IDLE)
			return true;
	return false;
}

static int make_step(struct making *m, struct error *err)
{
	const struct step *asked = m->asked;
	enum verb verb = m->rights->request->verb;
	if (asked->kind >= STEP_KINDS)
		return refuse_step(asked, err);
	if (verb == VERB_UNDO && table[asked->kind].undo)
		return make_undo(m, err);
	unsigned verbs = table[asked->kind].verbs;
	bool docker = verbs & VERB(VERB_DOCKER);
	if (!(verbs & VERB(verb)) || asked->undoes || asked->record ||
		!(docker ? m->rights->policy->manage : m->rights->user->known))
		return refuse_step(asked, err);
	return table[asked->kind].make(m, err);
}

/* What follows a struct judged. */
struct parts {
	struct {
		const char *data;
		size_t len;
	} list[4];
	size_t count;
	size_t end;
};

/* Add a part. Returns its place, 0 if there is none. */
static size_t add_part(struct parts *parts, const char *data, size_t len)
{
	size_t place = parts->end;
	if (!data)
		return 0;
	parts->list[parts->count].data = data;
	parts->list[parts->count++].len = len;
	parts->end += len;
	return place;
}

static size_t add_text(struct parts *parts, const char *text)
{
	return add_part(parts, text, text ? strlen(text) + 1 : 0);
}

/* Write the step, its texts, its record if it is to have one, and the entry for when it is done. */
static int write_judged(
	int out, const struct rights *rights, const struct step *step, struct error *err)
{
	_cleanup_free_ char *record = NULL;
	_cleanup_free_ char *entry = NULL;
	struct judged judged = {.step = *step};
	struct parts parts = {.end = sizeof judged};
	if ((rights->request->verb != VERB_UNDO && operation_kinds[step->kind].traits & RECORDED &&
		    journal_record_text(step, &record, err) < 0) ||
		audit_text(rights->audit, step, AUDIT_DONE, NULL, &entry, &judged.entry_len, err) <
			0)
		return -1;
	judged.before = add_text(&parts, step->before);
	judged.after = add_text(&parts, step->after);
	judged.record = add_text(&parts, record);
	judged.entry = add_part(&parts, entry, judged.entry_len);
	if (door_write(out, &judged, sizeof judged, err) < 0)
		return -1;
	for (size_t i = 0; i < parts.count; i++)
		if (door_write(out, parts.list[i].data, parts.list[i].len, err) < 0)
			return -1;
	return 0;
}

int judge_step(const struct rights *rights, const struct step *asked, int present, int out,
	struct error *err)
{
	_cleanup_(cleanup_making) struct making m = {
		.rights = rights, .asked = asked, .present = present, .mode = 0644};
	bool undo = rights->request->verb == VERB_UNDO;
	if (make_step(&m, err) < 0)
		return -1;
	if (strcmp(m.target, asked->target) != 0 ||
		(asked->kind == STEP_RESTART && !may_restart(rights)))
		return refuse_step(asked, err);
	_cleanup_free_ char *before = m.before ? strdup(m.before) : NULL;
	_cleanup_free_ char *after = m.after ? strdup(m.after) : NULL;
	if ((m.before && !before) || (m.after && !after))
		return fail(err, ENOMEM, "judge a step");
	struct step step = {.kind = asked->kind,
		.before = before,
		.after = after,
		.mode = m.mode,
		.uid = undo ? asked->uid : rights->user->uid,
		.gid = undo ? asked->gid : rights->user->gid,
		.record = undo ? asked->record : 0,
		.undoes = undo ? asked->undoes : 0};
	memcpy(step.target, m.target, sizeof m.target);
	return write_judged(out, rights, &step, err);
}
