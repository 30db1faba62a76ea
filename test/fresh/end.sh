#!/bin/sh
# Waits for the end of its standard input, then ends every process of CGROUP and removes the folder: end.sh CGROUP FOLDER
# The other end of that pipe closes however its owner ends, SIGKILL included.
set -eu
cat >/dev/null
echo 1 >"$1/cgroup.kill"
tries=300
# the tests may have made others below; one can be removed when the last process in it is gone
until find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || {
		echo "failed to end the processes of $1: $(find "$1" -name cgroup.procs -exec cat {} + | tr '\n' ' ')" >&2
		exit 1
	}
	sleep 0.1
done
rm -rf --one-file-system "$2"
