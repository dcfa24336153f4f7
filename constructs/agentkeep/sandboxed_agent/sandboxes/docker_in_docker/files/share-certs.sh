#!/bin/sh
# Gives the client certificate of the sandbox daemon to the gateway's user, and to nobody else: the daemon's image lets every
# user of every container that mounts the folder read the key.
#
# Run by: the sidecar dind, as root, after its start (lifecycle.postStart; busybox sh). The daemon counts as started only
# when this is done. Running it again changes nothing.
#
# It waits for the daemon's answer and not for the files: the image opens the key again whenever the daemon starts, and
# after a restart the files are there before that.
#
# Environment:
#   CLIENT_CERTS  folder of the client's certificate     (/certs/client)
#   GATEWAY_UID   who may read it                         (1000)
#   WAIT_SECONDS  how long the daemon may take to answer  (120)
set -eu

CLIENT_CERTS=${CLIENT_CERTS:-/certs/client}
GATEWAY_UID=${GATEWAY_UID:-1000}
WAIT_SECONDS=${WAIT_SECONDS:-120}

answers() {
  docker --host=tcp://localhost:2376 --tlsverify --tlscacert="$CLIENT_CERTS/ca.pem" --tlscert="$CLIENT_CERTS/cert.pem" \
    --tlskey="$CLIENT_CERTS/key.pem" version >/dev/null 2>&1
}

waited=0
until answers; do
  if [ "$waited" -ge "$WAIT_SECONDS" ]; then
    printf 'share-certs: the daemon did not answer to its client certificate in %s seconds\n' "$WAIT_SECONDS" >&2
    exit 1
  fi
  sleep 1
  waited=$((waited + 1))
done
chown "$GATEWAY_UID" "$CLIENT_CERTS/key.pem"
chmod 0400 "$CLIENT_CERTS/key.pem"
