# The sidecar's image. One stage compiles the kernel programs, one the JavaScript; the result has neither compiler nor
# shell. Build: docker build --tag memwarden .   Both architectures: docker buildx build --platform linux/amd64,linux/arm64 .

# Debian 13.6 of 2026-08-24, and a base of the same release with a C++ runtime and nothing else.
ARG BUILD_BASE=debian:trixie-20260824-slim@sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132
ARG RUNTIME_BASE=gcr.io/distroless/cc-debian13@sha256:ed7c407fd64eb0af9dddb9456b94cee188a40a7f53cf38c9836e1e9ae14fca02

# Kernel programs for both architectures, compiled on the building machine's own.
FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS bpf
RUN apt-get update \
    && apt-get install --yes --no-install-recommends clang libbpf-dev linux-libc-dev llvm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY bpf/ bpf/
RUN sh bpf/build.sh x86 && sh bpf/build.sh arm64

FROM ${BUILD_BASE} AS app
# npm is only needed here: the node that runs memwarden is the one that package-lock.json pins.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates gcc libatomic1 libbpf1 libc6-dev libcap2 npm \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/memwarden
COPY package.json package-lock.json ./
RUN npm ci
COPY src/ src/
COPY tsconfig.json ./
RUN npm run build:js && npm prune --omit=dev
# The GPL wants the source beside the objects.
COPY bpf/ bpf/
COPY --from=bpf /build/bpf/build/ bpf/build/
COPY config/ config/
COPY LICENSE ./
# What goes into the image, laid out as it will be there; node, libbpf and libpsx with the libraries that the base
# lacks. Their packages are named where scanners of images look for them. A clone made with umask 002 has files that the
# group may write, and those memwarden does not believe.
# /usr/local/bin/node is a small program that becomes Node.js without what the environment has for it.
RUN mkdir -p /image/opt/memwarden /image/usr/local/bin /image/var/lib/memwarden /image/var/lib/dpkg/status.d \
    && install -D -m 755 node_modules/node/bin/node /image/usr/local/lib/memwarden/node \
    && gcc -static -Os -Wall -Wextra -Werror -o /image/usr/local/bin/node src/launcher/start-node.c \
    && rm -rf node_modules/node node_modules/node-* node_modules/.bin \
    && cp -a package.json LICENSE dist node_modules bpf config /image/opt/memwarden/ \
    && chmod -R go-w /image/opt/memwarden \
    && cd /usr/lib/*-linux-gnu && install -Dt "/image$PWD" \
        libatomic.so.1 libbpf.so.1 libelf.so.1 libpsx.so.2 libz.so.1 libzstd.so.1 \
    && for package in libatomic1 libbpf1 libcap2 libelf1t64 libzstd1 zlib1g; do \
        dpkg-query --status "$package" >"/image/var/lib/dpkg/status.d/$package" || exit 1; done

FROM ${RUNTIME_BASE}
ARG VERSION=0.0.0-unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="memwarden" \
      org.opencontainers.image.description="OpenTelemetry sidecar that sees, in the Linux kernel, which process reads or writes whose memory" \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-2.0-only" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=app /image/ /
# Undelivered records; the rest of the file system may be read-only.
VOLUME ["/var/lib/memwarden"]
# Capabilities on a root user, not a user without them: containers give no ambient capabilities.
USER 0:0
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/node", "-e", "fetch('http://127.0.0.1:9464/readyz').then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/usr/local/bin/node", "/opt/memwarden/dist/cli/main.js"]
CMD ["run"]
