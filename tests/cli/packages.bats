#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The packages for other distributions keep up with Debian's. packaging/build-others builds them.

HERE=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

@test "every package has the version of the source" {
	version=$(sed -n 's/^project(oss-crs VERSION \([0-9.]*\).*/\1/p' "$HERE/CMakeLists.txt")
	[ -n "$version" ]
	grep -qx "Version: *$version" "$HERE/packaging/rpm/oss-crs.spec"
	grep -qx "pkgver=$version" "$HERE/packaging/arch/PKGBUILD"
	head -n 1 "$HERE/packaging/debian/changelog" | grep -qF "($version"
}

# Paths as Debian has them, from NAME.install; directories stand for all in them.
@test "every file of Debian's packages is in the others" {
	missing=""
	for path in $(cat "$HERE"/packaging/debian/*.install | awk '{ print $1 }'); do
		for other in packaging/rpm/oss-crs.spec packaging/arch/PKGBUILD; do
			grep -qF "$(basename "$path")" "$HERE/$other" || missing+="$other: $path"$'\n'
		done
	done
	[ -z "$missing" ] || { echo "$missing" && return 1; }
}

@test "every package reverts its changes before it is removed" {
	for file in packaging/debian/oss-crs-setup.prerm packaging/rpm/oss-crs.spec packaging/arch/oss-crs-setup.install; do
		grep -q 'oss-crs-setup undo --yes || status=' "$HERE/$file"
	done
}
