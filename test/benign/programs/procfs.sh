#!/bin/sh
# Reads everything about every process except its memory, as monitoring agents do. A process may end meanwhile.
cd /proc
for process in [0-9]*; do
	for file in stat status statm cmdline comm cgroup limits io oom_score wchan sched schedstat mountinfo \
		maps smaps_rollup environ; do
		cat "$process/$file"
	done
	ls -l "$process/fd" "$process/ns" "$process/task"
	readlink "$process/exe" "$process/cwd" "$process/root"
done >/dev/null 2>&1
cat meminfo stat loadavg uptime cpuinfo vmstat diskstats interrupts slabinfo kallsyms net/tcp >/dev/null 2>&1
exit 0
