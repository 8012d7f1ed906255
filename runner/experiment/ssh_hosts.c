/* SPDX-License-Identifier: MIT
 *
 * ssh_hosts: calls ssh(1). All hosts are called before the first answer is read, so one that does
 * not answer costs its time once. What a host prints on standard error goes to the user's.
 */
#include "ssh.h"

#include "cleanup.h"
#include "directory.h"
#include "fs.h"
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>

#define OWNERS_FILE  "ssh.tsv"
#define OUTPUT_MAX   ((size_t)64 << 20) /* bytes that a host may print */
#define UNREACHABLE  255                /* ssh's own status; all others are the command's */
#define NO_COMMAND   127                /* of the shell there */
#define OWNER_LINE   "%s\t%s"           /* for the script of a job, which ends with a newline */
#define TOKEN_PATH   SSH_HOSTS_DIR "/" SSH_TOKEN_PREFIX "%s"
#define TOKEN_LENGTH (sizeof SSH_HOSTS_DIR + sizeof SSH_TOKEN_PREFIX + SSH_TOKEN_MAX)

/* ---- calls --------------------------------------------------------------------------------- */

struct call {
	bool begun;
	struct child child;
	int out; /* what it prints */
	int status;
	char *text;
};

static void calls_free(struct call *calls, size_t count)
{
	for (size_t i = 0; calls && i < count; i++)
		free(calls[i].text);
	free(calls);
}

static int begin_call(const char *const *argv, int in, struct call *ret, struct error *err)
{
	int ends[2];
	struct spawn spawn = SPAWN(argv);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe");
	_cleanup_close_ int reader = ends[0];
	_cleanup_close_ int writer = ends[1];
	spawn.in = in;
	spawn.out = writer;
	ret->child = (struct child)CHILD_NONE;
	if (proc_spawn(&spawn, &ret->child, err) < 0)
		return -1;
	ret->out = steal_fd(&reader);
	ret->begun = true;
	return 0;
}

static int begin_host(const struct placing *placement, const char *host, const char *action,
	const char *more, int in, struct call *ret, struct error *err)
{
	char **words = ssh_words(host, placement->path, action, more);
	int result = words ? begin_call((const char *const *)words, in, ret, err)
			   : fail(err, ENOMEM, "ssh");
	placer_free_words(words);
	return result;
}

/* Read what it prints, and wait until it has ended. */
static int end_call(struct call *call, struct error *err)
{
	struct error problem = {0};
	int result = fs_read_fd(call->out, "ssh", OUTPUT_MAX, &call->text, NULL, err);
	/* One that still writes gets SIGPIPE, so that the wait for it ends. */
	(void)close(call->out);
	call->begun = false;
	if (proc_wait(&call->child, &call->status, &problem) < 0 && result == 0) {
		*err = problem;
		return -1;
	}
	return result;
}

/* Say what is wrong with a host whose command has ended with this status. */
static int fail_host(const char *host, int status, struct error *err)
{
	if (status == UNREACHABLE)
		return fail_as(
			err, EX_UNAVAILABLE, "host '%s' cannot be reached (see above)", host);
	if (status == NO_COMMAND)
		return fail_as(
			err, EX_UNAVAILABLE, "host '%s' has no oss-crs-run in its PATH", host);
	return fail_as(
		err, EX_UNAVAILABLE, "host '%s' refuses with status %d (see above)", host, status);
}

/* ---- who has what -------------------------------------------------------------------------- */

static int read_owners(const struct placing *placement, struct ssh_owners *ret, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	if (fs_read(placement->dir, OWNERS_FILE, OUTPUT_MAX, &text, NULL, err) < 0 &&
		err->code != ENOENT)
		return -1;
	return ssh_owners_parse(text ? text : "", placement->runs->count, ret, err);
}

/* Hosts that are asked, by their index in owners.names. */
struct inquiry {
	const struct placing *placement;
	struct placer_view *view;
	struct ssh_owners owners;
	struct call *calls;
	bool *asked;
	bool *takes; /* it is one of the experiment's hosts, and runs are to be submitted */
	char token[SSH_TOKEN_MAX];
};

static void inquiry_free(struct inquiry *inquiry)
{
	calls_free(inquiry->calls, inquiry->owners.name_count);
	free(inquiry->asked);
	free(inquiry->takes);
	ssh_owners_free(&inquiry->owners);
}

/* Make the file that a host must see. */
static int make_token(struct inquiry *inquiry, struct error *err)
{
	uint64_t random = 0;
	char path[TOKEN_LENGTH];
	int dir = inquiry->placement->dir;
	if (getrandom(&random, sizeof random, 0) != sizeof random)
		return fail(err, errno, "getrandom");
	(void)snprintf(inquiry->token, sizeof inquiry->token, "%016" PRIx64, random);
	(void)snprintf(path, sizeof path, TOKEN_PATH, inquiry->token);
	if (mkdirat(dir, SSH_HOSTS_DIR, 0777) < 0 && errno != EEXIST)
		return fail(err, errno, "make " SSH_HOSTS_DIR);
	_cleanup_close_ int fd = fs_open(dir, path, O_WRONLY | O_CREAT | O_EXCL, 0644, err);
	return fd < 0 ? -1 : 0;
}

static void remove_token(const struct inquiry *inquiry)
{
	char path[TOKEN_LENGTH];
	(void)snprintf(path, sizeof path, TOKEN_PATH, inquiry->token);
	if (*inquiry->token)
		(void)unlinkat(inquiry->placement->dir, path, 0);
}

int ssh_see_token(int dir, const char *token, struct error *err)
{
	char path[TOKEN_LENGTH];
	if (!ssh_is_token(token))
		return fail_as(err, EX_USAGE, "'%.80s' is no token", token);
	(void)snprintf(path, sizeof path, TOKEN_PATH, token);
	return faccessat(dir, path, F_OK, 0) < 0 ? fail(err, errno, "%s", path) : 0;
}

/* Find out which hosts are to be asked: those that may have runs that are not done, and those that
 * may get some. */
static int choose_hosts(struct inquiry *inquiry, struct error *err)
{
	const struct experiment_texts *hosts = &inquiry->placement->experiment->place.hosts;
	const struct placer_view *view = inquiry->view;
	struct ssh_owners *owners = &inquiry->owners;
	for (size_t i = 0; i < hosts->count; i++)
		if (ssh_owners_find(owners, hosts->list[i].text, strlen(hosts->list[i].text), err) <
			0)
			return -1;
	inquiry->calls = calloc(owners->name_count + 1, sizeof *inquiry->calls);
	inquiry->asked = calloc(owners->name_count + 1, sizeof *inquiry->asked);
	inquiry->takes = calloc(owners->name_count + 1, sizeof *inquiry->takes);
	if (!inquiry->calls || !inquiry->asked || !inquiry->takes)
		return fail(err, ENOMEM, "hosts");
	for (size_t i = 0; i < inquiry->placement->runs->count; i++)
		if (owners->of[i] != SSH_NOBODY && !view->done[i])
			inquiry->asked[owners->of[i]] = true;
	for (size_t i = 0; view->submits && i < hosts->count; i++) {
		int host = ssh_owners_find(
			owners, hosts->list[i].text, strlen(hosts->list[i].text), err);
		inquiry->asked[host] = inquiry->takes[host] = true;
	}
	return 0;
}

static int begin_asking(struct inquiry *inquiry, struct error *err)
{
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (size_t i = 0; i < inquiry->owners.name_count; i++) {
		bool takes = inquiry->takes[i];
		if (inquiry->asked[i] &&
			begin_host(inquiry->placement, inquiry->owners.names[i],
				takes ? SSH_CHECK : SSH_LIST, takes ? inquiry->token : NULL, null,
				&inquiry->calls[i], err) < 0)
			return -1;
	}
	return 0;
}

/* The host has not said what it has. */
static void note_unknown(struct inquiry *inquiry, size_t host, struct error *problem)
{
	const struct experiment_texts *hosts = &inquiry->placement->experiment->place.hosts;
	struct placer_view *view = inquiry->view;
	size_t unknown = 0;
	for (size_t i = 0; i < inquiry->placement->runs->count; i++) {
		if (inquiry->owners.of[i] != host || view->done[i])
			continue;
		view->states[i] = PLACER_UNKNOWN;
		unknown++;
	}
	for (size_t i = 0; i < hosts->count; i++)
		if (strcmp(hosts->list[i].text, inquiry->owners.names[host]) == 0)
			view->away[i] = true;
	struct error whole;
	(void)fail_as(&whole, EX_UNAVAILABLE, "%s: %zu runs that it has been given are unknown",
		problem->msg, unknown);
	view->warn(&whole, view->data);
}

/* Read the answer of a host. Fails if runs were to be submitted to it and it does not take them. */
static int end_asking(struct inquiry *inquiry, size_t host, struct error *err)
{
	struct call *call = &inquiry->calls[host];
	const char *name = inquiry->owners.names[host];
	struct error problem = {0};
	int result = end_call(call, &problem);
	if (result == 0 && call->status == 0)
		result = ssh_parse_listing(call->text, inquiry->view->states,
			inquiry->placement->runs->count, &problem);
	else if (result == 0)
		result = fail_host(name, call->status, &problem);
	if (result == 0)
		return 0;
	if (call->status == 0)
		(void)add_context(&problem, "host '%s'", name);
	if (inquiry->takes[host] && call->status != UNREACHABLE) {
		*err = problem;
		return add_hint(err,
			"every host needs oss-crs-run, and %s on a file system that all "
			"of them share; or leave the host out",
			inquiry->placement->path);
	}
	note_unknown(inquiry, host, &problem);
	return 0;
}

static int list_ssh(const struct placing *placement, struct placer_view *ret, struct error *err)
{
	_cleanup_(inquiry_free) struct inquiry inquiry = {
		.placement = placement, .view = ret, .owners = SSH_OWNERS_NONE};
	if (read_owners(placement, &inquiry.owners, err) < 0 || choose_hosts(&inquiry, err) < 0 ||
		(ret->submits && make_token(&inquiry, err) < 0))
		return -1;
	int result = begin_asking(&inquiry, err);
	for (size_t i = 0; i < inquiry.owners.name_count; i++) {
		struct error later;
		if (inquiry.calls[i].begun &&
			end_asking(&inquiry, i, result < 0 ? &later : err) < 0)
			result = -1;
	}
	remove_token(&inquiry);
	return result;
}

/* ---- submit and cancel --------------------------------------------------------------------- */

static int submit_ssh(
	const struct placing *placement, const struct placer_job *job, struct error *err)
{
	_cleanup_free_ char *line = NULL;
	const char *host = job->argv[SSH_WORD_HOST];
	struct call call = {.out = -1};
	if (asprintf(&line, OWNER_LINE, host, job->script) < 0) {
		line = NULL;
		return fail(err, ENOMEM, "jobs");
	}
	_cleanup_close_ int in = placer_open_script(job->script, err);
	if (in < 0 || directory_append(placement->dir, OWNERS_FILE, line, err) < 0 ||
		begin_call((const char *const *)job->argv, in, &call, err) < 0)
		return -1;
	int result = end_call(&call, err);
	free(call.text);
	if (result == 0 && call.status != 0)
		result = fail_host(host, call.status, err);
	return result < 0 ? add_hint(err, "submit again: what the host has taken is not submitted "
					  "twice")
			  : 0;
}

static int cancel_ssh(const struct placing *placement, struct error *err)
{
	_cleanup_(ssh_owners_free) struct ssh_owners owners = SSH_OWNERS_NONE;
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int result = 0;
	if (read_owners(placement, &owners, err) < 0)
		return -1;
	struct call *calls = calloc(owners.name_count + 1, sizeof *calls);
	if (!calls)
		return fail(err, ENOMEM, "hosts");
	for (size_t i = 0; result == 0 && i < owners.name_count; i++)
		result = begin_host(
			placement, owners.names[i], SSH_CANCEL, NULL, null, &calls[i], err);
	for (size_t i = 0; i < owners.name_count; i++) {
		struct error problem = {0};
		if (!calls[i].begun)
			continue;
		int ended = end_call(&calls[i], &problem);
		if (ended == 0 && calls[i].status != 0)
			ended = fail_host(owners.names[i], calls[i].status, &problem);
		if (ended == 0 || result < 0)
			continue;
		*err = problem;
		result = add_hint(err, "runs that it has been given go on; cancel again when it "
				       "answers");
	}
	calls_free(calls, owners.name_count);
	return result;
}

const struct placer placer_ssh = {
	.name = "ssh",
	.divide = ssh_divide,
	.submit = submit_ssh,
	.list = list_ssh,
	.cancel = cancel_ssh,
};
