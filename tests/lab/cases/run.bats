#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# oss-crs-run on a real host. Run as root in a lab guest after setup.bats, or in a clean one. Jobs
# run as alice in her login sessions; bob is in no group that may use Docker.

load common
load job

# bats test_tags=both
@test "check says ready, as JSON too, and for a user outside group docker what is missing" {
	run as alice oss-crs-run check
	[ "$status" -eq 0 ]
	[[ "$output" == *ready* ]]
	run sh_as alice 'oss-crs-run check --json | jq -r .ready'
	[ "$output" = true ]
	run as bob oss-crs-run check --engine docker
	[ "$status" -eq 69 ]
	[[ "$output" == *"no permission to talk to Docker"* ]]
	[[ "$output" == *"usermod -aG docker"* ]]
}

# bats test_tags=both
@test "a user who has joined group docker since the last login is told to log in again" {
	run setpriv --reuid alice --regid alice --clear-groups oss-crs-run check --engine docker
	[ "$status" -eq 69 ]
	[[ "$output" == *"no permission to talk to Docker"*"hint: "*"log out and in again"* ]]
	[[ "$output" != *"usermod"* ]]
}

@test "root is told to run it as the user who called sudo" {
	run sh_as alice 'sudo -n oss-crs-run exec '$JOB' --crs a -- true'
	[ "$status" -eq 69 ]
	[[ "$output" == *"hint: run oss-crs-run as alice, without sudo"* ]]
	[[ "$output" != *"oss-crs-setup"* ]]
}

@test "a container_name that is taken is named, instead of the images" {
	services a 'sleep 600' b 'sleep 600'
	sed -i '/^  a:/a \    container_name: taken' $JOB/docker-compose.yaml
	docker create --name taken busybox true
	run as alice oss-crs-run run $JOB p h
	docker rm taken
	[ "$status" -eq 69 ]
	[[ "$output" == *"hint: service 'a' sets container_name"* ]]
	nothing_left
}

# bats test_tags=both
@test "whether the host's Podman will do is said: Debian 12's is too old" {
	version=$(podman --version | grep -o '[0-9.]*$')
	run as alice oss-crs-run check --engine podman
	if ((${version%%.*} >= 5)); then
		grep -Eq "^ok +podman +Podman $version at " <<<"$output"
		return
	fi
	[ "$status" -eq 69 ]
	grep -Eq "^missing +podman +Podman $version is too old" <<<"$output"
	[[ "$output" == *"oss-crs-run needs Podman 5, which Debian 13 has"* ]]
	services a 'exit 0'
	run as alice oss-crs-run run --engine podman $JOB p h
	echo "$output"
	[ "$status" -eq 69 ]
	[[ "$output" == *"Podman $version is too old"* ]]
}

# bats test_tags=both
@test "a run holds each CRS to its CPUs and memory, and leaves nothing" {
	services a 'echo A has $$(nproc) CPUs; cat /proc/self/status | grep Cpus_allowed_list; sleep 600' \
		b 'echo B has $$(nproc) CPUs; sleep 600'
	sh_as alice "exec oss-crs-run run --timeout 600 $JOB proj harness" >/tmp/run.out 2>&1 &
	until_true grep -q 'B has 1 CPUs' /tmp/run.out
	until_true grep -q 'A has 2 CPUs' /tmp/run.out
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	[[ "$worker" == */job-run-*-local ]]
	[ "$(cat $worker/a/cpuset.cpus.effective)" = 0-1 ]
	[ "$(cat $worker/b/cpuset.cpus.effective)" = 2 ]
	[ "$(cat $worker/a/memory.max)" = $((128 << 20)) ]
	[ "$(cat $worker/b/memory.max)" = $((96 << 20)) ]
	[ "$(cat $worker/a/memory.swap.max)" = 0 ]
	[ "$(cat $worker/memory.max)" = $((256 << 20)) ]
	for crs in a b; do
		id=$(docker ps -q --filter "label=com.docker.compose.service=$crs")
		[ "$(docker inspect -f '{{.HostConfig.CgroupParent}}' "$id")" = "/$OURS/${worker##*/}/$crs" ]
	done
	pkill -INT -x oss-crs-run
	wait $! || status=$?
	[ "$status" -eq 130 ]
	grep -q 'USED OF RUN' /tmp/run.out
	# Neither the program nor Compose writes control characters where there is no terminal.
	! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' /tmp/run.out || { cat -v /tmp/run.out && return 1; }
	nothing_left
}

# bats test_tags=both
@test "a CRS of three containers is killed at its limit while its neighbour goes on" {
	services a_1 'tail /dev/zero; sleep 600' a_2 'tail /dev/zero; sleep 600' a_3 'tail /dev/zero; sleep 600' \
		b 'until [ -e /stop ]; do sleep 0.2; done; echo neighbour is fine; exit 7'
	sh_as alice "exec oss-crs-run run --report /tmp/alice-report $JOB p h" >/tmp/run.out 2>&1 &
	# The kernel's own count is what the report must come to.
	until_true sh -c "grep -qx 'oom_kill 3' $CG/$OURS/*/a/memory.events"
	docker exec "$(docker ps -q --filter label=com.docker.compose.service=b)" touch /stop
	status=0
	wait $! || status=$?
	cat /tmp/run.out
	[ "$status" -eq 7 ]
	grep -q 'neighbour is fine' /tmp/run.out
	grep -Eq "CRS 'a' is at its memory limit of 128M; the kernel killed 1 process of container '.*[-_]a_[123][-_]1'; memory now: anon [0-9]" /tmp/run.out
	jq .crs[0] /tmp/alice-report
	[ "$(jq -r '.crs[0] | ([.oom[].kills] | add) == .oom_kills and all(.oom[]; .limit == "crs")' /tmp/alice-report)" = true ]
	[ "$(jq .crs[0].oom_kills /tmp/alice-report)" = 3 ]
	[ "$(grep -Ec "^OOM kills: 1 process of container '.*[-_]a_[123][-_]1' in CRS 'a', at the CRS's memory limit of 128M" /tmp/run.out)" = 3 ]
	grep -Eq 'a +0-1 +[0-9.]+s +[0-9]+% +[0-9]+% +[0-9.]+M +128M +[1-9]' /tmp/run.out
	grep -Eq 'b +2 +[0-9.]+s +[0-9]+% +[0-9]+% +[0-9.KM]+ +96M +0' /tmp/run.out
	nothing_left
}

@test "a loop on one CPU has used it, however long Compose took around it" {
	services b 'end=$$(($$(date +%s) + 6)); while [ $$(date +%s) -lt $$end ]; do :; done'
	run as alice oss-crs-run run --report /tmp/alice-report $JOB p h
	echo "$output"
	[ "$status" -eq 0 ]
	jq '.duration_usec, .crs[1]' /tmp/alice-report
	# On a host whose CPUs others use as well, the loop waits for them.
	[ "$(jq '.crs[1] | (.cpu_usage_usec + .stalled_usec.cpu) / .running_usec > 0.8 and .running_usec >= 5000000' /tmp/alice-report)" = true ]
	[ "$(jq '.crs[1].running_usec < .duration_usec and .crs[0].running_usec == null' /tmp/alice-report)" = true ]
	nothing_left
}

@test "a container killed at a mem_limit of its own is told from one killed at its CRS's limit" {
	services a 'tail /dev/zero' b 'sleep 600'
	sed -i '0,/network_mode: none/s//&\n    mem_limit: 32m/' $JOB/docker-compose.yaml
	run as alice oss-crs-run run --report /tmp/alice-report $JOB p h
	[[ "$output" == *"CRS 'a' has a container at its own memory limit; the kernel killed 1 process"* ]]
	[ "$(jq -r '.crs[0].oom[0].limit' /tmp/alice-report)" = container ]
	[[ "$output" == *"OOM kills: 1 process of container '"*"' in CRS 'a', at the container's own memory limit"* ]]
	nothing_left
}

@test "the job's exit status is that of the container that ended first" {
	services a 'exit 3' b 'sleep 600'
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 3 ]
	nothing_left
}

# bats test_tags=both
@test "a service that fails and is started again by its restart policy does not end the run" {
	restarting_services
	run as alice oss-crs-run run --timeout 250 $JOB p h
	echo "$output"
	[ "$status" -eq 6 ]
	nothing_left
}

# bats test_tags=both
@test "a Compose that waits for containers that have all ended is told to end" {
	services a 'exit 3' b 'exit 0'
	local plugins=/home/alice/.docker/cli-plugins real
	real=$(PATH=/usr/libexec/docker/cli-plugins:/usr/lib/docker/cli-plugins:$PATH command -v docker-compose)
	as alice mkdir -p $plugins
	cat >$plugins/docker-compose <<-EOF
		#!/bin/sh
		$real "\$@" || status=\$?
		case " \$* " in *" up "*) exec sleep infinity ;; esac
		exit \${status:-0}
	EOF
	chmod +x $plugins/docker-compose
	run as alice oss-crs-run run --until all --timeout 200 $JOB p h
	rm -r /home/alice/.docker
	echo "$output"
	[ "$status" -eq 3 ]
	[[ "$output" == *"all containers have ended, but Compose waits on: ending it"* ]]
	nothing_left
}

@test "a service that others wait for does not end the run, unless it fails" {
	services a 'echo seeded' b 'sleep 1; exit 3'
	sed -i '/^  b:/a\    depends_on: {a: {condition: service_completed_successfully}}' $JOB/docker-compose.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 3 ]
	run as alice oss-crs-run run --until all $JOB p h
	[ "$status" -eq 3 ]
	services a 'exit 5' b 'exit 3'
	sed -i '/^  b:/a\    depends_on: {a: {condition: service_completed_successfully}}' $JOB/docker-compose.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 5 ]
	nothing_left
}

@test "a service that is not attached ends the run only if it fails, long before the time limit" {
	services a 'sleep 1; exit 4' b 'sleep 600'
	sed -i '/^  a:/a\    attach: false' $JOB/docker-compose.yaml
	run as alice oss-crs-run run --timeout 300 $JOB p h
	if ! docker compose version >/dev/null 2>&1; then # docker-compose 1.29 does not know the key
		[ "$status" -ne 0 ]
		[[ "$output" == *attach* ]]
		return
	fi
	[ "$status" -eq 4 ]
	services a 'exit 0' b 'sleep 2; exit 3'
	sed -i '/^  a:/a\    attach: false' $JOB/docker-compose.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 3 ]
	nothing_left
}

@test "build waits for all builders and fails with the first that failed" {
	services a 'exit 0' b 'sleep 1; exit 4'
	run as alice oss-crs-run build $JOB p
	[ "$status" -eq 4 ]
	nothing_left
}

@test "--timeout ends with 124, SIGTERM with 143, and nothing is left" {
	services a 'trap exit TERM; sleep 600 & wait' b 'trap exit TERM; sleep 600 & wait'
	run as alice oss-crs-run run --timeout 5 $JOB p h
	[ "$status" -eq 124 ]
	[[ "$output" == *"ended: time limit of 5 s reached"* ]]
	nothing_left
	sh_as alice "exec oss-crs-run run $JOB p h" >/tmp/run.out 2>&1 &
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	pkill -TERM -x oss-crs-run
	wait $! || status=$?
	[ "$status" -eq 143 ]
	nothing_left
}

@test "a time limit that passes while Docker makes networks and containers leaves nothing" {
	services a 'sleep 600' b 'sleep 600'
	sed -i '/network_mode: none/d' $JOB/docker-compose.yaml
	for limit in ${LIMITS:-3 5 7}; do
		run as alice oss-crs-run run --timeout "$limit" $JOB p h
		echo "$limit s: $output"
		[ "$status" -eq 124 ]
		# What came after the run before, this one would have removed.
		[[ "$output" != *"dead run"* ]]
		nothing_left
	done
}

@test "services of two templates run, each in its CRS" {
	printf 'services:\n  a: {image: busybox, pull_policy: never, network_mode: none, command: [sh, -c, "exit $$(nproc)"], cgroup_parent: {{ cgroup_parent }}/a}\n' >$JOB/first.yaml.j2
	printf 'services:\n  b: {image: busybox, pull_policy: never, network_mode: none, command: [sh, -c, "exit $$(nproc)"], cgroup_parent: {{ cgroup_parent }}/b}\n' >$JOB/second.yaml.j2
	run as alice oss-crs-run run --until all -f $JOB/first.yaml.j2 -f $JOB/second.yaml.j2 $JOB p h
	echo "$output"
	grep -Eq '^a +0-1 .* 2$' <<<"$output"
	grep -Eq '^b +2 .* 1$' <<<"$output"
	nothing_left
}

@test "1,100 nested cgroups are removed with their run" {
	run as alice oss-crs-run exec $JOB --crs a -- bash -c 'mkdir -p "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)$(printf "/x%.0s" {1..1100})"'
	echo "$output"
	[ "$status" -eq 0 ]
	nothing_left
}

# bats test_tags=both
@test "a second Ctrl-C kills what ignores the first" {
	services a 'trap : TERM INT; while :; do sleep 1; done' b 'trap : TERM INT; while :; do sleep 1; done'
	sed -i 's/stop_grace_period: 1s/stop_grace_period: 5m/' $JOB/docker-compose.yaml
	sh_as alice "exec oss-crs-run run $JOB p h" >/tmp/run.out 2>&1 &
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	pkill -INT -x oss-crs-run
	until_true grep -qi 'stopping' /tmp/run.out
	pkill -INT -x oss-crs-run
	wait $! || status=$?
	[ "$status" -eq 130 ]
	nothing_left
}

# bats test_tags=both
@test "cgroup_parent by variable and by template give the same cgroups as the override" {
	# Each container exits with the number of its CPUs, which the closing table shows per CRS.
	cat >$JOB/docker-compose.yaml <<-'EOF'
		services:
		  worker:
		    image: busybox:latest
		    pull_policy: never
		    network_mode: none
		    command: [sh, -c, "exit $$(nproc)"]
		    cgroup_parent: ${OSS_CRS_CGROUP_PARENT}/a
	EOF
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 2 ]
	rm $JOB/docker-compose.yaml
	cat >$JOB/docker-compose.yaml.j2 <<-'EOF'
		services:
		  {{ crs.name }}_fuzz:
		    image: busybox:latest
		    pull_policy: never
		    network_mode: none
		    command: [sh, -c, "exit $$(nproc)"]
		    cgroup_parent: {{ cgroup_parent }}/{{ crs.name }}
	EOF
	run as alice oss-crs-run run --until all $JOB p h
	grep -Eq '^a +0-1 .* 2$' <<<"$output"
	grep -Eq '^b +2 .* 1$' <<<"$output"
	nothing_left
}

# bats test_tags=both
@test "exec --crs from a login session puts the command inside the CRS" {
	run sh_as alice "oss-crs-run exec $JOB --crs b -- sh -c 'cat /proc/self/cgroup; nproc; echo \$OSS_CRS_NAME; exit 5'"
	[ "$status" -eq 5 ]
	[[ "${lines[0]}" == 0::/$OURS/job-exec-*-local/b ]]
	[ "${lines[1]}" = 1 ]
	[ "${lines[2]}" = b ]
	nothing_left
}

@test "--strict-machine refuses a run on a machine on which two equal runs differ" {
	local pages=/sys/kernel/mm/transparent_hugepage/enabled before
	before=$(sed 's/.*\[\(.*\)\].*/\1/' $pages)
	echo always >$pages
	run as alice oss-crs-run exec --strict-machine $JOB --crs b -- true
	echo madvise >$pages
	[ "$status" -eq 69 ]
	[[ "$output" == *"--strict-machine: the kernel makes huge pages for every program"* ]]
	run as alice oss-crs-run exec --strict-machine $JOB --crs b -- true
	echo "$before" >$pages
	echo "$output"
	[[ "$output" != *"huge pages"* ]]
	nothing_left
}

@test "--oom=group has the kernel kill a CRS as a whole" {
	local group='cat "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/memory.oom.group"'
	[ "$(as alice oss-crs-run exec -q $JOB --crs b -- sh -c "$group")" = 0 ]
	[ "$(as alice oss-crs-run exec -q --oom=group $JOB --crs b -- sh -c "$group")" = 1 ]
	run sh_as alice "oss-crs-run exec -q --oom=group $JOB --crs b -- sh -c 'sleep 600 & head -c 512m /dev/zero | tail -c 512m >/dev/null; sleep 600'"
	[ "$status" -eq 137 ]
	nothing_left
}

@test "a process left behind by exec is gone with its cgroup: never busy at removal" {
	for _ in 1 2 3 4 5; do
		run sh_as alice "oss-crs-run exec $JOB --crs a -- sh -c 'sleep 600 & sleep 600 &'"
		[ "$status" -eq 0 ]
		nothing_left
	done
}

@test "twenty runs of eight CRSs side by side are right while they run and gone afterwards" {
	{
		echo 'crs:'
		for i in 1 2 3 4 5 6 7 8; do
			printf '  - {name: c%d, cpuset: "%d", memory_limit: 8M}\n' $i $((i % 4))
		done
	} >$JOB/config-resource.yaml
	# This format refuses two CRSs on one CPU; the crs-compose format allows them.
	rm $JOB/config-resource.yaml
	for i in 1 2 3 4 5 6 7 8; do
		printf 'c%d: {cpuset: "%d", memory: 8M}\n' $i $((i % 4))
	done >$JOB/crs-compose.yaml
	cat >/tmp/look <<-'EOF'
		#!/bin/bash
		cd /sys/fs/cgroup$OSS_CRS_CGROUP_PARENT || exit 1
		[ "$(ls -d c?/ | wc -l)" = 8 ] || exit 2
		for i in 1 2 3 4 5 6 7 8; do
			[ "$(cat c$i/cpuset.cpus)" = $((i % 4)) ] && [ "$(cat c$i/memory.max)" = 8388608 ] || exit 3
		done
	EOF
	chmod 755 /tmp/look
	run sh_as alice "for i in {1..20}; do oss-crs-run exec -q --share $JOB -- /tmp/look & all=\"\$all \$!\"; done; for p in \$all; do wait \$p || exit; done"
	[ "$status" -eq 0 ]
	nothing_left
}

@test "started with closed descriptors and SIGCHLD ignored, exec still tells how its command ended" {
	run sh_as alice "trap '' CHLD; exec oss-crs-run exec $JOB --crs b -- sh -c 'exit 5' <&-"
	[ "$status" -eq 5 ]
	run sh_as alice "oss-crs-run exec -q $JOB -- cat <(echo a descriptor of the shell)"
	[ "$status" -eq 0 ]
	[ "$output" = "a descriptor of the shell" ]
	nothing_left
}

@test "--keep leaves containers and cgroups to be looked at, and clean takes them away" {
	services a 'exit 3' b 'sleep 600'
	run as alice oss-crs-run run --keep $JOB p h
	[ "$status" -eq 3 ]
	name=$(grep -o 'oss-crs-run clean job-run-.*' <<<"$output")
	name=${name##* }
	[ -d "$CG/$OURS/$name/a" ]
	[ "$(docker ps -aq | wc -l)" = 2 ]
	run as alice oss-crs-run clean "$name"
	[ "$status" -eq 0 ]
	nothing_left
}

@test "--allow-unconfined lets a stranger run without limits, and says so" {
	services a 'sleep 600' stranger 'exit $$(nproc)'
	run as alice oss-crs-run run --allow-unconfined --report /tmp/alice-report $JOB p h
	[ "$status" -eq "$(nproc)" ]
	[[ "$output" == *"service 'stranger' belongs to no CRS and runs without limits"* ]]
	[[ "$output" == *"containers not attested: 1 of services in no CRS ("* ]]
	[ "$(jq -r .attested.unconfined /tmp/alice-report)" = 1 ]
	nothing_left
}

@test "cgroup v1, and a host that systemd does not run, are told before anything else" {
	services a 'true'
	run unshare -m sh -c "mount -t tmpfs none $CG && exec setpriv --reuid alice --init-groups -- oss-crs-run run $JOB p h"
	[ "$status" -eq 69 ]
	[[ "$output" == *"$CG is cgroup v1 or hybrid, not cgroup v2"* ]]
	# No systemd: nothing of it in /run, and none of its slices in the cgroup hierarchy.
	mkdir $CG/bare
	run unshare -m sh -c "mount --bind $CG/bare $CG && mount -t tmpfs none /run/systemd && exec setpriv --reuid alice --init-groups -- oss-crs-run run $JOB p h"
	[ "$status" -eq 69 ]
	rmdir $CG/bare
	[[ "$output" == *"this host does not run systemd"* ]]
}

@test "an owner that was killed leaves a run that clean finds, and a living run is left alone" {
	sh_as alice "exec oss-crs-run exec $JOB -- sleep 600" &
	live=$!
	until_true bash -c "[ -n \"\$(find $CG/$OURS -mindepth 1 -type d)\" ]"
	run as alice oss-crs-run clean
	[ "$status" -eq 0 ]
	[[ "$output" == *"nothing to clean"* ]]
	pkill -KILL -x oss-crs-run
	wait $live || true
	run as alice oss-crs-run clean
	[ "$status" -eq 0 ]
	[[ "$output" == *"removed job-exec-"* ]]
	nothing_left
	pkill -x sleep || true
}

@test "bad input is refused before anything is made" {
	services a 'true'
	sed -i 's/name: b/name: ..\/x/' $JOB/config-resource.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"config-resource.yaml:5:11: '../x' cannot be the name of a CRS"* ]]
	make_job && services a 'true'
	sed -i 's/96M/0/' $JOB/config-resource.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"must be more than zero"* ]]
	make_job && services a 'true'
	sed -i 's/"2"/"200"/; s/0-3/0-300/' $JOB/config-resource.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"this host does not have CPUs 4-300"* ]]
	make_job
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"no Docker Compose file"* ]]
	run as alice oss-crs-run run /nowhere p h
	[ "$status" -eq 78 ]
	services stranger 'true'
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'stranger' belongs to no CRS"* ]]
	nothing_left
}

# bats test_tags=both
@test "an image that is not there is Compose's message, our status, and nothing left" {
	services a 'true' b 'true'
	sed -i 's/busybox:latest/not-there:ever/' $JOB/docker-compose.yaml
	run as alice oss-crs-run run $JOB p h
	[ "$status" -eq 69 ]
	[[ "$output" == *not-there* ]]
	[[ "$output" == *"Compose did not start any container"* ]]
	[[ "$output" == *"hint: Docker has no image 'not-there:ever'"*": pull or build it"* ]]
	nothing_left
}

@test "an image that only Docker has comes with the command that copies it to Podman" {
	services a 'true' b 'true'
	run as alice oss-crs-run run --engine podman $JOB p h
	echo "$output"
	[ "$status" -eq 69 ]
	[[ "$output" == *"hint: image 'busybox:latest' is in Docker, and this run uses Podman: docker save busybox:latest | podman load"* ]]
	run as alice oss-crs-run check --engine podman
	[[ "$output" == *"advice     images "*"Podman, which jobs get, has no images, and Docker has some"*"docker save IMAGE | podman load"* ]]
	nothing_left
}

@test "a limit of the user's slice is named before the run, and what it did is in the report" {
	systemctl set-property --runtime user-1000.slice MemoryMax=200M CPUQuota=20%
	run as alice oss-crs-run plan $JOB
	[ "$status" -eq 78 ]
	[[ "$output" == *"the CRSs need 224M of memory together, but you may use 200M"* ]]
	[[ "$output" == *"/sys/fs/cgroup/user.slice/user-1000.slice/memory.max"* ]]
	run as alice oss-crs-run check
	[[ "$output" == *"0.20 CPUs of time (/sys/fs/cgroup/user.slice/user-1000.slice/cpu.max)"* ]]
	systemctl set-property --runtime user-1000.slice MemoryMax=infinity
	run as alice oss-crs-run exec -v $JOB --crs a -- timeout 3 sh -c 'while :; do :; done'
	[ "$status" -eq 124 ]
	[[ "$output" == *"throttled: a CPU limit above the run (cpu.max) throttled it for "* ]]
	systemctl set-property --runtime user-1000.slice CPUQuota=
	nothing_left
}
