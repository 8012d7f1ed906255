#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# `report` on files and on the stored reports; tests/lab tests how a run stores them. gnuplot itself
# draws the pictures.

bats_require_minimum_version 1.5.0

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
FULL=$HERE/tests/fuzz/corpus/summary/full

setup() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state XDG_CONFIG_HOME=/nonexistent
	STORE=$XDG_STATE_HOME/oss-crs/reports
	cd "$BATS_TEST_TMPDIR"
}

kept() { # TIME...
	mkdir -p "$STORE"
	for time in "$@"; do
		sed "s/1764000000-0a1b2c3d/$time-0a1b2c3d/" "$FULL" >"$STORE/job-run-$time-0a1b2c3d-local.json"
	done
}

@test "a file, a run's name and a run id give the tables" {
	kept 1764000000 1764000001
	for report in "$FULL" job-run-1764000000-0a1b2c3d-local; do
		run "$RUN" report "$report"
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = job-run-1764000000-0a1b2c3d-local ]
		[[ "$output" =~ a\ +0-1\ +150.0s\ +94%\ +75%\ +512M\ +1G\ +2 ]]
		[[ "$output" == *"OOM kills: 1 process of container 'job_a_1' in CRS 'a', at the CRS's memory limit of 1G"* ]]
		[[ "$output" == *"OOM kills: 1 process of a removed container in CRS 'a', at no limit of the run: "* ]]
	done
	run "$RUN" report job
	[ "${lines[0]}" = job-run-1764000001-0a1b2c3d-local ]
	run "$RUN" report --json job
	[ "$(jq .exit_status <<<"$output")" = 0 ]
}

@test "without a name they are listed, the newest first" {
	run "$RUN" report
	[ "$status" -eq 0 ]
	[[ "$output" == *"no reports: "* ]]
	[ "$("$RUN" report --json | jq -c .reports)" = '[]' ]
	kept 999 1000
	echo '{' >"$STORE/job-run-998-0a1b2c3d-local.json"
	run "$RUN" report
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" =~ ^RUN\ +START\ +DURATION\ +PHASE\ +REASON\ +STATUS$ ]]
	[[ "${lines[1]}" =~ ^job-run-1000-0a1b2c3d-local\ +[0-9-]+\ [0-9:]+.*\ 100.0s\ +run\ +exited\ +0$ ]]
	[[ "${lines[2]}" == job-run-999-0a1b2c3d-local\ * ]]
	[[ "${lines[3]}" =~ ^job-run-998-0a1b2c3d-local\ +-\ +-\ +-\ +unreadable\ +-$ ]]
	run "$RUN" report --json
	[ "$(jq -r '.reports[1]' <<<"$output")" = job-run-999-0a1b2c3d-local ]
	run "$RUN" report other
	[ "$status" -eq 64 ]
}

@test "a file that is no report is an error that says where" {
	head -c 100 "$FULL" >cut.json
	run "$RUN" report ./cut.json
	[ "$status" -eq 65 ]
	[[ "$output" == *"./cut.json:1:"*"not valid JSON"* ]]
	run "$RUN" report ./missing.json
	[ "$status" -eq 64 ]
}

@test "two runs are compared, and what keeps them from being comparable is named" {
	sed 's/"cpus": "0-1"/"cpus": "0-3"/' "$FULL" >other.json
	run "$RUN" report "$FULL" "$FULL"
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = comparable ]
	run "$RUN" report "$FULL" ./other.json
	[[ "$output" == *"not comparable:"*"CRS 'a' had 2 CPUs in the first, 4 in the second"* ]]
	run "$RUN" report --json "$FULL" ./other.json
	[ "$(jq -c '[.comparable, (.reasons | length)]' <<<"$output")" = '[false,1]' ]
}

@test "pictures: one SVG, and one page that needs nothing from anywhere" {
	run "$RUN" report "$FULL" --svg run.svg --html run.html
	[ "$status" -eq 0 ]
	[ "$(grep -c '</svg>' run.svg)" -eq 1 ]
	grep -q '>CPUs<' run.svg
	grep -q 'prefers-color-scheme: dark' run.html
	[ "$(grep -o 'data:image/svg+xml;base64,' run.html | wc -l)" -eq 2 ]
	run -1 grep -qE '(src|href|srcset)="(http|//|file)|<script' run.html
	grep -o 'srcset="data:image/svg+xml;base64,[^"]*' run.html | sed 's/.*,//' | base64 -d | grep -q '</svg>'
}

# draw FILTER: the picture of the report after a filter of jq, in run.svg.
draw() {
	jq "$1" "$FULL" >drawn.json
	run "$RUN" report ./drawn.json --svg run.svg
	[ "$status" -eq 0 ]
}

@test "a picture says of which run, host and time it is, and so does the page" {
	draw '.machine.host = "fuzz-17"'
	grep -q '>job-run-1764000000-0a1b2c3d-local<' run.svg
	grep -qE '>on fuzz-17, [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]+<' run.svg
	"$RUN" report ./drawn.json --html run.html
	grep -qE '<title>job-run-1764000000-0a1b2c3d-local on fuzz-17, [0-9-]+ [0-9:]+</title>' run.html
	# Of a run that somebody else has reported, nothing is run as a command of gnuplot's.
	draw ".machine.host = \"x'; system 'touch owned'; y \\\"\`touch owned\`\""
	[ ! -e owned ]
	grep -qF "touch owned" run.svg
}

@test "a plot that would be empty is left out" {
	draw .
	grep -q '>OOM kills<' run.svg
	grep -q '>memory (GiB)<' run.svg
	run -1 grep -q '>stalled (%)<' run.svg
	draw '.crs[0].samples.oom_kills = [0, 0, 0] | .crs[0].samples.io_stalled_usec = [0, 500000, 500000] | .crs[0].memory_max = 67108864'
	run -1 grep -q '>OOM kills<' run.svg
	grep -q '>stalled (%)<' run.svg
	grep -q '>memory (MiB)<' run.svg
	# The lowest plot has the marks of the time.
	grep -q '>2 s<' run.svg
}

@test "a use above the limit is inside the frame" {
	# Four CPUs of two, for a second: as far above the mark of 2 as that is above 0.
	draw '.crs[0].samples.cpu_usage_usec = [0, 4000000, 4000000]'
	read -r zero two < <(grep 'gridline' run.svg | sed -nE "s/.*d='M[0-9.]+,([0-9.]+) L.*/\1/p" | sed -n '1p;3p' | xargs)
	four=$(awk -v zero="$zero" -v two="$two" 'BEGIN { printf "%d", 2 * two - zero }')
	grep -qE "stroke='rgb\(  9, 105, 218\)'.*,$four[.]" run.svg
}

@test "a long name is cut in the picture, and whole on the page" {
	long=$(printf 'a-name-of-%.0s' {1..12})x
	draw ".crs[0].name = \"$long\""
	grep -qE '>a-name-of-[a-z-]+…<' run.svg
	run -1 grep -qF "$long" run.svg
	"$RUN" report ./drawn.json --html run.html
	grep -qF "<figcaption>$long</figcaption>" run.html
}

@test "no samples: a page without pictures, and no SVG" {
	run "$RUN" report "$HERE/tests/fuzz/corpus/summary/plain" --html run.html
	[ "$status" -eq 0 ]
	grep -q 'No samples, so no charts' run.html
	grep -q 'x &lt;y&gt;' run.html
	run "$RUN" report "$HERE/tests/fuzz/corpus/summary/plain" --svg run.svg
	[ "$status" -eq 64 ]
	[[ "$output" == *"has no samples to draw"* ]]
	[ ! -e run.svg ]
}

@test "without gnuplot the error names the package, and a file that was there stays" {
	mkdir bin
	echo before >run.html
	PATH=$BATS_TEST_TMPDIR/bin run -69 "$RUN" report "$FULL" --html run.html
	[[ "$output" == *"gnuplot is not installed"*"apt-get install gnuplot-nox"* ]]
	[ "$(<run.html)" = before ]
}

@test "a typo in a command or an option is answered with what was meant" {
	run "$RUN" rnu
	[ "$status" -eq 64 ]
	[[ "$output" == *"unknown command 'rnu'; did you mean 'run'?"* ]]
	run "$RUN" report --hmtl x
	[ "$status" -eq 64 ]
	[[ "$output" == *"unknown option --hmtl; did you mean --html?"* ]]
	run "$RUN" xyzzy
	[[ "$output" != *"did you mean"* ]]
}
