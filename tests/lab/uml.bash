# shellcheck shell=bash disable=SC2034,SC2154,SC2164,SC2317
# SPDX-License-Identifier: MIT
#
# uml: a host whose kernel is User-Mode Linux, which computes at the speed of this machine without KVM.
# `lab` sources it. Its kernel is Debian's source of Linux with more switched on (uml/config), built
# once. Its disk is what the ordinary snapshot of the suite has.

uml_cpus=${OSS_CRS_LAB_CPUS:-$(nproc)}
# Further words of the kernel's command line, for odd hosts.
read -ra uml_words <<<"${OSS_CRS_LAB_CMDLINE:-}"

uml_kernel_key() {
	{
		declare -f bootstrap make_uml_kernel
		cat "$here/uml/config"
	} | hash_of
}

# The source is of the suite that has it, the compiler of the oldest, so that the kernel, which is a
# program of this machine, finds the C library that it wants.
make_uml_kernel() {
	local dir=$1
	echo linux-source-7.2 >"$dir/packages"
	suite=forky bootstrap "$dir/root" "$dir/packages"
	as_root mv "$dir"/root/usr/src/linux-source-*.tar.xz "$dir/source.tar.xz"
	as_root rm -rf "$dir/root"
	echo build-essential bc bison flex xz-utils >"$dir/packages"
	suite=bookworm bootstrap "$dir/root" "$dir/packages"
	as_root install -d "$dir"/root/{src,out}
	cp "$here/uml/config" "$dir/config"
	# shellcheck disable=SC2016 # the inner shell expands it
	root=$dir/root in_root "$dir" "$dir" sh -euc '
		mkdir /tmp/linux
		tar -C /tmp/linux --strip-components=1 -xf /src/source.tar.xz
		cd /tmp/linux
		make -s ARCH=um defconfig
		ARCH=um scripts/kconfig/merge_config.sh -m .config /src/config >/dev/null
		make -s ARCH=um olddefconfig
		grep ^CONFIG_ /src/config | while read -r option; do
			grep -qxF "$option" .config || { echo "not in the configuration: $option" >&2; exit 1; }
		done
		make -s ARCH=um -j "$(nproc)" linux
		strip -o /out/linux linux'
	as_root rm -rf "$dir"/{root,packages,source.tar.xz,config}
}

# The disk of the suite's snapshot, in which Docker has its images, as this kernel reads disks.
uml_disk_key() {
	{
		snapshot_key
		declare -f make_uml_disk
	} | hash_of
}

make_uml_disk() {
	qemu-img convert -O raw "$snapshot/disk" "$1/disk"
}

# Sets $kernel, $disk and what ensure_snapshot sets.
ensure_uml() {
	ensure_snapshot
	local kind=uml-disk
	has_example || kind=uml-bare-disk
	ensure "$kind" "$(uml_disk_key)" make_uml_disk
	disk=$made/disk
	mkdir -p "$cache/uml"
	suite=uml ensure uml-kernel "$(uml_kernel_key)" make_uml_kernel
	kernel=$made/linux
}

# Starts the kernel in DIR, and leaves it the lock on DIR. Writes there: pid, port (of ssh), console
# (a log), and `uml`, by which guest() knows that the port is one of a network of its own: that of the
# kernel's user and network namespace. Every process of the host ends with the kernel's, which is
# to be killed: it does not end by SIGTERM.
uml_machine() { # DIR
	# shellcheck disable=SC2094 # a directory cannot be overwritten
	(
		flock -n 9 || die "$1 is in use"
		close_locks
		cd "$1"
		echo 22 >port
		touch uml
		# shellcheck disable=SC2016 # the inner shell expands it
		TMPDIR=/dev/shm setsid unshare --map-root-user --net -- sh -euc '
			ip link add lab type veth peer name guest
			ip address add 10.0.2.2/24 dev lab
			ip link set lab up
			ip link set guest up
			exec "$@"' sh "$kernel" mem=4096M "ncpus=$uml_cpus" seccomp=on \
			"ubd0=overlay,$disk" root=/dev/ubda rw quiet fstab=no \
			vec0:transport=raw,ifname=guest,depth=128 \
			ip=10.0.2.15::10.0.2.2:255.255.255.0:lab:vec0:off \
			con=null con0=null,fd:1 ssl=null \
			systemd.mask=serial-getty@ttyS0.service systemd.mask=systemd-networkd-wait-online.service "${uml_words[@]}" \
			</dev/null >console 2>&1 &
		echo $! >pid
	) 9<"$1"
}

uml_up() {
	ensure_uml
	cmd_down
	SECONDS=0
	mkdir -p "$run"
	unfinished=$run
	uml_machine "$run"
	wait_for_ssh "$run" "systemctl is-system-running --wait >/dev/null"
	set_clock
	unfinished=
	say "$name is up after $SECONDS s, with User-Mode Linux and $uml_cpus CPUs"
}
