#!/bin/sh
# Copies the docker CLI out of the image that this runs in, for the gateway to start sandboxes with: the OpenClaw image
# has none. The CLI of the official docker images is static, so it runs in any Linux image.
#
# Run by: the init container copy-docker-cli, with the same docker image as the sandbox daemon (busybox sh). Uid and gid
# 1000. Running it again changes nothing.
#
# Environment:
#   TOOLS_DIR       the emptyDir of install-tools.sh  (/opt/agent-tools)
#   DOCKER_VERSION  the version that it must be, or empty for whatever the image has
set -eu
umask 022

TOOLS_DIR=${TOOLS_DIR:-/opt/agent-tools}
DOCKER_VERSION=${DOCKER_VERSION:-}

fail() {
  printf 'copy-docker-cli: %s\n' "$*" >&2
  exit 1
}

source=$(command -v docker) || fail "this image has no docker"
if [ -n "$DOCKER_VERSION" ]; then
  docker --version | grep -qF "Docker version $DOCKER_VERSION," || fail "docker is not $DOCKER_VERSION"
fi
mkdir -p "$TOOLS_DIR/bin"
cp -L "$source" "$TOOLS_DIR/bin/docker.part"
chmod 0755 "$TOOLS_DIR/bin/docker.part"
mv -f "$TOOLS_DIR/bin/docker.part" "$TOOLS_DIR/bin/docker"
