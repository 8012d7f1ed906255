#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Text from elsewhere cannot write on the terminal, hide, or change its direction, whichever way it
# takes through the programs: the command line, file names, configs, reports. tests/unit and
# tests/fuzz test the one function that makes it so (common/text.h).

bats_require_minimum_version 1.5.0

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
SETUP=${SETUP:-$HERE/build/release/setup-helper/oss-crs-setup}
FULL=$HERE/tests/fuzz/corpus/summary/full
export XDG_CONFIG_HOME=/nonexistent

# A title of the terminal, CSI as C1 and as a bare byte, a line of its own, a right-to-left
# override and isolate, a zero-width space, an overlong slash.
HOSTILE=$'x\e]0;title\a\xc2\x9b2J\x9b2J\noss-crs-run: done\r\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8b\xc0\xaf'
# The same without line breaks and bytes that are not UTF-8, and as YAML and JSON write it.
ESCAPED='x\u001b]0;title\u0007\u009b2J\u202e\u2066\u200b'

HIDDEN='[\x00-\x08\x0b-\x1f\x7f-\x9f\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}]'

setup() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	cd "$BATS_TEST_TMPDIR"
}

# shown FILE: it is UTF-8 without characters that cannot be seen, and names the text by its escapes.
shown() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || return 1
	! LC_ALL=C.UTF-8 grep -qaP "$HIDDEN" "$1" || return 1
	! grep -q '^oss-crs-run: done' "$1" || return 1
	grep -qF '\x1b]0;title\x07\u009b2J' "$1"
}

# prints STATUS COMMAND...: it ends with that status, and what it prints is as above.
prints() {
	local expected=$1 status=0
	shift
	"$@" >printed 2>&1 </dev/null || status=$?
	cat -v printed
	[ "$status" -eq "$expected" ]
	shown printed
}

@test "arguments" {
	local program
	prints 64 "$RUN" "$HOSTILE"
	prints 64 "$RUN" plan --"$HOSTILE" x
	prints 64 "$RUN" plan --host-cpus "$HOSTILE" "$HERE/tests/fixtures/seed"
	prints 64 "$RUN" selftest "$HOSTILE"
	mkdir -p "$XDG_STATE_HOME/oss-crs/reports"
	prints 64 "$RUN" report "$HOSTILE"
	prints 64 "$SETUP" "$HOSTILE"
	prints 64 "$SETUP" --"$HOSTILE"
	prints 64 "$SETUP" check --user "$HOSTILE"
	# With --json, whatever the bytes of the argument, there is a JSON object on standard output.
	for program in "$RUN" "$SETUP"; do
		"$program" check --json --"$HOSTILE" >printed 2>/dev/null || [ $? -eq 64 ]
		jq -e '.error.message | contains("\\x1b]0;title")' printed
	done
}

@test "file names" {
	mkdir "$HOSTILE"
	prints 78 "$RUN" plan "$HOSTILE"
	prints 78 "$RUN" plan "$HOSTILE/missing.yaml"
	cp "$HERE"/tests/fixtures/seed/* "$HOSTILE"
	prints 0 "$RUN" plan --host-cpus 0-255 --host-memory 2T "$HOSTILE"
	head -c 100 "$FULL" >"$HOSTILE/cut.json"
	prints 65 "$RUN" report "./$HOSTILE/cut.json"
	prints 64 "$RUN" report "./$HOSTILE/missing.json"
	prints 70 "$RUN" report "$FULL" --html "$HOSTILE/missing/page.html"
}

@test "the text of a config" {
	local config
	for config in "crs: [{name: \"$ESCAPED\"}]" \
		"crs: [{name: a, cpuset: \"$ESCAPED\"}]" "crs: [{name: a, memory_limit: \"$ESCAPED\"}]"; do
		printf '%s\nworkers: {local: {cpuset: "0-3", memory: 2G}}\n' "$config" >config.yaml
		prints 78 "$RUN" plan --host-cpus 0-3 --host-memory 4G config.yaml
	done
	printf 'crs: [{name: a}]\nworkers: {"%s": 1}\n' "$ESCAPED" >config.yaml
	prints 78 "$RUN" plan --host-cpus 0-3 --host-memory 4G config.yaml
}

# In JSON, "\u0000" is refused too; tests/unit/test_summary.c has that.
@test "a report with such text is refused, whichever of its texts it is" {
	local place text
	for place in '"reason": "exited"' '"host": "h"' '"kernel": "6.12"' '"cpu": ""' '"container": "job_a_1"' '"caveats": ['; do
		for text in 'x\u001b[2J' 'x\u009b2J' 'abc\u202e' '\u2066' 'a\u200bb' 'a\udb40\udc41'; do
			# The key of the place, and the text as its value; of a caveat, the detail.
			jq -rn --rawfile report "$FULL" --arg place "$place" --arg text "\"$text\"" '$report | split($place) |
				join(if $place | endswith("[") then $place + "{\"id\": \"swap\", \"detail\": \($text)}"
				     else ($place | split(":")[0]) + ": " + $text end)' >report.json
			grep -qF "$text" report.json
			run "$RUN" report ./report.json
			[ "$status" -eq 65 ] || { echo "$place $text: $status" && return 1; }
			[[ $output == *"is not plain text"* ]]
			run "$RUN" report ./report.json --html page.html
			[ "$status" -eq 65 ]
			[ ! -e page.html ]
		done
	done
}
