#!/bin/sh
# Builds the OpenTelemetry Collector of manifest.yaml, once for each content of this folder, and prints its path.
# Needs Go 1.21 or newer (a Go that is too old for the modules fetches the one they ask for); some minutes and
# 1 GB of Go caches the first time. The binary is kept under ${XDG_CACHE_HOME:-~/.cache}/memwarden/collector.
# Exit code 3: there is no such Go.
set -eu

builder=go.opentelemetry.io/collector/cmd/builder@v0.152.0
here=$(cd "$(dirname "$0")" && pwd)
key=$(cat "$here/manifest.yaml" "$here/known.sum" "$here/build.sh" | sha256sum | cut -c1-16)
folder=${XDG_CACHE_HOME:-$HOME/.cache}/memwarden/collector/$key
binary=$folder/otelcol

PATH=$PATH:/usr/local/go/bin
if [ ! -x "$binary" ]; then
	case $(go env GOVERSION 2>/dev/null) in
	'' | go1.? | go1.?.* | go1.1? | go1.1?.* | go1.20 | go1.20.*)
		echo 'failed to build the OpenTelemetry Collector: there is no recent go; try installing Go 1.21 or newer' >&2
		exit 3
		;;
	esac
	mkdir -p "$folder"
	# Test files run at the same time: the first one builds, the others wait for it here.
	exec 9>"$folder/lock"
	flock 9
fi

if [ ! -x "$binary" ]; then
	echo 'building the OpenTelemetry Collector (some minutes, the first time only) …' >&2
	sources=$(mktemp -d)
	trap 'rm -rf "$sources"' EXIT
	sed "s|^dist:|&\n  output_path: $sources|" "$here/manifest.yaml" >"$sources/manifest.yaml"
	cd "$sources"
	nice -n 10 go run "$builder" --config manifest.yaml --skip-compilation --skip-get-modules >build.log 2>&1 ||
		{ cat build.log >&2; exit 1; }
	# The builder would run `go mod tidy`, which also wants what only the tests of the modules import.
	{
		printf 'module go.opentelemetry.io/collector/cmd/builder\n\ngo 1.25.0\n\nrequire (\n'
		sed -n 's/^ *- gomod: /\t/p' manifest.yaml
		printf '\tgo.opentelemetry.io/collector/component v1.58.0\n'
		printf '\tgo.opentelemetry.io/collector/otelcol v0.152.0\n)\n'
	} >go.mod
	# Of modules that a proxy may serve without what the checksum database says of them.
	cp "$here/known.sum" go.sum
	CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false' \
		nice -n 10 go build -trimpath -ldflags='-s -w' -o "$binary.new" . >build.log 2>&1 || { cat build.log >&2; exit 1; }
	mv "$binary.new" "$binary"
fi
printf '%s\n' "$binary"
