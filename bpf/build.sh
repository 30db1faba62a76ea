#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Build the BPF object: bpf/build/memwarden-ARCH.bpf.o for this machine's architecture, or for the one named as argument
# (x86 or arm64). One object serves every kernel of its architecture (CO-RE).
set -eu
cd "$(dirname "$0")"

case "${1:-$(uname -m)}" in
x86 | x86_64 | amd64) target=x86 triple=x86_64-linux-gnu ;;
arm64 | aarch64) target=arm64 triple=aarch64-linux-gnu ;;
*)
	echo "build.sh: failed to choose a target: unknown architecture '${1:-$(uname -m)}'; try x86 or arm64" >&2
	exit 2
	;;
esac

for tool in clang llvm-strip; do
	if ! command -v "$tool" >/dev/null; then
		echo "build.sh: failed to build the BPF object: $tool is missing; try 'apt-get install clang llvm libbpf-dev'" >&2
		exit 1
	fi
done

mkdir -p build
output="build/memwarden-$target.bpf.o"
# linux/types.h comes from the build machine's own multiarch headers; the types used are the same on both targets.
clang -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-target bpf -mcpu=v2 "-D__TARGET_ARCH_$target" \
	-idirafter "/usr/include/$(uname -m)-linux-gnu" -idirafter "/usr/include/$triple" \
	-c memwarden.bpf.c -o "$output"
llvm-strip -g "$output"
echo "built bpf/$output ($(wc -c <"$output") bytes)"
