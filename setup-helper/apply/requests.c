/* SPDX-License-Identifier: MIT
 *
 * requests: opens files for the judge, and takes its answer, which is checked for its bounds.
 */
#include "requests.h"

#include "checks.h"
#include "cleanup.h"
#include "fs.h"
#include "operations.h"
#include "trusted.h"

#include <errno.h>
#include <fcntl.h>

/* The texts of a step are in its entry once more. */
#define ANSWER_MAX (4 * REQUESTS_TEXT_MAX + JOURNAL_RECORD_MAX + sizeof(struct judged) + 4096)

int requests_open_daemon_json(
	const struct host *host, const char *path, int *ret, struct error *err)
{
	const char *name = "";
	char directory[POLICY_TEXT_MAX];
	_cleanup_close_ int dir = operation_open_parent(host->root, path + 1, &name, err);
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(name - path) - 1, path);
	if (dir >= 0 && trusted_directory(dir, directory, err) < 0)
		return -1;
	_cleanup_close_ int file = dir < 0 ? -1 : fs_open(dir, name, O_RDONLY | O_NONBLOCK, 0, err);
	if (file < 0 && err->code == ELOOP) {
		(void)fail_as(err, EX_CONFIG, "%s is a symbolic link", dir < 0 ? directory : path);
		return add_hint(err,
			"replace it with what it names, or set daemon_json= in " POLICY_FILE
			" to that");
	}
	if (file < 0 && err->code != ENOENT)
		return -1;
	if (file >= 0 && trusted_file(file, path, NULL, err) < 0)
		return -1;
	*ret = steal_fd(&file);
	return 0;
}

struct question {
	const struct rights *rights;
	const struct door_message *asked;
	const int *files;
	int present;
};

/* In a check: read the request, and judge it. */
static int work_judge(const struct check *check, int out, struct error *err)
{
	const struct question *q = check->question;
	const struct door_message *m = q->asked;
	struct step asked = {.kind = m->kind < STEP_KINDS ? (enum step_kind)m->kind : STEP_KINDS,
		.uid = m->uid,
		.gid = m->gid,
		.mode = m->mode & 0777,
		.record = m->record,
		.undoes = m->undoes};
	_cleanup_free_ char *before = NULL;
	_cleanup_free_ char *after = NULL;
	char **const texts[] = {&before, &after};
	size_t file = 0;
	if (strlen(m->text) >= sizeof asked.target)
		return fail_as(err, EX_SOFTWARE, "the target of a step is too long");
	memcpy(asked.target, m->text, strlen(m->text) + 1);
	for (unsigned i = 0; i < 2; i++) {
		size_t len = 0;
		if (!(m->number & (i == 0 ? DOOR_HAS_BEFORE : DOOR_HAS_AFTER)))
			continue;
		if (door_read(q->files[file++], REQUESTS_TEXT_MAX, texts[i], &len, err) < 0)
			return -1;
		if (strlen(*texts[i]) != len)
			return fail_as(err, EX_SOFTWARE, "a text of a step has a NUL in it");
	}
	asked.before = before;
	asked.after = after;
	return judge_step(q->rights, &asked, q->present, out, err);
}

/* Open what the judge must see and only root may read. */
static int open_present(const struct rights *rights, const struct journal *journal,
	const struct door_message *asked, int *ret, struct error *err)
{
	unsigned number = 0;
	if (rights->request->verb != VERB_UNDO)
		return asked->kind == STEP_BACKUP || asked->kind == STEP_DAEMON_JSON
			       ? requests_open_daemon_json(
					 rights->host, rights->policy->daemon_json, ret, err)
			       : 0;
	if (asked->undoes == 0)
		return 0;
	if (journal_next(journal, asked->undoes - 1, &number, ret, err) < 0)
		return -1;
	return number == asked->undoes ? 0 : fail_as(err, EX_SOFTWARE, "no such record");
}

int requests_make(const struct rights *rights, const struct journal *journal,
	const struct door_message *asked, const int files[DOOR_FILES_MAX], struct judged **ret,
	size_t *ret_size, struct error *err)
{
	_cleanup_close_ int present = -1;
	_cleanup_free_ struct judged *judged = NULL;
	char *text = NULL;
	size_t len = 0;
	if (open_present(rights, journal, asked, &present, err) < 0)
		return -1;
	const struct question question = {rights, asked, files, present};
	const struct check check = {.work = work_judge,
		.question = &question,
		.files = {present, files[0], files[1]},
		.host = rights->host};
	if (check_read(&check, ANSWER_MAX, &text, &len, err) < 0)
		return -1;
	judged = (void *)text;
	if (len < sizeof *judged || judged->before >= len || judged->after >= len ||
		judged->record >= len || judged->entry < sizeof *judged || judged->entry >= len ||
		judged->entry_len > len - judged->entry || judged->step.kind != asked->kind ||
		judged->step.kind >= STEP_KINDS)
		return fail_as(err, EX_SOFTWARE, "a child of this program gave no valid answer");
	judged->step.target[STEP_TARGET_MAX - 1] = '\0';
	judged->step.before = judged->before ? text + judged->before : NULL;
	judged->step.after = judged->after ? text + judged->after : NULL;
	*ret = steal_ptr(judged);
	*ret_size = len;
	return 0;
}
