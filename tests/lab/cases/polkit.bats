#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Who may do what through pkexec: {no group, group oss-crs} x {at the screen, switched away from it,
# no seat} x {delegate, docker}. Run as root in a lab guest. bob has neither sudo nor Docker.

SETUP=${SETUP:-$(PATH=$PATH:/usr/local/sbin:/usr/sbin command -v oss-crs-setup)}
BOB=/sys/fs/cgroup/user.slice/user-1001.slice/user@1001.service
DELEGATE=org.oss-crs.setup.delegate
DOCKER=org.oss-crs.setup.docker

setup_file() {
	# polkitd reads /usr only, and the lab installs to /usr/local.
	install -m 644 /usr/local/share/polkit-1/actions/org.oss-crs.setup.policy /usr/share/polkit-1/actions/
	install -m 644 /usr/local/share/polkit-1/rules.d/oss-crs-setup.rules /usr/share/polkit-1/rules.d/
	systemd-sysusers /usr/local/lib/sysusers.d/oss-crs.conf
	systemctl restart polkit
}

teardown_file() {
	systemctl stop test-screen test-seatless 2>/dev/null || true
	gpasswd -d bob oss-crs >/dev/null 2>&1 || true
}

# Start new sessions of bob's, one at the screen (tty8) and one without a seat, so that they have
# his current groups.
sessions() {
	systemctl stop test-screen test-seatless 2>/dev/null || true
	systemctl reset-failed 2>/dev/null || true
	systemd-run -q --unit=test-screen -p PAMName=login -p User=bob -p TTYPath=/dev/tty8 -p StandardInput=tty sleep infinity
	systemd-run -q --unit=test-seatless -p PAMName=login -p User=bob sleep infinity
	local unit
	for unit in test-screen test-seatless; do # at first the process is systemd's own child
		timeout 60 bash -c "until [ \"\$(cat /proc/\$(systemctl show -P MainPID $unit)/comm)\" = sleep ]; do :; done"
	done
}

# polkit's answer for bob's session, without a dialogue: yes, or that an administrator would have to
# authenticate. USER is who pkexec would run the program as; root, unless it is given.
says() { # UNIT ACTION [USER]
	local status=0
	pkcheck --action-id "$2" --process "$(systemctl show -P MainPID "$1")" --detail user "${3:-root}" >/dev/null 2>&1 || status=$?
	case $status in
	0) echo yes ;;
	1 | 2) echo ask ;;
	*) echo "status $status" ;;
	esac
}

# The whole matrix as one text.
matrix() {
	local active
	sessions
	for active in 8 1; do
		busybox chvt $active
		[ $active = 1 ] || timeout 60 bash -c 'until [ "$(cat /sys/class/tty/tty0/active)" = tty8 ]; do :; done'
		echo "screen-$active delegate $(says test-screen $DELEGATE) docker $(says test-screen $DOCKER)"
	done
	echo "seatless delegate $(says test-seatless $DELEGATE) docker $(says test-seatless $DOCKER)"
}

# bob CMD...: run CMD in a session of bob's without a seat, as ssh makes one. pkexec requires a
# parent other than PID 1.
bob() {
	systemd-run -q --wait --pipe -p PAMName=login -p User=bob -- sh -c '"$@"; exit $?' sh "$@"
}

# bob_asks CMD...: polkit refuses to let bob do it without an administrator.
bob_asks() {
	local status=0 output
	output=$(bob "$@" 2>&1) || status=$? # not with `run`, which reports 127 as a missing command
	echo "$output"
	[ "$status" -eq 127 ] || [ "$status" -eq 126 ]
	[[ $output == *"Not authorized"* || $output == *"uthentication"* ]]
}

@test "without the group everything asks for an administrator" {
	gpasswd -d bob oss-crs >/dev/null 2>&1 || true
	run matrix
	echo "$output"
	[ "$output" = "screen-8 delegate ask docker ask
screen-1 delegate ask docker ask
seatless delegate ask docker ask" ]
	for verb in delegate docker undo; do
		bob_asks pkexec "$SETUP" $verb --yes
	done
	[ ! -e $BOB/oss-crs ]
	[ ! -e /etc/docker/daemon.json ]
}

@test "the runner's check names the command that works for this user" {
	RUN=$(PATH=$PATH:/usr/local/bin command -v oss-crs-run)
	gpasswd -d bob oss-crs >/dev/null 2>&1 || true
	run bob "$RUN" check
	echo "$output"
	[[ $output == *"after an administrator runs: usermod -a -G oss-crs bob"* ]]
	run systemd-run -q --wait --pipe -p PAMName=login -p User=alice -- "$RUN" check
	[[ $output == *"run once: sudo oss-crs-setup delegate"* ]]
	usermod -a -G oss-crs bob
	run bob "$RUN" check
	[[ $output == *"run once: pkexec oss-crs-setup delegate"* ]]
}

@test "members of group oss-crs may delegate, and never change Docker" {
	usermod -a -G oss-crs bob
	run matrix
	echo "$output"
	[ "$output" = "screen-8 delegate yes docker ask
screen-1 delegate yes docker ask
seatless delegate yes docker ask" ]
	bob_asks pkexec "$SETUP" docker --yes
	[ ! -e /etc/docker/daemon.json ]
}

# The group's rule is about root, whom every member may already ask for delegation. It says nothing
# about running a program as anybody else.
@test "pkexec --user OTHER asks for an administrator, in group oss-crs too" {
	local verb user
	usermod -a -G oss-crs bob
	sessions
	for verb in delegate sweep; do
		[ "$(says test-seatless org.oss-crs.setup.$verb)" = yes ]
		for user in alice bob nobody; do
			[ "$(says test-seatless org.oss-crs.setup.$verb $user)" = ask ]
		done
		bob_asks pkexec --user alice "$SETUP" $verb --dry-run
	done
	run bob pkexec --user root "$SETUP" delegate --dry-run
	echo "$output"
	[ "$status" -eq 0 ]
	[ ! -e $BOB/oss-crs ]
}

@test "what polkit does not look at, the program refuses" {
	usermod -a -G oss-crs bob
	for arguments in "delegate docker" "delegate --user alice" "delegate --yes undo"; do
		read -ra words <<<"$arguments"
		run bob pkexec "$SETUP" "${words[@]}"
		echo "$output"
		[ "$status" -eq 64 ]
	done
	for arguments in "--yes delegate" "--yes" "undo" ""; do
		read -ra words <<<"$arguments"
		bob_asks pkexec "$SETUP" "${words[@]}"
	done
	[ ! -e $BOB/oss-crs ]
}

@test "pkexec oss-crs-setup delegate works for bob, without a password, and for nobody else" {
	usermod -a -G oss-crs bob
	run bob pkexec "$SETUP" delegate --yes
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(stat -c %U $BOB/oss-crs/cgroup.subtree_control)" = bob ]
	[[ " $(cat $BOB/oss-crs/cgroup.subtree_control) " == *" cpuset "* ]]
	[ ! -e /etc/systemd/system/user@1000.service.d ]
	run bob "$SETUP" check
	[[ $output == *"ok      delegation"* ]]
	journalctl --sync
	[ "$(journalctl -t oss-crs-setup -o json | jq -rs 'last | "\(.OSS_CRS_BY) \(.OSS_CRS_CALLER_ID) \(.OSS_CRS_VERB)"')" = "pkexec 1001 delegate" ]
	"$SETUP" undo --purge --yes
	[ ! -e $BOB/oss-crs ]
}
