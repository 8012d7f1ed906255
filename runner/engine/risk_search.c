/* SPDX-License-Identifier: MIT
 *
 * risk_search: the rules of a table applied to a mapping. The text of a value is kept short: it is
 * for messages, and comes from a file that others may have written. For the same reason the time is
 * in proportion to the file: what many services use is judged once, and beyond RISKS_MAX the search
 * ends.
 */
#include "risk_search.h"

#include "cleanup.h"

#include <search.h>
#include <stdio.h>

bool value_is_empty(struct doc *doc, const struct doc_node *value)
{
	struct doc_node *key = NULL;
	struct doc_node *item = NULL;
	const char *text = doc_text(value);
	return text ? !*text || doc_is_null(value)
		    : !doc_item(doc, value, 0, &item) && !doc_pair(doc, value, 0, &key, &item);
}

/* Write a value in YAML's flow style, or as much of it as is shown. */
static void print_value(struct doc *doc, const struct doc_node *value, FILE *out)
{
	struct doc_node *key = NULL;
	struct doc_node *item = NULL;
	const char *text = doc_text(value);
	if (text) {
		(void)fputs(text, out);
		return;
	}
	bool list = value && doc_is_list(value);
	(void)fputc(list ? '[' : '{', out);
	for (size_t i = 0; ftell(out) <= RISK_VALUE_MAX && doc_item(doc, value, i, &item); i++) {
		(void)fputs(i ? ", " : "", out);
		print_value(doc, item, out);
	}
	for (size_t i = 0; ftell(out) <= RISK_VALUE_MAX && doc_pair(doc, value, i, &key, &item);
		i++) {
		(void)fputs(i ? ", " : "", out);
		print_value(doc, key, out);
		(void)fputs(": ", out);
		print_value(doc, item, out);
	}
	(void)fputc(list ? ']' : '}', out);
}

/* The text of a value, cut between two characters. The caller frees it; NULL if out of memory. */
static char *value_text(struct doc *doc, const struct doc_node *value)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	print_value(doc, value, out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	if (len > RISK_VALUE_MAX) {
		len = RISK_VALUE_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		text[len] = '\0';
	}
	return text;
}

/* The risks that had their names before every key had a rule. */
static const char *name_of(const char *key, const char *value)
{
	if (strcmp(value, "host") == 0 && strcmp(key, "cgroup") == 0)
		return "cgroup: host";
	if (strcmp(value, "host") == 0 && strcmp(key, "pid") == 0)
		return "pid: host";
	return key;
}

/* Add a risk; it takes over key and value, NULL if out of memory. */
static void add_risk(struct risk_search *search, struct risk risk)
{
	struct risks *found = search->found;
	struct risk *larger = reallocarray(found->list, found->count + 1, sizeof *larger);
	if (larger)
		found->list = larger;
	if (!larger || !risk.key || !risk.value) {
		free(risk.key);
		free(risk.value);
		search->failed = true;
		return;
	}
	found->list[found->count++] = risk;
}

/* Whether the project may have one more risk. Counts it. */
static bool may_add(struct risk_search *search)
{
	return search->scope->memory->risk_count++ < RISKS_MAX;
}

void search_add(
	struct risk_search *search, const char *name, const struct doc_node *value, const char *why)
{
	if (!may_add(search))
		return;
	struct risk risk = {.key = strdup(search->key),
		.value = value_text(search->scope->doc, value),
		.why = why};
	risk.name = name ? name : name_of(search->service_key, risk.value ? risk.value : "");
	add_risk(search, risk);
}

static bool is_harmless(
	const struct risk_search *search, const struct key_rule *rule, const char *text)
{
	return rule->harmless ? text_is_in(text, rule->harmless) : rule->is_harmless(search, text);
}

static void check_texts(
	struct risk_search *search, const struct key_rule *rule, const struct doc_node *value)
{
	struct doc *doc = search->scope->doc;
	struct doc_node *item = NULL;
	if (!doc_is_list(value)) {
		if (!doc_text(value) || !is_harmless(search, rule, doc_text(value)))
			search_add(search, NULL, value, rule->why);
		return;
	}
	for (size_t i = 0; doc_item(doc, value, i, &item); i++)
		if (!doc_text(item) || !is_harmless(search, rule, doc_text(item)))
			search_add(search, NULL, item, rule->why);
}

/* Whether the key of "KEY=VALUE", or of a mapping, is harmless. */
static bool has_harmless_key(
	const struct risk_search *search, const struct key_rule *rule, const struct doc_node *node)
{
	const char *text = doc_text(node);
	_cleanup_free_ char *key = text ? strndup(text, strcspn(text, "=")) : NULL;
	return key && is_harmless(search, rule, key);
}

static void check_each_key(
	struct risk_search *search, const struct key_rule *rule, const struct doc_node *value)
{
	struct doc *doc = search->scope->doc;
	struct doc_node *key = NULL;
	struct doc_node *item = NULL;
	if (doc_text(value))
		search_add(search, NULL, value, rule->why);
	for (size_t i = 0; doc_item(doc, value, i, &item); i++)
		if (!has_harmless_key(search, rule, item))
			search_add(search, NULL, item, rule->why);
	for (size_t i = 0; doc_pair(doc, value, i, &key, &item); i++)
		if (!has_harmless_key(search, rule, key))
			search_add(search, NULL, key, rule->why);
}

static void apply_rule(
	struct risk_search *search, const struct key_rule *rule, const struct doc_node *value)
{
	if (rule->kind == RULE_HARMLESS || value_is_empty(search->scope->doc, value))
		return;
	if (rule->kind == RULE_REFUSED)
		search_add(search, NULL, value, rule->why);
	else if (rule->kind == RULE_TEXTS)
		check_texts(search, rule, value);
	else if (rule->kind == RULE_KEYS)
		check_each_key(search, rule, value);
	else if (rule->kind == RULE_MAPPING)
		search_mapping(search, value, rule->table);
	else
		rule->check(search, value);
}

static const struct key_rule *find_rule(const struct key_table *table, const char *key)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->rules[i].key, key) == 0)
			return &table->rules[i];
	return NULL;
}

/* Compose ignores keys that begin with x-. */
static bool is_extension(const char *key)
{
	return strncmp(key, "x-", 2) == 0;
}

/* Add a part to the search's key and return its length before, to which it is cut again. A key that
 * is too long is cut: it is for messages. */
static size_t enter_key(struct risk_search *search, const char *part)
{
	size_t before = strlen(search->key);
	(void)snprintf(
		search->key + before, sizeof search->key - before, "%s%s", before ? "." : "", part);
	return before;
}

static void search_key(struct risk_search *search, const struct key_table *table, const char *key,
	const struct doc_node *value)
{
	const struct key_rule *rule = find_rule(table, key);
	size_t before = enter_key(search, key);
	if (before == 0)
		search->service_key = rule ? rule->key : RISK_UNKNOWN_KEY;
	if (rule)
		apply_rule(search, rule, value);
	else if (!is_extension(key))
		search_add(search, NULL, value, "unknown key");
	search->key[before] = '\0';
}

void search_mapping(
	struct risk_search *search, const struct doc_node *map, const struct key_table *table)
{
	struct doc_node *key = NULL;
	struct doc_node *value = NULL;
	if (!map || !doc_is_map(map)) {
		search_add(search, NULL, map, "not a mapping");
		return;
	}
	for (size_t i = 0; doc_pair(search->scope->doc, map, i, &key, &value); i++)
		search_key(search, table, doc_text(key) ? doc_text(key) : "?", value);
}

void search_mapping_at(struct risk_search *search, const char *part, const struct doc_node *map,
	const struct key_table *table)
{
	size_t before = enter_key(search, part);
	search_mapping(search, map, table);
	search->key[before] = '\0';
}

/* ---- definitions that services share --------------------------------------------------------- */

struct definition {
	char *name; /* where it is used and its own name: "volumes.data" */
	struct risks risks;
};

static int compare_definitions(const void *a, const void *b)
{
	const struct definition *left = a;
	const struct definition *right = b;
	return strcmp(left->name, right->name);
}

static void free_definition(void *data)
{
	struct definition *definition = data;
	free(definition->name);
	risks_free(&definition->risks);
	free(definition);
}

void risk_memory_free(struct risk_memory *memory)
{
	tdestroy(memory->definitions, free_definition);
	*memory = (struct risk_memory){.definitions = NULL};
}

/* Find what is known of a definition, or make a place for it. NULL if out of memory. */
static struct definition *recall(struct risk_search *search, const char *name, bool *ret_known)
{
	void **memory = &search->scope->memory->definitions;
	struct definition *made = calloc(1, sizeof *made);
	if (!made)
		return NULL;
	if (asprintf(&made->name, "%s.%s", search->key, name) < 0) {
		free(made);
		return NULL;
	}
	struct definition *const *found = tsearch(made, memory, compare_definitions);
	*ret_known = found && *found != made;
	if (!found || *ret_known)
		free_definition(made);
	return found ? *found : NULL;
}

void search_definition(struct risk_search *search, const char *name,
	const struct doc_node *definition,
	void (*judge)(
		struct risk_search *search, const char *name, const struct doc_node *definition))
{
	bool known = false;
	struct definition *used = recall(search, name, &known);
	if (!used) {
		search->failed = true;
		return;
	}
	if (!known) {
		struct risk_search first = *search;
		first.found = &used->risks;
		judge(&first, name, definition);
		search->failed = search->failed || first.failed;
	}
	for (size_t i = 0; i < used->risks.count && may_add(search); i++) {
		const struct risk *risk = &used->risks.list[i];
		add_risk(search, (struct risk){.name = risk->name,
					 .key = strdup(risk->key),
					 .value = strdup(risk->value),
					 .why = risk->why});
	}
}
