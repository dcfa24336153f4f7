#!/bin/sh
# Removes what the sandbox daemon no longer needs, again and again: stopped containers, dangling images, build cache and
# volumes without a container. Docker never does that itself, and the daemon's volume is small.
#
# Run by: the sidecar dind-prune, with the docker image (busybox sh). Uid and gid 1000.
#
# Images with a name stay: the sandbox image is unused most of the time, and nobody would pull it again.
#
# Environment:
#   PRUNE_SECONDS   pause between two rounds      (21600, six hours)
#   PRUNE_AGE       what is younger stays         (24h)
#   PRUNE_ROUNDS    stop after so many rounds; 0 for never (0)
#   DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH  as the gateway has them
set -eu

PRUNE_SECONDS=${PRUNE_SECONDS:-21600}
PRUNE_AGE=${PRUNE_AGE:-24h}
PRUNE_ROUNDS=${PRUNE_ROUNDS:-0}

prune() {
  docker container prune --force --filter "until=$PRUNE_AGE" &&
    docker image prune --force --filter "until=$PRUNE_AGE" &&
    docker builder prune --force --filter "until=$PRUNE_AGE" &&
    docker volume prune --force
}

trap 'exit 0' TERM INT
round=0
while :; do
  # A daemon that restarts is back at the next round; leaving would only restart this container.
  prune >/dev/null || printf 'dind-prune: the daemon did not prune; trying again later\n' >&2
  round=$((round + 1))
  if [ "$round" -eq "$PRUNE_ROUNDS" ]; then
    exit 0
  fi
  sleep "$PRUNE_SECONDS" &
  wait $! || :
done
