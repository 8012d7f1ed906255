/* SPDX-License-Identifier: MIT
 *
 * placer: the choice of the engine, and what the engines share: lists of jobs, and words of a
 * shell.
 */
#include "placer.h"

#include "cleanup.h"

#include <errno.h>
#include <sys/mman.h>

const struct placer *placer_of(enum experiment_engine engine)
{
	static const struct placer *const placers[] = {[EXPERIMENT_LOCAL] = &placer_local,
		[EXPERIMENT_SLURM] = &placer_slurm,
		[EXPERIMENT_SSH] = &placer_ssh};
	return placers[engine];
}

struct placer_job *placer_add_job(struct placer_jobs *jobs, size_t count, struct error *err)
{
	struct placer_job *larger = reallocarray(jobs->list, jobs->count + 1, sizeof *larger);
	if (larger)
		jobs->list = larger;
	size_t *indices = calloc(count + 1, sizeof *indices);
	if (!larger || !indices) {
		free(indices);
		(void)fail(err, ENOMEM, "jobs");
		return NULL;
	}
	struct placer_job *job = &jobs->list[jobs->count++];
	*job = (struct placer_job){.indices = indices};
	return job;
}

void placer_free_words(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

char **placer_copy_words(const char *const *words)
{
	size_t count = 0;
	while (words[count])
		count++;
	char **copy = calloc(count + 1, sizeof *copy);
	for (size_t i = 0; copy && i < count; i++)
		if (!(copy[i] = strdup(words[i]))) {
			placer_free_words(copy);
			return NULL;
		}
	return copy;
}

void placer_jobs_free(struct placer_jobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++) {
		placer_free_words(jobs->list[i].argv);
		free(jobs->list[i].indices);
		free(jobs->list[i].script);
	}
	free(jobs->list);
	*jobs = (struct placer_jobs)PLACER_JOBS_NONE;
}

int placer_open_script(const char *script, struct error *err)
{
	_cleanup_close_ int fd = memfd_create("script", MFD_CLOEXEC);
	size_t len = strlen(script);
	errno = fd < 0 ? errno : ENOSPC; /* of a write that is only part of one */
	if (fd < 0 || write(fd, script, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return fail(err, errno, "write the script of a job");
	return steal_fd(&fd);
}

char *placer_quote(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%+=:,./_-";
	_cleanup_free_ char *quoted = NULL;
	size_t len = 0;
	if (*text && !text[strspn(text, plain)])
		return strdup(text);
	FILE *to = open_memstream(&quoted, &len);
	if (!to)
		return NULL;
	(void)fputc('\'', to);
	for (; *text; text++)
		if (*text == '\'')
			(void)fputs("'\\''", to);
		else
			(void)fputc(*text, to);
	(void)fputc('\'', to);
	return fclose(to) == 0 ? steal_ptr(quoted) : NULL;
}

char *placer_quote_all(const char *const *words)
{
	_cleanup_free_ char *line = NULL;
	size_t len = 0;
	bool failed = false;
	FILE *to = open_memstream(&line, &len);
	if (!to)
		return NULL;
	for (const char *const *word = words; *word; word++) {
		_cleanup_free_ char *quoted = placer_quote(*word);
		failed = failed || !quoted;
		(void)fprintf(to, "%s%s", word == words ? "" : " ", quoted ? quoted : "");
	}
	return fclose(to) == 0 && !failed ? steal_ptr(line) : NULL;
}
