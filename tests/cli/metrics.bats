#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `status --openmetrics` and `--textfile` on directories that stand for the cgroups, read by the
# programs that metrics are for: Prometheus' promtool, and the reference parser of OpenMetrics.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
RUNNING=job-run-1764000000-0a1b2c3d-local
WAITING=next-build-1764000001-0a1b2c3e-big
ESC=$(printf '\033')

setup() {
	export XDG_CONFIG_HOME=/nonexistent
	ROOT=$BATS_TEST_TMPDIR/cg
	OURS=$ROOT/user.slice/user-4242.slice/user@4242.service/oss-crs
	cgroup "$OURS/$RUNNING" "cpuset memory"
	cgroup "$OURS/$RUNNING/alpha" ""
	cgroup "$OURS/$WAITING" ""
	# Names that another user may give to directories: none of them is a CRS or a run.
	for name in "$RUNNING/"$'x"} 1\noss_crs_hidden 9\n' 'x"} 1' "$RUNNING/$ESC[2J"; do
		cgroup "$OURS/$name" ""
	done
	METRICS=$BATS_TEST_TMPDIR/metrics
	mkdir "$METRICS"
}

teardown() {
	[[ ! -p $BATS_TEST_TMPDIR/end ]] || : >"$BATS_TEST_TMPDIR/end"
	wait
}

cgroup() { # DIR CONTROLLERS
	mkdir -p "$1"
	echo 0-1 | tee "$1/cpuset.cpus" >"$1/cpuset.cpus.effective"
	echo 1073741824 >"$1/memory.max"
	echo 536870912 >"$1/memory.current"
	echo 'usage_usec 59300000' >"$1/cpu.stat"
	echo 'oom_kill 2' >"$1/memory.events"
	echo 'some avg10=12.34 avg60=0.00 avg300=0.00 total=777000' >"$1/cpu.pressure"
	echo 'populated 1' >"$1/cgroup.events"
	echo "$2" >"$1/cgroup.subtree_control"
	echo 3 >"$1/pids.current"
	echo max | tee "$1/cgroup.max.depth" >"$1/cgroup.max.descendants"
}

# Both runs get an owner: a process that holds their locks until the end of the test.
own_runs() {
	mkfifo "$BATS_TEST_TMPDIR/end"
	python3 -c 'import fcntl, sys
files = [open(name, "r+") for name in sys.argv[2:]]
for file in files: fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
open(sys.argv[1]).read()' "$BATS_TEST_TMPDIR/end" "$OURS"/*-run-*/cgroup.max.depth "$OURS"/*-build-*/cgroup.max.depth \
		>"$BATS_TEST_TMPDIR/locked" 3>&- &
	timeout 60 bash -c 'until grep -q locked "$1"; do read -rt 0.1 <> <(:) || :; done' _ "$BATS_TEST_TMPDIR/locked"
}

metrics() {
	"$RUN" status --cgroup-root "$ROOT" "$@"
}

# "NAME{LABELS} VALUE" for each sample, sorted, as the reference parser reads OpenMetrics.
read_openmetrics() {
	/usr/bin/python3 -c 'import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        labels = ",".join(key + "=" + value for key, value in sample.labels.items())
        print(sample.name + "{" + labels + "}", float(sample.value))' | sort
}

@test "promtool finds nothing to mend in what node_exporter collects" {
	promtool=$("$HERE/tests/promtool") || skip "no promtool"
	own_runs
	metrics --textfile - >"$BATS_TEST_TMPDIR/text"
	run "$promtool" check metrics <"$BATS_TEST_TMPDIR/text"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	# It is able to find something: this is a counter without _total.
	run "$promtool" check metrics <<<$'# HELP x y\n# TYPE x counter\nx 1'
	[ "$status" -ne 0 ]
}

@test "the reference parser reads OpenMetrics, and both forms have the same samples" {
	/usr/bin/python3 -c 'import prometheus_client' || skip "no python3-prometheus-client"
	own_runs
	metrics --openmetrics >"$BATS_TEST_TMPDIR/open"
	metrics --textfile - >"$BATS_TEST_TMPDIR/text"
	read_openmetrics <"$BATS_TEST_TMPDIR/open" >"$BATS_TEST_TMPDIR/samples"
	cat "$BATS_TEST_TMPDIR/samples"
	grep -qxF 'oss_crs_runs{state=running} 1.0' "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_run_info{run=$RUNNING,run_id=job,phase=run,worker=local,user=uid 4242} 1.0" "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_queue_position{run=$WAITING} 1.0" "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_queue_cpus{run=$WAITING} 2.0" "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_cpu_seconds_total{run=$RUNNING,crs=alpha} 59.3" "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_pressure_ratio{run=$RUNNING,crs=alpha,resource=cpu} 0.1234" "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_pressure_waiting_seconds_total{run=$RUNNING,crs=alpha,resource=cpu} 0.777" "$BATS_TEST_TMPDIR/samples"
	grep -qxF "oss_crs_oom_kills_total{run=$RUNNING,crs=alpha} 2.0" "$BATS_TEST_TMPDIR/samples"
	diff <(grep -v '^#' "$BATS_TEST_TMPDIR/open") <(grep -v '^#' "$BATS_TEST_TMPDIR/text")
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/open")" = "# EOF" ]
}

@test "directories with hostile names give no sample and no line" {
	metrics --openmetrics >"$BATS_TEST_TMPDIR/open"
	grep -qx 'oss_crs_hidden 0' "$BATS_TEST_TMPDIR/open"
	[ "$(grep -c '^oss_crs_hidden' "$BATS_TEST_TMPDIR/open")" -eq 1 ]
	[ "$(grep -c '^oss_crs_processes{' "$BATS_TEST_TMPDIR/open")" -eq 1 ]
	run grep -vE '^(# (HELP|TYPE|UNIT) oss_crs_[a-z_]+ .*|oss_crs_[a-z_]+(\{.*\})? [0-9.]+|# EOF)$' "$BATS_TEST_TMPDIR/open"
	[ "$status" -eq 1 ]
}

@test "the file is replaced in one step, everybody can read it, and nothing else is left" {
	(umask 077 && metrics --textfile "$METRICS/oss-crs.prom")
	[ "$(stat -c %a "$METRICS/oss-crs.prom")" = 644 ]
	old=$(stat -c %i "$METRICS/oss-crs.prom")
	exec 5<"$METRICS/oss-crs.prom"
	echo 'oom_kill 3' >"$OURS/$RUNNING/alpha/memory.events"
	run bash -c 'cd "$1" && "$2" status --cgroup-root "$3" --openmetrics --textfile oss-crs.prom' _ "$METRICS" "$RUN" "$ROOT"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	# A reader that had opened the old file still reads the whole of it.
	grep -q '^oss_crs_oom_kills_total{.*} 2$' <&5
	grep -q '^oss_crs_oom_kills_total{.*alpha.*} 3$' "$METRICS/oss-crs.prom"
	[ "$(stat -c %i "$METRICS/oss-crs.prom")" != "$old" ]
	[ "$(ls -A "$METRICS")" = oss-crs.prom ]
}

@test "a file that cannot be replaced is an error, and stays as it is" {
	echo old >"$METRICS/oss-crs.prom"
	run metrics --textfile "$METRICS/none/oss-crs.prom"
	[ "$status" -ne 0 ]
	[[ "$output" == *"$METRICS/none: No such file"* ]]
	run metrics --textfile "$METRICS/"
	[ "$status" -eq 64 ]
	run "$RUN" status --cgroup-root "$BATS_TEST_TMPDIR/nothing" --textfile "$METRICS/oss-crs.prom"
	[ "$status" -ne 0 ]
	run flock "$METRICS" "$RUN" status --cgroup-root "$ROOT" --textfile "$METRICS/oss-crs.prom"
	[ "$status" -eq 75 ]
	[ "$(cat "$METRICS/oss-crs.prom")" = old ]
}

@test "metrics are of all runs, and no table" {
	for other in --json --watch job; do
		run metrics --openmetrics "$other"
		[ "$status" -eq 64 ]
		[[ "$output" == *"metrics cover all runs"* ]]
	done
}

@test "the dashboard's queries name metrics that there are" {
	metrics --textfile - | grep -oE '^# TYPE [a-z_]+' | cut -d ' ' -f 3 >"$BATS_TEST_TMPDIR/names"
	names=$(jq -r '.. | .expr?, .definition? // empty' "$HERE/examples/grafana/oss-crs-run.json" | grep -oE 'oss_crs_[a-z_]+' | sort -u)
	[ "$(wc -l <<<"$names")" -gt 8 ]
	for name in $names; do
		# The label of the state is named after its metric.
		grep -qx "$name" "$BATS_TEST_TMPDIR/names" || { echo "no metric $name" && return 1; }
	done
	# No panel lies on another one.
	jq -e '[.panels[].gridPos | .y as $y | .x as $x | range($y; $y + .h) as $row | range($x; $x + .w) | [$row, .]] | length == (unique | length)' \
		"$HERE/examples/grafana/oss-crs-run.json"
}
