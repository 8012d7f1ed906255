#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# oss-crs-setup on a real host: what it changes, and undoes. Run as root in a lab guest, in any state
# that earlier tests left.

bats_require_minimum_version 1.5.0
load setup

@test "check says what a stock host lacks, without privilege, and changes nothing" {
	stock
	before=$(state)
	run as bob "$SETUP" check
	[ "$status" -eq 69 ]
	run as alice "$SETUP" check
	[ "$status" -eq 69 ]
	[[ $output == *"missing delegation"*"hint: sudo oss-crs-setup delegate"* ]]
	[[ $output == *"Docker's cgroup driver is systemd"* ]]
	run as alice "$SETUP" check --json
	[ "$status" -eq 69 ]
	[ "$(jq -r '.version, .ready' <<<"$output" | xargs)" = "1 false" ]
	[ "$(jq -r '.findings[] | select(.ok | not) | .id' <<<"$output" | sort | xargs)" = \
		"controllers delegation docker docker-config linger" ]
	[ "$(state)" = "$before" ]
}

@test "--dry-run prints each step with before and after, and changes nothing" {
	stock
	before=$(state)
	run sudo_setup --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"write $DROPIN"*"before: (nothing)"*"| Delegate=cpuset memory"* ]]
	[[ $output == *"restart docker.service"*"before: systemd"*"after:  cgroupfs"* ]]
	run sudo_setup --dry-run --json
	[ "$status" -eq 0 ]
	[ "$(jq -r '.steps[].step' <<<"$output" | xargs)" = "drop-in reload linger realize enable enable user-enable user-make user-enable idle daemon-json restart" ]
	[ "$(state)" = "$before" ]
}

@test "nothing happens unasked: no terminal, no root, odd arguments" {
	stock
	before=$(state)
	run sudo_setup
	[ "$status" -eq 64 ]
	[[ $output == *--yes* ]]
	run as alice "$SETUP" --yes
	[ "$status" -eq 77 ]
	for arguments in "undo --user bob" "delegate --purge" "delegate docker" "--frob" "delegate --user bob" "--user=bob" "delegate --yes=1"; do
		read -ra words <<<"$arguments"
		run sudo_setup --yes "${words[@]}"
		[ "$status" -eq 64 ]
	done
	run "$SETUP" --yes
	[ "$status" -eq 64 ]
	[[ $output == *--user* ]]
	[ "$(state)" = "$before" ]
}

@test "a terminal is asked, and no is no" {
	stock
	before=$(state)
	run bash -c "echo n | script -qec '$SETUP delegate --user alice' /dev/null"
	[[ $output == *"changes: give alice control of CPUs and memory in user@1000.service; keep alice's services"* ]]
	[[ $output == *"affects: alice"*"Docker:  stays as it is, and does not restart"*"Do it? [y/N]"* ]]
	[[ $output == *"nothing changed"* ]]
	[[ $output != *"1. write"* ]]
	run bash -c "echo n | script -qec '$SETUP delegate --user alice -v' /dev/null"
	[[ $output == *"1. write $DROPIN"*"changes: "*"Do it? [y/N]"* ]]
	[ "$(state)" = "$before" ]
}

@test "with Podman installed it asks for the engine, and takes the default where it may not ask" {
	stock
	before=$(state)
	if [ ! -e /usr/libexec/podman/quadlet ]; then # Podman 4.3 is too old: there is nothing to choose
		run bash -c "echo n | script -qec '$SETUP --user alice' /dev/null"
		echo "$output"
		[[ $output == *"Docker:  restarts; no container is running"*"Do it? [y/N]"*"nothing changed"* ]]
		[[ $output != *"Engine ["* ]]
		[ "$(state)" = "$before" ]
		return
	fi
	run bash -c "printf '\\nn\\n' | script -qec '$SETUP --user alice' /dev/null"
	[[ $output == *"alice may use it"*"Engine [docker]: "*"affects: alice, and everyone who uses Docker here"* ]]
	[[ $output == *"Docker:  restarts; no container is running"*"nothing changed"* ]]
	run bash -c "printf 'x\\npodman\\nn\\n' | script -qec '$SETUP --user alice' /dev/null"
	[[ $output == *"Engine [docker]: "*"Engine [docker]: "*"Docker:  stays as it is, and does not restart"*"nothing changed"* ]]
	run bash -c "printf '\\nn\\n' | script -qec '$SETUP --user bob' /dev/null"
	[[ $output == *"bob may not use it (not in its group)"*"Engine [podman]: "*"Docker:  stays as it is"*"nothing changed"* ]]
	[ "$(state)" = "$before" ]
	run "$SETUP" --dry-run --user bob
	[ "$status" -eq 0 ]
	[[ $output == *"note: Docker is left unchanged: jobs of bob will use Podman, because bob may not use Docker"* ]]
	[[ $output != *"restart docker.service"* ]]
}

# bats test_tags=both
@test "it sets the host up and alice's session goes on" {
	stock_delegation
	stock_docker <<<'{"log-level": "warn", "labels": ["a=b"], "exec-opts": ["native.cgroupdriver=systemd"], "debug": false}'
	session=$(systemctl show -P MainPID test-alice.service)
	manager=$(systemctl show -P MainPID user@1000.service)
	run sudo_setup --yes
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(systemctl show -P MainPID test-alice.service)" = "$session" ]
	[ "$(systemctl show -P MainPID user@1000.service)" = "$manager" ]
	has_words $ALICE/cgroup.subtree_control cpuset memory cpu pids
	has_words $ALICE/oss-crs/cgroup.controllers cpuset memory
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
	[ -z "$(find $ALICE/oss-crs ! -user alice)" ]
	as alice mkdir $ALICE/oss-crs/mine
	as alice sh -c "echo 0 >$ALICE/oss-crs/mine/cpuset.cpus && echo 64M >$ALICE/oss-crs/mine/memory.max"
	as alice rmdir $ALICE/oss-crs/mine
	[ "$(loginctl show-user alice -P Linger 2>/dev/null || loginctl show-user alice -p Linger --value)" = yes ]
	[ "$(driver)" = cgroupfs ]
	[ "$(jq -c . $JSON)" = '{"log-level":"warn","labels":["a=b"],"exec-opts":["native.cgroupdriver=cgroupfs"],"debug":false}' ]
	[ "$(jq -c '."exec-opts"' $JSON.oss-crs-backup)" = '["native.cgroupdriver=systemd"]' ]
	[ "$(stat -c '%a %U:%G' $JSON)" = "644 root:root" ]
	[ "$(stat -c '%a %U:%G' $DROPIN)" = "644 root:root" ]
	[ -z "$(find /etc/docker /etc/systemd -name '.*.????????')" ]
	[[ $output == *"oss-crs-setup: ready; next: oss-crs-run check" ]]
	run as alice "$SETUP" check
	[ "$status" -eq 0 ]
}

@test "a second run has nothing to do" {
	sudo_setup --yes
	before=$(state)
	run sudo_setup --yes
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to do"*"ready; next: oss-crs-run check" ]]
	[ "$(state)" = "$before" ]
}

# bats test_tags=both
@test "the limits of a cgroup of alice's hold for a container" {
	sudo_setup --yes
	as alice mkdir -p $ALICE/oss-crs/job
	as alice sh -c "echo 0 >$ALICE/oss-crs/job/cpuset.cpus && echo 128M >$ALICE/oss-crs/job/memory.max"
	run as alice docker run --rm --network none --cgroup-parent ${ALICE#"$CG"}/oss-crs/job busybox nproc
	[ "$status" -eq 0 ]
	[ "$output" = 1 ]
	rmdir $ALICE/oss-crs/job
}

@test "bob gets nothing" {
	systemctl start user@1001.service
	bob=$CG/user.slice/user-1001.slice/user@1001.service
	sudo_setup --yes
	[ ! -e "/etc/systemd/system/user@1001.service.d" ]
	[ ! -e /etc/systemd/system/user@.service.d ]
	[ ! -e /var/lib/systemd/linger/bob ]
	[ ! -e $bob/oss-crs ]
	run has_words $bob/cgroup.controllers cpuset
	[ "$status" -ne 0 ]
	run as bob "$SETUP" check
	[ "$status" -eq 69 ]
	systemctl stop user@1001.service
}

# bats test_tags=both
@test "delegation survives daemon-reload, daemon-reexec and a new login" {
	sudo_setup --yes
	systemctl daemon-reload
	systemctl daemon-reexec
	as alice systemctl --user daemon-reexec
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
	systemctl restart user@1000.service
	has_words $ALICE/cgroup.controllers cpuset memory cpu pids
	run as alice "$SETUP" check
	[ "$status" -eq 0 ]
	# The user manager took only the user's own half with it.
	run sudo_setup --dry-run --json
	[ "$(jq -r '.steps[].step' <<<"$output" | sort -u | xargs)" = "user-enable user-make" ]
	sudo_setup --yes
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
}

@test "an oss-crs that root made is made anew" {
	stock_delegation
	mkdir $ALICE/oss-crs
	chown alice: $ALICE/oss-crs
	sudo_setup delegate --yes
	[ -z "$(find $ALICE/oss-crs ! -user alice)" ]
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
}

@test "root names a user who is not logged in" {
	loginctl disable-linger carol || true
	run "$SETUP" delegate --yes --user carol --linger=no
	[ "$status" -eq 0 ]
	[[ $output == *"next login"*"still to do: user@1002.service does not run: log in"* ]]
	[ ! -e /var/lib/systemd/linger/carol ]
	run "$SETUP" delegate --yes --user 1002
	echo "$output"
	[ "$status" -eq 0 ]
	carol=$CG/user.slice/user-1002.slice/user@1002.service
	[ "$(stat -c %U $carol/oss-crs/cgroup.procs)" = carol ]
	has_words $carol/oss-crs/cgroup.subtree_control cpuset memory
	loginctl disable-linger carol
}

@test "running containers are named and not stopped, unless told" {
	stock
	docker run -d --rm --name test-running --network none busybox sleep 600
	run sudo_setup --yes
	[ "$status" -eq 75 ]
	[[ $output == *test-running* ]]
	[[ $output == *--restart=force* ]]
	[ ! -e $JSON ]
	[ "$(driver)" = systemd ]
	[ "$(docker ps --format '{{.Names}}')" = test-running ]
	# The half that stops no user's work is done.
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
	run sudo_setup docker --yes --restart=never
	[ "$status" -eq 0 ]
	[[ $output == *"until it is restarted"* ]]
	[ "$(jq -r '."exec-opts"[0]' $JSON)" = native.cgroupdriver=cgroupfs ]
	[ "$(driver)" = systemd ]
	run sudo_setup docker --yes --restart=force
	[ "$status" -eq 0 ]
	[ "$(driver)" = cgroupfs ]
}

# bats test_tags=both
@test "with live-restore running containers outlive the change of the driver" {
	stock_delegation
	stock_docker <<<'{"live-restore": true}'
	# Not --rm: Docker 20.10 ends such containers even with live-restore.
	docker run -d --name test-running --network none busybox sleep 600
	run sudo_setup docker --yes
	[ "$status" -eq 75 ]
	[[ $output == *"live-restore is on"* ]]
	pid=$(docker inspect -f '{{.State.Pid}}' test-running)
	run sudo_setup docker --yes --restart=force
	[ "$status" -eq 0 ]
	[ "$(driver)" = cgroupfs ]
	[ "$(docker inspect -f '{{.State.Pid}}' test-running)" = "$pid" ]
	[ "$(docker exec test-running echo alive)" = alive ]
	docker rm -f test-running
}

@test "where a kubelet runs Docker is left alone, and delegation is not" {
	stock
	systemd-run -q --unit=kubelet sleep infinity
	run sudo_setup --yes
	systemctl stop kubelet
	[ "$status" -eq 69 ]
	[[ $output == *"a kubelet runs on this host (kubelet.service)"* ]]
	[ ! -e $JSON ]
	has_words $ALICE/oss-crs/cgroup.subtree_control cpuset memory
}

@test "a container that starts while the administrator is asked is not stopped" {
	stock
	rm -f /tmp/answer
	mkfifo /tmp/answer
	: >/tmp/asked
	script -qec "$SETUP docker" /dev/null </tmp/answer >/tmp/asked &
	asked=$!
	exec 7>/tmp/answer
	timeout 60 tail -n +1 -f /tmp/asked | grep -q '^Docker: '
	docker run -d --rm --name test-running --network none busybox sleep 600
	echo y >&7
	status=0
	wait $asked || status=$?
	exec 7>&-
	[ "$status" -eq 75 ]
	grep -q 'container is running: test-running' /tmp/asked
	[ ! -e $JSON ]
	[ "$(docker ps --format '{{.Names}}')" = test-running ]
	docker rm -f test-running
}

@test "a stopped Docker is not started" {
	stock
	systemctl stop docker.service docker.socket
	run sudo_setup --yes
	[ "$status" -eq 0 ]
	[ "$(systemctl is-active docker.service)" = inactive ]
	systemctl start docker.socket docker.service
	[ "$(driver)" = cgroupfs ]
}

# bats test_tags=both
@test "undo puts back what was there, and only that" {
	stock_delegation
	stock_docker <<<'{ "debug" :false }'
	install -d /etc/systemd/system/user@1000.service.d
	echo '[Service]' >/etc/systemd/system/user@1000.service.d/mine.conf
	before=$(undoable)
	sudo_setup --yes
	[ "$(undoable)" != "$before" ]
	run "$SETUP" undo --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"write $JSON"*"restart docker.service"*"remove $DROPIN"*"apply the delegation"* ]]
	run as alice "$SETUP" undo --yes
	[ "$status" -eq 77 ]
	run sudo_setup undo --yes
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(undoable)" = "$before" ]
	[ "$(cat $JSON)" = '{ "debug" :false }' ]
	[ "$(driver)" = systemd ]
	[ -e $JSON.oss-crs-backup ]
	run sudo_setup undo --yes
	[ "$status" -eq 0 ]
	[[ $output == *"nothing to do"* ]]
	run sudo_setup undo --purge --yes
	[ "$status" -eq 0 ]
	[ ! -e $JSON.oss-crs-backup ]
	[ -z "$(ls /var/lib/oss-crs/journal)" ]
	rm -r /etc/systemd/system/user@1000.service.d
}

@test "undo leaves alone what was changed since, what is in use, and a Docker with containers" {
	stock
	sudo_setup --yes
	as alice mkdir $ALICE/oss-crs/run
	docker run -d --rm --name test-running --network none busybox sleep 600
	echo '# mine now' >>$DROPIN
	json=$(cat $JSON)
	run sudo_setup undo --yes
	echo "$output"
	[ "$status" -eq 75 ]
	[[ $output == *"left alone: $DROPIN: it was changed since"* ]]
	[[ $output == *"left alone: "*"/oss-crs: "*"oss-crs-run clean"* ]]
	[[ $output == *test-running* ]]
	grep -q '# mine now' $DROPIN
	[ -d $ALICE/oss-crs/run ]
	[ "$(cat $JSON)" = "$json" ]
	[ "$(docker ps --format '{{.Names}}')" = test-running ]
	[ ! -e /var/lib/systemd/linger/alice ]
	docker rm -f test-running
	as alice rmdir $ALICE/oss-crs/run
	run sudo_setup undo --purge --yes
	[ "$status" -eq 0 ]
	[ ! -e $JSON ]
	[ ! -e $ALICE/oss-crs ]
	grep -q '# mine now' $DROPIN
	[ -z "$(ls /var/lib/oss-crs/journal)" ]
}

@test "a user who locks their own cgroup keeps no other change from undo" {
	stock
	"$SETUP" delegate --user bob --yes
	sudo_setup delegate --yes
	[ -e "${DROPIN/1000/1001}" ]
	as alice chmod a-w $ALICE/oss-crs/cgroup.subtree_control
	run sudo_setup undo --yes
	echo "$output"
	[[ $output == *"left alone: "*"/oss-crs: "* ]]
	[ ! -e "${DROPIN/1000/1001}" ]
	[ ! -e $DROPIN ]
	as alice chmod u+w $ALICE/oss-crs/cgroup.subtree_control || :
}

@test "each change is told in the systemd journal, without what is in daemon.json" {
	stock_delegation
	stock_docker <<<'{"labels": ["geheim=1"]}'
	since=$(date +%s)
	sudo_setup --yes
	journalctl --sync
	journalctl -t oss-crs-setup --since "@$since" -o json >/tmp/audit
	[ "$(jq -rs '[.[] | select(.OSS_CRS_STEP == "drop-in")][0] | "\(.OSS_CRS_VERB) \(.OSS_CRS_CALLER_ID) \(.OSS_CRS_BY) \(.OSS_CRS_USER_ID) \(.OSS_CRS_RESULT) \(.OSS_CRS_TARGET)"' /tmp/audit)" = \
		"setup 1000 sudo 1000 done $DROPIN" ]
	[ "$(jq -rs '[.[] | select(.OSS_CRS_STEP == "daemon-json")][0] | "\(.OSS_CRS_BEFORE) \(.OSS_CRS_AFTER)"' /tmp/audit)" = \
		"no native.cgroupdriver= native.cgroupdriver=cgroupfs" ]
	[ "$(jq -r .OSS_CRS_STEP /tmp/audit | xargs)" = "drop-in reload linger realize enable enable user-enable user-make user-enable idle backup daemon-json restart" ]
	run -1 grep -q geheim /tmp/audit
	[ "$(stat -c '%a %U' /var/lib/oss-crs/journal)" = "700 root" ]
}
