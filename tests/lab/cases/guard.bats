#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# guard: containers that a CRS starts itself, over the socket that the guard offers it. The services have Docker's own
# client, from the host's /usr. Run as root in a lab guest; jobs run as alice.

load common
load job

GUARD_LABEL=oss-crs.guard

setup_file() {
	ready_host
	as alice mkdir -p /home/alice/shared
}

setup() {
	make_job
	rm -f /tmp/alice-report
}

# guarded NAME COMMAND: a service that has Docker's client, and the engine's socket where that client looks for it.
guarded() {
	cat >>$JOB/docker-compose.yaml <<-END
		  $1:
		    image: busybox:latest
		    pull_policy: never
		    network_mode: none
		    stop_grace_period: 1s
		    command: ["sh", "-c", "$2"]
		    volumes: ["/var/run/docker.sock:/var/run/docker.sock", "/usr:/usr:ro", "/usr/lib:/lib:ro", "/usr/lib64:/lib64:ro", "/home/alice/shared:/shared"]
	END
}

# begin OPTION...: run the services in the background, its output in /tmp/run.out.
begin() {
	sh_as alice "exec oss-crs-run run --report /tmp/alice-report $* $JOB p h" >/tmp/run.out 2>&1 &
	job=$!
}

finish() {
	status=0
	wait $job || status=$?
	cat /tmp/run.out
}

# refusals: what the report lists, one a line, as "CRS COUNT REQUEST: WHAT".
refusals() {
	jq -r '.guard.refusals[] | "\(.crs) \(.count) \(.request): \(.what)"' /tmp/alice-report
}

@test "three containers of a CRS: one is held to its memory and CPUs, two are refused, none is left" {
	local r='docker run --rm --network none'
	printf 'services:\n' >$JOB/docker-compose.yaml
	guarded a "docker run -d --name mine --memory 64g --cpuset-cpus 0-3 --network none busybox sleep 600; $r --privileged busybox true; $r --cpuset-cpus 3 busybox true; touch /shared/done; sleep 600"
	guarded b "docker ps -a --format {{.Names}} >/shared/others; sleep 600"
	rm -f /home/alice/shared/*
	begin --strict --timeout 120
	until_true test -e /home/alice/shared/done
	local id worker
	id=$(docker ps -q --no-trunc --filter name=mine)
	worker=$(find $CG/$OURS -mindepth 1 -maxdepth 1 -type d)
	[ -d "$worker/a/$id" ]
	[ "$(cat "$worker/a/$id/memory.max")" = $((128 << 20)) ]
	[ "$(cat "$worker/a/$id/cpuset.cpus.effective")" = 0-1 ]
	[ "$(docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.CpusetCpus}} {{index .Config.Labels "oss-crs.guard"}}' mine)" = "$((128 << 20)) 0-1 a" ]
	[ "$(docker ps -q --filter label=$GUARD_LABEL | wc -l)" = 1 ]
	[ ! -s /home/alice/shared/others ]
	kill -INT "$(pgrep -u alice -x oss-crs-run | head -n 1)"
	finish
	[ "$status" -eq 130 ]
	grep -F "refused: CRS 'a': POST /containers/create: HostConfig.Privileged true" /tmp/run.out
	refusals
	[ "$(refusals | wc -l)" = 2 ]
	refusals | grep -F 'a 1 POST /containers/create: HostConfig.Privileged true'
	refusals | grep -F 'a 1 POST /containers/create: HostConfig.CpusetCpus "3": the CRS has the CPUs 0-1'
	# Two services and the container of one of them.
	jq -c .attested /tmp/alice-report
	[ "$(jq .attested.containers /tmp/alice-report)" = 3 ]
	[ "$(jq -c .risks /tmp/alice-report)" = '{}' ]
	nothing_left
}

@test "exec, logs, volumes and the end of a container go through the guard; others' containers do not" {
	printf 'services:\n' >$JOB/docker-compose.yaml
	guarded a "docker run -d --name mine -v cache:/c --network none busybox sh -c 'echo from-mine; exec sleep 600' && docker exec mine sh -c 'echo from-exec; echo x >/c/x' && docker logs mine && echo stdin | docker run -i --rm --network none busybox cat; docker exec foreign true; docker rm -f foreign; echo FROM busybox >/shared/Dockerfile; DOCKER_BUILDKIT=0 docker build -q /shared; docker pull -q busybox; docker run --rm -v /etc:/x busybox true; docker rm -f mine >/dev/null && docker volume rm cache >/dev/null; echo end-\$\$?"
	docker run -d --name foreign --network none busybox sleep 600
	begin --strict --timeout 120
	finish
	docker inspect -f '{{.State.Running}}' foreign | grep -x true
	docker rm -f foreign
	[ "$status" -eq 0 ]
	local word
	for word in from-mine from-exec stdin end-0; do grep -qE "\| $word\$" /tmp/run.out; done
	refusals
	refusals | grep -F "container 'foreign': not one that the CRS has made itself"
	refusals | grep -F 'the engine builds outside every CRS'
	refusals | grep -F 'the engine pulls outside every CRS'
	refusals | grep -F "HostConfig.Binds '/etc': not mounted in the CRS's own services"
	[ -z "$(docker volume ls -q)" ]
	nothing_left
}

@test "what a killed run's guard has started is removed by clean, its volumes too" {
	printf 'services:\n' >$JOB/docker-compose.yaml
	guarded a "docker run -d --name mine -v cache:/c --network none busybox sleep 600; touch /shared/done; sleep 600"
	rm -f /home/alice/shared/*
	begin --guard --timeout 120
	until_true test -e /home/alice/shared/done
	[ -n "$(pgrep -x oss-crs-guard)" ]
	kill -KILL "$(pgrep -u alice -x oss-crs-run | head -n 1)"
	wait $job || :
	until_true bash -c '! pgrep -x oss-crs-guard'
	as alice oss-crs-run clean
	[ -z "$(docker volume ls -q)" ]
	nothing_left
}

@test "without a guard the engine's socket is refused, and hold gives one per CRS" {
	printf 'services:\n' >$JOB/docker-compose.yaml
	guarded a true
	run as alice oss-crs-run run --strict --no-guard $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"service 'a' could escape its CRS"*docker.sock* ]]
	local out=/tmp/guard-hold socket
	rm -f $out
	mkfifo -m 644 $out.in
	sh_as alice "oss-crs-run hold --guard --project-name held --json $JOB <$out.in >$out 2>$out.err" 3>&- &
	exec 9>$out.in
	until_true test -s $out
	socket=$(head -n 1 $out | jq -r .engine_sockets.b)
	docker -H "unix://$socket" run -d --name mine --network none busybox sleep 600
	[ "$(docker inspect -f '{{.HostConfig.CgroupParent}}' mine)" = "$(head -n 1 $out | jq -r .cgroup_parents.b)" ]
	run docker -H "unix://$socket" run --pid host busybox true
	[ "$status" -eq 125 ]
	[[ "$output" == *'oss-crs guard: HostConfig.PidMode "host"'* ]]
	exec 9>&-
	wait
	rm -f $out.in
	[ "$(tail -n +2 $out | jq -c '[.guard.refused, .attested.containers]')" = '[1,1]' ]
	nothing_left
}

@test "Python gives each CRS a guarded socket, and what a CRS has started goes when Python is killed" {
	local out=/tmp/guard-python caller
	cat >$out.py <<-'END'
		import json, sys
		from oss_crs_run import Hold
		with Hold({"a": ("0-1", "128M"), "b": ("2", "96M")}, project_name="held", guard=True) as hold:
		    print(json.dumps([hold.engine_sockets, hold.cgroup_parents]), flush=True)
		    sys.stdin.read()
	END
	rm -f $out
	mkfifo -m 644 $out.in
	sh_as alice "PYTHONPATH=/usr/local/lib/python3/dist-packages exec python3 $out.py <$out.in >$out" 3>&- &
	caller=$!
	exec 9>$out.in
	until_true test -s $out
	docker -H "unix://$(jq -r '.[0].b' $out)" run -d --name mine --network none busybox sleep 600
	[ "$(docker inspect -f '{{.HostConfig.CgroupParent}}' mine)" = "$(jq -r '.[1].b' $out)" ]
	pkill -KILL -u alice -f guard-python.py
	wait $caller || :
	exec 9>&-
	rm -f $out.in
	until_true bash -c '! pgrep -u alice -x "oss-crs-(run|keeper|guard)"'
	nothing_left
}
