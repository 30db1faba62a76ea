#!/bin/sh
# Starts a container as an engine does: namespaces, its own root, procfs, pivot_root, and a shell in it.
set -eu
exec unshare --mount --pid --uts --ipc --fork --propagation private sh -eu -c '
	root=$(mktemp -d)
	mount -t tmpfs tmpfs "$root"
	mkdir -p "$root/bin" "$root/proc" "$root/old" "$root/dev"
	busybox cp /proc/self/exe "$root/bin/busybox"
	for name in sh ps ls cat umount; do ln -s busybox "$root/bin/$name"; done
	mount --bind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	cd "$root"
	pivot_root . old
	exec /bin/sh -eu -c "umount -l /old; ps; cat /proc/1/status /proc/self/maps > /dev/null; ls -l /proc/1/fd"
'
