/* SPDX-License-Identifier: MIT
 *
 * keys: refuses misspelled keys about CPUs and memory, and passes keys about other things. A limit
 * that is silently ignored is worse than one that is missing. A key counts as misspelled if it is
 * close to a known key or contains a word such as `cpu` or `mem`.
 */
#include "formats.h"

#include "cleanup.h"
#include "nearest.h"

/* A key with one of these words is about CPUs or memory: `cpu_limit`, `mem-max`. */
static const struct {
	const char *word;
	bool memory;
} words[] = {{"cpu", false}, {"cpus", false}, {"cpuset", false}, {"cpusets", false},
	{"core", false}, {"cores", false}, {"mem", true}, {"memory", true}, {"ram", true}};

static bool has_word(const char *key, const char *word)
{
	size_t len = strlen(word);
	for (const char *p = key; *p;) {
		size_t n = strcspn(p, "_-. ");
		if (n == len && strncasecmp(p, word, n) == 0)
			return true;
		p += n + (p[n] ? 1 : 0);
	}
	return false;
}

/* The known key that the user meant by an unknown one; NULL if the key is about something else. */
static const char *meant_key(const char *key, const char *const *known)
{
	const char *nearest = nearest_meant(key, known);
	if (nearest)
		return nearest;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!has_word(key, words[i].word))
			continue;
		for (const char *const *name = known; *name && words[i].memory; name++)
			if (has_word(*name, "memory"))
				return *name;
		return known[0];
	}
	return NULL;
}

bool keys_has(const char *const *known, const char *key)
{
	for (; *known; known++)
		if (strcmp(key, *known) == 0)
			return true;
	return false;
}

/* Refuse a key that is the rest of a CPU list: in braces, `cpuset: 2,3` is the value 2 and a key 3
 * without a value. */
static int refuse_list_rest(struct doc *doc, const struct doc_node *key,
	const struct doc_node *value, struct error *err)
{
	const char *text = doc_text(key);
	if (!doc_is_null(value) || !*text || text[strspn(text, "0123456789-")])
		return 0;
	(void)fail_at(err, doc->name, doc_mark(key),
		"'%.64s' is a key here, not an element of a list", text);
	return add_hint(err, "quote a list that contains commas: \"2,3\"");
}

/* Suggest a key. A number of CPUs is no list: `cpuset: 1` would be CPU 1. */
static int hint_key(
	const char *text, const struct doc_node *value, const char *known, struct error *err)
{
	const char *number = doc_text(value);
	bool counts = strcmp(known, "cpuset") == 0 && number && *number &&
		      !number[strspn(number, "0123456789")] && strcmp(number, "0") != 0 &&
		      (has_word(text, "cpu") || has_word(text, "cpus") || has_word(text, "cores"));
	return counts ? add_hint(err,
				"'cpuset' takes a list of CPUs, such as \"0-3\"; only `resources:` "
				"takes a number")
		      : add_hint(err, "did you mean '%s'?", known);
}

static int refuse_unknown_keys(struct doc *doc, const struct doc_node *body,
	const char *const *known, bool all, struct error *err)
{
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	for (size_t i = 0; doc_pair(doc, body, i, &key, &value); i++) {
		const char *text = doc_text(key);
		if (!text || keys_has(known, text))
			continue;
		if (strcmp(text, "<<") == 0) {
			(void)fail_at(err, doc->name, doc_mark(key),
				"merge keys (`<<`) are not supported");
			return add_hint(err, "write the keys out; aliases as values are supported");
		}
		if (refuse_list_rest(doc, key, value, err) < 0)
			return -1;
		const char *hint = all ? nearest_word(text, known) : meant_key(text, known);
		if (!hint)
			continue;
		(void)fail_at(err, doc->name, doc_mark(key), "unknown key '%.64s'", text);
		return hint_key(text, value, hint, err);
	}
	return 0;
}

int keys_check(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err)
{
	return refuse_unknown_keys(doc, body, known, false, err);
}

int keys_check_all(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err)
{
	return refuse_unknown_keys(doc, body, known, true, err);
}
