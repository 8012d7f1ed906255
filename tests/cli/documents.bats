#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The documents are correct: links resolve, the files they name exist, and the commands they show
# are valid. Those commands that need a host are run by tests/lab/cases/documented.bats.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
RUN=${RUN:-$HERE/build/release/runner/oss-crs-run}
SETUP=${SETUP:-$HERE/build/release/setup-helper/oss-crs-setup}
export XDG_CONFIG_HOME=/nonexistent

setup() {
	cd "$HERE"
	DOCUMENTS=(README.md SECURITY.md docs/*.md)
}

documented() {
	tests/cli/documented "$@"
}

# shown PATTERN: "PLACE<Tab>COMMAND" for every command in the documents and manuals that PATTERN
# matches.
shown() {
	documented commands "${DOCUMENTS[@]}" packaging/man/* | grep -P "\t(sudo )?$1"
}

@test "every link leads to a file, and to a heading of it" {
	local file target path anchor count=0 missing=''
	while IFS=: read -r file target; do
		count=$((count + 1))
		path=$(dirname "$file")/${target%%#*}
		[[ -n ${target%%#*} ]] || path=$file
		[[ -e $path ]] || missing+="$file: $target"$'\n'
		[[ $target != *'#'* ]] && continue
		anchor=${target#*#}
		sed -n 's/^##* //p' "$path" | tr '[:upper:] ' '[:lower:]-' | tr -cd 'a-z0-9_\n-' | grep -qx -- "$anchor" ||
			missing+="$file: $target"$'\n'
	done < <(grep -HoP '\]\(\K(?!https?:)[^)]+' "${DOCUMENTS[@]}" examples/*/README.md tests/lab/README.md)
	[ -z "$missing" ] || { echo "$missing" && return 1; }
	[ "$count" -gt 50 ]
}

@test "README leads to every document" {
	local file
	for file in SECURITY.md docs/*.md; do
		grep -qF "($file)" README.md || { echo "not linked: $file" && return 1; }
	done
}

# Words like `runner/lease/tree.c` or `tests/lab/cases/*.bats`.
@test "files of the source that are named are there" {
	local file named count=0 missing=''
	while IFS=: read -r file named; do
		count=$((count + 1))
		compgen -G "$named" >/dev/null || missing+="$file: $named"$'\n'
	done < <(grep -HoP '`\K(common|runner|setup-helper|tests|packaging|examples|docs|polkit)/[\w.*/-]+(?=`)' \
		README.md CONTRIBUTING.md docs/*.md)
	[ -z "$missing" ] || { echo "$missing" && return 1; }
	[ "$count" -gt 30 ]
}

# The table of docs/security.md, The runner: `unit_test_name`, and `file.bats` "the beginning of a name".
@test "the tests that docs/security.md names for the runner are there" {
	local rows named count=0 missing=''
	rows=$(sed -n '/^## The runner/,$p' docs/security.md | grep '^|')
	while read -r named; do
		grep -qE "RUN(_IN_DIR)?\($named\)" tests/unit/*.c || missing+="$named"$'\n'
		count=$((count + 1))
	done < <(grep -oP '`\K[a-z0-9]+(_[a-z0-9]+){2,}(?=`)' <<<"$rows")
	while IFS='|' read -r file named; do
		grep -qF "@test \"$named" tests/cli/"$file" tests/lab/cases/"$file" tests/source/"$file" 2>/dev/null ||
			missing+="$file: $named"$'\n'
		count=$((count + 1))
	done < <(grep -oP '`(tests/source/)?[a-z]+\.bats` "[^"]+"' <<<"$rows" | sed -E 's/^`(.*\/)?([a-z]+\.bats)` "(.*)"$/\2|\3/')
	while read -r named; do
		[[ -e tests/unit/test_$named.c ]] || missing+="unit $named"$'\n'
	done < <(grep -oP '\bunit (and fuzzer )?`\K[a-z_]+(?=`)' <<<"$rows")
	while read -r named; do
		[[ -e tests/fuzz/fuzz_$named.c ]] || missing+="fuzzer $named"$'\n'
	done < <(grep -oP '\bfuzzer `\K[a-z_]+(?=`)' <<<"$rows")
	[ -z "$missing" ] || { echo "$missing" && return 1; }
	[ "$count" -gt 30 ]
}

@test "commands that are shown and run elsewhere are run there" {
	local place command word count=0
	while IFS=$'\t' read -r _ command; do
		place=$(documented place "$command")
		case $place in
		cli | lab | form) continue ;;
		check | demo) [[ -x $place ]] ;;
		esac
		# The program's name, or for the packages the word that installs them.
		word=$(grep -oE -e 'cmake|install-dependencies|make-image|build-deb|build-others|import|own-compose|--watch|hugetlb|reserve|undo|experiment|check|demo|apt' <<<"$command" | head -n 1)
		[ -n "$word" ] || { echo "no word of it to look for: $command" && return 1; }
		count=$((count + 1))
		grep -q -e "$word" "$place" || { echo "$place does not run: $command" && return 1; }
	done < <(documented commands "${DOCUMENTS[@]}")
	[ "$count" -gt 5 ]
}

@test "every command of oss-crs-run and oss-crs-setup that is shown has the options it is shown with" {
	local where command words count=0
	while IFS=$'\t' read -r where command; do
		read -ra words <<<"${command#sudo }"
		case ${words[0]} in
		oss-crs-run) run "$RUN" "${words[1]}" --help "${words[@]:2}" ;;
		oss-crs-setup) run "$SETUP" --help "${words[@]:1}" ;;
		esac
		[ "$status" -eq 0 ] || { echo "$where: $command: $output" && return 1; }
		count=$((count + 1))
	done < <(shown 'oss-crs-')
	[ "$count" -gt 10 ]
}

# The plan is made for a large machine instead of this one, unless the command itself names one.
@test "every plan that is shown is one" {
	local where command machine words count=0
	while IFS=$'\t' read -r where command; do
		machine=(--host-cpus 0-255 --host-memory 2T)
		[[ $command != *--host-* ]] || machine=()
		read -ra words <<<"${command#oss-crs-run plan }"
		run "$RUN" plan "${machine[@]}" "${words[@]}"
		[ "$status" -eq 0 ] || { echo "$where: $command: $output" && return 1; }
		count=$((count + 1))
	done < <(shown 'oss-crs-run plan ')
	[ "$count" -gt 0 ]
}

@test "docs/json.md has the ids of both programs' findings" {
	local id ids
	ids=$("$RUN" check --json | jq -r '.findings[].id') || [ -n "$ids" ]
	ids+=$'\n'$(sed -nE 's/^\t\t\{"([a-z0-9-]+)", judge_.*/\1/p' setup-helper/show/findings.c)
	[ "$(wc -l <<<"$ids")" -gt 15 ]
	for id in $ids; do
		grep -qF "\`$id\`" docs/json.md || { echo "docs/json.md lacks $id" && return 1; }
	done
}

# polkit drops the whole file, and with it the actions, without a word to whoever calls pkexec.
@test "the comments of the polkit policy are XML: no -- inside" {
	local policy=polkit/org.oss-crs.setup.policy.in
	run bash -c "tr '\n' ' ' <'$policy' | grep -oP '<!--.*?-->' | sed 's/^<!--//; s/-->\$//' | grep -e --"
	[ "$status" -eq 1 ]
}
