# shellcheck shell=bash disable=SC2034,SC2086,SC2153,SC2154,SC2317
# SPDX-License-Identifier: MIT
#
# tables_faults: what fails below oss-crs-setup: it is killed, its system calls fail, the disk is full,
# the power is cut.
# `tables` sources it.

# Of a list in the order of the cases, those that --cases selects.
asked_for() {
	sed -n "${range/-/,}p"
}

# After a case that does not hold, which may have left CPUs reserved.
give_up() {
	systemctl stop oss-crs-reserve@1000.service
	start_over
}

# Whether the kernel can reserve CPUs: from Linux 6.7 on. If not, the table says so.
can_reserve() { # TABLE
	[[ ! -e $CG/user.slice/cpuset.cpus.exclusive ]] || return 0
	((++number))
	echo "ok $number - $1 # skip this kernel has no remote partitions"
	return 1
}

# Inject one fault into a half for each line "NAME NTH HOW" of standard input; HOW is one of
# hurt.c's.
hurt_each() { # HALF TABLE
	local name nth how status list
	local -n args=${1}_args
	list=$(cat)
	begin
	cases=$(wc -l <<<"$list")
	start_over
	while in_time && read -r name nth how; do
		do_first "$1"
		# When the parent is killed, its end of the pipe closes, and its children end.
		"$HURT" "$how" "+$name" "$nth" "$SETUP" "${args[@]}" >"$work/said" 2>&1
		status=$?
		converges "$1" $((status == 100 ? 0 : status)) "$how"
		hurt_counts $? $((status != 100)) "$1, $how at $name $nth, status $status"
		((held == ran)) || give_up
	done < <(asked_for <<<"$list")
	finish "$2"
}

each_kill() {
	scatter | sed 's/$/ kill/'
}

table_kill_docker() { hurt_each docker "docker killed at each system call" < <(calls_of docker | each_kill); }
table_kill_delegate() { hurt_each delegate "delegate killed at each system call" < <(calls_of delegate | each_kill); }
table_errors_docker() { hurt_each docker "each system call of docker fails" < <(calls_of docker | each_error); }
table_errors_delegate() { hurt_each delegate "each system call of delegate fails" < <(calls_of delegate | each_error); }
table_kill_reserve() {
	! can_reserve "reserve killed at each system call" ||
		hurt_each reserve "reserve killed at each system call" < <(calls_of reserve | each_kill)
}
table_errors_reserve() {
	! can_reserve "each system call of reserve fails" ||
		hurt_each reserve "each system call of reserve fails" < <(calls_of reserve | each_error)
}

# The directories of the files are on a disk of their own, with few bytes left, or none.
table_full_disk() {
	local free status where
	begin
	for where in /etc/docker /var/lib/oss-crs; do
		for free in 0 1 2 3 4; do
			((++cases))
			in_time || continue
			start_over
			mkdir -p $where
			mount -t tmpfs -o mode=755,size=$((4096 * (free + 4))),nr_inodes=64 full $where
			[[ $where != /etc/docker ]] || { echo "$OLD" >$JSON && chmod 644 $JSON; }
			dd if=/dev/zero of=$where/filler bs=4096 >/dev/null 2>&1
			truncate -s $((($(stat -c %s $where/filler) / 4096 - free) * 4096)) $where/filler
			"$SETUP" "${docker_args[@]}" >"$work/said" 2>&1
			status=$?
			{ docker_before && ((status != 0)); } || { docker_after && ((status == 0)); }
			count $? "$free pages left in $where, status $status"
			umount $where
		done
	done
	start_over
	finish "full disk"
}

# /etc/docker is on a disk of its own. The program is held at each system call of the commit, and of
# its undo, and a copy of the disk at that moment is mounted. The copy lacks what the kernel has not
# written yet, as after a power cut.
table_power_cut() {
	local half name nth pid hurt disk=$work/disk copy=$work/copy list=$work/list
	for half in docker undo; do
		calls_of $half | grep -E '^(write|fsync|fchmod|renameat|unlinkat|openat2?) ' | sed "s/^/$half /"
	done >"$list"
	begin
	cases=$(wc -l <"$list")
	while in_time && read -r half name nth; do
		local -n args=${half}_args
		start_over
		cp "$DISK" "$disk"
		if ! mount -o loop "$disk" /etc/docker; then
			count 1 "there is no disk to cut the power of"
			break
		fi
		echo "$OLD" >$JSON
		chmod 644 $JSON
		rmdir /etc/docker/lost+found
		do_first "$half"
		sync -f /etc/docker
		hold_at "$name" "$nth" "${args[@]}"
		cp "$disk" "$copy"
		let_go
		umount /etc/docker
		mount -o loop "$copy" /etc/docker && [[ $(stat -f -c %T /etc/docker) == ext2/ext3 ]] && { docker_before || docker_after; }
		hurt_counts $? $((${#pid} > 0)) "power cut of $half at $name $nth"
		umount /etc/docker
	done < <(scatter <"$list")
	start_over
	finish "power cut during the commit"
}
