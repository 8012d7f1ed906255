/* SPDX-License-Identifier: MIT
 *
 * unfinished: asks the kernel for all Unix sockets that listen or are connected, and keeps those of
 * the engine's socket whose other end is closed.
 */
#include "unfinished.h"

#include "cleanup.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The states of sockets, numbered as those of TCP (linux/tcp.h has them for the kernel only). */
#define STATE_CONNECTED 1U
#define STATE_LISTENS   10U

#define ANSWER_MAX 32768 /* the kernel fills no more than this into one answer */

static int send_question(int fd, struct error *err)
{
	const struct {
		struct nlmsghdr head;
		struct unix_diag_req body;
	} question = {
		.head = {.nlmsg_len = sizeof question,
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = AF_UNIX,
			.udiag_states = 1U << STATE_CONNECTED | 1U << STATE_LISTENS,
			.udiag_show = UDIAG_SHOW_VFS | UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN},
	};
	return send(fd, &question, sizeof question, 0) < 0 ? fail(err, errno, "ask for sockets")
							   : 0;
}

/* What comes after the head of a message; NLMSG_DATA() would drop the const. */
static const char *body_of(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

/* Copy an attribute of a socket. Returns false if it has none of this type, or a shorter one. */
static bool copy_attribute(
	const struct nlmsghdr *message, unsigned short type, void *to, size_t size)
{
	const char *at = body_of(message) + NLMSG_ALIGN(sizeof(struct unix_diag_msg));
	const char *end = (const char *)message + message->nlmsg_len;
	struct nlattr head;
	while (at + sizeof head <= end) {
		memcpy(&head, at, sizeof head);
		if (head.nla_len < sizeof head || at + head.nla_len > end)
			return false;
		if (head.nla_type == type && head.nla_len >= sizeof head + size) {
			memcpy(to, at + sizeof head, size);
			return true;
		}
		at += NLA_ALIGN(head.nla_len);
	}
	return false;
}

/* Note a socket if it is the engine's and listens, or has lost its client. */
static void note_socket(
	const struct nlmsghdr *message, const struct stat *socket, struct unfinished *ret)
{
	struct unix_diag_msg body;
	struct unix_diag_vfs bound;
	struct unix_diag_rqlen queue;
	uint32_t peer = 0;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof body))
		return;
	memcpy(&body, body_of(message), sizeof body);
	if (!copy_attribute(message, UNIX_DIAG_VFS, &bound, sizeof bound) ||
		bound.udiag_vfs_ino != (uint32_t)socket->st_ino)
		return;
	if (body.udiag_state == STATE_LISTENS) {
		if (copy_attribute(message, UNIX_DIAG_RQLEN, &queue, sizeof queue))
			ret->waiting = ret->waiting || queue.udiag_rqueue > 0;
		return;
	}
	if (copy_attribute(message, UNIX_DIAG_PEER, &peer, sizeof peer) && peer != 0)
		return;
	if (ret->count < UNFINISHED_MAX)
		ret->inodes[ret->count++] = body.udiag_ino;
}

/* Take one answer. Returns 1 after the last one, 0, or -1 with an error. */
static int take_answer(const char *buf, size_t len, const struct stat *socket,
	struct unfinished *ret, struct error *err)
{
	struct nlmsgerr refused;
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= len;) {
		const struct nlmsghdr *message = (const void *)(buf + at);
		if (message->nlmsg_len < sizeof *message || message->nlmsg_len > len - at)
			return fail(err, EBADMSG, "ask for sockets");
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			if (message->nlmsg_len < NLMSG_LENGTH(sizeof refused))
				return fail(err, EBADMSG, "ask for sockets");
			memcpy(&refused, body_of(message), sizeof refused);
			return fail(err, -refused.error, "ask for sockets");
		}
		if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			note_socket(message, socket, ret);
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	return 0;
}

int unfinished_look(const char *path, struct unfinished *ret, struct error *err)
{
	_Alignas(struct nlmsghdr) char buf[ANSWER_MAX];
	struct unfinished found = {.count = 0};
	struct stat st;
	int done = 0;
	if (stat(path, &st) < 0)
		return fail(err, errno, "%s", path);
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return fail(err, errno, "ask for sockets");
	if (send_question(fd, err) < 0)
		return -1;
	while (done == 0) {
		ssize_t n = recv(fd, buf, sizeof buf, 0);
		if (n < 0 && errno != EINTR)
			return fail(err, errno, "ask for sockets");
		done = n < 0 ? 0 : take_answer(buf, (size_t)n, &st, &found, err);
	}
	if (done < 0)
		return -1;
	*ret = found;
	return 0;
}

static bool has_inode(const struct unfinished *list, uint32_t inode)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->inodes[i] == inode)
			return true;
	return false;
}

/* Keep of `list` what `other` has (`had`), or what it does not have. */
static void keep_inodes(struct unfinished *list, const struct unfinished *other, bool had)
{
	size_t count = 0;
	for (size_t i = 0; i < list->count; i++)
		if (has_inode(other, list->inodes[i]) == had)
			list->inodes[count++] = list->inodes[i];
	list->count = count;
}

void unfinished_without(struct unfinished *list, const struct unfinished *other)
{
	keep_inodes(list, other, false);
}

void unfinished_within(struct unfinished *list, const struct unfinished *other)
{
	keep_inodes(list, other, true);
}
