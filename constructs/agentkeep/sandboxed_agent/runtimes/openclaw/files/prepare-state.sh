#!/bin/sh
# Lays out the folders of the gateway, installs the Discord plugin and writes configuration and policy.
#
# Run by: the init container prepare-state, before any container that mounts a part of the state volume, with the
# OpenClaw image (it needs npm and openclaw). Uid and gid 1000, no privileges. Running it again changes nothing. With a
# read-only root it needs a volume at /tmp, such as the folder "prepare" of the scratch volume.
#
# Environment:
#   STATE_DIR               the state volume              (/home/node/.openclaw)
#   SCRATCH_DIR             an emptyDir; its folders tmp and home are mounted as /tmp and /home/node (/scratch)
#   DISCORD_PLUGIN_VERSION  release of @openclaw/discord, or empty for no Discord
#   DISCORD_PLUGIN_SHA512   SHA-512 of that package, hexadecimal
#   SCRIPTS_DIR             where sync-files.sh is        (the folder of this script)
#   and those of sync-files.sh. No secret: the plugin is installed without one.
set -eu
umask 077

STATE_DIR=${STATE_DIR:-/home/node/.openclaw}
SCRATCH_DIR=${SCRATCH_DIR:-/scratch}
SCRIPTS_DIR=${SCRIPTS_DIR:-$(dirname "$0")}
DISCORD_PLUGIN_VERSION=${DISCORD_PLUGIN_VERSION:-}

say() {
  printf 'prepare-state: %s\n' "$*" >&2
}

fail() {
  say "$*"
  exit 1
}

lay_out() {
  # kubelet owns the volume's root, so its mode can only be narrowed where this user owns it (a local folder).
  chmod 0700 "$STATE_DIR" 2>/dev/null || say "$STATE_DIR belongs to another user; its mode stays"
  # The sandbox daemon mounts these three by subPath. kubelet would make a missing one as root.
  for name in workspace sandboxes sandbox; do
    mkdir -p "$STATE_DIR/$name"
    chmod 0700 "$STATE_DIR/$name"
  done
  # OpenClaw refuses a /tmp without the sticky bit, and an emptyDir has none. A subfolder of one can have it.
  mkdir -p "$SCRATCH_DIR/tmp" "$SCRATCH_DIR/home/.openclaw"
  chmod 1777 "$SCRATCH_DIR/tmp"
  chmod 0700 "$SCRATCH_DIR/home" "$SCRATCH_DIR/home/.openclaw"
}

install_discord() {
  wanted="$DISCORD_PLUGIN_VERSION ${DISCORD_PLUGIN_SHA512:?the plugin has no checksum}"
  marker=$STATE_DIR/npm/.discord-installed
  if [ -f "$marker" ] && [ "$(cat "$marker")" = "$wanted" ]; then
    say "@openclaw/discord $DISCORD_PLUGIN_VERSION is installed"
    return 0
  fi

  # OpenClaw locks its state below /tmp, whatever TMPDIR says.
  [ -w /tmp ] || fail "/tmp cannot be written; mount a folder of the scratch volume there"
  work=$(mktemp -d "$SCRATCH_DIR/plugin.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  package="@openclaw/discord@$DISCORD_PLUGIN_VERSION"
  # A cache of its own: what is checked here is what OpenClaw installs from it below.
  export npm_config_cache="$work/cache" npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false
  unset npm_config_offline
  (cd "$work" && npm pack "$package" --loglevel=error >pack.name) || fail "$package could not be fetched"
  archive=$work/$(tail -n 1 "$work/pack.name")
  [ -f "$archive" ] || fail "npm pack left no archive of $package"
  found=$(sha512sum "$archive" | cut -d ' ' -f 1)
  [ "$found" = "$DISCORD_PLUGIN_SHA512" ] || fail "$package has another checksum than declared; nothing was installed"
  # OpenClaw asks npm for the package's record before it installs; this puts the record into the cache.
  (cd "$work" && npm view "$package" --json dist.integrity >integrity.json) || fail "$package has no record"

  # The install wants to switch the plugin on in a configuration that it may write. The real one is not its to write.
  printf '{}' >"$work/openclaw.json"
  (
    unset OPENCLAW_CONFIG_READONLY
    npm_config_offline=true OPENCLAW_CONFIG_PATH=$work/openclaw.json OPENCLAW_STATE_DIR=$STATE_DIR \
      openclaw plugins install "npm:$package" --pin --force --accept-capabilities
  ) || fail "$package could not be installed"

  # What lies in the state folder must be what was checked: npm wrote the checksum of what it unpacked into its lock.
  integrity=$(tr -d '" \n' <"$work/integrity.json")
  [ -n "$integrity" ] || fail "$package has no integrity"
  grep -rqsF --include=package-lock.json "\"integrity\": \"$integrity\"" "$STATE_DIR/npm/projects" ||
    fail "the installed $package is not the one that was checked"
  printf '%s\n' "$wanted" >"$marker"
  say "installed $package"
}

[ -d "$STATE_DIR" ] || fail "there is no $STATE_DIR; is the volume mounted?"
lay_out
if [ -n "$DISCORD_PLUGIN_VERSION" ]; then
  install_discord
fi
sh "$SCRIPTS_DIR/sync-files.sh" once
