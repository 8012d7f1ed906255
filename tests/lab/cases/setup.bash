# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
#
# setup: what the cases of oss-crs-setup share: a host in the state that a test needs, and what the
# program may change on it. Each test begins by putting the host into the state it needs. alice has
# sudo and a session that lasts through the file; no other user has either.

SETUP=${SETUP:-$(PATH=$PATH:/usr/local/sbin:/usr/sbin command -v oss-crs-setup)}
CG=/sys/fs/cgroup
ALICE=$CG/user.slice/user-1000.slice/user@1000.service
DROPIN=/etc/systemd/system/user@1000.service.d/50-oss-crs.conf
JSON=/etc/docker/daemon.json

setup_file() {
	# Docker starts in half the time without a bridge, and no container here needs a network.
	echo 'DOCKER_OPTS="--bridge=none --iptables=false"' >/etc/default/docker
	systemctl restart docker.service
	systemd-run -q --unit=test-alice -p PAMName=login -p User=alice sleep infinity
	until systemctl is-active -q user@1000.service; do systemctl start user@1000.service; done
}

teardown_file() {
	systemctl stop test-alice.service
	docker rm -f test-running >/dev/null 2>&1 || true
}

# as USER CMD...: run CMD in a login session of the user, as pam_systemd makes one for ssh.
as() {
	local user=$1
	shift
	systemd-run -q --wait --pipe -p PAMName=login -p "User=$user" -- "$@"
}

sudo_setup() {
	as alice sudo -n "$SETUP" "$@"
}

driver() {
	docker info --format '{{.CgroupDriver}}' 2>/dev/null
}

# Docker as Debian installs it, with the text of standard input as its daemon.json, if there is any.
stock_docker() {
	docker rm -f test-running >/dev/null 2>&1 || true
	cat >/tmp/daemon.json
	if [ ! -s /tmp/daemon.json ] && [ ! -e $JSON ] && [ ! -e /etc/systemd/system/docker.service.d ] &&
		[ "$(driver)" = systemd ]; then
		return # the rest takes seconds
	fi
	rm -rf /etc/docker /etc/systemd/system/docker.service.d
	install -d -m 755 /etc/docker
	[ ! -s /tmp/daemon.json ] || install -m 644 /tmp/daemon.json $JSON
	systemctl daemon-reload
	systemctl reset-failed docker.service
	systemctl restart docker.service
}

# Whether nothing has been delegated since the last time.
is_stock_delegation() {
	local path
	for path in /etc/oss-crs /var/lib/oss-crs /var/lib/systemd/linger/alice "$ALICE/oss-crs" /etc/systemd/system/user@*; do
		[ ! -e "$path" ] || return 1
	done
	! grep -qw cpuset $CG/user.slice/user-1000.slice/cgroup.subtree_control && systemctl is-active -q user@1000.service
}

# No delegation and no lingering user; alice's session goes on. A running user manager keeps its
# controllers until it ends.
stock_delegation() {
	! is_stock_delegation || return 0 # the rest takes seconds
	loginctl disable-linger alice
	rm -rf /etc/systemd/system/user@*.service.d /etc/oss-crs /var/lib/oss-crs
	systemctl daemon-reload
	[ ! -d $ALICE/oss-crs ] || find $ALICE/oss-crs -depth -type d -exec rmdir {} \;
	systemctl restart user@1000.service
}

stock() {
	stock_delegation
	stock_docker </dev/null
}

# Everything that the program may change, in one text.
state() {
	cat $CG/cgroup.subtree_control $CG/user.slice/cgroup.subtree_control \
		$CG/user.slice/user-1000.slice/cgroup.subtree_control $ALICE/cgroup.subtree_control
	find /etc/docker /etc/systemd /etc/oss-crs /var/lib/systemd/linger $ALICE/oss-crs -printf '%p %m %u %s %T@\n' 2>&1 || true
	systemctl show -p MainPID -p ExecMainStartTimestamp docker.service
}

# The part of it that `undo` restores, as text.
undoable() {
	cat $CG/user.slice/user-1000.slice/cgroup.subtree_control $ALICE/cgroup.subtree_control
	find /etc/docker/daemon.json /etc/systemd /var/lib/systemd/linger $ALICE -path '*/init.scope*' -prune -o -path '*/app.slice*' -prune -o -printf '%p %m %u\n' 2>&1 || true
}

has_words() {
	local list word
	list=" $(cat "$1") "
	shift
	for word; do [[ $list == *" $word "* ]] || return 1; done
}
