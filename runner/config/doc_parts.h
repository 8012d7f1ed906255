/* SPDX-License-Identifier: MIT
 *
 * doc_parts: what the parts of doc share. doc.c walks the nodes, doc_parse.c makes them from
 * libyaml's events, doc_text.c looks at the text before libyaml does.
 */
#ifndef OSS_CRS_DOC_PARTS_H
#define OSS_CRS_DOC_PARTS_H

#include "doc.h"

enum doc_kind {
	DOC_SCALAR,
	DOC_LIST,
	DOC_MAP,
};

struct doc_pair {
	struct doc_node *key, *value;
};

/* A mapping of more pairs than this is searched by the order of its keys. */
#define DOC_SCANNED_MAX 32

struct doc_node {
	enum doc_kind kind;
	bool quoted; /* a scalar in quotes or block style */
	bool open;   /* a list or mapping whose end is not read yet */
	struct mark at;

	/* The size of the node with every alias below it replaced by a copy of its node. Not set
	 * while the node is open. */
	unsigned nodes, levels;

	/* The items of a list; of a mapping, its keys and values in turn. An alias is a second
	 * pointer to the same node. */
	struct doc_node **children;
	size_t count;
	/* Of a mapping of more than DOC_SCANNED_MAX pairs: those whose key is a scalar, in the
	 * order of the keys' texts. Else NULL. */
	struct doc_pair *sorted;
	size_t sorted_count;
	char text[]; /* of a scalar, without a NUL in it; else empty */
};

/* Memory of a document, of which doc_take() gives a piece at a time: all its nodes are freed
 * together. */
struct doc_memory {
	struct doc_memory *next; /* what was taken from before */
	size_t used, size;       /* bytes of `pieces` */
	_Alignas(max_align_t) char pieces[];
};

/* Get `size` bytes of zeros that belong to the document. Returns NULL when out of memory. */
void *doc_take(struct doc *doc, size_t size);

/* Refuse, with EX_CONFIG, a text for which libyaml's scanner needs quadratic time before it gives
 * the first event: more than DOC_BLANKS_MAX blanks and line breaks in a row, or a %TAG directive.
 * Linear in len. */
int doc_text_check(const char *name, const char *text, size_t len, struct error *err);

/* Parse a text that doc_text_check() has accepted into doc->root. The errors are
 * those of doc_load(). On failure *doc is incomplete; the caller frees it in either case. */
int doc_parse(struct doc *doc, const char *text, size_t len, struct error *err);

#endif
