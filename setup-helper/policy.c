/* SPDX-License-Identifier: MIT
 *
 * policy: see policy.h. inih is kept on a short lead: Debian's build cuts a line at INI_MAX_LINE bytes and reads the
 * rest as another line, joins indented lines to the key before, and hands over the same key twice without a word.
 * So it is fed line by line, a line that does not fit is refused, and so is a second value for a key.
 */
#include "policy.h"

#include "cleanup.h"
#include "fs.h"
#include "trusted.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stddef.h>

#define FILE_MAX ((size_t)64 * 1024)

struct parse {
	struct policy policy;
	const char *rest;   /* of the text */
	int line;           /* that inih has, from 1 */
	unsigned seen;      /* one bit per row of the table */
	struct error first; /* of ours, and its line; inih goes on after an error */
	int first_line;
};

struct key {
	const char *section;
	const char *name;
	size_t offset; /* of the field in struct policy */
	int (*set)(const char *value, void *field, struct error *err);
};

void policy_default(struct policy *ret)
{
	*ret = (struct policy){
		.controllers = "cpuset memory",
		.linger = true,
		.scope = SCOPE_USER,
		.manage = true,
		.daemon_json = "/etc/docker/daemon.json",
		.service = "docker.service",
		.socket = "/run/docker.sock",
		.restart = RESTART_AUTO,
	};
}

/* The index of text in a NULL-terminated list of words, or -1. */
static int word_index(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}

int policy_parse_bool(const char *text, bool *ret, struct error *err)
{
	static const char *const words[] = {"no", "yes", NULL};
	int i = word_index(text, words);
	if (i < 0)
		return fail_as(err, EX_USAGE, "'%.32s' is neither yes nor no", text);
	*ret = i == 1;
	return 0;
}

int policy_parse_restart(const char *text, enum restart *ret, struct error *err)
{
	static const char *const words[] = {"auto", "never", "force", NULL};
	int i = word_index(text, words);
	if (i < 0)
		return fail_as(err, EX_USAGE, "'%.32s' is none of auto, never, force", text);
	*ret = (enum restart)i;
	return 0;
}

static int set_bool(const char *value, void *field, struct error *err)
{
	return policy_parse_bool(value, field, err);
}

static int set_restart(const char *value, void *field, struct error *err)
{
	return policy_parse_restart(value, field, err);
}

static int set_scope(const char *value, void *field, struct error *err)
{
	static const char *const words[] = {"user", "all", NULL};
	int i = word_index(value, words);
	if (i < 0)
		return fail_as(err, EX_CONFIG, "'%.32s' is neither user nor all", value);
	*(enum scope *)field = (enum scope)i;
	return 0;
}

static int set_text(const char *value, char *field, struct error *err)
{
	int n = snprintf(field, POLICY_TEXT_MAX, "%s", value);
	return n > 0 && n < POLICY_TEXT_MAX
		       ? 0
		       : fail_as(err, EX_CONFIG, "a value of 1 to %d bytes is wanted", POLICY_TEXT_MAX - 1);
}

static int set_path(const char *value, void *field, struct error *err)
{
	size_t len = strlen(value);
	if (*value != '/' || len < 2 || value[len - 1] == '/')
		return fail_as(err, EX_CONFIG, "'%.64s' is not an absolute path of a file", value);
	for (const char *part = value; part; part = strchr(part + 1, '/'))
		if (strncmp(part, "//", 2) == 0 || strncmp(part, "/./", 3) == 0 ||
			strncmp(part, "/../", 4) == 0 || strcmp(part, "/.") == 0 || strcmp(part, "/..") == 0)
			return fail_as(err, EX_CONFIG, "'%.64s' is not a plain path", value);
	return set_text(value, field, err);
}

static int set_service(const char *value, void *field, struct error *err)
{
	static const char suffix[] = ".service";
	size_t len = strlen(value);
	bool good = len > strlen(suffix) && strcmp(value + len - strlen(suffix), suffix) == 0;
	for (const char *c = value; good && *c; c++)
		good = isalnum((unsigned char)*c) || strchr(":-_.@", *c);
	return good ? set_text(value, field, err)
		    : fail_as(err, EX_CONFIG, "'%.64s' is not the name of a service", value);
}

static int set_controllers(const char *value, void *field, struct error *err)
{
	static const char *const known[] = {"cpu", "cpuset", "io", "memory", "pids", NULL};
	char copy[POLICY_TEXT_MAX];
	char list[POLICY_TEXT_MAX] = "";
	unsigned seen = 0;
	if (set_text(value, copy, err) < 0)
		return -1;
	char *rest = NULL;
	for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		int i = word_index(word, known);
		if (i < 0)
			return fail_as(
				err, EX_CONFIG, "'%.32s' is no controller (cpu cpuset io memory pids)", word);
		if (seen & 1U << i)
			return fail_as(err, EX_CONFIG, "%s is there twice", word);
		seen |= 1U << i;
		size_t used = strlen(list);
		(void)snprintf(list + used, sizeof list - used, "%s%s", used ? " " : "", word);
	}
	if (!(seen & 1U << 1) || !(seen & 1U << 3))
		return fail_as(err, EX_CONFIG, "cpuset and memory must be among the controllers");
	return set_text(list, field, err);
}

static const struct key keys[] = {
	{"delegate", "controllers", offsetof(struct policy, controllers), set_controllers},
	{"delegate", "linger", offsetof(struct policy, linger), set_bool},
	{"delegate", "scope", offsetof(struct policy, scope), set_scope},
	{"docker", "manage", offsetof(struct policy, manage), set_bool},
	{"docker", "daemon_json", offsetof(struct policy, daemon_json), set_path},
	{"docker", "service", offsetof(struct policy, service), set_service},
	{"docker", "restart", offsetof(struct policy, restart), set_restart},
	{"docker", "socket", offsetof(struct policy, socket), set_path},
};

static int set_key(struct parse *parse, const char *section, const char *name, const char *value)
{
	struct error *err = &parse->first;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (strcmp(section, keys[i].section) != 0 || strcmp(name, keys[i].name) != 0)
			continue;
		if (parse->seen & 1U << i)
			return fail_as(err, EX_CONFIG, "[%s] %s is given twice", section, name);
		parse->seen |= 1U << i;
		if (keys[i].set(value, (char *)&parse->policy + keys[i].offset, err) < 0)
			return add_context(err, "[%s] %s", section, name);
		return 0;
	}
	return fail_as(err, EX_CONFIG, "[%.32s] %.32s is not known", section, name);
}

/* inih's handler: nonzero is success. Only the first error counts. */
static int handle(void *user, const char *section, const char *name, const char *value)
{
	struct parse *parse = user;
	if (parse->first_line)
		return 0;
	if (set_key(parse, section, name, value) == 0)
		return 1;
	parse->first_line = parse->line;
	return 0;
}

/* inih's reader, as fgets(3): the next line, newline included. One that does not fit ends it all. */
static char *read_line(char *buf, int size, void *stream)
{
	struct parse *parse = stream;
	size_t len = strcspn(parse->rest, "\n");
	len += parse->rest[len] == '\n';
	if (len == 0 || parse->first_line)
		return NULL;
	parse->line++;
	if (size < 1 || len > (size_t)size - 1) {
		(void)fail_as(&parse->first, EX_CONFIG, "longer than %d bytes", size - 2);
		parse->first_line = parse->line;
		return NULL;
	}
	memcpy(buf, parse->rest, len);
	buf[len] = '\0';
	parse->rest += len;
	return buf;
}

int policy_parse(const char *text, size_t len, struct policy *ret, struct error *err)
{
	struct parse parse = {.rest = text};
	if (memchr(text, '\0', len))
		return fail_as(err, EX_CONFIG, "a NUL byte");
	policy_default(&parse.policy);
	int line = ini_parse_stream(read_line, &parse, handle, &parse);
	if (line < 0)
		return fail(err, ENOMEM, "parse");
	if (line > 0 && (parse.first_line == 0 || line < parse.first_line)) {
		(void)fail_as(err, EX_CONFIG, "%d: neither [section], key = value nor a comment", line);
		return -1;
	}
	if (parse.first_line) {
		*err = parse.first;
		err->status = EX_CONFIG;
		return add_context(err, "%d", parse.first_line);
	}
	*ret = parse.policy;
	return 0;
}

int policy_load(const struct host *host, struct policy *ret, struct error *err)
{
	policy_default(ret);
	_cleanup_close_ int fd = fs_open(host->root, &POLICY_FILE[1], O_RDONLY | O_NONBLOCK, 0, err);
	if (fd < 0 && (err->code == ENOENT || err->code == ENOTDIR))
		return 0;
	if (fd < 0)
		return -1;
	if (trusted_file(fd, POLICY_FILE, NULL, err) < 0)
		return -1;
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	if (fs_read_fd(fd, POLICY_FILE, FILE_MAX, &text, &len, err) < 0)
		return -1;
	return policy_parse(text, len, ret, err) < 0 ? add_context(err, "%s", POLICY_FILE) : 0;
}
