# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# common: what the lab's cases share: a ready host, a small job, running it as a user, and what a
# run must leave behind.

CG=/sys/fs/cgroup
OURS=user.slice/user-1000.slice/user@1000.service/oss-crs
JOB=/tmp/job
JOB_USER=alice

# as USER CMD...: run CMD in a login session of the user, as pam_systemd makes one for ssh. To systemd
# 252 the unit is starting until CMD ends, since PAM's process keeps a descriptor, so that may take
# any time.
as() {
	local user=$1
	shift
	systemd-run -q --wait --pipe --service-type=exec -p TimeoutStartSec=infinity -p PAMName=login \
		-p "User=$user" -- "$@"
}

# sh_as USER LINE: the same for a line of shell.
sh_as() {
	as "$1" bash -c "$2"
}

# alice_at_terminal LINE: run LINE in a login session at a terminal. The answer to a question is
# yes, and appears in the output. The keyboard is a FIFO that stays open, since script(1) does not
# end when its input ends. Nor does script(1) end if it replaces the shell, since it then has PAM's
# process for a child.
alice_at_terminal() {
	local status=0
	rm -f /tmp/keyboard && mkfifo /tmp/keyboard
	exec 8<>/tmp/keyboard
	echo y >&8
	sh_as alice "script -qefc $(printf %q "$1") /dev/null; exit \$?" <&8 || status=$?
	exec 8>&-
	return $status
}

# ready_host: bring the host into a state in which alice may run jobs.
ready_host() {
	systemd-tmpfiles --create oss-crs.conf # a package or the next boot does this
	loginctl enable-linger alice
	systemctl start user@1000.service
	rm -rf /etc/docker/daemon.json /etc/systemd/system/docker.service.d
	as alice sudo -n "$(command -v oss-crs-setup)" --yes --restart=force
}

# make_job: a job of two CRSs: `a` has two CPUs and 128 MiB, `b` one CPU and 96 MiB.
make_job() {
	rm -rf $JOB && mkdir -p $JOB
	cat >$JOB/config-resource.yaml <<-'EOF'
		crs:
		  - name: a
		    cpuset: "0-1"
		    memory_limit: "128M"
		  - name: b
		    cpuset: "2"
		    memory_limit: "96M"
		workers:
		  local:
		    cpuset: "0-3"
		    memory: "256M"
	EOF
}

# services NAME COMMAND...: write the job's Compose file. Its services run busybox and are killed
# without delay if they ignore SIGTERM.
services() {
	printf 'services:\n' >$JOB/docker-compose.yaml
	while (($#)); do
		printf '  %s:\n    image: busybox:latest\n    pull_policy: never\n    network_mode: none\n    stop_grace_period: 1s\n    command: ["sh", "-c", "%s"]\n' "$1" "$2"
		shift 2
	done >>$JOB/docker-compose.yaml
}

# restarting_services: the service of `a` fails, and is started again by its restart policy; when it works,
# that of `b` ends with 6.
restarting_services() {
	services a '[ -e /s/again ] && touch /s/back && exec sleep 600; touch /s/again; exit 3' \
		b 'until [ -e /s/back ]; do sleep 1; done; exit 6'
	sed -i 's|network_mode: none|&\n    volumes: ["state:/s"]|; 0,/network_mode/s//restart: on-failure\n    &/' $JOB/docker-compose.yaml
	echo 'volumes: {state: {}}' >>$JOB/docker-compose.yaml
}

# after_failure: remove what a failed test left; it would keep its CPUs from the next test.
after_failure() {
	[[ -z ${BATS_TEST_COMPLETED:-} ]] || return 0
	pkill -KILL -x oss-crs-run || :
	wait
	as "$JOB_USER" oss-crs-run clean -q --all
}

nothing_left() {
	[ -z "$(find $CG/$OURS -mindepth 1 -type d)" ]
	[ -z "$(docker ps -aq)" ]
	[ -z "$(docker network ls -q --filter label=com.docker.compose.project)" ]
	[ -z "$(ls /run/user/1000/oss-crs 2>/dev/null)" ]
	[ -z "$(ls /run/user/1000/oss-crs/.projects 2>/dev/null)" ]
}

# until_true CMD...: wait until CMD succeeds, for five minutes at most: the host may be emulated and
# shared.
until_true() {
	timeout 300 bash -c 'until "$@" >/dev/null 2>&1; do read -rt 0.2 <> <(:) || :; done' _ "$@"
}
