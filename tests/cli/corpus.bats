#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Published configs plan to the CPUs and bytes that tests/fixtures/corpus/expected.json says.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
export XDG_CONFIG_HOME=/nonexistent
CORPUS=$HERE/tests/fixtures/corpus

# One line of JSON, in the same form for the expected and the actual plan; a refused config gives
# its exit status.
planned() { # FILE WORKER ARG...
	local plan status=0
	plan=$("$RUN" plan --json --host-cpus 0-255 --host-memory 2T --worker "$2" "${@:3}" "$CORPUS/$1" 2>/dev/null) || status=$?
	if ((status)); then
		echo "exit $status"
	else
		jq -c '{cpus, memory_max, crs: [.crs[] | {name, cpus, memory_max}] | sort_by(.name)}' <<<"$plan"
	fi
}

# cases COUNT FILTER: compare the cases of expected.json that FILTER selects, and name those that
# differ. Fails unless there are COUNT of them.
cases() {
	local file worker args want have ran=0 differ=0
	while IFS=$'\x1f' read -r file worker args want; do
		read -ra args <<<"$args"
		have=$(planned "$file" "$worker" "${args[@]}")
		ran=$((ran + 1))
		if [[ $have != "$want" ]]; then
			differ=$((differ + 1))
			printf '%s, worker %s, %s\n  want %s\n  have %s\n' "$file" "$worker" "${args[*]}" "$want" "$have"
		fi
	done < <(jq -r '.[] | select('"$2"') | [.file, .worker // "local", (.args | join(" ")), (if .ok then
		{cpus: .worker_cpus, memory_max: .worker_memory_max, crs: [.crs[] | {name, cpus, memory_max}] | sort_by(.name)} | tojson
		else "exit 78" end)] | join("\u001f")' "$CORPUS/expected.json")
	echo "$ran cases, $differ differ"
	((ran == $1 && differ == 0))
}

@test "resource configs from the wild plan as expected, on each of their workers" {
	cases 21 '(.file | startswith("resource/"))'
}

@test "crs-compose files from the wild plan as expected" {
	cases 48 '(.file | startswith("compose/")) and .args == []'
}

@test "crs-compose files from the wild, moved to other CPUs" {
	cases 48 '(.file | startswith("compose/")) and (.args | length) == 2'
}

@test "crs-compose files from the wild, scaled to other CPUs and memory" {
	cases 48 '(.file | startswith("compose/")) and (.args | index("--scale"))'
}

@test "there are no other cases" {
	[ "$(jq length "$CORPUS/expected.json")" -eq $((21 + 3 * 48)) ]
}
