#!/bin/sh
# Makes stand-ins for the two base images of the Dockerfile, from Debian packages, and for the Collector of
# docker-compose.yml, from its modules: for machines with a docker engine and no image registry. As root:
#
#   test/e2e/deployment/local-bases.sh
#   docker build --network=host --build-arg BUILD_BASE=memwarden-build-base --build-arg RUNTIME_BASE=memwarden-runtime-base --tag memwarden .
#   docker compose up
set -eu

here=$(cd "$(dirname "$0")" && pwd)
suite=trixie
mirror=${MEMWARDEN_TEST_MIRROR:-http://deb.debian.org/debian}
# The packages of gcr.io/distroless/cc-debian13.
runtime='base-files ca-certificates libc6 libgcc-s1 libgomp1 libssl3t64 libstdc++6 netbase tzdata'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

debootstrap --variant=minbase "$suite" "$work/build" "$mirror" >&2
chroot "$work/build" apt-get clean
# for networks with a proxy that has its own certificate
[ ! -d /usr/local/share/ca-certificates ] || cp -R /usr/local/share/ca-certificates "$work/build/usr/local/share/"
tar -C "$work/build" -c . | docker import - memwarden-build-base

mkdir "$work/runtime" "$work/build/packages"
# shellcheck disable=SC2086 # a list
chroot "$work/build" sh -c 'cd /packages && apt-get -o APT::Sandbox::User=root download "$@"' download $runtime >&2
for package in "$work/build/packages"/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/runtime" --keep-directory-symlink
done
rm -rf "$work/runtime/usr/share/doc" "$work/runtime/usr/share/man" "$work/runtime/usr/share/locale"
# the effect of their maintainer scripts
cat "$work/runtime"/usr/share/ca-certificates/mozilla/*.crt >"$work/ca-certificates.crt"
mkdir -p "$work/runtime/etc/ssl/certs" "$work/runtime/tmp" "$work/runtime/root"
mv "$work/ca-certificates.crt" "$work/runtime/etc/ssl/certs/"
printf 'root:x:0:0:root:/root:/sbin/nologin\n' >"$work/runtime/etc/passwd"
printf 'root:x:0:\n' >"$work/runtime/etc/group"
tar -C "$work/runtime" -c . | docker import - memwarden-runtime-base

collector=$(sed -n 's|.*image: \(otel/.*\)|\1|p' "$here/../../../docker-compose.yml")
mkdir "$work/collector"
cp "$(sh "$here/../collector/build.sh")" "$work/collector/otelcol"
tar -C "$work/collector" -c . | docker import --change 'ENTRYPOINT ["/otelcol"]' - "$collector"
