#!/bin/sh
# A C compile from source to a program that runs, in a folder of its own.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cat > "$directory/hello.c" <<'SOURCE'
#include <stdio.h>
int main(void) { return puts("hello") < 0; }
SOURCE
gcc -O2 -g -o "$directory/hello" "$directory/hello.c"
"$directory/hello"
