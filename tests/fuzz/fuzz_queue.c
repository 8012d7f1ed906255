/* SPDX-License-Identifier: MIT
 *
 * fuzz_queue: use the input as /proc/locks, in which the holder of the lease's lock is looked for.
 * The lock is held, and a signal has come, so that queue_lock() looks once and gives up.
 *
 * Invariant: an error that is safe to print.
 */
#include "fuzz_dir.h"

#include "queue.h"

#include <sys/eventfd.h>
#include <sys/file.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int held = -1;
	static int signals = -1;
	struct host host = HOST_CLOSED;
	struct queue_lock lock = QUEUE_UNLOCKED;
	struct error err = {0};
	if (held < 0) {
		fuzz_make_dirs("proc/locks");
		fuzz_make_dirs(QUEUE_LOCK);
		fuzz_put(QUEUE_LOCK, "", 0);
		held = openat(fuzz_dir(), QUEUE_LOCK, O_RDONLY | O_CLOEXEC);
		signals = eventfd(1, EFD_CLOEXEC);
		CHECK(signals >= 0 && flock(held, LOCK_EX) == 0);
	}
	fuzz_put("proc/locks", data, size);
	CHECK(host_open_at(fuzz_dir(), &host, &err) == 0);
	CHECK(queue_lock(&host, -1, signals, &lock, &err) < 0);
	CHECK(err.code == EINTR);
	host_close(&host);
	return 0;
}
