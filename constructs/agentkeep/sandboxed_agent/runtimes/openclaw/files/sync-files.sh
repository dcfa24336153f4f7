#!/bin/sh
# Copies the configuration and the policy files from their ConfigMap volumes to where OpenClaw reads them.
#
#   sync-files.sh once     copy and leave (called by prepare-state.sh)
#   sync-files.sh watch    copy whenever source and copy differ, until stopped
#
# Run by: the init container prepare-state (once) and the sidecar sync-files (watch), with the OpenClaw image or any
# other that has sh, cmp and find. Uid and gid 1000: the copies must belong to the gateway's user.
#
# Why a copy: kubelet changes a ConfigMap volume by swapping a symlink, and OpenClaw 2026.9.6 does not notice that; it
# does notice a file that is replaced by rename, and reloads without a restart. Its security audit also warns of a
# configuration behind a symlink.
# The policy files are written again when the agent changes or removes them.
#
# Environment:
#   CONFIG_SOURCE   folder with openclaw.json             (/etc/openclaw-source)
#   CONFIG_DIR      where the live copy goes              (/etc/openclaw)
#   POLICY_SOURCE   folder tree of policy files           (/etc/openclaw-policy)
#   WORKSPACE_DIR   where the policy files go             (/home/node/.openclaw/workspace)
#   SYNC_SECONDS    pause between two looks, when watching (5)
set -eu
umask 077

CONFIG_SOURCE=${CONFIG_SOURCE:-/etc/openclaw-source}
CONFIG_DIR=${CONFIG_DIR:-/etc/openclaw}
POLICY_SOURCE=${POLICY_SOURCE:-/etc/openclaw-policy}
WORKSPACE_DIR=${WORKSPACE_DIR:-/home/node/.openclaw/workspace}
SYNC_SECONDS=${SYNC_SECONDS:-5}

say() {
  printf 'sync-files: %s\n' "$*" >&2
}

# replace SOURCE TARGET MODE: give TARGET the content of SOURCE by rename, so that no reader sees half a file.
replace() {
  if [ ! -L "$2" ] && [ -f "$2" ] && cmp -s "$1" "$2"; then
    return 0
  fi
  rm -rf "$2.sync"
  cp "$1" "$2.sync"
  chmod "$3" "$2.sync"
  # mv would move into a folder of that name.
  if [ -d "$2" ] && [ ! -L "$2" ]; then
    rm -rf "$2"
  fi
  mv -f "$2.sync" "$2"
  say "wrote $2"
}

# folder PATH BELOW: make BELOW/PATH of real folders. The agent owns BELOW and could have put a symlink in the way.
folder() {
  remaining=$1
  made=$2
  while [ -n "$remaining" ]; do
    part=${remaining%%/*}
    case $remaining in
      */*) remaining=${remaining#*/} ;;
      *) remaining= ;;
    esac
    made=$made/$part
    if [ -L "$made" ] || { [ -e "$made" ] && [ ! -d "$made" ]; }; then
      rm -f "$made"
    fi
    [ -d "$made" ] || mkdir -m 0755 "$made"
  done
}

sync_config() {
  [ -f "$CONFIG_SOURCE/openclaw.json" ] || {
    say "there is no $CONFIG_SOURCE/openclaw.json"
    return 1
  }
  replace "$CONFIG_SOURCE/openclaw.json" "$CONFIG_DIR/openclaw.json" 0600
}

sync_policy() {
  # The folders that start with ".." are kubelet's own.
  (cd "$POLICY_SOURCE" && find -L . -name '..*' -prune -o -type f -print) | while IFS= read -r found; do
    name=${found#./}
    case $name in
      */*) folder "${name%/*}" "$WORKSPACE_DIR" ;;
    esac
    replace "$POLICY_SOURCE/$name" "$WORKSPACE_DIR/$name" 0444
  done
}

case ${1:-} in
  once)
    sync_config
    sync_policy
    ;;
  watch)
    trap 'exit 0' TERM INT
    while :; do
      # A volume that is being swapped, or a folder that the agent removed, is there again at the next look.
      sync_config || say "the configuration was not copied; trying again"
      sync_policy || say "the policy files were not copied; trying again"
      sleep "$SYNC_SECONDS" &
      wait $! || :
    done
    ;;
  *)
    say "usage: sync-files.sh once|watch"
    exit 64
    ;;
esac
