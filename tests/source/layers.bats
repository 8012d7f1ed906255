#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The shape of the source: a folder is a layer, and an include may only go down. The layers are those of the two
# CMakeLists.txt, the flags those of the release build (cmake --preset release).

bats_require_minimum_version 1.5.0

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=$HERE/build/release

# "PROGRAM LAYER SEES..." for each layer, from the bottom up.
layers() {
	local file
	for file in setup-helper runner; do
		tr '\n' ' ' <"$HERE/$file/CMakeLists.txt" | grep -oE 'oss_crs_layer\([^)]*\)' |
			sed -E "s/oss_crs_layer\((\w+) (\w+) .* SEES ([a-z ]+[a-z])( +LIBRARIES.*)?\)/\1 \2 \3/; s/ +/ /g"
	done
}

folder() { # PROGRAM LAYER
	case $1/$2 in
	*/common) echo "$HERE/common" ;;
	runner/*) echo "$HERE/runner/$2" ;;
	setup/*) echo "$HERE/setup-helper/$2" ;;
	esac
}

# What a layer may include: itself, and what it sees directly or through others.
visible() { # PROGRAM LAYER
	local below
	echo "$2"
	for below in $(layers | sed -n "s/^$1 $2 //p"); do
		[[ $below == common ]] && echo common || visible "$1" "$below"
	done
}

# The compiler's flags for the layer's own sources.
include_flags() { # PROGRAM LAYER
	jq -r --arg dir "$(folder "$1" "$2")/" 'first(.[] | select(.file | startswith($dir))) | .command' \
		"$BUILD/compile_commands.json" | grep -oE -- ' -(I|D)[^ ]+' | tr -d '\\"' | grep -v VERSION
}

compiles() { # PROGRAM LAYER HEADER
	local flags
	mapfile -t flags < <(include_flags "$1" "$2" | tr -d ' ')
	printf '#include "%s"\n' "$3" | cc -std=c17 -fsyntax-only "${flags[@]}" -x c - 2>"$BATS_TEST_TMPDIR/log"
}

@test "an include of a layer above or beside does not compile" {
	local program layer sees other header refused=0
	while read -r program layer sees; do
		for other in $(layers | sed -n "s/^$program \(\w*\) .*/\1/p"); do
			! visible "$program" "$layer" | grep -qx "$other" || continue
			header=$(basename "$(find "$(folder "$program" "$other")" -name '*.h' | sort | head -n 1)")
			run ! compiles "$program" "$layer" "$header"
			grep -q "$header: No such file" "$BATS_TEST_TMPDIR/log" ||
				{ echo "$program: $layer may include $other/$header" && return 1; }
			refused=$((refused + 1))
		done
	done < <(layers)
	[ "$refused" -ge 35 ]
}

@test "each header compiles by itself, with what its layer may see" {
	local program layer sees header
	while read -r program layer sees; do
		for header in "$(folder "$program" "$layer")"/*.h; do
			compiles "$program" "$layer" "$(basename "$header")" ||
				{ echo "$header" && cat "$BATS_TEST_TMPDIR/log" && return 1; }
		done
	done < <(layers)
}

@test "no include names a folder, which would go round the layers" {
	run git -C "$HERE" grep -nE '^#include "[^"]*/' -- common runner setup-helper
	[ "$status" -eq 1 ]
}

# Files of the programs whose translation unit has a header in it.
units_with() { # HEADER
	local directory command
	# Only the dependencies are wanted: the build's own objects stay as they are.
	jq -r '.[] | select(.file | test("/(common|runner|setup-helper)/")) | [.directory, .command] | @tsv' "$BUILD/compile_commands.json" |
		while IFS=$'\t' read -r directory command; do
			command=$(sed -E 's/ -o [^ ]+ -c / -M /; s/\\\\/\\/g' <<<"$command")
			(cd "$directory" && eval "$command" | tr -d '\n\\' | grep -qE "/$1( |\$)" &&
				grep -oE '[a-z_]+\.c$' <<<"$command") || :
		done | sort -u | xargs
}

@test "each library is seen by as few files of a program as can be" {
	[ "$(units_with yaml.h)" = doc_parse.c ]
	[ "$(units_with systemd/sd-bus.h)" = "bus.c bus_calls.c bus_read.c user_manager.c" ]
	[ "$(units_with libsmartcols/libsmartcols.h)" = grid.c ]
	[ "$(units_with '(llhttp|http_parser).h')" = message.c ]
}

# These files print what comes from elsewhere. Only text_line() and the tables of grid.c clean it.
@test "text for people is printed by one function" {
	run git -C "$HERE" grep -nE '\bv?f?printf\(' -- common/log.c runner/commands/check.c 'runner/commands/cmd_*.c' \
		runner/report/tables.c 'setup-helper/show/*.c'
	echo "$output"
	[ "$status" -eq 1 ]
}

# A plan is a function of what it is given: the same job and machine give the same plan.
@test "a plan opens no file, reads no clock and asks nobody" {
	local library symbols
	for library in runner/librunner_plan.a setup-helper/libsetup_plan.a; do
		symbols=$(nm -A -u "$BUILD/$library" | grep -v ':machine\.c\.o:')
		[ -n "$symbols" ]
		run grep -E ' U (open(at)?$|fopen|read|write|fs_|cgroup_(get|set|open|make)|host_|time|clock|getenv|getrandom|random|getpw|getgr|socket|sd_)' <<<"$symbols"
		[ "$status" -eq 1 ] || { echo "$output" && return 1; }
	done
}

@test "docs/architecture.md has the layers that the build has" {
	local documented
	documented=$(sed -nE 's/^\| `(runner|setup-helper)\/([a-z]+)\/` \| ([a-z, ]+) \|.*/\1 \2 \3/p' "$HERE/docs/architecture.md" |
		sed 's/^setup-helper/setup/; s/,//g')
	diff <(sort <<<"$documented") <(layers | sort)
}

@test "each file of C says at its head what lives there, in lines of at most 100 columns" {
	local file
	for file in $(git -C "$HERE" ls-files '*.c' '*.h'); do
		! expand -t 8 "$HERE/$file" | LC_ALL=C.UTF-8 grep -nE '.{101}' || { echo "$file" && return 1; }
		sed -n 3p "$HERE/$file" | grep -qE "^ \* $(basename "$file" | sed 's/\.[ch]$//'): " ||
			{ echo "$file: its third line is not its name and what it is" && return 1; }
	done
	run git -C "$HERE" grep -nE '^ \* \w+: see \w+\.h\.$' -- '*.c'
	[ "$status" -eq 1 ]
}
