#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# packaging/build-site: the documents as a site, with links that lead somewhere and nothing from elsewhere.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup() {
	command -v mkdocs >/dev/null || skip "no mkdocs"
	cd "$BATS_TEST_TMPDIR"
}

# "FILE TARGET" for each link of a page to a file.
links() { # DIR
	grep -roP --include='*.html' '(href|src)="\K[^"#]+' "$1" | grep -vE ':(https?|mailto|data):' | sed 's/:/ /; s/[?].*//' | sort -u
}

@test "every page is there, every link leads to a file, and nothing is loaded from elsewhere" {
	local file target missing='' count=0
	"$HERE/packaging/build-site" "$PWD/site"
	for file in "$HERE"/docs/*.md; do
		[ -s "site/docs/$(basename "$file" .md).html" ]
	done
	for file in "$HERE"/packaging/man/*; do
		grep -qF "href=\"$(basename "$file").html\"" site/man/index.html
		grep -q '</html>' "site/man/$(basename "$file").html"
	done
	while read -r file target; do
		[[ -e $(dirname "$file")/$target ]] || missing+="$file: $target"$'\n'
		count=$((count + 1))
	done < <(links site)
	[ -z "$missing" ] || { echo "$missing" && return 1; }
	[ "$count" -gt 200 ]
	grep -q 'href="https://manpages.debian.org/cgroups.7"' site/man/oss-crs-run.1.html
	run grep -rnE --include='*.html' '<(script|img|iframe)[^>]*src="(https?:)?//|<link[^>]*rel="stylesheet"[^>]*href="(https?:)?//' site
	[ "$status" -eq 1 ]
}

@test "a link that leads nowhere is an error" {
	mkdir source
	(cd "$HERE" && cp -r --parents README.md SECURITY.md CONTRIBUTING.md CHANGELOG.md LICENSE docs examples tests/lab/README.md packaging "$BATS_TEST_TMPDIR/source")
	echo '[more](nowhere.md)' >>source/docs/design.md
	run source/packaging/build-site "$PWD/site"
	[ "$status" -ne 0 ]
	[[ "$output" == *nowhere.md* ]]
}
