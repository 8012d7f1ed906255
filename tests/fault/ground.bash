# shellcheck shell=bash disable=SC2034,SC2016
# SPDX-License-Identifier: MIT
#
# ground: what the faults of oss-crs-run need, in a lab guest as root: alice and her job, a run
# beside the disturbed one, and the conditions that must hold afterwards. The output of a case is in
# $work/said.

CG=/sys/fs/cgroup
OURS=$CG/user.slice/user-1000.slice/user@1000.service/oss-crs
FILES=/run/user/1000/oss-crs
RUN=${RUN:-$(command -v oss-crs-run)}
LIVE_CPU=3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The fixed arguments of each command.
exec_args=(exec "$work/job" --crs a -- true)
run_args=(run -q "$work/job" p h)
build_args=(build -q "$work/job" p)

# Put before a command, these words run it as alice, in the environment of a login.
as_alice=(setpriv --reuid alice --regid alice --init-groups env -i HOME=/home/alice USER=alice "PATH=$PATH"
	XDG_RUNTIME_DIR=/run/user/1000)

alice() {
	"${as_alice[@]}" "$@"
}

# Wait until a command succeeds, for two minutes at most.
until_true() {
	timeout 120 bash -c 'until "$@" >/dev/null 2>&1; do read -rt 0.1 <> <(:) || :; done' _ "$@"
}

# make_job DIR: two CRSs, `a` with CPUs 0-1 and 128 MiB, `b` with CPU 2 and 64 MiB.
make_job() {
	mkdir -p "$1"
	cat >"$1/config-resource.yaml" <<-'EOF'
		crs:
		  - {name: a, cpuset: "0-1", memory_limit: "128M"}
		  - {name: b, cpuset: "2", memory_limit: "64M"}
		workers: {local: {cpuset: "0-2", memory: "192M"}}
	EOF
}

# services DIR COMMAND-OF-A COMMAND-OF-B [MORE]: both on the default network, and killed without
# delay if they ignore SIGTERM; MORE is a line of YAML for each.
services() {
	{
		printf 'services:\n'
		printf '  %s:\n    image: busybox:latest\n    pull_policy: never\n    stop_grace_period: 1s\n    command: ["sh", "-c", "%s"]\n    %s\n' \
			a "$2" "${4:-init: false}" b "$3" "${4:-init: false}"
	} >"$1/docker-compose.yaml"
}

# ---- the run beside -------------------------------------------------------------------------------------------

live_pid=0 live_name=''

start_live() {
	mkdir -p "$work/live"
	cat >"$work/live/config-resource.yaml" <<-EOF
		crs: [{name: l, cpuset: "$LIVE_CPU", memory_limit: "32M"}]
		workers: {local: {cpuset: "$LIVE_CPU", memory: "32M"}}
	EOF
	"${as_alice[@]}" "$RUN" exec "$work/live" --run-id live --crs l -- sleep infinity >"$work/live.out" 2>&1 &
	live_pid=$!
	until_true bash -c "ls -d $OURS/live-*/l && grep -q 'populated 1' $OURS/live-*/cgroup.events"
	live_name=$(basename "$OURS"/live-*)
	live_is_well || { cat "$work/live.out" && return 1; }
}

stop_live() {
	kill "$live_pid" 2>/dev/null
	wait "$live_pid" 2>/dev/null
	live_pid=0 live_name=''
}

live_is_well() {
	((live_pid == 0)) && return 0
	kill -0 "$live_pid" 2>/dev/null && grep -q 'populated 1' "$OURS/$live_name/l/cgroup.events" &&
		[[ $(<"$OURS/$live_name/l/memory.max") == $((32 << 20)) ]]
}

# ---- what must be true after a case ---------------------------------------------------------------------------

# The names of everything that is left, without the run beside.
cgroups_left() {
	find "$OURS" -mindepth 1 -maxdepth 1 -type d ! -name "${live_name:-none}" 2>/dev/null
}

files_left() {
	find "$FILES" -mindepth 1 ! -name .owners 2>/dev/null
}

objects_left() {
	docker ps -aq
	docker network ls -q --filter label=com.docker.compose.project
	docker volume ls -q
}

# tidy [docker]: run `clean`; after it nothing is left.
tidy() {
	local left
	alice timeout 300 "$RUN" clean >>"$work/said" 2>&1 || { echo "clean ends with $?" >>"$work/said" && return 1; }
	left=$(cgroups_left; files_left; [[ -z ${1:-} ]] || objects_left)
	[[ -z $left ]] || { echo "left: $left" >>"$work/said" && return 1; }
	live_is_well || { echo "the run beside it was harmed" >>"$work/said" && return 1; }
}

# start_run: start a run in the background, as $job. Returns when both its containers run.
start_run() {
	"${as_alice[@]}" "$RUN" run "$@" "$work/job" p h >"$work/said" 2>&1 &
	job=$!
	until_true bash -c '[ "$(docker ps -q | wc -l)" = 2 ]'
}

# Called by count.bash: restore the original state.
after_failure() {
	local pid
	systemctl start docker.service
	for pid in $(pgrep -u alice -x oss-crs-run); do
		((pid == live_pid)) || kill -KILL "$pid"
	done
	alice "$RUN" clean -q || swept
	live_is_well || { stop_live && alice "$RUN" clean -q --all && start_live; }
} >/dev/null 2>&1

# `sweep` removes what root owns.
swept() {
	echo "# swept"
	SUDO_UID=1000 oss-crs-setup sweep --yes
	SUDO_UID=1000 oss-crs-setup delegate --yes
} >>"$work/said" 2>&1

prepare() {
	systemd-tmpfiles --create oss-crs.conf
	loginctl enable-linger alice
	systemctl start user@1000.service docker.service
	SUDO_UID=1000 oss-crs-setup --yes --restart=force >/dev/null || return 1
	until_true docker ps
	make_job "$work/job"
	chmod -R a+rwX "$work"
	start_live
}
