/* SPDX-License-Identifier: MIT
 *
 * doc: one YAML document in memory, parsed by libyaml, with the position of every value in it.
 *
 * A text has at most DOC_SIZE_MAX bytes and holds one document. No mapping has a key twice, and no
 * scalar contains a NUL. The document has at most DOC_DEPTH_MAX levels and DOC_NODES_MAX nodes,
 * counted as if every alias were replaced by a copy of its node (in memory there is one node with
 * several pointers to it). Walking a document is therefore bounded.
 *
 * Loading takes time in proportion to the text, whatever is in it, apart from the sorting of keys:
 * the bounds are checked while libyaml parses, and a text that would make libyaml itself quadratic
 * is refused. Those are texts with more than DOC_BLANKS_MAX blanks and line breaks in a row or with
 * %TAG directives (tags are not applied in any case).
 */
#ifndef OSS_CRS_DOC_H
#define OSS_CRS_DOC_H

#include "mark.h"

#include <stdbool.h>
#include <stddef.h>

/* What Compose's `config` prints can be this long: the files of a job with all that they include,
 * anchors and defaults written out. A config is smaller: JOB_SIZE_MAX (job.h). */
#define DOC_SIZE_MAX   (4U << 20)
#define DOC_NODES_MAX  (1U << 20)
#define DOC_DEPTH_MAX  64
#define DOC_BLANKS_MAX 4096

/* A value in a document: a scalar, a sequence or a mapping. It belongs to the document and is valid
 * until doc_free(). */
struct doc_node;
struct doc_memory;

struct doc {
	char *name; /* the file's path as the user gave it, for messages */
	struct doc_node *root;
	struct doc_memory *memory; /* holds all nodes, for doc_free() */
};

#define DOC_NONE             \
	{                    \
		.name = NULL \
	}

/* Parse len bytes. Fails with EX_CONFIG for bad YAML, an empty document and a document beyond the
 * bounds above; the message begins with "NAME:LINE:COLUMN: ", or with "NAME: " if the error has no
 * position. Fails with EX_SOFTWARE when out of memory. The caller frees *ret with doc_free().
 * `name` is copied, `text` is not needed afterwards. */
int doc_load(const char *name, const char *text, size_t len, struct doc *ret, struct error *err);
/* Free the document with all its nodes and reset *doc to DOC_NONE. */
void doc_free(struct doc *doc);

/* The top-level node. */
struct doc_node *doc_root(struct doc *doc);

/* Where a node begins. */
struct mark doc_mark(const struct doc_node *node);

/* The text of a scalar, as written in the file; NULL for other nodes and for NULL. Tags and YAML's
 * number formats (octal, sexagesimal, 1_000) are not applied. The text belongs to the document. */
const char *doc_text(const struct doc_node *node);

/* Whether a node is a mapping, a sequence, or a scalar in quotes or block style. */
bool doc_is_map(const struct doc_node *node);
bool doc_is_list(const struct doc_node *node);
bool doc_is_quoted(const struct doc_node *node);

/* Whether a node is a null: `key:` without a value, `~` or `null`. */
bool doc_is_null(const struct doc_node *node);

/* The value of a key in a mapping; NULL if the node is not a mapping or does not have the key. */
struct doc_node *doc_get(struct doc *doc, const struct doc_node *node, const char *key);

/* Get pair or item number i, from 0, of a mapping or a sequence. Returns false past the end, and
 * for a node that is not a mapping or not a sequence. */
bool doc_pair(struct doc *doc, const struct doc_node *map, size_t i, struct doc_node **ret_key,
	struct doc_node **ret_value);
bool doc_item(struct doc *doc, const struct doc_node *seq, size_t i, struct doc_node **ret_item);

#endif
