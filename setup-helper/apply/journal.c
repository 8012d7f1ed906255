/* SPDX-License-Identifier: MIT
 *
 * journal: lists, opens, writes and removes the records. Each is a JSON object in a file of its
 * own, so that adding or removing a record is atomic. Whether a record exists is decided by
 * comparing bytes: two records of the same kind of step and the same target begin with the same
 * text.
 */
#include "journal.h"

#include "checks.h"
#include "cleanup.h"
#include "door.h"
#include "fs.h"
#include "text.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#define NUMBER_DIGITS 8
#define SUFFIX        ".json"
#define NAME_LEN      (NUMBER_DIGITS + sizeof SUFFIX - 1)
#define NUMBER_MAX    99999999U
#define NUMBERS_SIZE  (JOURNAL_RECORDS_MAX * sizeof(unsigned))

void journal_close(struct journal *journal)
{
	free(journal->numbers);
	cleanup_close(&journal->dir);
	*journal = (struct journal)JOURNAL_CLOSED;
}

static void record_file_name(unsigned number, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%0*u%s", NUMBER_DIGITS, number, SUFFIX);
}

/* The number in the file name of a record, or 0 if it is not the name of one. */
static unsigned record_file_number(const char *name)
{
	if (strlen(name) != NAME_LEN || strspn(name, "0123456789") != NUMBER_DIGITS ||
		strcmp(name + NUMBER_DIGITS, SUFFIX) != 0)
		return 0;
	return (unsigned)strtoul(name, NULL, 10);
}

static int compare_numbers(const void *a, const void *b)
{
	const unsigned *left = a;
	const unsigned *right = b;
	return *left < *right ? -1 : *left > *right;
}

/* In a check: write the numbers of the records in the directory, in their order. */
static int work_numbers(const struct check *check, int out, struct error *err)
{
	_cleanup_closedir_ DIR *list = fdopendir(check->files[0]);
	_cleanup_free_ unsigned *numbers = calloc(JOURNAL_RECORDS_MAX, sizeof *numbers);
	size_t count = 0;
	if (!list || !numbers)
		return fail(err, list ? ENOMEM : errno, "list " JOURNAL_DIR);
	const struct dirent *entry = NULL;
	int more = 0;
	while ((more = fs_next(list, &entry, err)) > 0) {
		unsigned number = record_file_number(entry->d_name);
		if (number == 0)
			continue;
		if (count == JOURNAL_RECORDS_MAX)
			return fail_as(err, EX_CONFIG,
				JOURNAL_DIR " has more than %zu records; undo some changes first",
				JOURNAL_RECORDS_MAX);
		numbers[count++] = number;
	}
	if (more < 0)
		return add_context(err, JOURNAL_DIR);
	qsort(numbers, count, sizeof *numbers, compare_numbers);
	return door_write(out, numbers, count * sizeof *numbers, err);
}

/* List the records anew. */
static int list_records(struct journal *journal, struct error *err)
{
	char *numbers = NULL;
	size_t size = 0;
	_cleanup_close_ int dir = fs_open(journal->dir, ".", O_RDONLY | O_DIRECTORY, 0, err);
	const struct check check = {.work = work_numbers, .files = {dir}, .lists = true};
	if (dir < 0 || check_read(&check, NUMBERS_SIZE, &numbers, &size, err) < 0)
		return -1;
	free(journal->numbers);
	journal->numbers = (void *)numbers;
	journal->count = size / sizeof *journal->numbers;
	return 0;
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
					list_records(&journal, err) < 0))
		return -1;
	*ret = journal;
	journal = (struct journal)JOURNAL_CLOSED;
	return 0;
}

static int open_record(const struct journal *journal, unsigned number, struct error *err)
{
	char name[NAME_LEN + 1];
	record_file_name(number, name, sizeof name);
	_cleanup_close_ int file = fs_open(journal->dir, name, O_RDONLY | O_NONBLOCK, 0, err);
	if (file < 0 || trusted_file(file, name, NULL, err) < 0)
		return add_context(err, JOURNAL_DIR);
	return steal_fd(&file);
}

int journal_next(const struct journal *journal, unsigned after, unsigned *ret_number, int *ret_file,
	struct error *err)
{
	size_t i = 0;
	while (i < journal->count && journal->numbers[i] <= after)
		i++;
	int file = i < journal->count ? open_record(journal, journal->numbers[i], err) : -1;
	if (i < journal->count && file < 0)
		return -1;
	*ret_number = i < journal->count ? journal->numbers[i] : 0;
	*ret_file = file;
	return 0;
}

/* Compare a record on disk with a new one: 2 if they are the same, 1 if their first `same` bytes
 * are, 0 if not, -1 if the record cannot be read. */
static int compare_record(const struct journal *journal, unsigned number, const char *new,
	size_t same, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_close_ int file = open_record(journal, number, err);
	if (file < 0 || fs_read_fd(file, JOURNAL_DIR, JOURNAL_RECORD_MAX, &text, &len, err) < 0)
		return -1;
	if (strncmp(text, new, same) != 0)
		return 0;
	return strlen(text) == len && strcmp(text, new) == 0 ? 2 : 1;
}

int journal_add(struct journal *journal, const char *text, struct error *err)
{
	const char *before = strstr(text, JOURNAL_BEFORE);
	size_t same = before ? (size_t)(before - text) : 0;
	int found = 0;
	/* Users can bring their own cgroup back to any state. Each is recorded once, in any order:
	 * an undo only takes back what the change has added. */
	char of_user[64];
	int len = snprintf(of_user, sizeof of_user, RECORD_BEGIN, step_name(STEP_USER_ENABLE));
	int last = strncmp(text, of_user, (size_t)len) == 0 ? 1 : 0;
	for (size_t i = journal->count; i-- > 0 && found >= 0 && found <= last;)
		found = compare_record(journal, journal->numbers[i], text, same, err);
	if (found < 0 || found == 2)
		return found < 0 ? -1 : 0;
	unsigned number = journal->count ? journal->numbers[journal->count - 1] + 1 : 1;
	if (number > NUMBER_MAX || journal->count >= JOURNAL_RECORDS_MAX)
		return fail_as(err, EX_CONFIG, JOURNAL_DIR " is full; undo some changes first");
	unsigned *numbers = reallocarray(journal->numbers, journal->count + 1, sizeof *numbers);
	if (!numbers)
		return fail(err, ENOMEM, JOURNAL_DIR);
	journal->numbers = numbers;
	char name[NAME_LEN + 1];
	record_file_name(number, name, sizeof name);
	if (fs_replace(journal->dir, name, text, strlen(text), 0600, err) < 0)
		return add_context(err, JOURNAL_DIR);
	journal->numbers[journal->count++] = number;
	return 0;
}

int journal_forget(struct journal *journal, unsigned number, struct error *err)
{
	char name[NAME_LEN + 1];
	record_file_name(number, name, sizeof name);
	if (fs_remove(journal->dir, name, err) < 0)
		return -1;
	size_t kept = 0;
	for (size_t i = 0; i < journal->count; i++)
		if (journal->numbers[i] != number)
			journal->numbers[kept++] = journal->numbers[i];
	journal->count = kept;
	return 0;
}
