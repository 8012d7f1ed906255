/* SPDX-License-Identifier: MIT
 *
 * serve: reads the request, has it judged, and sends it on in words of its own: a connection to the
 * engine carries this one request. Where the connection is to become a stream (attach, exec), the
 * client's bytes follow only when the engine has said that it has: otherwise it would take them for
 * another request, which nobody has judged.
 */
#include "serve.h"

#include "cleanup.h"
#include "cleanup_json.h"
#include "http.h"
#include "message.h"
#include "owned.h"
#include "text.h"
#include "tunnel.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>

#define ANSWER_HEAD_MAX 65536
#define SHOWN_MAX       256

/* The bytes that have come on a socket and are not used yet. */
struct buffer {
	char *text;
	size_t len, size;
};

static void buffer_free(struct buffer *buffer)
{
	free(buffer->text);
}

struct connection {
	const struct serve *serve;
	int client, server;
	struct buffer in; /* from the client */
	struct message request;
	struct target target;
	const struct route *route;
	char *new_target, *new_body;
	char shown[SHOWN_MAX]; /* its method and path */
};

static void connection_close(struct connection *connection)
{
	cleanup_close(&connection->server);
	buffer_free(&connection->in);
	message_free(&connection->request);
	target_free(&connection->target);
	free(connection->new_target);
	free(connection->new_body);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Receive more. Returns 1, 0 at the end, or -1 with an error; ETIMEDOUT if nothing came in time.
 * timeout_ms is -1 for no limit. */
static int receive_more(
	int fd, struct buffer *buffer, size_t max, int timeout_ms, struct error *err)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int ready = 0;
	ssize_t n = 0;
	if (buffer->len >= max)
		return fail(err, EFBIG, "request");
	if (buffer->len == buffer->size) {
		size_t size = buffer->size ? buffer->size * 2 : 16384;
		char *larger = realloc(buffer->text, size);
		if (!larger)
			return fail(err, ENOMEM, "request");
		buffer->text = larger;
		buffer->size = size;
	}
	do
		ready = poll(&wait, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return fail(err, ready < 0 ? errno : ETIMEDOUT, "request");
	n = recv(fd, buffer->text + buffer->len, buffer->size - buffer->len, 0);
	if (n < 0)
		return fail(err, errno, "request");
	buffer->len += (size_t)n;
	return n > 0;
}

static void take(struct buffer *buffer, size_t len)
{
	buffer->len -= len;
	memmove(buffer->text, buffer->text + len, buffer->len);
}

static int send_all(int fd, const char *text, size_t len, struct error *err)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, errno, "send");
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* ---- the guard's own answers ----------------------------------------------------------------- */

static const struct {
	int status;
	const char *reason;
} answers[] = {
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{502, "Bad Gateway"},
};

static int status_of(const struct error *err)
{
	if (err->status == EX_NOPERM && err->code == 0)
		return 403;
	if (err->status == EX_DATAERR || err->code == EFBIG)
		return 400;
	return err->code == ENOENT ? 404 : 502;
}

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		if (answers[i].status == status)
			return answers[i].reason;
	return "";
}

/* Let the client read the answer, although it may still be sending: a socket that is closed with
 * bytes in it resets the connection. */
static void drain(int client)
{
	char waste[16384];
	struct pollfd wait = {.fd = client, .events = POLLIN};
	(void)shutdown(client, SHUT_WR);
	for (unsigned i = 0; i < 4096 && poll(&wait, 1, 1000) > 0; i++)
		if (recv(client, waste, sizeof waste, 0) <= 0)
			return;
}

/* Answer with an error, in the words of the Engine API: {"message": "…"}. */
static void answer_error(const struct connection *connection, const struct error *problem)
{
	int status = status_of(problem);
	struct error ignored = {0};
	_cleanup_json_ json_t *object =
		json_pack("{s:o}", "message", json_sprintf("oss-crs guard: %s", problem->msg));
	_cleanup_free_ char *body = object ? json_dumps(object, JSON_COMPACT) : NULL;
	_cleanup_free_ char *text = NULL;
	if (!body || asprintf(&text,
			     "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n"
			     "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			     status, reason_of(status), strlen(body),
			     strcmp(connection->request.method, "HEAD") == 0 ? "" : body) < 0)
		return;
	if (send_all(connection->client, text, strlen(text), &ignored) == 0)
		drain(connection->client);
}

/* ---- the request ----------------------------------------------------------------------------- */

/* The request in words, for the report. */
static void show_request(struct connection *connection)
{
	const struct target *target = &connection->target;
	size_t used =
		(size_t)snprintf(connection->shown, SHOWN_MAX, "%s ", connection->request.method);
	for (size_t i = 0; i < target->segment_count && used < SHOWN_MAX; i++)
		used += (size_t)snprintf(
			connection->shown + used, SHOWN_MAX - used, "/%.64s", target->segments[i]);
}

static int read_head(struct connection *connection, struct error *err)
{
	struct buffer *in = &connection->in;
	size_t len = 0;
	while (!(len = message_head_length(in->text, in->len))) {
		int came = receive_more(
			connection->client, in, MESSAGE_HEAD_MAX, SERVE_TIMEOUT_MS, err);
		if (came <= 0)
			return came < 0 ? -1 : fail(err, ECONNRESET, "request");
	}
	if (len > MESSAGE_HEAD_MAX)
		return fail(err, EFBIG, "request");
	if (message_read_head(MESSAGE_REQUEST, in->text, len, &connection->request, err) < 0)
		return -1;
	take(in, len);
	if (target_parse(connection->request.target, &connection->target, err) < 0)
		return -1;
	show_request(connection);
	return 0;
}

/* Read the whole body. What is left in the buffer then is not part of the request. */
static int read_body(struct connection *connection, struct error *err)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct message *request = &connection->request;
	struct buffer *in = &connection->in;
	if (!request->complete && message_header(request, "Expect") &&
		send_all(connection->client, go_on, sizeof go_on - 1, err) < 0)
		return -1;
	while (!request->complete) {
		size_t used = 0;
		if (in->len == 0) {
			int came = receive_more(
				connection->client, in, SIZE_MAX, SERVE_TIMEOUT_MS, err);
			if (came <= 0)
				return came < 0 ? -1 : fail(err, ECONNRESET, "request");
		}
		if (message_read_body(request, in->text, in->len, SERVE_BODY_MAX, &used, err) < 0)
			return -1;
		take(in, used);
	}
	return 0;
}

static int judge_connection(struct connection *connection, struct error *err)
{
	struct owned owned = {
		.engine = connection->serve->engine, .scope = connection->serve->scope};
	const struct judge_lookup lookup = owned_lookup(&owned);
	struct message *request = &connection->request;
	connection->route = judge_route(request->method, &connection->target, err);
	if (!connection->route)
		return -1;
	/* Where a stream follows, its beginning must be plain. */
	if (judge_hijacks(connection->route) && message_is_chunked(request))
		return fail_as(err, EX_DATAERR, "a chunked body before a stream");
	return read_body(connection, err) < 0
		       ? -1
		       : judge_request(connection->route, connection->serve->scope, &lookup,
				 &connection->target, request->body, request->body_len,
				 &connection->new_target, &connection->new_body, err);
}

/* ---- the engine ------------------------------------------------------------------------------ */

/* Whether the client wants the connection to become a stream by an upgrade. Without one, the engine
 * makes it a stream all the same. */
static bool wants_upgrade(const struct connection *connection)
{
	const char *upgrade = message_header(&connection->request, "Upgrade");
	return judge_hijacks(connection->route) && upgrade && strcasecmp(upgrade, "tcp") == 0;
}

/* Send the request in our own words, over a connection that carries no other. */
static int send_request(struct connection *connection, struct error *err)
{
	const struct message *request = &connection->request;
	const char *body = connection->new_body;
	char length[96] = "";
	_cleanup_free_ char *text = NULL;
	if (body)
		(void)snprintf(length, sizeof length,
			"Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	else if (strcmp(request->method, "POST") == 0)
		(void)snprintf(length, sizeof length, "Content-Length: 0\r\n");
	if (asprintf(&text,
		    "%s %s HTTP/1.%u\r\nHost: localhost\r\nUser-Agent: oss-crs-run/" OSS_CRS_VERSION
		    "\r\nConnection: %s\r\n%s\r\n%s",
		    request->method, connection->new_target, request->minor,
		    wants_upgrade(connection) ? "Upgrade\r\nUpgrade: tcp" : "close", length,
		    body ? body : "") < 0)
		return fail(err, ENOMEM, "request");
	connection->server = http_connect(connection->serve->engine->socket, 0, err);
	return connection->server < 0 ? -1 : send_all(connection->server, text, strlen(text), err);
}

/* Whether the head of an answer says that what follows is a stream in both directions. */
static bool begins_stream(const struct connection *connection, const struct message *answer)
{
	static const char raw[] = "application/vnd.docker.raw-stream";
	static const char multiplexed[] = "application/vnd.docker.multiplexed-stream";
	const char *type = message_header(answer, "Content-Type");
	if (wants_upgrade(connection))
		return answer->status == 101;
	return answer->status == 200 && type &&
	       (strcasecmp(type, raw) == 0 || strcasecmp(type, multiplexed) == 0);
}

/* Send the head of an answer after which no stream follows, although the client may have asked for
 * one: the connection ends with it, on both sides. */
static int send_last_head(const struct connection *connection, const struct buffer *answer,
	size_t len, struct error *err)
{
	static const char last[] = "Connection: close\r\n\r\n";
	(void)shutdown(connection->server, SHUT_WR);
	return send_all(connection->client, answer->text, len - 2, err) < 0 ||
			       send_all(connection->client, last, sizeof last - 1, err) < 0 ||
			       send_all(connection->client, answer->text + len, answer->len - len,
				       err) < 0
		       ? -1
		       : 0;
}

/* Pass on the head of the answer, and find out whether a stream follows. Returns 1 if so, 0 if
 * not, -1 with an error. */
static int pass_head(struct connection *connection, struct error *err)
{
	_cleanup_(buffer_free) struct buffer answer = {.text = NULL};
	_cleanup_(message_free) struct message head = MESSAGE_NONE;
	size_t len = 0;
	while (!(len = message_head_length(answer.text, answer.len))) {
		int came = receive_more(connection->server, &answer, ANSWER_HEAD_MAX, -1, err);
		if (came <= 0)
			return came < 0 ? -1 : fail(err, EPROTO, "answer of the engine");
	}
	struct error ignored = {0};
	bool stream = message_read_head(MESSAGE_RESPONSE, answer.text, len, &head, &ignored) == 0 &&
		      begins_stream(connection, &head);
	if (!stream)
		return send_last_head(connection, &answer, len, err);
	return send_all(connection->client, answer.text, answer.len, err) < 0 ? -1 : 1;
}

/* Wait for the first byte of the answer. */
static void await_answer(const struct connection *connection)
{
	struct pollfd wait = {.fd = connection->server, .events = POLLIN};
	while (poll(&wait, 1, -1) < 0 && errno == EINTR) {
	}
}

/* Whether SIGTERM ends the process in the middle of what it does. */
static void allow_end(bool allowed)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(allowed ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* Have the engine do it. Returns 1 if a stream in both directions follows, 0 if only the answer, -1
 * with an error if there is none. */
static int ask_engine(struct connection *connection, struct error *err)
{
	if (send_request(connection, err) < 0)
		return -1;
	if (judge_hijacks(connection->route))
		return pass_head(connection, err);
	if (judge_starts(connection->route))
		await_answer(connection);
	return 0;
}

void serve_connection(const struct serve *serve, int client)
{
	struct error err = {0};
	_cleanup_(connection_close) struct connection connection = {.serve = serve,
		.client = client,
		.server = -1,
		.request = MESSAGE_NONE,
		.target = TARGET_NONE};
	if (read_head(&connection, &err) < 0 || judge_connection(&connection, &err) < 0) {
		if (err.code == ECONNRESET || err.code == ETIMEDOUT)
			return;
		if (status_of(&err) == 403)
			serve->refused(serve->data, connection.shown, err.msg);
		answer_error(&connection, &err);
		return;
	}
	bool starts = judge_starts(connection.route);
	if (starts)
		allow_end(false);
	int stream = ask_engine(&connection, &err);
	if (starts)
		allow_end(true);
	if (stream < 0) {
		err.code = EPROTO; /* whatever it is, it is the engine's */
		answer_error(&connection, &err);
		return;
	}
	/* What the client has sent ahead belongs to the stream, if there is one. */
	if (stream > 0 &&
		send_all(connection.server, connection.in.text, connection.in.len, &err) < 0)
		return;
	(void)tunnel_run(client, connection.server, stream > 0, &err);
}
