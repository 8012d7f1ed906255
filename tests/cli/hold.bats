#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What `hold` refuses before it makes anything, without a host: a descriptor that cannot hold a run,
# a config without an end, a bad config or option. tests/lab/cases/hold.bats holds runs.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
CONFIG='{"crs": [{"name": "c", "cpuset": "0", "memory_limit": "64M"}]}'

# What a caller reads: one line with the path of the cgroup, or an error.
message() {
	jq -r .error.message <<<"$output"
}

# hold OPTION...: hold a run, with the standard input of this function; standard error is dropped.
hold() {
	run timeout 60 bash -c '"$@" 2>/dev/null' _ "$RUN" hold --json "$@"
}

@test "a run cannot be held by what never closes, or by what is not open" {
	hold - </dev/null
	[ "$status" -eq 64 ]
	[[ "$(message)" == "descriptor 0 is a file or a device, which never closes" ]]
	hold --hold-fd 7 - 7<"$BATS_TEST_FILENAME" < <(echo "$CONFIG")
	[ "$status" -eq 64 ]
	[[ "$(message)" == "descriptor 7 is a file or a device, which never closes" ]]
	hold --hold-fd 999 - < <(echo "$CONFIG")
	[ "$status" -eq 64 ]
	[[ "$(message)" == "descriptor 999 is not open" ]]
}

@test "a config on the standard input that holds the run has an end of its own" {
	hold - < <(echo "$CONFIG")
	[ "$status" -eq 64 ]
	[[ "$(message)" == "standard input has ended with the config, and nothing holds the run" ]]
	# With one, the next thing that is missing is the host.
	hold --cgroup-root "$BATS_TEST_TMPDIR" - < <(printf '%s\n...\n' "$CONFIG")
	[ "$status" -eq 69 ]
	[[ "$(message)" != *"standard input"* ]]
	hold --cgroup-root "$BATS_TEST_TMPDIR" --hold-fd 7 - 7< <(sleep 60) < <(echo "$CONFIG")
	[ "$status" -eq 69 ]
	[[ "$(message)" != *"standard input"* ]]
}

@test "an error in a config on standard input has its line" {
	hold - < <(printf 'crs:\n  - {name: c, cpuset: "x", memory_limit: 64M}\n...\n')
	[ "$status" -eq 78 ]
	[[ "$(message)" == "standard input:2:"* ]]
	[[ "$(message)" == *cpuset* ]]
}

@test "a config file is read, and standard input only holds the run" {
	echo "$CONFIG" >"$BATS_TEST_TMPDIR/config"
	hold --cpus 8191 "$BATS_TEST_TMPDIR/config" < <(:)
	[ "$status" -eq 78 ]
	[[ "$(message)" == *"8191"* ]]
}

@test "a phase that a caller cannot have, and a project name that Compose does not take, are refused" {
	hold --phase exec - < <(printf '%s\n...\n' "$CONFIG")
	[ "$status" -eq 64 ]
	hold --project-name 'a"b' - < <(printf '%s\n...\n' "$CONFIG")
	[ "$status" -eq 64 ]
	[[ "$(message)" == *"'a\"b' cannot be the name of a Compose project" ]]
}

@test "a guard needs the name of the project whose label its containers get" {
	hold --guard - < <(printf '%s\n...\n' "$CONFIG")
	[ "$status" -eq 64 ]
	[[ "$output" == *"--guard needs --project-name"* ]]
}
