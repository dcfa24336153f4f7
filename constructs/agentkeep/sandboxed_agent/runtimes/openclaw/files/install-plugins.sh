#!/bin/sh
# Installs further plugins of OpenClaw into the state folder, each at its declared version and checksum.
#
# Run by: the init container install-plugins, after prepare-state has laid out the folders, with the OpenClaw image (it
# needs npm and openclaw). Uid and gid 1000, no privileges. Running it again changes nothing. With a read-only root it
# needs a volume at /tmp, such as the folder "prepare" of the scratch volume.
#
# Nothing is installed of a package whose checksum is another one than declared. A package must hold what it depends on,
# because OpenClaw installs it offline: what was checked is all that gets in.
#
# Environment:
#   STATE_DIR    the state volume                              (/home/node/.openclaw)
#   SCRATCH_DIR  an emptyDir                                   (/scratch)
#   PLUGINS      what to install, as "package@version=sha512", with spaces between
#   No secret: plugins are installed without one.
set -eu
umask 077

STATE_DIR=${STATE_DIR:-/home/node/.openclaw}
SCRATCH_DIR=${SCRATCH_DIR:-/scratch}

say() {
  printf 'install-plugins: %s\n' "$*" >&2
}

fail() {
  say "$*"
  exit 1
}

# install PACKAGE@VERSION SHA512
install() {
  marker=$STATE_DIR/npm/.plugin-$(printf '%s' "${1%@*}" | tr -c 'a-z0-9' '-')
  if [ -f "$marker" ] && [ "$(cat "$marker")" = "$1 $2" ]; then
    say "$1 is installed"
    return 0
  fi
  folder=$(mktemp -d "$work/one.XXXXXX")
  # A cache of its own: what is checked here is what OpenClaw installs from it below.
  export npm_config_cache="$folder/cache"
  (cd "$folder" && npm pack "$1" --loglevel=error >pack.name) || fail "$1 could not be fetched"
  archive=$folder/$(tail -n 1 "$folder/pack.name")
  [ -f "$archive" ] || fail "npm pack left no archive of $1"
  found=$(sha512sum "$archive" | cut -d ' ' -f 1)
  [ "$found" = "$2" ] || fail "$1 has another checksum than declared; nothing of it was installed"
  # OpenClaw asks npm for the package's record before it installs; this puts the record into the cache.
  (cd "$folder" && npm view "$1" --json dist.integrity >integrity.json) || fail "$1 has no record"

  # The install wants to switch the plugin on in a configuration that it may write. The real one is not its to write.
  printf '{}' >"$folder/openclaw.json"
  (
    unset OPENCLAW_CONFIG_READONLY
    npm_config_offline=true OPENCLAW_CONFIG_PATH=$folder/openclaw.json OPENCLAW_STATE_DIR=$STATE_DIR \
      openclaw plugins install "npm:$1" --pin --force --accept-capabilities
  ) || fail "$1 could not be installed"

  # What lies in the state folder must be what was checked: npm wrote the checksum of what it unpacked into its lock.
  integrity=$(tr -d '" \n' <"$folder/integrity.json")
  [ -n "$integrity" ] || fail "$1 has no integrity"
  grep -rqsF --include=package-lock.json "\"integrity\": \"$integrity\"" "$STATE_DIR/npm/projects" ||
    fail "the installed $1 is not the one that was checked"
  printf '%s\n' "$1 $2" >"$marker"
  say "installed $1"
}

[ -d "$STATE_DIR" ] || fail "there is no $STATE_DIR; is the volume mounted?"
# OpenClaw locks its state below /tmp, whatever TMPDIR says.
[ -w /tmp ] || fail "/tmp cannot be written; mount a folder of the scratch volume there"
work=$(mktemp -d "$SCRATCH_DIR/plugins.XXXXXX")
trap 'rm -rf "$work"' EXIT
export npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false
unset npm_config_offline
for plugin in ${PLUGINS:?there is nothing to install}; do
  case $plugin in
    *@*=*) install "${plugin%=*}" "${plugin#*=}" ;;
    *) fail "$plugin is not package@version=sha512" ;;
  esac
done
