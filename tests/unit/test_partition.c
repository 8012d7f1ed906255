/* SPDX-License-Identifier: MIT
 *
 * test_partition: whether runs can be partitions, and what the kernel answers to a run that becomes
 * one. Ordinary directories stand for the cgroups.
 */
#include "unit.h"

#include "partition.h"

#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel puts into the file instead of what is written; NULL: the same. The C library's
 * names of the parameters are reserved.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
static const char *kernel_says;

ssize_t write(int fd, const void *data, size_t len)
{
	const char *text = kernel_says ? kernel_says : data;
	size_t size = kernel_says ? strlen(kernel_says) : len;
	struct stat st;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return syscall(SYS_write, fd, data, len);
	if (ftruncate(fd, 0) < 0 || syscall(SYS_write, fd, text, size) != (ssize_t)size)
		return -1;
	return (ssize_t)len;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

TEST(a_host_without_reserved_cpus_is_refused_with_the_reason)
{
	static const struct {
		const char *file, *text, *msg, *hint;
	} table[] = {
		{PARTITION_FILE, "member\n", "this kernel does not have", "Linux 6.7"},
		{"cpuset.cpus.exclusive", "\n", "is 'member'", "EXCLUSIVE CPUS"},
		{PARTITION_FILE, "root invalid (Cpu list in cpuset.cpus not exclusive)\n",
			"is 'root invalid (Cpu list in cpuset.cpus not exclusive)'",
			"EXCLUSIVE CPUS"},
		{PARTITION_FILE, "isolated\n", NULL, NULL},
		{PARTITION_FILE, "root\n", NULL, NULL},
	};
	int dir = unit_dir(state);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct error err = {0};
		make_file(dir, table[i].file, table[i].text);
		int result = partition_require(dir, &err);
		if (!table[i].msg) {
			assert_ok(result, err);
			continue;
		}
		assert_int_equal(result, -1);
		assert_int_equal(err.status, EX_UNAVAILABLE);
		assert_contains(err.msg, table[i].msg);
		assert_contains(err.hint, table[i].hint);
	}
}

TEST(a_partition_is_one_only_if_the_kernel_says_so)
{
	struct error err = {0};
	int dir = unit_dir(state);
	make_file(dir, PARTITION_FILE, "member\n");
	assert_ok(partition_make(dir, "r", PARTITION_ISOLATED, &err), err);
	assert_file(dir, PARTITION_FILE, "isolated");
	kernel_says = "root invalid (Parent unable to distribute cpu downstream)\n";
	assert_int_equal(partition_make(dir, "r", PARTITION_ROOT, &err), -1);
	kernel_says = NULL;
	assert_int_equal(err.status, EX_UNAVAILABLE);
	assert_contains(err.msg, "run r ");
	assert_contains(err.msg, "is 'root invalid (Parent unable to distribute cpu downstream)'");
	assert_contains(err.hint, "oss-crs-run clean");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN_IN_DIR(a_host_without_reserved_cpus_is_refused_with_the_reason),
		RUN_IN_DIR(a_partition_is_one_only_if_the_kernel_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
