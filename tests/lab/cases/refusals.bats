#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What oss-crs-setup refuses or puts back on a real host, and whom it believes. Run as root in a lab
# guest, in any state that earlier tests left.

load setup

# bats test_tags=both
@test "a driver on the command line is named, and nothing is written" {
	stock
	install -d /etc/systemd/system/docker.service.d
	cat >/etc/systemd/system/docker.service.d/driver.conf <<-'END'
		[Service]
		ExecStart=
		ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --exec-opt native.cgroupdriver=systemd
	END
	systemctl daemon-reload
	run sudo_setup docker --yes
	[ "$status" -eq 78 ]
	[[ $output == *"docker.service.d/driver.conf:3 sets the driver 'systemd'"* ]]
	[ ! -e $JSON ]
	rm /etc/systemd/system/docker.service.d/driver.conf
	echo 'DOCKER_OPTS="--exec-opt native.cgroupdriver=systemd"' >>/etc/default/docker
	systemctl daemon-reload
	run sudo_setup docker --yes
	sed -i '$d' /etc/default/docker
	[ "$status" -eq 78 ]
	[[ $output == *"/etc/default/docker:"* ]]
	[ ! -e $JSON ]
}

# bats test_tags=both
@test "a Docker that does not come back gets its old daemon.json again" {
	stock_docker <<<'{ "debug" :false }'
	install -d /etc/systemd/system/docker.service.d
	printf '[Service]\nExecStartPre=/bin/sh -c "! grep cgroupfs %s"\n' $JSON >/etc/systemd/system/docker.service.d/fail.conf
	systemctl daemon-reload
	run sudo_setup docker --yes
	echo "$output"
	[ "$status" -eq 73 ]
	[[ $output == *"old settings are back"* ]]
	[[ $output == *"  | "* ]]
	[ "$(cat $JSON)" = '{ "debug" :false }' ]
	[ "$(systemctl is-active docker.service)" = active ]
	rm /etc/docker/daemon.json*
	run sudo_setup docker --yes
	[ "$status" -eq 73 ]
	[ ! -e $JSON ]
	[ "$(systemctl is-active docker.service)" = active ]
}

# refused TEXT: Docker's half is refused with status 78 and TEXT, and the file is unchanged.
refused() {
	before=$(state)
	run sudo_setup docker --yes
	echo "$output"
	[ "$status" -eq 78 ]
	[[ $output == *"$1"* ]]
	[ "$(state)" = "$before" ]
}

@test "a hostile daemon.json is refused untouched" {
	stock
	ln -s /etc/passwd $JSON
	refused "$JSON is a symbolic link"
	rm $JSON
	mkfifo $JSON
	refused "not a regular file"
	rm $JSON
	mkdir $JSON
	refused "not a regular file"
	rmdir $JSON
	echo '{}' >$JSON
	ln $JSON /etc/docker/other
	refused "hard links"
	rm /etc/docker/other
	chmod 664 $JSON
	refused "writable by users other than root"
	chmod 644 $JSON
	chown alice $JSON
	refused "is owned by user 1000"
	chown root $JSON
	echo '{"a":1,"a":2}' >$JSON
	refused "duplicate"
	echo '[]' >$JSON
	refused "not a JSON object"
	echo '{"exec-opts":"native.cgroupdriver=systemd"}' >$JSON
	refused "not an array"
	head -c 2000000 /dev/zero >$JSON
	refused "too large"
	rm $JSON
	chmod 777 /etc/docker
	refused "writable by users other than root"
	rm -r /etc/docker
	mkdir /tmp/elsewhere
	ln -s /tmp/elsewhere /etc/docker
	refused "symbolic link"
	rm /etc/docker && rmdir /tmp/elsewhere
}

@test "the policy file counts, if it is root's alone" {
	stock
	install -d /etc/oss-crs
	printf '[delegate]\nlinger=no\nscope=all\n[docker]\nmanage=no\n' >/etc/oss-crs/setup.conf
	run sudo_setup --yes
	[ "$status" -eq 0 ]
	[ ! -e $JSON ]
	[ ! -e /var/lib/systemd/linger/alice ]
	[ -e /etc/systemd/system/user@.service.d/50-oss-crs.conf ]
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
	chmod 666 /etc/oss-crs/setup.conf
	run sudo_setup --yes
	[ "$status" -eq 78 ]
	chmod 644 /etc/oss-crs/setup.conf
	echo 'manage=yes' >>/etc/oss-crs/setup.conf
	run sudo_setup --yes
	[ "$status" -eq 78 ]
	[[ $output == *"setup.conf:6: [docker] manage is set twice"* ]]
	rm -r /etc/oss-crs
}

@test "who asked is not to be forged" {
	stock_delegation
	before=$(state)
	for uid in 0 -1 4294968296 65534 4294967295 "1000 " 99999 alice; do
		run env SUDO_UID="$uid" "$SETUP" delegate --yes
		[ "$status" -eq 64 ]
	done
	run env SUDO_UID=1000 PKEXEC_UID=1001 "$SETUP" delegate --yes
	[ "$status" -eq 64 ]
	run env SUDO_UID=1000 "$SETUP" delegate --yes --user bob
	[ "$status" -eq 64 ]
	install -m 4755 "$SETUP" /usr/local/bin/setup-setuid
	run as bob /usr/local/bin/setup-setuid delegate --yes
	rm /usr/local/bin/setup-setuid
	[ "$status" -eq 77 ]
	[[ $output == *"must not be setuid"* ]]
	[ "$(state)" = "$before" ]
}

@test "what is inherited does not count" {
	stock
	run bash -c "umask 777; ulimit -f 0 -n 64; trap '' PIPE CHLD; mkdir /tmp/gone; cd /tmp/gone; rmdir /tmp/gone
		env SUDO_UID=1000 LD_BIND_NOW=1 DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere SYSTEMD_LOG_LEVEL=debug $SETUP --yes 3>&1 <&- >&-"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output != *"debug"* ]]
	[ "$(stat -c '%a %U:%G' $JSON)" = "644 root:root" ]
	[ "$(stat -c '%a %U:%G' "$(dirname $DROPIN)")" = "755 root:root" ]
	[ "$(driver)" = cgroupfs ]
}

# bats test_tags=both
@test "as root it writes where it says, and with no capability" {
	stock
	# LeakSanitizer cannot run in a traced process.
	run env SUDO_UID=1000 ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat,openat2,mkdirat,capset,setresuid -o /tmp/trace "$SETUP" --yes
	[ "$status" -eq 0 ]
	# Every process that writes inside user@1000.service has become alice.
	writers=$(grep -E '"user.slice/user-1000.slice/.*(O_WRONLY|O_RDWR)|mkdirat.*"user.slice' /tmp/trace | cut -d ' ' -f 1)
	[ "$(wc -w <<<"$writers")" -eq 3 ]
	for pid in $writers; do
		grep -q "^$pid .*setresuid(1000, 1000, 1000) *= 0" /tmp/trace
	done
	# The last capabilities that the main process sets are none.
	main=$(head -n 1 /tmp/trace | cut -d ' ' -f 1)
	grep "^$main .*capset" /tmp/trace | tail -n 1 | grep -q 'effective=0, permitted=0, inheritable=0'
	rm /tmp/trace
}

@test "two at once: one waits, both are content" {
	stock
	env SUDO_UID=1000 "$SETUP" --yes >/tmp/one 2>&1 &
	first=$!
	run env SUDO_UID=1000 "$SETUP" --yes
	[ "$status" -eq 0 ]
	wait $first
	[ "$(jq -c . $JSON)" = '{"exec-opts":["native.cgroupdriver=cgroupfs"]}' ]
	[ "$(cat /tmp/one - <<<"$output" | grep -c 'restart docker.service')" -eq 1 ]
}
