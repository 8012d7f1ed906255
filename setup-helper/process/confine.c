/* SPDX-License-Identifier: MIT
 *
 * confine: Landlock rules for the descriptors that the plan works on, and the seccomp filters. A
 * filter lists the system calls that it refuses, because a later C library may do an allowed
 * operation by another call; only those of a check and a look, which need next to nothing, list
 * what they allow. A refused call fails with EPERM, so that the error path runs.
 */
#include "confine.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

#define SPECIAL_MODES (S_ISUID | S_ISGID | S_ISVTX)

#define ACCESS_READ    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE   (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)
#define ACCESS_REPLACE (ACCESS_WRITE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define ACCESS_CGROUPS (ACCESS_WRITE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR)

/* struct landlock_ruleset_attr of ABI 6, with the scopes of Linux 6.12. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};
#define NET_TCP        3 /* LANDLOCK_ACCESS_NET_BIND_TCP and _CONNECT_TCP, ABI 4 */
#define SCOPED_OUTSIDE 3 /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET and _SIGNAL, ABI 6 */

/* How much of struct ruleset this version of the ABI knows. */
static size_t ruleset_size(int abi)
{
	if (abi < 4)
		return offsetof(struct ruleset, net);
	return abi < 6 ? offsetof(struct ruleset, scoped) : sizeof(struct ruleset);
}

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

int confine_prepare(struct confine_ruleset *ret, struct error *err)
{
	int abi =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1) {
		*ret = (struct confine_ruleset){.fd = -1};
		return 0;
	}
	const struct ruleset attributes = {
		.files = handled_access(abi), .net = NET_TCP, .scoped = SCOPED_OUTSIDE};
	_cleanup_close_ int ruleset =
		(int)syscall(SYS_landlock_create_ruleset, &attributes, ruleset_size(abi), 0);
	if (ruleset < 0)
		return fail(err, errno, "make a Landlock ruleset");
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(err, errno, "open /");
	if (add_rule(ruleset, root, ACCESS_READ, err) < 0)
		return -1;
	*ret = (struct confine_ruleset){steal_fd(&ruleset), abi, attributes.files};
	return 0;
}

int confine_enter(const struct confine_ruleset *ruleset, const struct confine_rule *rules,
	size_t count, struct confined *confined, struct error *err)
{
	if (ruleset->fd < 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (add_rule(ruleset->fd, rules[i].fd,
			    granted_access(rules[i].access) & ruleset->handled, err) < 0)
			return -1;
	if (syscall(SYS_landlock_restrict_self, ruleset->fd, 0) < 0)
		return fail(err, errno, "restrict this process by Landlock");
	confined->landlock = ruleset->abi;
	return 0;
}

int confine_files(const struct confine_rule *rules, size_t count, struct confined *confined,
	struct error *err)
{
	struct confine_ruleset ruleset = {.fd = -1};
	if (confine_prepare(&ruleset, err) < 0)
		return -1;
	int result = confine_enter(&ruleset, rules, count, confined, err);
	cleanup_close(&ruleset.fd);
	return result;
}

/* By name: not every architecture has all of these, nor does every libseccomp know them. Lists end
 * with NULL. */
static const char *const refused_to_all[] = {
	/* make files and directories by calls whose flags and modes refuse_modes() does not see */
	"creat", "mkdir",
#ifndef __SANITIZE_ADDRESS__
	"open",
#endif
	/* run another program, or enter another root directory or namespace */
	"execve", "execveat", "chroot", "pivot_root", "unshare", "setns",
/* reach into other processes; LeakSanitizer uses ptrace(2) on its own threads */
#ifndef __SANITIZE_ADDRESS__
	"ptrace",
#endif
	"process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise", "kill",
	"tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_open",
	"pidfd_send_signal",
	/* mount file systems, open files by handle, make device files and links, change owners,
	 * modes by path, and attributes */
	"mount", "umount", "umount2", "mount_setattr", "move_mount", "open_tree", "fsopen",
	"fsmount", "fsconfig", "fspick", "swapon", "swapoff", "quotactl", "quotactl_fd",
	"open_by_handle_at", "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat", "fchown",
	"chown", "lchown", "fchownat", "chmod", "fchmodat", "fchmodat2", "setxattr", "lsetxattr",
	"fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	"truncate",
	/* change the kernel and the machine */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf",
	"perf_event_open", "reboot", "acct", "syslog", "iopl", "ioperm", "settimeofday",
	"clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "userfaultfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register", "modify_ldt", "lookup_dcookie",
	"fanotify_init", "vhangup",
	/* use the kernel's keyrings */
	"add_key", "request_key", "keyctl", NULL};

/* Root makes no connection. */
static const char *const refused_to_root[] = {
	"socket", "connect", "bind", "listen", "accept", "accept4", NULL};

/* The connector changes no file and starts no process. */
static const char *const refused_to_connector[] = {"bind", "listen", "accept", "accept4", "fchmod",
	"mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2",
#ifndef __SANITIZE_ADDRESS__
	"clone", "fork", "vfork",
#endif
	NULL};

/* The worker, which reads what others wrote, and the speaker have neither new sockets nor files to
 * change. */
static const char *const refused_to_worker[] = {"socket", "connect", "bind", "listen", "accept",
	"accept4", "fchmod", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat",
	"renameat2",
#ifndef __SANITIZE_ADDRESS__
	"clone", "fork", "vfork",
#endif
	NULL};

/* A filter cannot read the flags and modes of these. When they fail with ENOSYS, the C library
 * falls back to clone(2), and fs_open() to openat(2). */
static const char *const unreadable[] = {"clone3", "openat2", NULL};

/* A check computes: it takes and gives memory, reads and writes what is open, and ends. */
static const char *const allowed_to_check[] = {"read", "write", "close", "lseek", "fstat", "brk",
	"mmap", "munmap", "mremap", "madvise", "futex", "getrandom", "gettimeofday",
	"clock_gettime", "getpid", "rt_sigreturn", "exit", "exit_group",
#ifdef __SANITIZE_ADDRESS__
	"sigaltstack",
#endif
	NULL};

/* A look also opens and locks files by descriptors, lists directories, and gives up more by a
 * second filter. */
static const char *const allowed_to_look[] = {
	"fcntl", "newfstatat", "fgetxattr", "getdents64", "seccomp", NULL};

static void cleanup_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static int add_calls(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	int r = 0;
	for (; r == 0 && *names; names++) {
		int call = seccomp_syscall_resolve_name(*names);
		if (call != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, action, call, 0);
	}
	return r;
}

/* Refuse a call if argument `arg` has one of the bits of `bits`; with `flag`, only if the argument
 * before it has that flag. openat(2) takes no mode without O_CREAT: its register has anything. */
static int refuse_bits(scmp_filter_ctx filter, int call, unsigned arg, uint64_t bits, uint64_t flag)
{
	int r = 0;
	for (uint64_t bit = 1; r == 0 && bit && bit <= bits; bit <<= 1) {
		const struct scmp_arg_cmp has[] = {
			{.arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = bit, .datum_b = bit},
			{.arg = arg - 1,
				.op = SCMP_CMP_MASKED_EQ,
				.datum_a = flag,
				.datum_b = flag},
		};
		if (bits & bit)
			r = seccomp_rule_add_array(
				filter, SCMP_ACT_ERRNO(EPERM), call, flag ? 2 : 1, has);
	}
	return r;
}

/* Root makes files and directories with ordinary modes; the others make no files at all. */
static int refuse_modes(scmp_filter_ctx filter, enum confine_role role)
{
	int r = refuse_bits(filter, SCMP_SYS(openat), 2, O_TMPFILE & ~O_DIRECTORY, 0);
	if (r < 0 || role != CONFINE_ROOT)
		return r < 0 ? r : refuse_bits(filter, SCMP_SYS(openat), 2, O_CREAT, 0);
	r = refuse_bits(filter, SCMP_SYS(openat), 3, SPECIAL_MODES, O_CREAT);
	if (r == 0)
		r = refuse_bits(filter, SCMP_SYS(mkdirat), 2, SPECIAL_MODES, 0);
	return r == 0 ? refuse_bits(filter, SCMP_SYS(fchmod), 1, SPECIAL_MODES, 0) : r;
}

/* Files are opened to be read, by openat(2), whose flags a filter sees. */
static int allow_look(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp reads = {.arg = 2,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = O_ACCMODE | O_CREAT | (O_TMPFILE & ~O_DIRECTORY),
		.datum_b = O_RDONLY};
	/* seccomp_load() begins with this. */
	const struct scmp_arg_cmp filters_again = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_NO_NEW_PRIVS};
	int r = add_calls(filter, SCMP_ACT_ALLOW, allowed_to_look);
	if (r == 0)
		r = add_calls(filter, SCMP_ACT_ERRNO(ENOSYS), unreadable);
	if (r == 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, &reads);
	return r == 0 ? seccomp_rule_add_array(
				filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, &filters_again)
		      : r;
}

/* What is refused by its arguments: outliving the parent, modes, typing into the terminal, a new
 * user namespace, sockets that are not Unix sockets. */
static int refuse_arguments(scmp_filter_ctx filter, enum confine_role role)
{
	static const uint64_t faked[] = {TIOCSTI, TIOCLINUX};
	const struct scmp_arg_cmp foreign = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
	const struct scmp_arg_cmp outlives = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_PDEATHSIG};
	int r = 0;
	/* The root side's children still have to say that they end with it. */
	if (role != CONFINE_ROOT)
		r = seccomp_rule_add_array(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, &outlives);
	for (size_t i = 0; r == 0 && i < sizeof faked / sizeof *faked; i++) {
		/* The kernel looks at the low half of the register only. */
		const struct scmp_arg_cmp fakes = {.arg = 1,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = UINT32_MAX,
			.datum_b = faked[i]};
		r = seccomp_rule_add_array(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, &fakes);
	}
	if (r == 0 && role == CONFINE_CONNECTOR)
		r = seccomp_rule_add_array(
			filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &foreign);
	if (r == 0)
		r = refuse_modes(filter, role);
	if (r == 0 && role == CONFINE_ROOT)
		r = refuse_bits(filter, SCMP_SYS(clone), CLONE_FLAGS, CLONE_NEWUSER, 0);
	return r == 0 ? add_calls(filter, SCMP_ACT_ERRNO(ENOSYS), unreadable) : r;
}

int confine_calls(enum confine_role role, struct confined *confined, struct error *err)
{
	static const char *const *const refused[] = {
		[CONFINE_ROOT] = refused_to_root,
		[CONFINE_CONNECTOR] = refused_to_connector,
		[CONFINE_WORKER] = refused_to_worker,
		[CONFINE_CHECK] = NULL,
		[CONFINE_LOOK] = NULL,
	};
	_cleanup_(cleanup_filter) scmp_filter_ctx filter =
		seccomp_init(refused[role] ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return fail(err, ENOMEM, "make a seccomp filter");
	int r = 0;
	if (!refused[role])
		r = add_calls(filter, SCMP_ACT_ALLOW, allowed_to_check);
	if (r == 0 && role == CONFINE_LOOK)
		r = allow_look(filter);
	if (r == 0 && refused[role])
		r = add_calls(filter, SCMP_ACT_ERRNO(EPERM), refused_to_all);
	if (r == 0 && refused[role])
		r = add_calls(filter, SCMP_ACT_ERRNO(EPERM), refused[role]);
	if (r == 0 && refused[role])
		r = refuse_arguments(filter, role);
	if (r < 0)
		return fail(err, -r, "make a seccomp filter");
	r = seccomp_load(filter);
	/* r < 0: the kernel has no seccomp, or a container forbids setting it up. */
	confined->seccomp = r == 0;
	return 0;
}
