#!/bin/sh
# Runs a command in the clone of a root file system made by fresh-system.ts: enter.sh ROOT CGROUP COMMAND…
# To be started in a mount namespace of its own with private propagation: every mount made here ends with its last process.
# Without a pid namespace, because the sidecar reports the host's pids.
set -eu
root=$1 cgroup=$2
shift 2
PATH="$PATH:/bin:/sbin:/usr/sbin"

# first, so that every process that is started from here on can be killed
echo $$ >"$cgroup/cgroup.procs"

mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
# a new mount of sysfs has no BPF, tracing, security or control group file system below
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs tmp
# Not chroot(8): it would leave the host's files in reach, and the kernel would give the sidecar paths with the host's prefix.
pivot_root . .
umount -l .

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /root/memwarden
exec "$@" <&-
