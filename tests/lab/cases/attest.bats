#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Attestation on a real host: a change to a running job's cgroups from outside ends the run, and the
# message names the file, what was planned and what was found. Run as root in a lab guest; jobs run
# as alice.

load common

setup_file() {
	ready_host
}

setup() {
	make_job
}

teardown() {
	after_failure
}

# mismatch: attestation ended the last run, and the run left nothing.
mismatch() {
	[ "$status" -eq 70 ]
	nothing_left
}

# start: start the job in the background, its output in /tmp/run.out. Returns when both containers
# run.
start() {
	services a 'sleep 600 & sleep 600' b 'sleep 600'
	sh_as alice "exec oss-crs-run run $* $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	until_true grep -q 'populated 1' "$worker/a/cgroup.events" "$worker/b/cgroup.events"
}

finish() {
	status=0
	wait $job || status=$?
}

@test "a limit raised during the run ends it" {
	start
	as alice sh -c "echo max >$worker/a/memory.max"
	finish
	cat /tmp/run.out
	grep -q "/a/memory.max: planned 134217728, found max" /tmp/run.out
	mismatch
}

@test "a CRS given another CPU during the run ends it" {
	start
	as alice sh -c "echo 3 >$worker/b/cpuset.cpus"
	finish
	cat /tmp/run.out
	grep -q "/b/cpuset.cpus.effective: planned 2, found 3" /tmp/run.out
	mismatch
}

@test "a container moved out of its CRS by root ends it" {
	start
	mkdir $CG/elsewhere
	for pid in $(cat "$worker"/b/*/cgroup.procs); do echo "$pid" >$CG/elsewhere/cgroup.procs; done
	finish
	rmdir $CG/elsewhere
	cat /tmp/run.out
	grep -Eq "container '.*-b-1', process [0-9]+ \(sh\|sleep\), /proc/[0-9]+/cgroup: planned /$OURS/.*/b, found /elsewhere" /tmp/run.out ||
		grep -Eq "container '.*-b-1', process [0-9]+ .*found /elsewhere" /tmp/run.out
	mismatch
}

@test "one process of several moved out by root is found when the run ends" {
	start
	mkdir $CG/elsewhere
	docker exec "$(docker ps -q --filter label=com.docker.compose.service=a)" sh -c 'sleep 601 & exec sleep 602' &
	until_true pgrep -fx 'sleep 602'
	pgrep -fx 'sleep 602' >$CG/elsewhere/cgroup.procs
	docker kill "$(docker ps -q --filter label=com.docker.compose.service=b)"
	finish
	pkill -fx 'sleep 60[12]' || true
	until_true rmdir $CG/elsewhere
	cat /tmp/run.out
	grep -Eq "container '.*-a-1', process [0-9]+ \(sleep\).*found /elsewhere" /tmp/run.out
	mismatch
}

@test "a tree that was removed by hand ends the run before anything runs on without limits" {
	services a 'sleep 600' b 'sleep 600'
	sed -i 's/network_mode: none/&\n    restart: always/' $JOB/docker-compose.yaml
	sh_as alice "exec oss-crs-run run --until all $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	# Docker is stopped meanwhile; otherwise it restarts the container before the cgroup is
	# removed.
	kill -STOP "$(pidof dockerd)"
	echo 1 >"$worker/a/cgroup.kill"
	until_true bash -c 'rmdir "$1"/a/*/; rmdir "$1/a"' _ "$worker"
	kill -CONT "$(pidof dockerd)"
	finish
	cat /tmp/run.out
	# The cgroup was removed, or Docker made it again, with all CPUs and no limit.
	grep -Eq "/a/[a-z.]+: planned .*, found (no such cgroup|max|0-3)" /tmp/run.out
	mismatch
}

@test "a cgroup_parent that a second Compose file sets elsewhere is refused before anything starts" {
	services a 'sleep 600' b 'sleep 600'
	printf 'services:\n  b:\n    cgroup_parent: /system.slice\n' >$JOB/second.yaml
	run as alice oss-crs-run run --compose-file $JOB/docker-compose.yaml --compose-file $JOB/second.yaml $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'b': cgroup_parent is outside this run: '/system.slice'"* ]]
	nothing_left
}

@test "a run that nobody disturbs is attested, docker exec and restarts included" {
	services a 'sleep 600' b 'i=0; while [ $$i -lt 8 ]; do i=$$((i+1)); sleep 1; done; exit 7'
	sed -i '0,/network_mode: none/s//&\n    restart: always/' $JOB/docker-compose.yaml
	sh_as alice "exec oss-crs-run run --report /tmp/report $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	docker exec "$(docker ps -q --filter label=com.docker.compose.service=a)" true
	docker restart -t 0 "$(docker ps -q --filter label=com.docker.compose.service=a)"
	finish
	cat /tmp/run.out
	[ "$status" -eq 7 ]
	nothing_left
}

@test "services that could step outside are named, and refused with --strict" {
	services a 'exit 3' b 'sleep 600'
	sed -i '0,/network_mode: none/s//&\n    privileged: true/' $JOB/docker-compose.yaml
	run as alice oss-crs-run run --report /tmp/alice-report $JOB p h
	[ "$status" -eq 3 ]
	[[ "$output" == *"/docker-compose.yaml:6:17: service 'a' could step outside its CRS: privileged: true (all rights of root on the host)"* ]]
	[ "$(jq -c .risks /tmp/alice-report)" = '{"a":["privileged"]}' ]
	[ "$(jq -r '.risk_details[0] | .service + " " + .key + " " + .value' /tmp/alice-report)" = "a privileged true" ]
	[ "$(jq -r .attested.containers /tmp/alice-report)" = 2 ]
	run as alice oss-crs-run run --strict $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'a' could step outside its CRS: privileged"* ]]
	nothing_left
}

@test "whatever is not known to be harmless is refused with --strict, however it is written" {
	services a 'exit 3' a_run 'exit 3' a_root 'exit 3' a_volume 'exit 3' b 'exit 3'
	sed -i -e '/^  a:/a\    cap_add: [sys_admin]\n    security_opt: ["apparmor=unconfined"]' \
		-e '/^  a_run:/a\    volumes: ["/var/run:/host/run"]' \
		-e '/^  a_root:/a\    volumes: ["/:/host:ro"]' \
		-e '/^  a_volume:/a\    volumes: ["all:/host"]\n    pid: "service:b"' $JOB/docker-compose.yaml
	printf 'volumes:\n  all:\n    driver_opts: {type: none, o: bind, device: /}\n' >>$JOB/docker-compose.yaml
	run as alice oss-crs-run run --strict $JOB p h
	echo "$output"
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'a' could step outside its CRS: cap_add: sys_admin"* ]]
	[[ "$output" == *"service 'a' could step outside its CRS: security_opt: apparmor=unconfined"* ]]
	[[ "$output" == *"service 'a_run' could step outside its CRS: volumes: /var/run"* ]]
	[[ "$output" == *"service 'a_root' could step outside its CRS: volumes: /"* ]]
	[[ "$output" == *"service 'a_volume' could step outside its CRS: volumes.all.driver_opts: {"* ]]
	[[ "$output" == *"service 'a_volume' could step outside its CRS: pid: service:b"* ]]
	nothing_left
}

@test "what a fuzzer needs is allowed with --strict, and limits beyond a CRS are warned of" {
	services a 'test -f /work/config-resource.yaml && exit 3' b 'sleep 600'
	sed -i -e '/^  a:/a\    cap_add: [cap_sys_ptrace]\n    security_opt: ["no-new-privileges:true"]\n    shm_size: 64m\n    cpuset: "3"\n    mem_limit: 10g' \
		-e '/^  a:/a\    volumes: [".:/work", "data:/data", "/usr/share:/host:ro"]\n    tmpfs: /scratch\n    ulimits: {core: 0}' $JOB/docker-compose.yaml
	printf 'volumes:\n  data:\n' >>$JOB/docker-compose.yaml
	run as alice oss-crs-run run --strict --report /tmp/alice-report $JOB p h
	echo "$output"
	[ "$status" -eq 3 ]
	[ "$(jq -c .risks /tmp/alice-report)" = '{}' ]
	[[ "$output" == *"service 'a': cpuset: 3 goes beyond its CRS a (CPUs 0-1, 128M), whose limits hold"* ]]
	[[ "$output" == *"service 'a': mem_limit: "*" goes beyond its CRS a (CPUs 0-1, 128M)"* ]]
	nothing_left
}

@test "selftest tries to get more than a CRS has, and everything is refused" {
	run as alice oss-crs-run selftest
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(grep -c '^held .*tries' <<<"$output")" = 6 ]
	[[ "$output" == *"held cpus"*"refused: Invalid argument"* ]]
	[[ "$output" == *"held memory"*"killed at 64 MiB of the 256 MiB it wanted"* ]]
	run sh_as alice 'oss-crs-run selftest --json | jq -r .held'
	[ "$output" = true ]
	nothing_left
}
