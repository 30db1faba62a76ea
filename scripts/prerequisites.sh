# Sourced by demo.sh and test.sh: installs what `npm ci` and the BPF build need on Debian or Ubuntu. POSIX sh. What is already
# installed is left alone, and every installation is announced.
# shellcheck shell=sh

say() {
	printf '%s\n' "$*" >&2
}

fail() {
	say "failed to $1"
	[ $# -lt 2 ] || say "try: $2"
	exit "${3:-1}"
}

# A service or continuous integration may start this without HOME, which Go and the caches need.
[ -n "${HOME:-}" ] || HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
[ -n "$HOME" ] || fail "find the home of user $(id -u): neither HOME nor the user database has one" 'HOME=/some/folder of your own'
export HOME

# Standard input may be closed; the first file that is opened would then get descriptor 0.
{ true 3<&0; } 2>/dev/null || exec </dev/null

# as_root COMMAND...: directly, or through sudo with the environment kept
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -E "$@"
	else
		fail "run '$*' as root: there is no sudo" 'run this script as root'
	fi
}

# package_for COMMAND PACKAGE: names PACKAGE when COMMAND is missing
package_for() {
	command -v "$1" >/dev/null || printf ' %s' "$2"
}

missing_packages() {
	package_for npm 'nodejs npm'
	package_for clang clang
	package_for llvm-strip llvm
	[ -e /usr/include/bpf/bpf_helpers.h ] || printf ' libbpf-dev'
	ldconfig_has libbpf.so.1 || printf ' libbpf1'
	ldconfig_has libatomic.so.1 || printf ' libatomic1'
	[ -e /etc/ssl/certs/ca-certificates.crt ] || printf ' ca-certificates'
}

# What only the tests need: a compiler for the attacks, harmless programs that access other processes' memory, and an emulator
# for other kernels with the key of the archive that these come from.
missing_test_packages() {
	package_for clang-format clang-format
	package_for gcc gcc
	package_for git git
	package_for strace strace
	package_for lsof lsof
	package_for fuser psmisc
	package_for ps procps
	package_for htop htop
	package_for javac default-jdk-headless
	package_for zsh zsh
	package_for fish fish
	package_for openssl openssl
	package_for busybox busybox-static
	python3 -m pip --version >/dev/null 2>&1 || printf ' python3-pip'
	[ -e /usr/include/stdio.h ] || printf ' libc6-dev'
	package_for python3 python3
	package_for gdb gdb
	package_for flock util-linux
	package_for qemu-system-x86_64 qemu-system-x86
	package_for debootstrap debootstrap
	[ -x /usr/local/go/bin/go ] || package_for go golang-go
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || printf ' debian-archive-keyring'
}

ldconfig_has() {
	PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q "$1"
}

# install_packages PACKAGE...
install_packages() {
	[ $# -gt 0 ] || return 0
	command -v apt-get >/dev/null ||
		fail "install $*: this machine has no apt-get" \
			'install the equivalents with your package manager (clang, llvm, libbpf 1.x with headers, Node.js with npm), then run this again'
	say "installing with apt-get: $*"
	begun=$(date +%s)
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 ||
		fail 'update the package lists' 'look at the messages of apt-get above'
	# the lock: a machine that has just started may be installing updates
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o DPkg::Lock::Timeout=300 "$@" >&2 ||
		fail "install $*" 'look at the messages of apt-get above; Debian 12, Ubuntu 24.04 and newer have all of these'
	say "installed them in $(($(date +%s) - begun)) s"
}

# node_modules with the Node.js that the project pins; an older one of the machine is enough to install it.
install_node_modules() {
	wanted=$(sed -n 's/^ *"node": "\([0-9][0-9.]*\)".*/\1/p' package.json)
	if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
		say 'installing the npm packages (npm ci)'
		begun=$(date +%s)
		npm ci --no-audit --no-fund --loglevel=error >&2 || fail 'install the npm packages' 'look at the messages of npm above'
		say "installed the npm packages in $(($(date +%s) - begun)) s"
	fi
	if ! has_node "$wanted"; then
		# the package's install script brings the binary, unless ignore-scripts=true is set machine-wide
		npm rebuild node --ignore-scripts=false --loglevel=error >&2 || true
	fi
	has_node "$wanted" ||
		fail "get Node.js $wanted: node_modules/.bin/node is $(node_modules/.bin/node --version 2>&1 | head -n 1)" \
			'npm rebuild node --ignore-scripts=false --foreground-scripts'
	PATH="$PWD/node_modules/.bin:$PATH"
}

has_node() {
	[ "$(node_modules/.bin/node --version 2>/dev/null)" = "v$1" ]
}

# A Go that can build the OpenTelemetry Collector. Go 1.21 and newer fetch the toolchain that the modules ask for. Debian 12 has
# an older one, which can fetch the toolchain as a module, verified by the checksum database. This never fails: without a
# recent Go the tests that need the Collector are skipped.
install_go() {
	PATH="$PATH:/usr/local/go/bin"
	go_version=1.26.8
	go_cache=${XDG_CACHE_HOME:-$HOME/.cache}/memwarden/go-$go_version
	[ ! -x "$go_cache/bin/go" ] || PATH="$go_cache/bin:$PATH"
	! go_is_recent || return 0
	say "fetching Go $go_version through the module proxy, to build the OpenTelemetry Collector"
	begun=$(date +%s)
	go_module=$(mktemp -d)
	go_folder=$(
		cd "$go_module" && go mod init fetch 2>/dev/null &&
			go mod download -json "golang.org/toolchain@v0.0.1-go$go_version.linux-$(dpkg --print-architecture)" |
			sed -n 's/^.*"Dir": "\(.*\)",$/\1/p'
	)
	rm -rf "$go_module"
	if [ -z "$go_folder" ]; then
		say 'there is no Go that is new enough: the tests with a real OpenTelemetry Collector will be skipped'
		return 0
	fi
	mkdir -p "$go_cache"
	cp -R --no-preserve=mode "$go_folder/." "$go_cache"
	# files of a module have no permission to execute
	chmod +x "$go_cache"/bin/* "$go_cache"/pkg/tool/*/*
	PATH="$go_cache/bin:$PATH"
	say "fetched Go in $(($(date +%s) - begun)) s"
}

go_is_recent() {
	minor=$(go version 2>/dev/null | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
	[ "${minor:-0}" -ge 21 ]
}
