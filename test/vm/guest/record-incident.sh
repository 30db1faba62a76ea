#!/bin/sh
# Prints docs/incident.jsonl, the recording of the act that the README shows: a step of a build opens the memory of the runner's
# worker, as the attack of CVE-2025-30066 did. The worker is a Python with its name. In a guest, so that no machine's own names
# are in it: npm run -s test:vm -- --kernel 6.12 --exec 'sh test/vm/guest/record-incident.sh' --timeout 300
set -eu
recording=$(mktemp -d)/incident.jsonl
worker_path=/opt/actions-runner/bin/Runner.Worker
mkdir -p "${worker_path%/*}"
cp "$(readlink -f "$(command -v python3)")" "$worker_path"
cd /
PYTHONHOME=/usr "$worker_path" -c 'import time; time.sleep(3000)' &
worker=$!
node /repo/src/cli/main.ts record "$recording" 2>"$recording.log" &
recorder=$!
until grep -qs 'memwarden ready' "$recording.log"; do
	[ -d "/proc/$recorder" ] || { cat "$recording.log" >&2; exit 1; }
	sleep 0.1
done
python3 -c "open('/proc/$worker/mem', 'rb').close()"
kill -TERM $recorder
wait $recorder || true
kill $worker
cat "$recording"
