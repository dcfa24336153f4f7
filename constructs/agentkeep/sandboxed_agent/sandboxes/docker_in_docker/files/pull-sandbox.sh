#!/bin/sh
# Waits for the sandbox daemon and gives it the sandbox image, under the name that openclaw.json uses. OpenClaw never
# pulls a sandbox image: without this the first command of the agent fails.
#
# Run by: the init container pull-sandbox, after the daemon's sidecar has started, with the docker image (busybox sh). Uid
# and gid 1000. Running it again changes nothing.
#
# It fails only when the image can neither be pulled nor is there already, so a registry that is down does not keep an
# agent down whose daemon has the image.
#
# Environment:
#   SANDBOX_SOURCE  the published image, name@sha256:<digest>
#   SANDBOX_IMAGE   the name in openclaw.json; empty when that is SANDBOX_SOURCE itself
#   WAIT_SECONDS    how long the daemon may take to answer    (120)
#   PULL_ATTEMPTS   how often to try                          (5)
#   PULL_PAUSE      seconds between two tries                 (10)
#   DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH          as the gateway has them
set -eu

: "${SANDBOX_SOURCE:?there is no sandbox image to pull}"
SANDBOX_IMAGE=${SANDBOX_IMAGE:-$SANDBOX_SOURCE}
WAIT_SECONDS=${WAIT_SECONDS:-120}
PULL_ATTEMPTS=${PULL_ATTEMPTS:-5}
PULL_PAUSE=${PULL_PAUSE:-10}

say() {
  printf 'pull-sandbox: %s\n' "$*" >&2
}

waited=0
until docker version --format '{{.Server.Version}}' >/dev/null 2>&1; do
  if [ "$waited" -ge "$WAIT_SECONDS" ]; then
    say "the daemon did not answer for $WAIT_SECONDS seconds"
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done

if ! docker image inspect "$SANDBOX_SOURCE" >/dev/null 2>&1; then
  attempt=1
  until docker pull --quiet "$SANDBOX_SOURCE" >/dev/null; do
    if [ "$attempt" -ge "$PULL_ATTEMPTS" ]; then
      if docker image inspect "$SANDBOX_IMAGE" >/dev/null 2>&1; then
        say "could not pull; the daemon keeps an older $SANDBOX_IMAGE"
        exit 0
      fi
      say "could not pull $SANDBOX_SOURCE in $PULL_ATTEMPTS attempts"
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep "$PULL_PAUSE"
  done
fi
if [ "$SANDBOX_IMAGE" != "$SANDBOX_SOURCE" ]; then
  docker tag "$SANDBOX_SOURCE" "$SANDBOX_IMAGE"
fi
say "$SANDBOX_IMAGE is ready"
