/* SPDX-License-Identifier: MIT
 *
 * ssh_text: the names of hosts and tokens, what a host says of its runs, and ssh.tsv. A listing has
 * a first and a last line of its own, so that neither part of one nor what a login shell prints is
 * taken for one.
 */
#include "ssh.h"

#include "cleanup.h"
#include "fs.h"
#include "ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The length of a user or host at the beginning of a text; 0: there is none. */
static size_t name_length(const char *text)
{
	return strspn(text, ALNUM) ? strspn(text, ALNUM "._-:") : 0;
}

bool experiment_is_host(const char *text)
{
	size_t part = name_length(text);
	if (part && text[part] == '@') {
		size_t host = name_length(text + part + 1);
		part = host ? part + 1 + host : 0;
	}
	return part && !text[part] && part <= EXPERIMENT_HOST_MAX;
}

bool ssh_is_token(const char *text)
{
	return strlen(text) == SSH_TOKEN_MAX - 1 &&
	       strspn(text, "0123456789abcdef") == SSH_TOKEN_MAX - 1;
}

int ssh_open_host(int dir, const char *host, struct error *err)
{
	char path[sizeof SSH_HOSTS_DIR + EXPERIMENT_HOST_MAX + 2];
	if (!experiment_is_host(host))
		return fail_as(err, EX_USAGE, "'%.80s' cannot be the name of a host", host);
	(void)snprintf(path, sizeof path, SSH_HOSTS_DIR "/%s", host);
	if ((mkdirat(dir, SSH_HOSTS_DIR, 0777) < 0 && errno != EEXIST) ||
		(mkdirat(dir, path, 0777) < 0 && errno != EEXIST))
		return fail(err, errno, "make %s", path);
	return fs_open(dir, path, O_RDONLY | O_DIRECTORY, 0, err);
}

/* ---- what a host has ----------------------------------------------------------------------- */

#define FIRST "oss-crs-host 1\n"
#define LAST  "end\n"

static const struct {
	const char *word;
	enum placer_state state;
} lines[] = {{"queued ", PLACER_QUEUED}, {"running ", PLACER_RUNNING}};

#define LINES (sizeof lines / sizeof *lines)

static char *ranges_of(
	const enum placer_state *states, size_t count, enum placer_state state, size_t *ret)
{
	_cleanup_free_ size_t *indices = calloc(count + 1, sizeof *indices);
	size_t found = 0;
	for (size_t i = 0; indices && i < count; i++)
		if (states[i] == state)
			indices[found++] = i;
	*ret = found;
	return indices ? ranges_text(indices, found, 0) : NULL;
}

char *ssh_listing(const enum placer_state *states, size_t count)
{
	char *text = NULL;
	size_t len = 0;
	bool failed = false;
	FILE *to = open_memstream(&text, &len);
	if (!to)
		return NULL;
	(void)fputs(FIRST, to);
	for (size_t i = 0; i < LINES; i++) {
		size_t found = 0;
		_cleanup_free_ char *ranges = ranges_of(states, count, lines[i].state, &found);
		failed = failed || !ranges;
		if (found)
			(void)fprintf(to, "%s%s\n", lines[i].word, ranges ? ranges : "");
	}
	(void)fputs(LAST, to);
	if (fclose(to) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

struct listing {
	enum placer_state *states;
	enum placer_state state;
};

static void note_state(size_t index, void *data)
{
	const struct listing *listing = data;
	listing->states[index] = listing->state;
}

/* The lines between the first and the last, each at most once and in their order. */
static int parse_lines(const char *p, enum placer_state *states, size_t count, struct error *err)
{
	for (size_t i = 0; i < LINES; i++) {
		struct listing listing = {.states = states, .state = lines[i].state};
		size_t word = strlen(lines[i].word);
		size_t len = strcspn(p, "\n");
		if (strncmp(p, lines[i].word, word) != 0)
			continue;
		if (ranges_parse("a host's list", p + word, len - word, count, note_state, &listing,
			    err) < 0)
			return -1;
		p += len + (p[len] == '\n');
	}
	return strcmp(p, LAST) == 0
		       ? 0
		       : fail_as(err, EX_DATAERR, "not a list of runs, or only part of one");
}

int ssh_parse_listing(const char *text, enum placer_state *states, size_t count, struct error *err)
{
	size_t first = strlen(FIRST);
	if (strncmp(text, FIRST, first) != 0)
		return fail_as(err, EX_DATAERR, "not a list of runs: '%.*s'",
			(int)strcspn(text, "\n") < 80 ? (int)strcspn(text, "\n") : 80, text);
	_cleanup_free_ enum placer_state *copy = calloc(count + 1, sizeof *copy);
	if (!copy)
		return fail(err, ENOMEM, "runs");
	memcpy(copy, states, count * sizeof *copy);
	if (parse_lines(text + first, copy, count, err) < 0)
		return -1;
	memcpy(states, copy, count * sizeof *copy);
	return 0;
}

/* ---- ssh.tsv ------------------------------------------------------------------------------- */

int ssh_owners_find(struct ssh_owners *owners, const char *name, size_t len, struct error *err)
{
	for (size_t i = 0; i < owners->name_count; i++)
		if (strncmp(owners->names[i], name, len) == 0 && !owners->names[i][len])
			return (int)i;
	char **larger = reallocarray(owners->names, owners->name_count + 1, sizeof *larger);
	if (!larger)
		return fail(err, ENOMEM, "hosts");
	owners->names = larger;
	char *copy = strndup(name, len);
	if (!copy)
		return fail(err, ENOMEM, "hosts");
	owners->names[owners->name_count++] = copy;
	if (!experiment_is_host(copy))
		return fail_as(err, EX_DATAERR, "ssh.tsv: '%.80s' is not the name of a host", copy);
	return (int)owners->name_count - 1;
}

struct owning {
	unsigned *of;
	unsigned host;
};

static void note_owner(size_t index, void *data)
{
	const struct owning *owning = data;
	owning->of[index] = owning->host;
}

int ssh_owners_parse(const char *text, size_t count, struct ssh_owners *ret, struct error *err)
{
	_cleanup_(ssh_owners_free) struct ssh_owners owners = {
		.of = calloc(count + 1, sizeof *owners.of)};
	if (!owners.of)
		return fail(err, ENOMEM, "hosts");
	for (size_t i = 0; i < count; i++)
		owners.of[i] = SSH_NOBODY;
	while (*text) {
		size_t name = strcspn(text, "\t\n");
		size_t line = strcspn(text, "\n");
		if (text[name] != '\t' || text[line] != '\n')
			return fail_as(err, EX_DATAERR, "ssh.tsv is not a list of hosts' runs");
		int host = ssh_owners_find(&owners, text, name, err);
		struct owning owning = {.of = owners.of, .host = (unsigned)host};
		if (host < 0 || ranges_parse("ssh.tsv", text + name + 1, line - name - 1, count,
					note_owner, &owning, err) < 0)
			return -1;
		text += line + 1;
	}
	*ret = owners;
	owners = (struct ssh_owners)SSH_OWNERS_NONE;
	return 0;
}

void ssh_owners_free(struct ssh_owners *owners)
{
	for (size_t i = 0; i < owners->name_count; i++)
		free(owners->names[i]);
	free(owners->names);
	free(owners->of);
	*owners = (struct ssh_owners)SSH_OWNERS_NONE;
}
