/* SPDX-License-Identifier: MIT
 *
 * doc: loads a document, walks its nodes and frees them. doc_text.c and doc_parse.c refuse what is
 * beyond the bounds in doc.h.
 */
#include "doc_parts.h"

#include "cleanup.h"

#define MEMORY_SIZE 16384 /* bytes: enough for the nodes of a small config */

struct mark doc_mark(const struct doc_node *node)
{
	return node->at;
}

struct doc_node *doc_root(struct doc *doc)
{
	return doc->root;
}

const char *doc_text(const struct doc_node *node)
{
	return node && node->kind == DOC_SCALAR ? node->text : NULL;
}

bool doc_is_map(const struct doc_node *node)
{
	return node->kind == DOC_MAP;
}

bool doc_is_list(const struct doc_node *node)
{
	return node->kind == DOC_LIST;
}

bool doc_is_quoted(const struct doc_node *node)
{
	return node->quoted;
}

bool doc_is_null(const struct doc_node *node)
{
	const char *text = doc_text(node);
	return text && !doc_is_quoted(node) &&
	       (!*text || strcmp(text, "~") == 0 || strcasecmp(text, "null") == 0);
}

bool doc_pair(struct doc *doc, const struct doc_node *map, size_t i, struct doc_node **ret_key,
	struct doc_node **ret_value)
{
	(void)doc;
	if (!map || map->kind != DOC_MAP || i >= map->count / 2)
		return false;
	*ret_key = map->children[2 * i];
	*ret_value = map->children[2 * i + 1];
	return true;
}

bool doc_item(struct doc *doc, const struct doc_node *seq, size_t i, struct doc_node **ret_item)
{
	(void)doc;
	if (!seq || seq->kind != DOC_LIST || i >= seq->count)
		return false;
	*ret_item = seq->children[i];
	return true;
}

static int compare_to_key(const void *text, const void *pair)
{
	return strcmp(text, ((const struct doc_pair *)pair)->key->text);
}

struct doc_node *doc_get(struct doc *doc, const struct doc_node *node, const char *key)
{
	struct doc_node *name = NULL;
	struct doc_node *value = NULL;
	if (node && node->sorted) {
		const struct doc_pair *found = bsearch(key, node->sorted, node->sorted_count,
			sizeof *node->sorted, compare_to_key);
		return found ? found->value : NULL;
	}
	for (size_t i = 0; doc_pair(doc, node, i, &name, &value); i++) {
		const char *text = doc_text(name);
		if (text && strcmp(text, key) == 0)
			return value;
	}
	return NULL;
}

int doc_load(const char *name, const char *text, size_t len, struct doc *ret, struct error *err)
{
	if (len > DOC_SIZE_MAX)
		return fail_as(
			err, EX_CONFIG, "%s: file is larger than %u bytes", name, DOC_SIZE_MAX);
	_cleanup_(doc_free) struct doc doc = {.name = strdup(name)};
	if (!doc.name)
		return fail_as(err, EX_SOFTWARE, "%s: out of memory", name);
	if (doc_text_check(name, text, len, err) < 0 || doc_parse(&doc, text, len, err) < 0)
		return -1;
	*ret = doc;
	doc = (struct doc)DOC_NONE;
	return 0;
}

void *doc_take(struct doc *doc, size_t size)
{
	struct doc_memory *memory = doc->memory;
	size = (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!memory || memory->size - memory->used < size) {
		size_t room = size < MEMORY_SIZE ? MEMORY_SIZE : size;
		memory = calloc(1, sizeof *memory + room);
		if (!memory)
			return NULL;
		*memory = (struct doc_memory){.next = doc->memory, .size = room};
		doc->memory = memory;
	}
	void *piece = memory->pieces + memory->used;
	memory->used += size;
	return piece;
}

void doc_free(struct doc *doc)
{
	for (struct doc_memory *memory = doc->memory; memory;) {
		struct doc_memory *next = memory->next;
		free(memory);
		memory = next;
	}
	free(doc->name);
	*doc = (struct doc)DOC_NONE;
}
