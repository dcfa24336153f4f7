#!/bin/sh
# Puts the agent's command-line tools at fixed versions into a shared folder: Codex CLI and GitHub CLI. git must be in
# the image already (it is in the official one); it is checked, not installed. No package manager of the system runs.
#
# Run by: the init container install-tools, with the default OpenClaw image (npm, curl, tar, git and CA certificates;
# the -slim image has no certificates). Uid and gid 1000. Running it again changes nothing.
#
# Every download is compared with its declared checksum before anything of it is run or unpacked. An empty *_VERSION
# leaves that tool out.
#
# Environment:
#   TOOLS_DIR      an emptyDir; TOOLS_DIR/bin is put on the gateway's PATH (/opt/agent-tools)
#   CODEX_VERSION  release of the npm package @openai/codex
#   CODEX_SHA512   SHA-512 of that package, hexadecimal
#   GH_VERSION     release of the GitHub CLI
#   GH_SHA256      SHA-256 of its archive for this machine's architecture
#   GH_BASE_URL    where its archives are       (the project's release downloads)
set -eu
umask 022

TOOLS_DIR=${TOOLS_DIR:-/opt/agent-tools}
CODEX_VERSION=${CODEX_VERSION:-}
GH_VERSION=${GH_VERSION:-}
GH_BASE_URL=${GH_BASE_URL:-https://github.com/cli/cli/releases/download}

say() {
  printf 'install-tools: %s\n' "$*" >&2
}

fail() {
  say "$*"
  exit 1
}

# checked TOOL FILE SHA DIGEST: fail unless FILE has that digest.
checked() {
  found=$("sha$3sum" "$2" | cut -d ' ' -f 1)
  [ "$found" = "$4" ] || fail "$1 has another checksum than declared; nothing was installed"
}

# publish FILE NAME: make FILE the program NAME, whole or not at all.
publish() {
  chmod 0755 "$1"
  mv -f "$1" "$TOOLS_DIR/bin/$2"
}

has() {
  [ -x "$TOOLS_DIR/bin/$1" ] && "$TOOLS_DIR/bin/$1" --version 2>/dev/null | head -n 1 | grep -qF "$2"
}

install_codex() {
  if has codex "codex-cli $CODEX_VERSION"; then
    say "codex $CODEX_VERSION is installed"
    return 0
  fi
  : "${CODEX_SHA512:?the Codex CLI has no checksum}"
  mkdir "$work/codex"
  (
    cd "$work/codex"
    npm_config_cache=$work/cache npm_config_update_notifier=false npm pack "@openai/codex@$CODEX_VERSION" --loglevel=error >name
  ) || fail "codex $CODEX_VERSION could not be fetched"
  archive=$work/codex/$(tail -n 1 "$work/codex/name")
  checked codex "$archive" 512 "$CODEX_SHA512"
  # The package carries every platform; one static program is enough, and it finds rg on the PATH.
  tar -xzf "$archive" -C "$work/codex" --strip-components 3 \
    "package/vendor/$machine-unknown-linux-musl/codex" "package/vendor/$machine-unknown-linux-musl/path" ||
    fail "codex $CODEX_VERSION has no program for $machine"
  publish "$work/codex/path/rg" rg
  publish "$work/codex/codex/codex" codex
  has codex "codex-cli $CODEX_VERSION" || fail "codex does not say that it is $CODEX_VERSION"
  say "installed codex $CODEX_VERSION"
}

install_gh() {
  if has gh "gh version $GH_VERSION "; then
    say "gh $GH_VERSION is installed"
    return 0
  fi
  : "${GH_SHA256:?the GitHub CLI has no checksum}"
  name=gh_${GH_VERSION}_linux_$architecture
  curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' --retry 3 --max-time 300 \
    --output "$work/gh.tar.gz" "$GH_BASE_URL/v$GH_VERSION/$name.tar.gz" || fail "gh $GH_VERSION could not be fetched"
  checked gh "$work/gh.tar.gz" 256 "$GH_SHA256"
  tar -xzf "$work/gh.tar.gz" -C "$work" "$name/bin/gh"
  publish "$work/$name/bin/gh" gh
  has gh "gh version $GH_VERSION " || fail "gh does not say that it is $GH_VERSION"
  say "installed gh $GH_VERSION"
}

case $(uname -m) in
  x86_64) machine=x86_64 architecture=amd64 ;;
  aarch64 | arm64) machine=aarch64 architecture=arm64 ;;
  *) fail "there are no tools for $(uname -m)" ;;
esac
command -v git >/dev/null 2>&1 || fail "the image has no git; use the default OpenClaw image"

mkdir -p "$TOOLS_DIR/bin"
# In the same volume, so that publishing is a rename.
work=$(mktemp -d "$TOOLS_DIR/install.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ -n "$CODEX_VERSION" ]; then
  install_codex
fi
if [ -n "$GH_VERSION" ]; then
  install_gh
fi
