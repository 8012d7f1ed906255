/* SPDX-License-Identifier: MIT
 *
 * queue_file: reads and writes records of ten digits and a newline at their place in the file.
 */
#include "queue_file.h"

#include "cleanup.h"
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define QUEUE_FILE "queue"
#define RECORD     11 /* bytes */
#define RECORD_MAX 9999999999UL

static int read_record(int fd, size_t number, size_t *ret, struct error *err)
{
	char record[RECORD];
	size_t value = 0;
	errno = EIO; /* of a read that is only part of one */
	if (pread(fd, record, RECORD, (off_t)(number * RECORD)) != RECORD)
		return fail(err, errno, "read " QUEUE_FILE);
	for (size_t i = 0; i < RECORD - 1; i++) {
		if (record[i] < '0' || record[i] > '9')
			return fail_as(
				err, EX_DATAERR, QUEUE_FILE ": record %zu is no number", number);
		value = value * 10 + (size_t)(record[i] - '0');
	}
	*ret = value;
	return 0;
}

static int write_record(int fd, size_t number, size_t value, struct error *err)
{
	char record[RECORD + 1];
	if (value > RECORD_MAX)
		return fail(err, EOVERFLOW, QUEUE_FILE);
	(void)snprintf(record, sizeof record, "%010zu\n", value);
	errno = ENOSPC; /* of a write that is only part of one */
	return pwrite(fd, record, RECORD, (off_t)(number * RECORD)) == RECORD
		       ? 0
		       : fail(err, errno, "write " QUEUE_FILE);
}

int queue_file_open(int dir, struct error *err)
{
	struct stat st;
	_cleanup_close_ int fd = fs_open(dir, QUEUE_FILE, O_RDWR | O_CREAT, 0644, err);
	if (fd < 0 || fs_lock_wait(fd, QUEUE_FILE, err) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "read " QUEUE_FILE);
	if (st.st_size < RECORD && write_record(fd, 0, 1, err) < 0)
		return -1;
	return steal_fd(&fd);
}

/* The number of the first record behind the queue. A record that was not written whole is none. */
static int count_records(int fd, size_t *ret, struct error *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return fail(err, errno, "read " QUEUE_FILE);
	*ret = (size_t)st.st_size / RECORD;
	return 0;
}

int queue_file_add(int queue, const size_t *indices, size_t count, struct error *err)
{
	size_t end = 0;
	if (count_records(queue, &end, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (write_record(queue, end + i, indices[i], err) < 0) {
			(void)!ftruncate(queue, (off_t)(end * RECORD));
			return -1;
		}
	return 0;
}

int queue_file_take(int queue, size_t *ret, struct error *err)
{
	size_t next = 0;
	size_t end = 0;
	size_t index = 0;
	if (count_records(queue, &end, err) < 0 || read_record(queue, 0, &next, err) < 0)
		return -1;
	if (next >= end)
		return 0;
	if (read_record(queue, next, &index, err) < 0 || write_record(queue, 0, next + 1, err) < 0)
		return -1;
	*ret = index;
	return 1;
}

int queue_file_each(
	int queue, void (*each)(size_t index, void *data), void *data, struct error *err)
{
	size_t next = 0;
	size_t end = 0;
	if (count_records(queue, &end, err) < 0 || read_record(queue, 0, &next, err) < 0)
		return -1;
	for (; next < end; next++) {
		size_t index = 0;
		if (read_record(queue, next, &index, err) < 0)
			return -1;
		each(index, data);
	}
	return 0;
}

int queue_file_clear(int queue, struct error *err)
{
	size_t end = 0;
	return count_records(queue, &end, err) < 0 ? -1 : write_record(queue, 0, end, err);
}
