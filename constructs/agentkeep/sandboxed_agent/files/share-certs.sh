#!/bin/sh
# Gives the gateway's user the client certificate of the sandbox daemon. The daemon's image makes the key readable by root
# alone, and the gateway is not root.
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

waited=0
# cert.pem is written last.
until [ -s "$CLIENT_CERTS/cert.pem" ] && [ -s "$CLIENT_CERTS/key.pem" ]; do
  if [ "$waited" -ge "$WAIT_SECONDS" ]; then
    printf 'share-certs: the daemon made no client certificate in %s seconds\n' "$WAIT_SECONDS" >&2
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done
chown "$GATEWAY_UID" "$CLIENT_CERTS/key.pem"
chmod 0400 "$CLIENT_CERTS/key.pem"
