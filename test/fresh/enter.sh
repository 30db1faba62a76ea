#!/bin/sh
# Runs a command in the clone of a root file system made by fresh-system.ts: enter.sh ROOT CGROUP COMMAND…
# To be started in a mount namespace of its own with private propagation: every mount made here goes with its last process.
# There is no namespace for processes, because what the sidecar reports are the host's numbers.
set -eu
root=$1 cgroup=$2
shift 2
PATH="$PATH:/bin:/sbin:/usr/sbin"

# first of all, so that whatever starts from here on can be ended
echo $$ >"$cgroup/cgroup.procs"

mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
# a new mount of it has no BPF, tracing, security or control group file system below
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs tmp
# Not chroot, which would leave the host's files in reach, and the paths that the kernel gives to the sidecar longer than
# those that the tests know.
pivot_root . .
umount -l .

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /root/memwarden
exec "$@" <&-
