#!/bin/sh
# Tries what the agent must reach and what it must not, from a pod with the same flows, and fails if either differs.
#
# Run by: the Job that follows every delivery, with a busybox image (sh, nc, nslookup). Uid and gid 65534, read-only root.
#
# Environment:
#   MUST_REACH      host:port, separated by spaces; tried several times, because policies and DNS may still be settling
#   MUST_NOT_REACH  the same; one success is a failure, and so is a name that does not resolve: nothing was tried then
#   ATTEMPTS        how often to try what must be reached   (6)
#   PAUSE           seconds between two tries               (5)
#   PATIENCE        seconds until a connection counts as closed (4)
set -eu

ATTEMPTS=${ATTEMPTS:-6}
PAUSE=${PAUSE:-5}
PATIENCE=${PATIENCE:-4}
failures=0

reaches() {
  nc -z -w "$PATIENCE" "${1%:*}" "${1##*:}" </dev/null >/dev/null 2>&1
}

is_unknown() {
  case ${1%:*} in
    *:*) ;; # an IPv6 address
    *[!0-9.]*)
      if ! nslookup "${1%:*}" >/dev/null 2>&1; then return 0; fi
      ;;
  esac
  return 1
}

for target in $MUST_REACH; do
  attempt=1
  until reaches "$target"; do
    if [ "$attempt" -ge "$ATTEMPTS" ]; then
      printf 'FAIL  %s must be reachable and is not\n' "$target"
      failures=$((failures + 1))
      continue 2
    fi
    attempt=$((attempt + 1))
    sleep "$PAUSE"
  done
  printf 'ok    %s is reachable\n' "$target"
done

for target in $MUST_NOT_REACH; do
  if is_unknown "$target"; then
    printf 'FAIL  %s has no address, so nothing was tried\n' "$target"
    failures=$((failures + 1))
  elif reaches "$target"; then
    printf 'FAIL  %s must not be reachable and is\n' "$target"
    failures=$((failures + 1))
  else
    printf 'ok    %s is closed\n' "$target"
  fi
done

exit "$((failures > 0))"
