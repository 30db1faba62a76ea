#!/bin/sh
# From a fresh clone to a result: installs packages, then runs `npm test`. The last line sums up all parts of the run.
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

started=$(date +%s)

# shellcheck disable=SC2046 # one word a package
install_packages $(missing_packages) $(missing_test_packages)
install_node_modules
install_go
[ "$(id -u)" -eq 0 ] || say 'not root: tests on the live kernel will be skipped; run this with sudo to include them'

work=$(mktemp -d)
place=$(mktemp -d)
chmod 755 "$place"
trap 'rm -rf "$work"; rmdir "$place"' EXIT

# Some tests run programs as an ordinary user, who cannot enter a home with mode 0700: root's, and on newer systems every one.
# For these the clone is mounted at another path, in a mount namespace that ends with the last process of the tests.
run_tests() {
	if [ "$(id -u)" -ne 0 ] || ordinary_user test -r "$PWD/package.json"; then
		npm test
	elif unshare --mount true; then
		unshare --mount --propagation private \
			sh -c 'mount --bind "$PWD" "$1" && cd "$1" && exec npm test' tests "$place"
	else
		say "an ordinary user cannot enter $PWD: tests that need one fail there"
		npm test
	fi
}

ordinary_user() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# the status goes into a file, since that of a pipe is tee's
{
	status=0
	run_tests || status=$?
	echo "$status" >"$work/status"
} 2>&1 | tee "$work/output"
status=$(cat "$work/status")

# Each part ends with node:test's own summary: "ℹ pass 12" (spec reporter) or "# pass 12" (TAP).
total() {
	sed -n "s/^[^a-z0-9]* $1 \([0-9][0-9]*\)$/\1/p" "$work/output" | awk '{ sum += $1 } END { print sum + 0 }'
}
passed=$(total pass)
failed=$(($(total fail) + $(total cancelled)))
skipped=$(total skipped)
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
	say "npm test ended with status $status outside of the tests: formatting, types or the build; see above"
	failed=1
fi
say "set-up and tests took $(($(date +%s) - started)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
