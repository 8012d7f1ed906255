/* SPDX-License-Identifier: MIT
 *
 * journal: reads and writes the records. Each is a JSON object in a file of its own, so that adding
 * or removing a record is atomic.
 */
#include "journal.h"

#include "cleanup_json.h"
#include "fs.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define NUMBER_DIGITS 8
#define SUFFIX        ".json"
#define NAME_LEN      (NUMBER_DIGITS + sizeof SUFFIX - 1)
#define NUMBER_MAX    99999999U

void journal_close(struct journal *journal)
{
	for (size_t i = 0; i < journal->count; i++)
		journal_record_clear(&journal->records[i]);
	free(journal->records);
	cleanup_close(&journal->dir);
	*journal = (struct journal)JOURNAL_CLOSED;
}

/* Copy a string of the object, which the caller frees. If it is optional and null, *ret becomes
 * NULL. */
static int copy_record_text(
	const json_t *object, const char *key, bool optional, char **ret, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	if (optional && json_is_null(value)) {
		*ret = NULL;
		return 0;
	}
	if (!json_is_string(value))
		return fail_as(err, EX_CONFIG, "\"%s\" is missing or no text", key);
	*ret = strdup(json_string_value(value));
	return *ret ? 0 : fail(err, ENOMEM, "read a record");
}

static int copy_record_number(
	const json_t *object, const char *key, unsigned max, unsigned *ret, struct error *err)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number > (json_int_t)max)
		return fail_as(err, EX_CONFIG, "\"%s\" is missing or out of range", key);
	*ret = (unsigned)number;
	return 0;
}

int journal_record_parse(
	const char *text, size_t len, struct journal_record *ret, struct error *err)
{
	json_error_t where = {0};
	_cleanup_json_ json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!root)
		return fail_as(err, EX_CONFIG, "%d:%d: %s", where.line, where.column, where.text);
	_cleanup_record_ struct journal_record record = {0};
	unsigned version = 0;
	unsigned mode = 0;
	if (copy_record_number(root, "version", 1, &version, err) < 0 ||
		copy_record_text(root, "step", false, &record.step, err) < 0 ||
		copy_record_text(root, "target", false, &record.target, err) < 0 ||
		copy_record_text(root, "before", true, &record.before, err) < 0 ||
		copy_record_text(root, "after", true, &record.after, err) < 0 ||
		copy_record_number(root, "mode", 0777, &mode, err) < 0 ||
		copy_record_number(root, "uid", UINT32_MAX - 1, &record.uid, err) < 0 ||
		copy_record_number(root, "gid", UINT32_MAX - 1, &record.gid, err) < 0)
		return -1;
	record.mode = mode;
	*ret = record;
	record = (struct journal_record){0};
	return 0;
}

/* The text of a record, which the caller frees, or NULL with err set. A text that is not UTF-8
 * cannot be recorded. */
static char *record_text(const struct journal_record *record, struct error *err)
{
	_cleanup_json_ json_t *root = json_pack("{s:i, s:s, s:s, s:s?, s:s?, s:i, s:I, s:I}",
		"version", 1, "step", record->step, "target", record->target, "before",
		record->before, "after", record->after, "mode", (int)record->mode, "uid",
		(json_int_t)record->uid, "gid", (json_int_t)record->gid);
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	if (!text)
		(void)fail_as(err, EX_CONFIG,
			"what is in %s is no text (UTF-8), and cannot be kept for undo",
			record->target);
	return text;
}

static void record_file_name(unsigned number, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%0*u%s", NUMBER_DIGITS, number, SUFFIX);
}

/* The number in the file name of a record, or 0 if it is not the name of one. */
static unsigned record_file_number(const char *name)
{
	unsigned number = 0;
	if (strlen(name) != NAME_LEN || strcmp(name + NUMBER_DIGITS, SUFFIX) != 0)
		return 0;
	for (int i = 0; i < NUMBER_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		number = number * 10 + (unsigned)(name[i] - '0');
	}
	return number;
}

static int read_record(int dir, const char *name, struct journal_record *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_close_ int fd = fs_open(dir, name, O_RDONLY | O_NONBLOCK, 0, err);
	if (fd < 0 || trusted_file(fd, name, NULL, err) < 0 ||
		fs_read_fd(fd, name, JOURNAL_RECORD_MAX, &text, &len, err) < 0)
		return add_context(err, JOURNAL_DIR);
	if (journal_record_parse(text, len, ret, err) < 0)
		return add_context(err, JOURNAL_DIR "/%s", name);
	ret->number = record_file_number(name);
	return 0;
}

static int is_record(const struct dirent *entry)
{
	return record_file_number(entry->d_name) != 0;
}

static void free_record_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static int read_listed_records(
	struct journal *journal, struct dirent **names, size_t count, struct error *err)
{
	if (count > JOURNAL_RECORDS_MAX)
		return fail_as(err, EX_CONFIG, JOURNAL_DIR " has %zu records: undo some", count);
	struct journal_record *records = calloc(count + 1, sizeof *records);
	if (!records)
		return fail(err, ENOMEM, "read " JOURNAL_DIR);
	journal->records = records;
	for (; journal->count < count; journal->count++)
		if (read_record(journal->dir, names[journal->count]->d_name,
			    &records[journal->count], err) < 0)
			return -1;
	return 0;
}

static int read_all_records(struct journal *journal, struct error *err)
{
	struct dirent **names = NULL;
	_cleanup_close_ int dir = fs_open(journal->dir, ".", O_RDONLY | O_DIRECTORY, 0, err);
	if (dir < 0)
		return -1;
	int count = scandirat(dir, ".", &names, is_record, alphasort);
	if (count < 0)
		return fail(err, errno, "list " JOURNAL_DIR);
	int result = read_listed_records(journal, names, (size_t)count, err);
	free_record_names(names, count);
	return result;
}

/* Open one directory of the journal's path, below `above`. With `make`, create it if it is
 * missing. */
static int open_journal_level(int above, const char *name, mode_t mode, int make, struct error *err)
{
	if (make && mkdirat(above, name, mode) < 0 && errno != EEXIST)
		return fail(err, errno, "make %s of " JOURNAL_DIR, name);
	return fs_open(above, name, O_PATH | O_DIRECTORY, 0, err);
}

int journal_open(const struct host *host, int make, struct journal *ret, struct error *err)
{
	_cleanup_journal_ struct journal journal = JOURNAL_CLOSED;
	_cleanup_close_ int lib = fs_open(host->root, "var/lib", O_PATH | O_DIRECTORY, 0, err);
	_cleanup_close_ int ours =
		lib < 0 ? -1 : open_journal_level(lib, "oss-crs", 0755, make, err);
	journal.dir = ours < 0 ? -1 : open_journal_level(ours, "journal", 0700, make, err);
	if (journal.dir < 0 && (make || err->code != ENOENT))
		return add_context(err, JOURNAL_DIR);
	if (journal.dir >= 0 && (trusted_directory(ours, "/var/lib/oss-crs", err) < 0 ||
					trusted_directory(journal.dir, JOURNAL_DIR, err) < 0 ||
					read_all_records(&journal, err) < 0))
		return -1;
	*ret = journal;
	journal = (struct journal)JOURNAL_CLOSED;
	return 0;
}

static bool is_recorded(const struct journal *journal, const struct journal_record *record)
{
	for (size_t i = journal->count; i-- > 0;) {
		const struct journal_record *old = &journal->records[i];
		if (strcmp(old->step, record->step) == 0 &&
			strcmp(old->target, record->target) == 0)
			return journal_same_text(old->before, record->before) &&
			       journal_same_text(old->after, record->after) &&
			       old->uid == record->uid;
	}
	return false;
}

int journal_add(struct journal *journal, const struct journal_record *record, struct error *err)
{
	if (is_recorded(journal, record))
		return 0;
	_cleanup_free_ char *text = record_text(record, err);
	struct journal_record *records =
		reallocarray(journal->records, journal->count + 1, sizeof *records);
	if (!text)
		return -1;
	if (!records)
		return fail(err, ENOMEM, "record the change of %s", record->target);
	journal->records = records;
	_cleanup_record_ struct journal_record copy = {0};
	if (journal_record_parse(text, strlen(text), &copy, err) < 0)
		return add_context(err, "the record of %s", record->target);
	copy.number = journal->count ? records[journal->count - 1].number + 1 : 1;
	if (copy.number > NUMBER_MAX || journal->count >= JOURNAL_RECORDS_MAX)
		return fail_as(err, EX_CONFIG, JOURNAL_DIR " is full: undo something");
	char name[NAME_LEN + 1];
	record_file_name(copy.number, name, sizeof name);
	if (fs_replace(journal->dir, name, text, strlen(text), 0600, err) < 0)
		return add_context(err, JOURNAL_DIR);
	records[journal->count++] = copy;
	copy = (struct journal_record){0};
	return 0;
}

int journal_forget(struct journal *journal, unsigned number, struct error *err)
{
	char name[NAME_LEN + 1];
	record_file_name(number, name, sizeof name);
	return fs_remove(journal->dir, name, err);
}
