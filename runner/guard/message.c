/* SPDX-License-Identifier: MIT
 *
 * message: the only file that sees the HTTP library. The library calls back with pieces of the
 * target, of the headers and of the body; the head's pieces are copied behind each other into one
 * text. The library is lenient where others once were; the checks around it are not.
 */
#include "message.h"

#include "cleanup.h"
#include "library.h"

#include <errno.h>
#include <strings.h>

#if __has_include(<llhttp.h>)
#include <llhttp.h>
#define HAS_LLHTTP           1
#define TEXT_OF(number)      TEXT_OF_(number)
#define TEXT_OF_(number)     #number
#define VERSION              TEXT_OF(LLHTTP_VERSION_MAJOR) "." TEXT_OF(LLHTTP_VERSION_MINOR)
#define LIBRARY              "libllhttp.so." VERSION
#define PACKAGE              "libllhttp" VERSION
#define LIBRARY_FUNCTIONS(X) X(llhttp, init) X(llhttp, execute) X(llhttp, settings_init)
#define PARSER               llhttp_t
#define SETTINGS             llhttp_settings_t
#else
#include <http_parser.h>
#define HAS_LLHTTP 0
#define LIBRARY    "libhttp_parser.so.2.9"
#define PACKAGE    "libhttp-parser2.9"
#define LIBRARY_FUNCTIONS(X) \
	X(http_parser, init) X(http_parser, execute) X(http_parser, settings_init)
#define PARSER   http_parser
#define SETTINGS http_parser_settings
#endif

/* library.NAME points to the function of that name. All are NULL until message_load() succeeds. */
static struct parser_library {
#define MEMBER(prefix, name) __typeof__(prefix##_##name)(*(name));
	LIBRARY_FUNCTIONS(MEMBER)
#undef MEMBER
} library;

static const struct library_function library_functions[] = {
#define FUNCTION(prefix, name) {#prefix "_" #name, offsetof(struct parser_library, name)},
	LIBRARY_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

/* What the last piece of the head was part of. */
enum piece {
	PIECE_NONE,
	PIECE_TARGET,
	PIECE_NAME,
	PIECE_VALUE,
};

struct message_parser {
	PARSER parser;
	SETTINGS settings;
	struct message *message;
	enum piece last;
	bool head_complete;
	bool failed; /* a bound was reached */
	size_t body_max, body_size;
};

int message_load(struct error *err)
{
	struct parser_library loaded;
	if (library.init)
		return 0;
	if (library_load(LIBRARY, PACKAGE, library_functions,
		    sizeof library_functions / sizeof *library_functions, &loaded, err) < 0)
		return -1;
	library = loaded;
	return 0;
}

/* ---- what the library calls ------------------------------------------------------------------ */

/* Append to the text, which has room for the head and a NUL per piece. */
static void append_piece(
	struct message_parser *reader, enum piece piece, const char *at, size_t len)
{
	struct message *message = reader->message;
	if (reader->last != piece)
		message->text_len++; /* the NUL of the piece before */
	reader->last = piece;
	memcpy(message->text + message->text_len, at, len);
	message->text_len += len;
}

static char *text_end(const struct message_parser *reader)
{
	return reader->message->text + reader->message->text_len;
}

static int on_target(PARSER *parser, const char *at, size_t len)
{
	struct message_parser *reader = parser->data;
	bool first = reader->last != PIECE_TARGET;
	if (first)
		reader->message->target = text_end(reader) + 1;
	append_piece(reader, PIECE_TARGET, at, len);
	return 0;
}

static int on_name(PARSER *parser, const char *at, size_t len)
{
	struct message_parser *reader = parser->data;
	struct message *message = reader->message;
	if (reader->head_complete) /* a trailer after a chunked body, which nobody needs */
		return -1;
	if (reader->last != PIECE_NAME) {
		if (message->header_count == MESSAGE_HEADERS_MAX)
			return -1;
		message->headers[message->header_count++] =
			(struct message_header){.name = text_end(reader) + 1, .value = ""};
	}
	append_piece(reader, PIECE_NAME, at, len);
	return 0;
}

static int on_value(PARSER *parser, const char *at, size_t len)
{
	struct message_parser *reader = parser->data;
	struct message *message = reader->message;
	if (reader->head_complete || message->header_count == 0)
		return -1;
	if (reader->last != PIECE_VALUE)
		message->headers[message->header_count - 1].value = text_end(reader) + 1;
	append_piece(reader, PIECE_VALUE, at, len);
	return 0;
}

static int on_head_complete(PARSER *parser)
{
	struct message_parser *reader = parser->data;
	reader->head_complete = true;
	return 0;
}

static int on_body(PARSER *parser, const char *at, size_t len)
{
	struct message_parser *reader = parser->data;
	struct message *message = reader->message;
	if (message->complete)
		return -1;
	if (len > reader->body_max - message->body_len) {
		reader->failed = true;
		return -1;
	}
	if (message->body_len + len + 1 > reader->body_size) {
		size_t size = (message->body_len + len + 1) * 2;
		char *larger = realloc(message->body, size);
		if (!larger)
			return -1;
		message->body = larger;
		reader->body_size = size;
	}
	memcpy(message->body + message->body_len, at, len);
	message->body_len += len;
	message->body[message->body_len] = '\0';
	return 0;
}

static int on_complete(PARSER *parser)
{
	struct message_parser *reader = parser->data;
	reader->message->complete = true;
	return 0;
}

/* ---- the head -------------------------------------------------------------------------------- */

/* Give the library some bytes. */
static bool feed_parser(struct message_parser *reader, const char *text, size_t len)
{
#if HAS_LLHTTP
	llhttp_errno_t result = library.execute(&reader->parser, text, len);
	return result == HPE_OK || result == HPE_PAUSED_UPGRADE;
#else
	(void)library.execute(&reader->parser, &reader->settings, text, len);
	return HTTP_PARSER_ERRNO(&reader->parser) == HPE_OK;
#endif
}

/* Make the parser of a message, which owns it. NULL on failure. */
static struct message_parser *open_parser(
	enum message_kind kind, struct message *message, struct error *err)
{
	if (message_load(err) < 0)
		return NULL;
	struct message_parser *reader = calloc(1, sizeof *reader);
	if (!reader) {
		(void)fail(err, ENOMEM, "HTTP message");
		return NULL;
	}
	message->parser = reader;
	library.settings_init(&reader->settings);
	reader->settings.on_url = on_target;
	reader->settings.on_header_field = on_name;
	reader->settings.on_header_value = on_value;
	reader->settings.on_headers_complete = on_head_complete;
	reader->settings.on_body = on_body;
	reader->settings.on_message_complete = on_complete;
#if HAS_LLHTTP
	library.init(&reader->parser, kind == MESSAGE_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE,
		&reader->settings);
#else
	library.init(&reader->parser, kind == MESSAGE_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE);
#endif
	reader->parser.data = reader;
	reader->message = message;
	return reader;
}

size_t message_head_length(const char *text, size_t len)
{
	const char *end = len ? memmem(text, len, "\r\n\r\n", 4) : NULL;
	return end ? (size_t)(end - text) + 4 : 0;
}

/* Whether every line ends with CR LF, none continues the one before, and there is no control
 * character and nothing but ASCII. */
static bool is_plain_head(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '\r' && i + 1 < len && text[i + 1] == '\n') {
			i++;
			if (i + 1 < len && (text[i + 1] == ' ' || text[i + 1] == '\t'))
				return false;
		} else if ((c < ' ' && c != '\t') || c > '~') {
			return false;
		}
	}
	return true;
}

/* Whether all names of headers are tokens (RFC 9110): http-parser also takes a blank. */
static bool has_plain_names(const struct message *message)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "!#$%&'*+-.^_`|~";
	for (size_t i = 0; i < message->header_count; i++) {
		const char *name = message->headers[i].name;
		if (!*name || name[strspn(name, token)])
			return false;
	}
	return true;
}

static unsigned count_headers(const struct message *message, const char *name)
{
	unsigned count = 0;
	for (size_t i = 0; i < message->header_count; i++)
		count += strcasecmp(message->headers[i].name, name) == 0;
	return count;
}

/* Whether there is one way to tell where the body ends, if there is a body. */
static bool has_clear_length(const struct message *message)
{
	unsigned lengths = count_headers(message, "Content-Length");
	unsigned encodings = count_headers(message, "Transfer-Encoding");
	const char *length = message_header(message, "Content-Length");
	const char *encoding = message_header(message, "Transfer-Encoding");
	return lengths + encodings <= 1 && (!encoding || strcasecmp(encoding, "chunked") == 0) &&
	       (!length || (*length && length[strspn(length, "0123456789")] == '\0'));
}

/* Copy the method: the text up to the first blank. The library has checked that it knows it. */
static void copy_method(const char *text, struct message *message)
{
	size_t len = strcspn(text, " ");
	(void)snprintf(message->method, sizeof message->method, "%.*s", (int)len, text);
}

int message_read_head(enum message_kind kind, const char *text, size_t len, struct message *ret,
	struct error *err)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	/* A copy with a NUL, so that the head can be searched as a string. */
	_cleanup_free_ char *copy = strndup(text, len);
	_cleanup_(message_free) struct message message = {
		.text = calloc(2, len + MESSAGE_HEADERS_MAX)};
	if (!copy || !message.text)
		return fail(err, ENOMEM, "HTTP message");
	struct message_parser *reader = open_parser(kind, &message, err);
	if (!reader)
		return -1;
	size_t method = strspn(copy, upper);
	bool good =
		len > 4 && message_head_length(text, len) == len && is_plain_head(text, len) &&
		(kind == MESSAGE_RESPONSE || (method < MESSAGE_METHOD_MAX && copy[method] == ' ' &&
						     copy[method + 1] == '/')) &&
		feed_parser(reader, text, len - 1) && !reader->head_complete &&
		feed_parser(reader, text + len - 1, 1) && reader->head_complete &&
		reader->parser.http_major == 1 && reader->parser.http_minor <= 1 &&
		(kind == MESSAGE_RESPONSE || message.target) && has_plain_names(&message) &&
		has_clear_length(&message);
	if (!good)
		return fail_as(err, EX_DATAERR, "not a plain HTTP %s",
			kind == MESSAGE_REQUEST ? "request" : "answer");
	if (kind == MESSAGE_REQUEST)
		copy_method(copy, &message);
	message.status = reader->parser.status_code;
	message.minor = reader->parser.http_minor;
	*ret = message;
	message = (struct message)MESSAGE_NONE;
	return 0;
}

/* ---- the body -------------------------------------------------------------------------------- */

/* How many of the next len bytes belong to a body whose head says how long it is. */
static size_t rest_of_length(const struct message *message, size_t len)
{
	const char *length = message_header(message, "Content-Length");
	uint64_t whole = length ? strtoull(length, NULL, 10) : 0;
	uint64_t left = whole > message->body_len ? whole - message->body_len : 0;
	return left < len ? (size_t)left : len;
}

int message_read_body(struct message *message, const char *text, size_t len, size_t max,
	size_t *ret_used, struct error *err)
{
	struct message_parser *reader = message->parser;
	size_t used = message_is_chunked(message) ? len : rest_of_length(message, len);
	reader->message = message;
	reader->body_max = max;
	/* After the end of a chunked body the library takes what follows for the next message. */
	if (!message->complete && !feed_parser(reader, text, used) && !message->complete)
		return reader->failed ? fail(err, EFBIG, "body of the request")
				      : fail_as(err, EX_DATAERR, "malformed body");
	*ret_used = used;
	return 0;
}

const char *message_header(const struct message *message, const char *name)
{
	for (size_t i = 0; i < message->header_count; i++)
		if (strcasecmp(message->headers[i].name, name) == 0)
			return message->headers[i].value;
	return NULL;
}

bool message_is_chunked(const struct message *message)
{
	return message_header(message, "Transfer-Encoding") != NULL;
}

void message_free(struct message *message)
{
	free(message->parser);
	free(message->body);
	free(message->text);
	*message = (struct message)MESSAGE_NONE;
}
