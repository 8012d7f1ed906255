# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# results: what the measurements of tests/bench share: the config of a small job, and their output, one
# line of JSON per figure.

# one_crs DIR NAME CPUS MEMORY: the config of a job of one CRS, which has all that the worker has.
one_crs() {
	mkdir -p "$1"
	printf 'crs:\n  - {name: %s, cpuset: "%s", memory_limit: "%s"}\nworkers:\n  local: {cpuset: "%s", memory: "%s"}\n' \
		"$2" "$3" "$4" "$3" "$4" >"$1/config-resource.yaml"
}

# ratio ID WHAT [OP LIMIT] <TABLE: the ratio of the first column to the second per round, against
# LIMIT. OP is <= or >=.
ratio() {
	jq -cRn --arg id "$1" --arg what "$2" --arg op "${3:-}" --argjson limit "${4:-null}" '
		def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
		[inputs | split("\t") | map(tonumber)] as $rounds
		| [$rounds[] | .[0] / .[1]] as $ratios
		| {$id, $what, unit: "x", value: ($ratios | median), min: ($ratios | min), max: ($ratios | max), rounds: ($ratios | length),
		   first_ms: ([$rounds[][0]] | median / 1000), second_ms: ([$rounds[][1]] | median / 1000), $op, $limit}
		| .holds = if $limit == null then null elif $op == "<=" then .value <= $limit else .value >= $limit end'
}

# figure ID WHAT VALUE UNIT OP LIMIT: a count.
figure() {
	jq -cn --arg id "$1" --arg what "$2" --argjson value "$3" --arg unit "$4" --arg op "$5" --argjson limit "$6" '
		{$id, $what, $unit, $value, $op, $limit, holds: (if $op == "<=" then $value <= $limit else $value >= $limit end)}'
}

# note ID WHAT VALUE UNIT: the same without a target.
note() {
	jq -cn --arg id "$1" --arg what "$2" --argjson value "$3" --arg unit "$4" '{$id, $what, $unit, $value, holds: null}'
}

# absent ID WHAT WHY: a figure that could not be measured.
absent() {
	jq -cn --arg id "$1" --arg what "$2" --arg why "$3" '{$id, $what, $why, holds: null}'
}

# median: of the numbers in standard input, one per line.
median() {
	sort -n | awk '{ t[NR] = $1 } END { print (t[int((NR + 1) / 2)] + t[int(NR / 2) + 1]) / 2 }'
}

# median_ms COLUMN <TABLE: the median of a column of microseconds, in milliseconds.
median_ms() {
	cut -f "$1" | awk '{ print $1 / 1000 }' | median
}
