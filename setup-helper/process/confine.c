/* SPDX-License-Identifier: MIT
 *
 * confine: Landlock rules for the descriptors that the plan works on, and the seccomp filter. The
 * filter lists the system calls it refuses rather than those it allows, because a later C library
 * may do an allowed operation by another call. A refused call fails with EPERM, so that the error
 * path of the step runs.
 */
#include "confine.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Access rights that are newer than the oldest kernel header this builds with (Linux 6.1). */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

/* Which argument of clone(2) holds the flags: see its section "C library/kernel differences". */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define ACCESS_READ    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE   (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define ACCESS_REPLACE (ACCESS_WRITE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define ACCESS_CGROUPS (ACCESS_WRITE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* Every access right that this version of the ABI can restrict (linux/landlock.h, "Filesystem
 * flags"). */
static uint64_t handled_access(int abi)
{
	uint64_t access = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
	if (abi >= 2)
		access |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		access |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= 5)
		access |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return access;
}

static uint64_t granted_access(unsigned access)
{
	return (access & CONFINE_WRITE ? ACCESS_WRITE : 0) |
	       (access & CONFINE_REPLACE ? ACCESS_REPLACE : 0) |
	       (access & CONFINE_CGROUPS ? ACCESS_CGROUPS : 0) |
	       (access & CONFINE_RMDIR ? LANDLOCK_ACCESS_FS_REMOVE_DIR : 0);
}

static int add_rule(int ruleset, int fd, uint64_t access, struct error *err)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		return fail(err, errno, "add a Landlock rule");
	return 0;
}

int confine_files(const struct confine_rule *rules, size_t count, struct confined *confined,
	struct error *err)
{
	int abi =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return 0;
	const struct landlock_ruleset_attr attributes = {.handled_access_fs = handled_access(abi)};
	_cleanup_close_ int ruleset =
		(int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
	if (ruleset < 0)
		return fail(err, errno, "make a Landlock ruleset");
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, errno, "open /");
	if (add_rule(ruleset, root, ACCESS_READ, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_rule(ruleset, rules[i].fd,
			    granted_access(rules[i].access) & handled_access(abi), err) < 0)
			return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return fail(err, errno, "restrict this process by Landlock");
	confined->landlock = abi;
	return 0;
}

/* By name: not every architecture has all of these, nor does every libseccomp know them. */
static const char *const refused[] = {
	/* run another program, or enter another root directory or namespace */
	"execve", "execveat", "chroot", "pivot_root", "unshare", "setns",
/* reach into other processes; LeakSanitizer uses ptrace(2) on its own threads */
#ifndef __SANITIZE_ADDRESS__
	"ptrace",
#endif
	"process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise",
	/* mount file systems, open files by handle, make device files and links, change owners */
	"mount", "umount", "umount2", "mount_setattr", "move_mount", "open_tree", "fsopen",
	"fsmount", "fsconfig", "fspick", "swapon", "swapoff", "quotactl", "quotactl_fd",
	"open_by_handle_at", "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat", "fchown",
	"chown", "lchown", "fchownat",
	/* change the kernel and the machine */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf",
	"perf_event_open", "reboot", "acct", "syslog", "iopl", "ioperm", "settimeofday",
	"clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "userfaultfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "modify_ldt", "lookup_dcookie",
	"fanotify_init", "vhangup",
	/* use the kernel's keyrings */
	"add_key", "request_key", "keyctl"};

static void cleanup_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

int confine_calls(struct confined *confined, struct error *err)
{
	_cleanup_(cleanup_filter) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return fail(err, ENOMEM, "make a seccomp filter");
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof refused / sizeof *refused; i++) {
		int call = seccomp_syscall_resolve_name(refused[i]);
		if (call != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0);
	}
	/* The system bus, Docker and journald listen on Unix sockets; nothing else is needed. */
	const struct scmp_arg_cmp foreign = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
	if (r == 0)
		r = seccomp_rule_add_array(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &foreign);
	/* A new user namespace by clone(2). A filter cannot read the flags of clone3(2); the C
	 * library falls back to clone(2) when clone3(2) fails with ENOSYS. */
	const struct scmp_arg_cmp namespaces = {.arg = CLONE_FLAGS,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = CLONE_NEWUSER,
		.datum_b = CLONE_NEWUSER};
	if (r == 0)
		r = seccomp_rule_add_array(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, &namespaces);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r < 0)
		return fail(err, -r, "make a seccomp filter");
	r = seccomp_load(filter);
	/* r < 0: the kernel has no seccomp, or a container forbids setting it up. */
	confined->seccomp = r == 0;
	return 0;
}
