#!/bin/sh
# end.sh CGROUP FOLDER: waits for the end of its standard input, then kills every process of CGROUP and removes FOLDER.
# The kernel closes the other end of the pipe however its owner ends, also by SIGKILL.
set -eu
cat >/dev/null
echo 1 >"$1/cgroup.kill"
tries=300
# the tests may have made control groups below; each can be removed once its last process has ended
until find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || {
		echo "failed to end the processes of $1: $(find "$1" -name cgroup.procs -exec cat {} + | tr '\n' ' ')" >&2
		exit 1
	}
	sleep 0.1
done
rm -rf --one-file-system "$2"
