/* SPDX-License-Identifier: MIT
 *
 * test_setup_door: what one process of oss-crs-setup gets from another is whole, of the right size,
 * and can no longer change; anything else is refused, and no descriptor of it stays open.
 */
#include "unit.h"

#include "door.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct doors {
	int ours;
	int theirs;
};

static struct doors make_doors(unsigned timeout_s)
{
	int ends[2];
	struct error err = {0};
	assert_ok(door_make(ends, timeout_s, &err), err);
	return (struct doors){ends[0], ends[1]};
}

static void close_doors(const struct doors *doors)
{
	assert_return_code(close(doors->ours), errno);
	assert_return_code(close(doors->theirs), errno);
}

/* The lowest free descriptor: the same before and after if none stays open. */
static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	assert_return_code(close(fd), errno);
	return fd;
}

TEST(a_message_arrives_with_its_texts)
{
	const struct doors doors = make_doors(10);
	struct door_message message = {.what = DOOR_STEP, .number = 3, .uid = 1000};
	struct door_message got;
	struct error err = {0};
	int files[DOOR_FILES_MAX];
	_cleanup_free_ char *before = NULL;
	_cleanup_free_ char *after = NULL;
	size_t len = 0;
	_cleanup_close_ int old = door_file("old", 3, &err);
	_cleanup_close_ int new = door_file("", 0, &err);
	const int sent[] = {old, new};
	/* The sender leaves no NUL at the end. */
	memset(message.text, 'x', sizeof message.text);
	assert_ok(door_send(doors.theirs, &message, sent, &err), err);
	assert_int_equal(door_receive(doors.ours, &got, files, &err), 1);
	assert_int_equal(got.uid, 1000);
	assert_int_equal(strlen(got.text), DOOR_TEXT_MAX - 1);
	assert_ok(door_read(files[0], 3, &before, &len, &err), err);
	assert_string_equal(before, "old");
	assert_ok(door_read(files[1], 3, &after, &len, &err), err);
	assert_int_equal(len, 0);
	assert_return_code(close(files[0]), errno);
	assert_return_code(close(files[1]), errno);
	close_doors(&doors);
}

TEST(a_message_of_another_size_or_with_more_files_is_refused)
{
	static const size_t sizes[] = {
		1, sizeof(struct door_message) - 1, sizeof(struct door_message) + 1, 100000};
	static char bytes[100000];
	const struct doors doors = make_doors(10);
	int lowest = lowest_free();
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct door_message got = {.what = 99};
		struct error err = {0};
		int files[DOOR_FILES_MAX] = {-1, -1};
		const int three[] = {0, 1, 2};
		union {
			char room[CMSG_SPACE(sizeof three)];
			struct cmsghdr align;
		} control = {.align = {.cmsg_level = SOL_SOCKET,
				     .cmsg_type = SCM_RIGHTS,
				     .cmsg_len = CMSG_LEN(sizeof three)}};
		struct iovec data = {.iov_base = bytes, .iov_len = sizes[i]};
		const struct msghdr header = {.msg_iov = &data,
			.msg_iovlen = 1,
			.msg_control = control.room,
			.msg_controllen = sizeof control.room};
		memcpy(CMSG_DATA(&control.align), three, sizeof three);
		assert_int_equal(send(doors.theirs, bytes, sizes[i], 0), (ssize_t)sizes[i]);
		assert_int_equal(door_receive(doors.ours, &got, files, &err), -1);
		assert_int_equal(err.status, EX_SOFTWARE);
		data.iov_len = sizeof got;
		assert_int_equal(sendmsg(doors.theirs, &header, 0), (ssize_t)sizeof got);
		assert_int_equal(door_receive(doors.ours, &got, files, &err), -1);
		/* Without a byte, it reads as the end. */
		data.iov_len = 0;
		assert_int_equal(sendmsg(doors.theirs, &header, 0), 0);
		assert_int_equal(door_receive(doors.ours, &got, files, &err), 0);
		assert_int_equal(got.what, 99);
		assert_int_equal(lowest_free(), lowest);
	}
	close_doors(&doors);
}

TEST(a_text_that_can_still_change_or_block_is_refused)
{
	struct error err = {0};
	char *text = NULL;
	size_t len = 0;
	int ends[2];
	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	int unsealed = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int writable = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_return_code(
		fcntl(writable, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW), errno);
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	const int refused[] = {ends[0], unsealed, writable, file, -1};
	for (size_t i = 0; i < COUNT(refused); i++) {
		assert_int_equal(door_read(refused[i], 10, &text, &len, &err), -1);
		assert_contains(err.msg, "not sealed");
		assert_null(text);
	}
	assert_return_code(close(ends[0]), errno);
	assert_return_code(close(ends[1]), errno);
	assert_return_code(close(unsealed), errno);
	assert_return_code(close(writable), errno);
	assert_return_code(close(file), errno);
	_cleanup_close_ int sealed = door_file("four", 4, &err);
	assert_int_equal(write(sealed, "x", 1), -1);
	assert_int_equal(door_read(sealed, 3, &text, &len, &err), -1);
	assert_int_equal(err.code, EFBIG);
}

TEST(the_end_of_the_other_side_is_seen_and_its_silence_is_not_waited_for)
{
	struct doors doors = make_doors(1);
	struct door_message got;
	struct error err = {0};
	int files[DOOR_FILES_MAX];
	assert_int_equal(door_receive(doors.ours, &got, files, &err), -1);
	assert_int_equal(err.code, ETIMEDOUT);
	/* Nobody takes what is sent: at some point the socket is full. */
	const struct door_message message = {.what = DOOR_BEGUN};
	int result = 0;
	for (int i = 0; i < 10000 && result == 0; i++)
		result = door_send(doors.ours, &message, NULL, &err);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ETIMEDOUT);
	assert_return_code(close(doors.theirs), errno);
	assert_int_equal(door_receive(doors.ours, &got, files, &err), 0);
	assert_int_equal(door_send(doors.ours, &message, NULL, &err), -1);
	assert_return_code(close(doors.ours), errno);
}

TEST(a_text_is_read_from_its_beginning_wherever_its_sender_left_it)
{
	struct error err = {0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	_cleanup_close_ int sealed = door_file("four", 4, &err);
	assert_return_code(lseek(sealed, 3, SEEK_SET), errno);
	assert_ok(door_read(sealed, 4, &text, &len, &err), err);
	assert_string_equal(text, "four");
}

TEST(what_is_no_answer_is_not_taken_for_one)
{
	const struct doors doors = make_doors(10);
	const struct door_message request = {.what = DOOR_STEP};
	struct door_message message = {.what = DOOR_BEGUN, .number = 7};
	struct error err = {0};
	uint32_t number = 0;
	assert_ok(door_send(doors.theirs, &message, NULL, &err), err);
	assert_int_equal(door_ask(doors.ours, &request, NULL, &number, NULL, &err), -1);
	assert_int_equal(err.status, EX_SOFTWARE);
	assert_int_equal(number, 0);
	message.what = DOOR_ANSWER;
	assert_ok(door_send(doors.theirs, &message, NULL, &err), err);
	assert_ok(door_ask(doors.ours, &request, NULL, &number, NULL, &err), err);
	assert_int_equal(number, 7);
	close_doors(&doors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(a_message_arrives_with_its_texts),
		RUN(a_message_of_another_size_or_with_more_files_is_refused),
		RUN(a_text_that_can_still_change_or_block_is_refused),
		RUN(what_is_no_answer_is_not_taken_for_one),
		RUN(a_text_is_read_from_its_beginning_wherever_its_sender_left_it),
		RUN(the_end_of_the_other_side_is_seen_and_its_silence_is_not_waited_for),
	};
	return cmocka_run_group_tests_name("setup_door", tests, NULL, NULL);
}
