/* SPDX-License-Identifier: MIT
 *
 * share: reads CPUs and memory, whose values all formats write the same way. Values are read as
 * they are written in the file, so that `0-3` needs no quotes. A number that YAML readers disagree
 * about is refused: 010 is 8 for some and 10 for others.
 */
#include "formats.h"

#include "cleanup.h"

static const char *const cpu_keys[] = {"cpuset", "cpus", "cpu"};

static int fail_value(struct doc *doc, const struct doc_node *value, const char *key,
	const char *what, struct error *err)
{
	return fail_at(err, doc->name, doc_mark(value), "%s %s", key, what);
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* The text of a scalar. Returns NULL with an error for any other node, and for a number that is
 * octal in YAML 1.1 but not in YAML 1.2. */
static const char *read_value_text(struct doc *doc, const struct doc_node *value, const char *key,
	const char *what, struct error *err)
{
	const char *text = doc_text(value);
	if (!text || doc_is_null(value)) {
		(void)fail_value(doc, value, key, what, err);
		return NULL;
	}
	if (text[0] == '0' && text[1] && is_number(text) && !doc_is_quoted(value)) {
		(void)fail_at(err, doc->name, doc_mark(value),
			"%s '%.64s' is an octal number for some YAML parsers", key, text);
		(void)add_hint(err, "remove the leading zero");
		return NULL;
	}
	return text;
}

static int read_count(struct doc *doc, const struct doc_node *value, const char *key, unsigned *ret,
	struct error *err)
{
	unsigned count = 0;
	for (const char *p = doc_text(value); *p && count <= CPULIST_MAX; p++)
		count = count * 10 + (unsigned)(*p - '0');
	if (count == 0)
		return fail_value(doc, value, key, "must be at least 1", err);
	if (count > CPULIST_MAX)
		return fail_value(doc, value, key, "is more CPUs than any kernel supports", err);
	*ret = count;
	return 0;
}

static int read_share_cpus(struct doc *doc, const struct doc_node *value, const char *key,
	struct job_share *ret, struct error *err)
{
	bool countable = strcmp(key, "cpuset") != 0;
	const char *text = read_value_text(doc, value, key,
		countable ? "must be a number of CPUs, or a list such as \"0-3,8\""
			  : "must be a CPU list such as \"0-3,8\"",
		err);
	if (!text)
		return -1;
	struct mark at = doc_mark(value);
	if (countable && is_number(text)) {
		if (read_count(doc, value, key, &ret->cpu_count, err) < 0)
			return -1;
	} else if (cpulist_parse(text, &ret->cpus, err) < 0) {
		return add_context(err, "%s:%u:%u: %s", doc->name, at.line, at.column, key);
	}
	ret->cpus_at = at;
	return 0;
}

static int read_share_memory(struct doc *doc, const struct doc_node *value, const char *key,
	enum size_bare bare, struct job_share *ret, struct error *err)
{
	const char *text = read_value_text(doc, value, key, "must be a size such as \"4G\"", err);
	if (!text)
		return -1;
	struct mark at = doc_mark(value);
	if (size_parse(text, bare, &ret->memory, err) < 0)
		return add_context(err, "%s:%u:%u: %s", doc->name, at.line, at.column, key);
	ret->memory_at = at;
	return 0;
}

int job_read_share(struct doc *doc, const struct doc_node *body, const struct share_format *format,
	struct job_share *share, struct error *err)
{
	const char *first = NULL;
	if (keys_check(doc, body, format->known, err) < 0)
		return -1;
	for (size_t i = 0; i < (format->counts ? sizeof cpu_keys / sizeof *cpu_keys : 1); i++) {
		const struct doc_node *value = doc_get(doc, body, cpu_keys[i]);
		if (!value)
			continue;
		if (first)
			return fail_at(err, doc->name, doc_mark(value),
				"%s (line %u) and %s are both set", first, share->cpus_at.line,
				cpu_keys[i]);
		first = cpu_keys[i];
		if (read_share_cpus(doc, value, first, share, err) < 0)
			return -1;
	}
	const struct doc_node *memory = doc_get(doc, body, format->memory);
	return memory ? read_share_memory(doc, memory, format->memory, format->bare, share, err)
		      : 0;
}

int job_read_crs(struct doc *doc, struct job *job, const struct doc_node *name,
	const struct doc_node *body, const struct share_format *format, struct error *err)
{
	struct job_crs *crs = NULL;
	if (job_add_crs(doc, job, name, &crs, err) < 0 ||
		job_read_share(doc, body, format, &crs->share, err) < 0 ||
		job_read_services(doc, body, crs, err) < 0)
		return -1;
	if (!crs->share.cpus_at.line || !crs->share.memory_at.line)
		return fail_at(err, doc->name, crs->at, "CRS '%s' has no %s", crs->name,
			crs->share.cpus_at.line ? format->memory : "cpuset");
	return 0;
}
