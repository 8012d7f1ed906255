/* SPDX-License-Identifier: MIT
 *
 * door: the socket, the messages and the sealed files.
 */
#include "door.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Room for the control message that carries the files (cmsg(3)). */
union files_room {
	char bytes[CMSG_SPACE(sizeof(int) * DOOR_FILES_MAX)];
	struct cmsghdr align;
};

void door_close_files(int (*files)[DOOR_FILES_MAX])
{
	for (size_t i = 0; i < DOOR_FILES_MAX; i++)
		cleanup_close(&(*files)[i]);
}

int door_make(int ret[2], unsigned timeout_s, struct error *err)
{
	const struct timeval patience = {.tv_sec = timeout_s};
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(err, errno, "make a socket pair");
	if (setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
		setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0) {
		int errnum = errno;
		(void)close(ends[0]);
		(void)close(ends[1]);
		return fail(err, errnum, "set up a socket pair");
	}
	ret[0] = ends[0];
	ret[1] = ends[1];
	return 0;
}

static int send_files(int socket, struct iovec data, const int *files, struct error *err)
{
	union files_room room = {.bytes = {0}};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	size_t count = 0;
	while (files && count < DOOR_FILES_MAX && files[count] >= 0)
		count++;
	if (count > 0) {
		room.align = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(count * sizeof *files)};
		memcpy(CMSG_DATA(&room.align), files, count * sizeof *files);
		header.msg_control = room.bytes;
		header.msg_controllen = CMSG_SPACE(count * sizeof *files);
	}
	ssize_t n = 0;
	do
		n = sendmsg(socket, &header, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? fail(err, errno == EAGAIN ? ETIMEDOUT : errno, "send a message") : 0;
}

int door_send(int door, const struct door_message *message, const int *files, struct error *err)
{
	struct door_message copy = *message;
	return send_files(door, (struct iovec){&copy, sizeof copy}, files, err);
}

int door_pass(int socket, int file, struct error *err)
{
	const int files[] = {file, -1};
	return send_files(socket, (struct iovec){NULL, 0}, files, err);
}

/* Take the descriptors out of a control message. Returns false if there are too many. */
static bool take_files(struct msghdr *header, int files[DOOR_FILES_MAX])
{
	size_t count = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof *files;
		for (size_t i = 0; i < n && count < DOOR_FILES_MAX; i++)
			memcpy(&files[count++], CMSG_DATA(c) + i * sizeof *files, sizeof *files);
	}
	return !(header->msg_flags & (MSG_CTRUNC | MSG_TRUNC));
}

int door_receive(
	int door, struct door_message *ret, int ret_files[DOOR_FILES_MAX], struct error *err)
{
	struct door_message message = {0};
	union files_room room = {.bytes = {0}};
	struct iovec data = {.iov_base = &message, .iov_len = sizeof message};
	struct msghdr header = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = room.bytes,
		.msg_controllen = sizeof room.bytes};
	_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
	ssize_t n = 0;
	do
		n = recvmsg(door, &header, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return fail(err, errno == EAGAIN ? ETIMEDOUT : errno, "receive a message");
	/* Files can come without a byte. */
	bool whole = take_files(&header, files);
	if (n == 0)
		return 0;
	if (!whole || (size_t)n != sizeof message)
		return fail_as(err, EX_SOFTWARE, "received a message of the wrong size");
	message.text[sizeof message.text - 1] = '\0';
	*ret = message;
	for (size_t i = 0; i < DOOR_FILES_MAX; i++)
		ret_files[i] = steal_fd(&files[i]);
	return 1;
}

int door_ask(int door, const struct door_message *request, const int *files, uint32_t *ret_number,
	int *ret_file, struct error *err)
{
	struct door_message answer = {0};
	_cleanup_door_files_ int received[DOOR_FILES_MAX] = DOOR_NO_FILES;
	if (door_send(door, request, files, err) < 0)
		return -1;
	int n = door_receive(door, &answer, received, err);
	if (n < 0)
		return -1;
	if (n == 0)
		return fail_as(err, EX_SOFTWARE, "the other process of this program has ended");
	if (answer.what != DOOR_ANSWER)
		return fail_as(err, EX_SOFTWARE, "received no answer");
	if (answer.failed) {
		error_take(err, &answer.err);
		return -1;
	}
	if (ret_number)
		*ret_number = answer.number;
	if (ret_file)
		*ret_file = steal_fd(&received[0]);
	return 0;
}

int door_serve(int door, int (*wait)(void *arg, struct error *err),
	int (*answer)(void *arg, struct door_incoming *in, struct error *err), void *arg,
	struct error *err)
{
	for (;;) {
		struct door_message request;
		struct door_message said = {.what = DOOR_ANSWER};
		_cleanup_door_files_ int files[DOOR_FILES_MAX] = DOOR_NO_FILES;
		struct door_incoming in = {&request, files, &said, -1};
		int n = wait && wait(arg, err) < 0 ? -1 : door_receive(door, &request, files, err);
		if (n <= 0)
			return n;
		said.failed = answer(arg, &in, &said.err) < 0;
		_cleanup_close_ int file = in.file;
		const int sent[] = {file, -1};
		if (door_send(door, &said, sent, err) < 0)
			return -1;
	}
}

int door_new_file(struct error *err)
{
	int file = memfd_create("oss-crs", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return file < 0 ? fail(err, errno, "make a file in memory") : file;
}

int door_write(int file, const void *data, size_t len, struct error *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(file, (const char *)data + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, errno, "write a file in memory");
		done += (size_t)n;
	}
	return 0;
}

int door_seal(int file, struct error *err)
{
	return lseek(file, 0, SEEK_SET) < 0 || fcntl(file, F_ADD_SEALS, SEALS) < 0
		       ? fail(err, errno, "seal a file in memory")
		       : 0;
}

int door_file(const void *data, size_t len, struct error *err)
{
	_cleanup_close_ int file = door_new_file(err);
	if (file < 0 || door_write(file, data, len, err) < 0 || door_seal(file, err) < 0)
		return -1;
	return steal_fd(&file);
}

int door_read(int file, size_t max, char **ret, size_t *ret_len, struct error *err)
{
	/* Only a file in memory has seals. */
	int seals = fcntl(file, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS)
		return fail_as(err, EX_SOFTWARE, "received a file that is not sealed");
	if (lseek(file, 0, SEEK_SET) < 0)
		return fail(err, errno, "read a file in memory");
	return fs_read_fd(file, "a file in memory", max, ret, ret_len, err);
}
