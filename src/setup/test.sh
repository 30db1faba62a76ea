#!/bin/sh
# Everything from a fresh clone to a verdict: packages, then `npm test`. The last line sums up all parts of the run.
set -eu
cd "$(dirname "$0")/../.."
. src/setup/prerequisites.sh

started=$(date +%s)

# shellcheck disable=SC2046 # one word a package
install_packages $(missing_packages) $(missing_test_packages)
install_node_modules
install_go
[ "$(id -u)" -eq 0 ] || say 'not root: tests on the live kernel will be skipped; run this with sudo to include them'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# a pipe would hide the status of npm
{
	status=0
	npm test || status=$?
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
