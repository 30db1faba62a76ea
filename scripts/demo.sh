#!/bin/sh
# From a fresh clone to a detection on the screen: installs packages, builds, starts the sidecar, and makes a harmless access.
# With --once, or without a terminal, it ends after that detection (status 0) or after a minute without it (status 1).
set -eu
cd "$(dirname "$0")/.."
. scripts/prerequisites.sh

once=false
[ -t 1 ] || once=true
case ${1:-} in
'') ;;
--once) once=true ;;
*) fail "understand '$1'" "$0 [--once]" 2 ;;
esac

# shellcheck disable=SC2046 # one word a package
install_packages $(missing_packages)
install_node_modules
sh bpf/build.sh >&2

work=$(mktemp -d)
started=
follower=
finish() {
	[ ! -s "$work/sidecar" ] || as_root sh -c 'kill "$1"' kill "$(cat "$work/sidecar")" 2>/dev/null || true
	[ -z "$started" ] || wait "$started" 2>/dev/null || true
	[ -z "$follower" ] || kill "$follower" 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for SECONDS TEXT FILE
wait_for() {
	tenths=$(($1 * 10))
	until grep -qs -e "$2" "$3"; do
		[ -d "/proc/$started" ] || return 1
		[ $tenths -gt 0 ] || return 1
		tenths=$((tenths - 1))
		sleep 0.1
	done
}

# The sidecar's pid goes into a file: $! is that of a subshell, or of sudo, which does not pass on signals from its own
# process group.
start_sidecar() {
	as_root sh -c 'echo $$ >"$1" && shift && exec "$@"' start "$work/sidecar" \
		src/launcher/memwarden run --exporter console --log-level error --set health.enabled=false "$@"
}

as_root true # so that sudo asks for the password before anything else writes to the terminal
: >"$work/diagnostics"
if $once; then
	start_sidecar >"$work/records" 2>"$work/diagnostics" &
else
	start_sidecar --pretty 2>"$work/diagnostics" &
fi
started=$!

if ! wait_for 60 'memwarden ready' "$work/diagnostics"; then
	cat "$work/diagnostics" >&2
	fail 'start the sidecar' 'sudo npm run memwarden -- doctor'
fi
cat "$work/diagnostics" >&2

$once || {
	say 'Every detection appears here; Ctrl-C ends it. To send them to a collector instead:'
	say '  sudo -E npm run memwarden -- --endpoint http://localhost:4317'
}

# The memory file is opened and closed; nothing is read.
as_root sh -c '
	sleep 10 &
	# before execve(2) the child is still a copy of this shell
	until [ "$(cat "/proc/$!/comm")" = sleep ]; do :; done
	echo "$$ $!" >"$1"
	echo "demonstration: this shell (\$\$ is $$) opens the memory of its child sleep (\$! is $!)" >&2
	exec 3<"/proc/$!/mem"
	exec 3<&-
	kill $!
' demonstration "$work/pids"
read -r shell_pid sleep_pid <"$work/pids"

if $once; then
	wait_for 60 "\"pid\":$shell_pid,.*\"target_pid\":$sleep_pid[,}]" "$work/records" || {
		cat "$work/diagnostics" >&2
		fail "see the demonstration: no record with pid $shell_pid and target_pid $sleep_pid within 60 s"
	}
	grep -e "\"target_pid\":$sleep_pid[,}]" "$work/records"
	say "seen: pid $shell_pid and target_pid $sleep_pid are the shell's own \$\$ and \$!"
	exit 0
fi

tail -n 0 -f "$work/diagnostics" >&2 &
follower=$!
wait "$started"
