#!/bin/sh
# Builds every attack into test/attacks/build: static, so that the same binaries run in the test kernels' initramfs.
# CC picks another compiler, BUILD another folder, for example: CC=aarch64-linux-gnu-gcc BUILD=/tmp/arm64 test/attacks/build.sh
set -eu
cd "$(dirname "$0")"
build=${BUILD:-build}
mkdir -p "$build"
for source in *.c; do
	program=$build/${source%.c}
	if [ ! -e "$program" ] || [ "$source" -nt "$program" ] || [ -n "$(find . -maxdepth 1 -name "*.h" -newer "$program")" ]; then
		${CC:-gcc} -std=gnu17 -O1 -g0 -Wall -Wextra -Wno-unused-function -Werror -fno-stack-protector -static -pthread \
			-o "$program.new" "$source"
		mv "$program.new" "$program"
	fi
done
