/* SPDX-License-Identifier: MIT
 *
 * probe_undo: finds the current state of everything that the journal recorded. Each kind of step
 * that can be undone has a reader, which gives that state in the form in which the record has it,
 * or NULL if there is nothing.
 */
#include "ask.h"
#include "bus_read.h"
#include "cgroup.h"
#include "cleanup.h"
#include "daemon_json.h"
#include "fs.h"
#include "plan.h"
#include "probe.h"
#include "step.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct undo_probe {
	const struct probe_input *input;
	const struct host *host;
	struct sd_bus *bus;
	const struct journal_record *record;
};

/* Open the file of a record. Not everybody may read Docker's. *ret is -1 if there is none. */
static int open_current_file(const struct undo_probe *undo, int *ret, struct error *err)
{
	const char *path = undo->record->target;
	const char *docker = undo->input->policy->daemon_json;
	size_t len = strlen(docker);
	if (strncmp(path, docker, len) == 0 &&
		(!path[len] || strcmp(path + len, PLAN_BACKUP_SUFFIX) == 0))
		return ask_daemon_json(undo->input->door, path[len] != '\0', ret, err);
	*ret = fs_open(undo->host->root, path + 1, O_RDONLY | O_NONBLOCK, 0, err);
	return *ret >= 0 || err->code == ENOENT ? 0 : -1;
}

static int read_current_file(const struct undo_probe *undo, char **ret, struct error *err)
{
	const char *path = undo->record->target;
	size_t len = 0;
	if (*path != '/')
		return fail_as(err, EX_CONFIG, "'%s' is not an absolute path", path);
	_cleanup_close_ int fd = -1;
	if (open_current_file(undo, &fd, err) < 0)
		return -1;
	if (fd < 0)
		return 0;
	bool docker = step_kind_by_name(undo->record->step) != STEP_DROPIN;
	if ((docker ? trusted_whole_file : trusted_file)(fd, path, NULL, err) < 0)
		return -1;
	return fs_read_fd(fd, path, DAEMON_JSON_MAX, ret, &len, err);
}

static int read_current_linger(const struct undo_probe *undo, char **ret, struct error *err)
{
	bool lingers = false;
	if (bus_lingers(undo->bus, undo->record->uid, &lingers, err) < 0)
		return -1;
	*ret = strdup(lingers ? "yes" : "no");
	return *ret ? 0 : fail(err, ENOMEM, "ask logind");
}

static int read_current_controllers(const struct undo_probe *undo, char **ret, struct error *err)
{
	char list[FACTS_CONTROLLERS_MAX];
	if (cgroup_get(undo->host->cgroup, undo->record->target, "cgroup.subtree_control", list,
		    sizeof list, err) < 0)
		return err->code == ENOENT ? 0 : -1;
	*ret = strdup(list);
	return *ret ? 0 : fail(err, ENOMEM, "read a cgroup");
}

/* Return the text that the record has as `after` if the cgroup still belongs to the user. */
static int read_current_cgroup(const struct undo_probe *undo, char **ret, struct error *err)
{
	const struct journal_record *record = undo->record;
	struct stat st;
	_cleanup_close_ int dir = cgroup_open(undo->host->cgroup, record->target, err);
	if (dir < 0)
		return err->code == ENOENT ? 0 : -1;
	if (fstat(dir, &st) < 0)
		return fail(err, errno, "stat %s", record->target);
	*ret = strdup(st.st_uid == record->uid && record->after ? record->after : "not the user's");
	return *ret ? 0 : fail(err, ENOMEM, "look at a cgroup");
}

static int (*const state_readers[STEP_KINDS])(
	const struct undo_probe *undo, char **ret, struct error *err) = {
	[STEP_DROPIN] = read_current_file,
	[STEP_BACKUP] = read_current_file,
	[STEP_DAEMON_JSON] = read_current_file,
	[STEP_LINGER] = read_current_linger,
	[STEP_USER_ENABLE] = read_current_controllers,
	[STEP_USER_MAKE] = read_current_cgroup,
};

static int look_at_record(const struct undo_probe *undo, struct undo_item *item, struct error *err)
{
	enum step_kind kind = step_kind_by_name(undo->record->step);
	struct unit_state manager = {0};
	char unit[FACTS_UNIT_MAX];
	if (kind == STEP_KINDS || !state_readers[kind])
		return fail_as(err, EX_CONFIG, "'%.32s' is not a step that can be undone",
			undo->record->step);
	(void)snprintf(unit, sizeof unit, "user@%u.service", (unsigned)undo->record->uid);
	bool read = false;
	if (kind == STEP_DROPIN &&
		(bus_unit_state(undo->bus, unit, &manager, err) < 0 ||
			bus_has_dropin(undo->bus, unit, undo->record->target, &read, err) < 0))
		return -1;
	if (state_readers[kind](undo, &item->now, err) < 0)
		return -1;
	item->active = manager.active;
	item->stale = manager.stale || (read && !item->now);
	return 0;
}

/* Read the record with the lowest number above `after`. Returns 1, 0 if there is none, or -1. */
static int read_record(int door, unsigned after, struct journal_record *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	unsigned number = 0;
	int file = -1;
	if (ask_record(door, after, &number, &file, err) < 0)
		return -1;
	_cleanup_close_ int owned = file;
	if (number == 0)
		return 0;
	if (fs_read_fd(owned, JOURNAL_DIR, JOURNAL_RECORD_MAX, &text, &len, err) < 0)
		return -1;
	if (journal_record_parse(text, len, ret, err) < 0)
		return add_context(err, JOURNAL_DIR "/%08u.json", number);
	ret->number = number;
	return 1;
}

static int read_records(int door, struct undo_facts *ret, struct error *err)
{
	unsigned after = 0;
	for (;;) {
		struct journal_record record = {0};
		int n = read_record(door, after, &record, err);
		if (n <= 0)
			return n;
		struct journal_record *records =
			reallocarray(ret->records, ret->count + 1, sizeof *records);
		if (!records) {
			journal_record_clear(&record);
			return fail(err, ENOMEM, "read " JOURNAL_DIR);
		}
		ret->records = records;
		records[ret->count++] = record;
		after = record.number;
	}
}

int probe_undo(const struct probe_input *input, struct sd_bus *bus, const struct error *no_bus,
	struct undo_facts *ret, struct error *err)
{
	if (read_records(input->door, ret, err) < 0)
		return -1;
	if (ret->count > 0 && !bus) {
		*err = *no_bus;
		return -1;
	}
	if (ret->count > 0 && host_cgroup2(input->host, err) < 0)
		return -1;
	ret->items = calloc(ret->count + 1, sizeof *ret->items);
	if (!ret->items)
		return fail(err, ENOMEM, "look at what there is to undo");
	for (size_t i = 0; i < ret->count; i++) {
		const struct undo_probe undo = {input, input->host, bus, &ret->records[i]};
		struct error unknown = {0};
		ret->items[i].record = undo.record;
		if (look_at_record(&undo, &ret->items[i], &unknown) < 0)
			ret->items[i].unknown = unknown;
	}
	return 0;
}
