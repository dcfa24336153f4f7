#!/bin/sh
# Gives the client certificate of the sandbox daemon to the gateway's user, and to nobody else: the daemon's image lets every
# user of every container that mounts the folder read the key.
#
# Run by: the sidecar dind, as root, after its start (lifecycle.postStart; busybox sh). The daemon counts as started only
# when this is done. Running it again changes nothing.
#
# Environment:
#   CLIENT_CERTS  folder of the client's certificate       (/certs/client)
#   GATEWAY_UID   who may read it                           (1000)
#   WAIT_SECONDS  how long the daemon may take to make it   (60)
set -eu

CLIENT_CERTS=${CLIENT_CERTS:-/certs/client}
GATEWAY_UID=${GATEWAY_UID:-1000}
WAIT_SECONDS=${WAIT_SECONDS:-60}

is_complete() {
  for name in key.pem cert.pem ca.pem; do
    [ -s "$CLIENT_CERTS/$name" ] || return 1
  done
}

waited=0
until is_complete; do
  if [ "$waited" -ge "$WAIT_SECONDS" ]; then
    printf 'share-certs: the daemon made no client certificate in %s seconds\n' "$WAIT_SECONDS" >&2
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done
chown "$GATEWAY_UID" "$CLIENT_CERTS/key.pem"
chmod 0400 "$CLIENT_CERTS/key.pem"
