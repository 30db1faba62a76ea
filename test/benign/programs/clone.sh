#!/bin/sh
# Clones a local repository with one commit.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
git init --quiet "$directory/origin"
git -C "$directory/origin" -c user.name=nobody -c user.email=nobody@localhost commit --quiet --allow-empty -m 'first'
git clone --quiet --no-local "$directory/origin" "$directory/clone"
git -C "$directory/clone" gc --quiet
