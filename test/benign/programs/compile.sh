#!/bin/sh
# Compiles a C program and runs it, in its own folder.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cat > "$directory/hello.c" <<'SOURCE'
#include <stdio.h>
int main(void) { return puts("hello") < 0; }
SOURCE
gcc -O2 -g -o "$directory/hello" "$directory/hello.c"
"$directory/hello"
