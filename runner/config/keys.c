/* SPDX-License-Identifier: MIT
 *
 * keys: telling a mistyped key about resources from a key about something else. A limit that is passed over in
 * silence is worse than one that is missing.
 */
#include "formats.h"

#include "cleanup.h"
#include "nearest.h"

/* Words that make a key one about CPUs or memory, whatever else it says: `cpu_limit`, `mem-max`. */
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

/* The known key that is meant by one that is not known; NULL for a key about something else. */
static const char *meant(const char *key, const char *const *known)
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

static bool is_known(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(key, *known) == 0)
			return true;
	return false;
}

static int check(struct doc *doc, const struct doc_node *body, const char *const *known, bool all,
	struct error *err)
{
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	for (size_t i = 0; doc_pair(doc, body, i, &key, &value); i++) {
		const char *text = doc_text(key);
		if (!text || is_known(text, known))
			continue;
		if (strcmp(text, "<<") == 0) {
			(void)fail_at(
				err, doc->name, doc_mark(key), "merge keys (`<<`) are not read");
			return add_hint(err, "write the keys out; an alias as a value is fine");
		}
		const char *hint = all ? nearest_word(text, known) : meant(text, known);
		if (!hint)
			continue;
		(void)fail_at(err, doc->name, doc_mark(key), "unknown key '%.64s'", text);
		return add_hint(err, "the nearest known one here is '%s'", hint);
	}
	return 0;
}

int keys_check(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err)
{
	return check(doc, body, known, false, err);
}

int keys_check_all(
	struct doc *doc, const struct doc_node *body, const char *const *known, struct error *err)
{
	return check(doc, body, known, true, err);
}
