#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# oss-crs-run where Docker is down, elsewhere, not for this user, not set up, or dies during a run. Run
# as root in a lab guest after setup.bats, or in a clean one.

load common
load job

# kill_docker: kill Docker so that it stays away; its containers live on. docker_back: start it.
kill_docker() {
	systemctl mask --runtime -q docker.socket docker.service
	systemctl kill -s KILL docker.service
	systemctl stop docker.socket
}

docker_back() {
	systemctl unmask --runtime -q docker.socket docker.service
	systemctl reset-failed docker.service docker.socket || :
	systemctl start docker.service
	until_true docker info
}

# The report of a run whose engine went away has its figures, but not how its containers ended.
report_without_engine() { # REASON STATUS
	[ "$(jq -c '[.reason, .exit_status, [.crs[].exits], ([.crs[].cpu_usage_usec > 0] | all), .attested.unknown > 0]' /tmp/away-report)" = "[\"$1\",$2,[null,null],true,true]" ]
}

@test "Docker dies in the middle of a run: its report is written, the status is 69, and clean removes what stayed" {
	services a 'sleep 600' b 'sleep 600'
	rm -f /tmp/away-report
	sh_as alice "exec oss-crs-run run --report /tmp/away-report $JOB p h" >/tmp/run.out 2>&1 &
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	kill_docker
	wait $! || status=$?
	docker_back
	cat /tmp/run.out
	[ "$status" -eq 69 ]
	grep -q 'once Docker runs again, run: oss-crs-run clean job-run-' /tmp/run.out
	report_without_engine exited 69
	as alice oss-crs-run clean
	nothing_left
}

@test "a signal keeps its status, and the run its report, where Docker has died before" {
	services a 'sleep 600' b 'sleep 600'
	rm -f /tmp/away-report
	sh_as alice "exec oss-crs-run run --report /tmp/away-report $JOB p h" >/tmp/run.out 2>&1 &
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
	# Compose would end as soon as its engine has gone.
	pkill -STOP -P "$(pgrep -x oss-crs-run)" -x 'docker|docker-compose'
	kill_docker
	pkill -INT -x oss-crs-run
	pkill -TERM -x oss-crs-run
	wait $! || status=$?
	docker_back
	cat /tmp/run.out
	[ "$status" -eq 130 ]
	report_without_engine signal 130
	as alice oss-crs-run clean
	nothing_left
}

@test "no permission, Docker elsewhere, Docker down: each its own message and status" {
	services a 'true'
	chmod -R a+rX $JOB
	run as bob oss-crs-run run --engine docker $JOB p h
	[ "$status" -eq 77 ]
	[[ "$output" == *"no permission to talk to Docker"* ]]
	run as bob oss-crs-run exec $JOB -- true
	[ "$status" -eq 69 ]
	[[ "$output" == *"oss-crs-setup delegate"* ]]
	run as alice env DOCKER_HOST=tcp://192.0.2.1:2375 oss-crs-run run --engine docker $JOB p h
	[ "$status" -eq 69 ]
	[[ "$output" == *"is not on this host"* ]]
	run as alice env DOCKER_CONTEXT=elsewhere oss-crs-run run $JOB p h
	[ "$status" -eq 78 ]
	[[ "$output" == *"no Docker context named 'elsewhere'"* ]]
	systemctl stop docker.socket docker.service
	run as alice oss-crs-run run --engine docker $JOB p h
	[ "$status" -eq 69 ]
	[[ "$output" == *"Docker does not answer"* ]]
	systemctl start docker.socket docker.service
	nothing_left
}

@test "Docker with the systemd driver is refused with the way out, before Docker's own error" {
	services a 'true'
	mv /etc/docker/daemon.json /etc/docker/daemon.json.aside
	systemctl reset-failed docker.service
	systemctl restart docker.service
	run as alice oss-crs-run run --engine docker $JOB p h
	mv /etc/docker/daemon.json.aside /etc/docker/daemon.json
	systemctl reset-failed docker.service
	systemctl restart docker.service
	[ "$status" -eq 69 ]
	[[ "$output" == *"Docker uses the systemd cgroup driver"* ]]
	[[ "$output" == *"sudo oss-crs-setup docker"* ]]
	nothing_left
}
