# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
#
# lease: what the cases of leases share: the users' delegation, jobs of one CRS, runs that hold their
# CPUs until they are let go. Loads after `common`.

DIR=/srv/lease

config() { # NAME CPUS MEMORY
	mkdir -p $DIR/"$1"
	printf 'crs:\n  - {name: c, cpuset: "%s", memory_limit: %s}\n' "$2" "$3" >$DIR/"$1"/config-resource.yaml
}

setup_file() {
	systemd-tmpfiles --create oss-crs.conf
	for user in alice carol; do
		loginctl enable-linger $user
		systemctl start "user@$(id -u $user).service"
		as $user sudo -n "$(command -v oss-crs-setup)" --yes delegate
	done
}

setup() {
	rm -rf $DIR
	mkdir -m 777 $DIR
	for cpu in 0 1 2 3; do
		config $cpu $cpu 64M
	done
	config all 0-3 64M
	mkfifo $DIR/gate # `hold` ends when this is opened for writing
	cat >$DIR/look <<-'EOF2'
		#!/bin/bash
		# The command of each run: reports what the kernel's files show to be wrong.
		cpu=$OSS_CRS_CPUSET
		ours=/sys/fs/cgroup$OSS_CRS_CGROUP_PARENT/c
		say() { echo "$*" >>/srv/lease/wrong; }
		begin=$(stat -c '%i %u' "${ours%/c}")
		echo "$cpu $begin" >>/srv/lease/order
		[ "$(</proc/self/cgroup)" = "0::$OSS_CRS_CGROUP_PARENT/c" ] || say "not in my cgroup: $(</proc/self/cgroup)"
		[ "$(<$ours/cpuset.cpus.effective)" = "$cpu" ] || say "CPUs of $ours"
		for c in /sys/fs/cgroup/user.slice/user-*.slice/user@*.service/oss-crs/*/c; do
			[ "$c" != "$ours" ] || continue
			{ list=$(<"$c/cpuset.cpus") && events=$(<"$c/cgroup.events"); } 2>/dev/null || continue
			[[ $list != "$cpu" || $events != *"populated 1"* ]] || say "$ours and $c are both on CPU $cpu"
		done
		mkdir /srv/lease/on-$cpu || say "$ours is not alone on CPU $cpu"
		rmdir /srv/lease/on-$cpu
	EOF2
	cat >$DIR/hold <<-'EOF2'
		#!/bin/bash
		echo "$1" >>/srv/lease/order
		read -r _ </srv/lease/gate
	EOF2
	chmod 755 $DIR/look $DIR/hold
	touch $DIR/order $DIR/wrong
	chmod 666 $DIR/gate $DIR/order $DIR/wrong
}

# The runs of all users, by their cgroups.
runs() {
	find "$CG"/user.slice/user-*.slice/user@*.service/oss-crs -mindepth 1 -maxdepth 1 -type d
}

nothing_left() {
	[ -z "$(runs)" ]
}

teardown() {
	pkill -KILL -x oss-crs-run || :
	pkill -KILL -x hold || :
	wait
	exec 5>&-
	for user in alice carol; do
		as $user oss-crs-run clean -q --all || :
	done
	nothing_left
}

# hold USER CONFIG NAME OPTION...: start a run in the background that keeps its CPUs until the gate
# is opened. It has started when NAME is in the file `order`.
hold() {
	sh_as "$1" "exec oss-crs-run exec ${*:4} $DIR/$2 -- $DIR/hold $3" >$DIR/"$3.out" 2>&1 &
}

holds() {
	hold "$@"
	until_true grep -qx "$3" $DIR/order
}

# open_gate N: let N holders end, including those that have not reached the gate yet.
open_gate() {
	exec 5<>$DIR/gate
	for _ in $(seq "$1"); do
		echo >&5
	done
}

# The pid of the runner whose command line has TEXT.
owner() {
	pgrep -xf "oss-crs-run exec .*$1"
}
