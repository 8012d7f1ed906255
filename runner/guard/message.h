/* SPDX-License-Identifier: MIT
 *
 * message: one HTTP/1 message, read by a library: the head as data, and the body without its
 * framing. What two readers could understand differently is refused, so that nobody can hide a
 * second request in a first (RFC 9112, "Message Body Length").
 *
 * The library is llhttp where it is installed (Debian 13), else http-parser (Debian 12).
 */
#ifndef OSS_CRS_MESSAGE_H
#define OSS_CRS_MESSAGE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_HEAD_MAX    32768 /* bytes of a head */
#define MESSAGE_HEADERS_MAX 64
#define MESSAGE_METHOD_MAX  16

enum message_kind {
	MESSAGE_REQUEST,
	MESSAGE_RESPONSE,
};

struct message_header {
	const char *name, *value;
};

struct message {
	char method[MESSAGE_METHOD_MAX]; /* of a request */
	const char *target;              /* of a request, as it was sent */
	unsigned status;                 /* of a response */
	unsigned minor;                  /* the version is HTTP/1.minor: 0 or 1 */
	struct message_header headers[MESSAGE_HEADERS_MAX];
	size_t header_count;
	char *body; /* as far as it has been read, with a NUL after its bytes; NULL: none */
	size_t body_len;
	bool complete; /* the body has ended */
	char *text;    /* owns the strings of the head */
	size_t text_len;
	struct message_parser *parser;
};

#define MESSAGE_NONE         \
	{                    \
		.text = NULL \
	}

/* Load the library. EX_UNAVAILABLE if it is not installed. */
int message_load(struct error *err);

/* The length of the head at the beginning of a text, with its empty line; 0 if it is not all
 * there. */
size_t message_head_length(const char *text, size_t len);

/* Read a head of exactly len bytes. EX_DATAERR if it is malformed or ambiguous: a line that does
 * not end with CR LF, a folded line, a control character, two lengths, a length and a transfer
 * encoding, or an encoding other than chunked. EX_UNAVAILABLE if the library is not installed. The
 * caller releases *ret with message_free(). */
int message_read_head(enum message_kind kind, const char *text, size_t len, struct message *ret,
	struct error *err);

/* Read more of the body; message->complete says whether it has ended. A chunked body is decoded.
 * *ret_used is how many of the bytes belong to this message. EX_DATAERR if it is malformed; EFBIG
 * if the body would be longer than max bytes. */
int message_read_body(struct message *message, const char *text, size_t len, size_t max,
	size_t *ret_used, struct error *err);

/* The value of the first header of that name, in any case; NULL if there is none. */
const char *message_header(const struct message *message, const char *name);

/* Whether the body is chunked, rather than of a length that the head says. */
bool message_is_chunked(const struct message *message);

void message_free(struct message *message);

#endif
